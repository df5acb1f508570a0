import mimetypes
import secrets
import struct
from pathlib import Path, PurePosixPath
from typing import Any

from playground.state import Document, State
from playground.telegram.errors import bad

UPLOAD_LIMIT = 50 * 1024 * 1024
DOWNLOAD_LIMIT = 20 * 1024 * 1024
PHOTO_LIMIT = 10 * 1024 * 1024
_SIDES_LIMIT = 10_000
_RATIO_LIMIT = 20
_START_OF_FRAME = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Files:
    """Files that bots and people sent: one document each, the bytes in a folder beside the state's own file."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._folder = None if state.path is None else state.path.with_name(f"{state.path.name}.files")
        self._in_memory: dict[str, bytes] = {}
        self._by_path = {file["path"]: file["file_id"] for file in state.all("file")}

    def keep(
        self,
        bot_id: int,
        kind: str,
        content: bytes,
        *,
        file_name: str | None = None,
        mime_type: str | None = None,
        **more: Any,
    ) -> Document:
        """`kind` is photo, document, video, voice, audio or animation; `more` are its own fields."""
        suffix = PurePosixPath(file_name or "").suffix or (mimetypes.guess_extension(mime_type or "") or "")
        safe_suffix = suffix if suffix[1:].isascii() and suffix[1:].isalnum() else ""
        folder = f"{kind}s"
        path = f"{folder}/file_{self._state.next_number('file', start=0)}{safe_suffix}"
        file_id = f"{kind[:2].upper()}{secrets.token_urlsafe(36)}"
        self._write(path, content)
        file = {
            "file_id": file_id,
            "file_unique_id": secrets.token_urlsafe(11),
            "bot_id": bot_id,
            "kind": kind,
            "file_name": file_name,
            "mime_type": mime_type,
            "file_size": len(content),
            "path": path,
            **more,
        }
        self._state.put("file", file_id, file)
        self._by_path[path] = file_id
        return file

    def get(self, file_id: str) -> Document | None:
        return self._state.get("file", file_id)

    def of_bot(self, bot_id: int, file_id: str) -> Document | None:
        file = self.get(file_id)
        return file if file is not None and file["bot_id"] == bot_id else None

    def at_path(self, bot_id: int, path: str) -> Document | None:
        file_id = self._by_path.get(path)
        return None if file_id is None else self.of_bot(bot_id, file_id)

    def content(self, file: Document) -> bytes:
        if self._folder is None:
            return self._in_memory[file["path"]]
        return (self._folder / str(file["path"])).read_bytes()

    def _write(self, path: str, content: bytes) -> None:
        if self._folder is None:
            self._in_memory[path] = content
            return
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        half_written = Path(f"{target}.part")
        half_written.write_bytes(content)
        half_written.replace(target)


def photo_sizes(file: Document) -> list[dict[str, Any]]:
    """The sizes a client may choose from, the biggest last; the stand-in keeps only the one it was given."""
    names = ("file_id", "file_unique_id", "file_size", "width", "height")
    return [{name: file[name] for name in names}]


def media(file: Document) -> dict[str, Any]:
    """The file as its kind of Bot API object."""
    names = {
        "document": ("file_name", "mime_type"),
        "video": ("file_name", "mime_type", "width", "height", "duration"),
        "animation": ("file_name", "mime_type", "width", "height", "duration"),
        "voice": ("mime_type", "duration"),
        "audio": ("file_name", "mime_type", "duration", "performer", "title"),
    }[file["kind"]]
    return {
        "file_id": file["file_id"],
        "file_unique_id": file["file_unique_id"],
        "file_size": file["file_size"],
        **{name: file[name] for name in names if file.get(name) is not None},
    }


def check_photo(content: bytes) -> tuple[int, int]:
    """Width and height of a picture that Telegram would take as a photo."""
    if len(content) > PHOTO_LIMIT:
        raise bad(f"file of size {len(content)} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes")
    size = dimensions(content)
    if size is None:
        raise bad("IMAGE_PROCESS_FAILED")
    width, height = size
    if not width or not height or width + height > _SIDES_LIMIT or max(size) > _RATIO_LIMIT * min(size):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    return size


def dimensions(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, JPEG or WebP picture, None for anything else."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            width, height = struct.unpack(">II", content[16:24])
        elif content[:6] in {b"GIF87a", b"GIF89a"}:
            width, height = struct.unpack("<HH", content[6:10])
        elif content.startswith(b"\xff\xd8"):
            return _jpeg_dimensions(content)
        elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp_dimensions(content)
        else:
            return None
    except struct.error:
        return None
    return width, height


def _jpeg_dimensions(content: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 < len(content) and content[position] == 0xFF:  # noqa: PLR2004 - the marker's first byte
        if content[position + 1] in _START_OF_FRAME:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + int.from_bytes(content[position + 2 : position + 4])
    return None


def _webp_dimensions(content: bytes) -> tuple[int, int] | None:
    match content[12:16]:
        case b"VP8X":
            width = int.from_bytes(content[24:27], "little") + 1
            return width, int.from_bytes(content[27:30], "little") + 1
        case b"VP8 ":
            width, height = struct.unpack("<HH", content[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(content[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return None
