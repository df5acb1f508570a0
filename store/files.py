import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterable, AsyncIterator, Awaitable
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

# read and written at a time
PIECE = 1024 * 1024
# many are handed out at a time
STRETCH = 128 * 1024
# a part of what is sent to a bucket has 5 MB at least
_BUFFER = 8 * 1024 * 1024


class StoreFullError(OSError):
    """Nothing more can be written: the disk is full, or the store cannot be reached."""


class FileStore:
    """Blobs by name, in a local folder (`file:///…`) or a bucket (`s3://…`)."""

    def __init__(self, url: str) -> None:
        if url.startswith("file://"):
            folder = Path(unquote(url.removeprefix("file://")))
            folder.mkdir(parents=True, exist_ok=True)
            self._folder: Path | None = folder
            self._store: ObjectStore = LocalStore(folder, automatic_cleanup=True)
        else:
            self._folder = None
            self._store = from_url(url)

    async def keep(self, content: bytes) -> str:
        """Returns the blob's name, which is its SHA-256: the same bytes twice are one blob."""
        digest = hashlib.sha256(content).hexdigest()
        await obstore.put_async(self._store, digest, content)
        return digest

    async def read(self, blob: str) -> bytes:
        """Raises FileNotFoundError for a name that is not there."""
        result = await obstore.get_async(self._store, blob)
        return bytes(await result.bytes_async())

    async def write_from(self, blob: str, source: IO[bytes]) -> None:
        """Keeps a whole file under this name, piece by piece; what stood there is replaced, and never by half of it."""
        await asyncio.to_thread(source.seek, 0)
        # more parts at once would have more of the file in memory at once
        await obstore.put_async(self._store, blob, source, max_concurrency=1)

    async def take_in(self, blob: str, pieces: AsyncIterator[bytes]) -> tuple[str, int]:
        """Keeps what comes in as it comes, a piece in memory at a time; returns its SHA-256 and its size.

        When the pieces break off nothing stands under this name, and whatever ended them is raised as it is. Raises
        StoreFullError when the file store takes no more.
        """
        digest, size = hashlib.sha256(), 0
        # what is not closed is let go
        target = obstore.open_writer_async(self._store, blob, buffer_size=_BUFFER, max_concurrency=1)
        async for piece in pieces:
            digest.update(piece)
            size += len(piece)
            await _put(target.write(piece))
        await _put(target.close())
        return digest.hexdigest(), size

    def room(self) -> int | None:
        """How many bytes more there is room for; None where nobody can tell, as of a bucket."""
        return None if self._folder is None else shutil.disk_usage(self._folder).free

    async def read_into(self, blob: str, target: IO[bytes]) -> int:
        """Appends the blob to an open file, piece by piece; returns how many bytes it has.

        Raises FileNotFoundError for a name that is not there.
        """
        result = await obstore.get_async(self._store, blob)
        size = 0
        async for piece in result.stream(min_chunk_size=PIECE):
            size += await asyncio.to_thread(target.write, bytes(piece))
        return size

    async def stretch(self, blob: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to but not including `end`, a piece at a time.

        Raises FileNotFoundError at once for a name that is not there.
        """
        result = await obstore.get_async(self._store, blob, options={"range": (start, end)})
        return _plain(result.stream(min_chunk_size=STRETCH))

    async def forget(self, blob: str) -> None:
        """One that is not there is a no-op."""
        try:
            await obstore.delete_async(self._store, blob)
        except FileNotFoundError:
            return

    async def forget_folder(self, folder: str) -> None:
        """Every blob whose name begins with `folder/` goes. Raises OSError when the store cannot be reached."""
        try:
            async for found in obstore.list(self._store, prefix=f"{folder}/"):
                await obstore.delete_async(self._store, [each["path"] for each in found])
        except BaseError as error:
            raise OSError(f"the file store failed: {type(error).__name__}") from error


async def _put(writing: Awaitable[object]) -> None:
    try:
        await writing
    except (OSError, BaseError) as error:
        raise StoreFullError(f"the file store takes no more: {type(error).__name__}") from error


async def _plain(pieces: AsyncIterable[Any]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield bytes(piece)
