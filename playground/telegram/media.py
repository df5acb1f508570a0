from typing import Any, Literal

from playground.state import Document
from playground.telegram.checks import Upload
from playground.telegram.errors import WRONG_FILE, bad
from playground.telegram.files import check_photo, media, photo_sizes
from playground.telegram.parts import Call

Media = Literal["photo", "document", "video", "animation", "audio", "voice"]
_KINDS: dict[str, Media] = {
    "photo": "photo",
    "document": "document",
    "video": "video",
    "animation": "animation",
    "audio": "audio",
}
_ALBUM_KINDS = {"photo", "document", "video", "audio"}
_NUMBERS = {
    "video": ("width", "height", "duration"),
    "animation": ("width", "height", "duration"),
    "audio": ("duration",),
    "voice": ("duration",),
}
_ATTACHED = "attach://"


def given_media(call: Call, kind: Media, given: Upload | str, fields: dict[str, Any]) -> dict[str, Any]:
    """The media part of a message, from an upload or from the id of a file that the bot has seen."""
    file = _keep(call, kind, given, fields) if isinstance(given, Upload) else _known(call, kind, given)
    if file["kind"] == "photo":
        return {"photo": photo_sizes(file)}
    content = {file["kind"]: media(file)}
    if file["kind"] == "animation":
        content["document"] = media({**file, "kind": "document"})  # for clients that know no animations
    return content


def _keep(call: Call, kind: Media, upload: Upload, fields: dict[str, Any]) -> Document:
    if not upload.content:
        raise bad("file must be non-empty")
    more: dict[str, Any] = {name: _number(fields, name) for name in _NUMBERS.get(kind, ())}
    if kind == "photo":
        more["width"], more["height"] = check_photo(upload.content)
    if kind == "audio":
        more |= {name: fields[name] for name in ("performer", "title") if isinstance(fields.get(name), str)}
    return call.parts.files.keep(
        call.bot["id"], kind, upload.content, file_name=upload.file_name, mime_type=upload.mime_type, **more
    )


def _number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name, 0)
    return value if isinstance(value, int) and value >= 0 else 0


def _known(call: Call, kind: Media, given: str) -> Document:
    if "://" in given:
        # the stand-in reaches for nothing outside
        raise bad("failed to get HTTP URL content")
    file = call.parts.files.of_bot(call.bot["id"], given)
    if file is None:
        raise bad(WRONG_FILE)
    if "photo" in {kind, file["kind"]} and kind != file["kind"]:
        raise bad(f"can't use file of type {file['kind'].capitalize()} as {kind.capitalize()}")
    return file


def _item(call: Call, item: Any, uploads: dict[str, Upload]) -> tuple[Media, dict[str, Any]]:
    if not isinstance(item, dict):
        raise bad("can't parse InputMedia: expected an Object")
    kind = _KINDS.get(str(item.get("type")))
    if kind is None:
        raise bad(f'can\'t parse InputMedia: type "{item.get("type")}" is unsupported')
    given = item.get("media")
    if not isinstance(given, str) or not given:
        raise bad("can't parse InputMedia: media not found")
    source: Upload | str = given
    if given.startswith(_ATTACHED):
        upload = uploads.get(given.removeprefix(_ATTACHED))
        if upload is None:
            raise bad("can't parse InputMedia: media not found")
        source = upload
    content = given_media(call, kind, source, item)
    if item.get("has_spoiler"):
        content["has_media_spoiler"] = True
    return kind, content


def album_item(call: Call, item: Any, uploads: dict[str, Upload]) -> tuple[Media, dict[str, Any]]:
    if isinstance(item, dict) and str(item.get("type")) not in _ALBUM_KINDS:
        raise bad(f"can't parse InputMedia: type \"{item.get('type')}\" can't be used in sendMediaGroup")
    return _item(call, item, uploads)


def edited_media(call: Call, uploads: dict[str, Upload]) -> dict[str, Any]:
    """The media part that takes another's place."""
    return _item(call, call.params["media"], uploads)[1]
