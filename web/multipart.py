"""Forms that carry files, as they come: part by part, a piece at a time, with limits of length and of silence."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from kit.errors import Invalid, Reason, Refusal
from kit.log import get_logger
from store.files import FileStore, StoreFullError

FORM = "multipart/form-data"
# who sends nothing for so long has gone
SILENCE_SECONDS = 60.0
_PIECE = 128 * 1024
# of what stands around the files in the body
_AROUND = 64 * 1024
# the disk is left so much for everything else
_LEFT_FREE = 64 << 20
_log = get_logger(__name__)
# what the library raises for a body that is cut off, that stands still, or that was none
_BROKEN = (web.RequestPayloadError, HttpProcessingError, OSError, ValueError, AssertionError, RuntimeError)


class UploadTooLarge(Refusal):
    code = "upload_too_large"
    status = 413

    def __init__(self, most: int) -> None:
        why = Reason("refused-upload_too_large", most=most >> 20)
        super().__init__(f"a file has {most >> 20} MB at most", why=why)


class NoUpload(Invalid):
    """There is no file in what was sent."""

    code = "no_upload"


class NoForm(Invalid):
    code = "no_upload"
    status = 415


class UploadBroken(Refusal):
    """It ended before its end, or cannot be read."""

    code = "upload_broken"


class NoRoom(Refusal):
    code = "no_room"
    status = 507


async def parts_of(request: web.Request, files: FileStore, *, most: int) -> AsyncIterator[BodyPartReader]:
    """The parts of a form whose files have `most` bytes in all, one after the other; each is read before the next.

    Raises NoForm, UploadTooLarge and NoRoom by what the request says of itself, and UploadBroken.
    """
    if request.content_type != FORM:
        raise NoForm("send the file as a form does: multipart/form-data")
    _check_length(request, files, most + _AROUND, most=most)
    try:
        reader = await request.multipart()
    except _BROKEN as error:
        raise _broken() from error
    while (part := await _next(reader)) is not None:
        yield part


async def pieces_of(part: BodyPartReader, most: int) -> AsyncIterator[bytes]:
    """What the part holds. Raises UploadTooLarge once it is more than `most` bytes, or UploadBroken."""
    size, more = 0, True
    while more:
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                piece = await part.read_chunk(_PIECE)
        except _BROKEN as error:
            raise _broken() from error
        size += len(piece)
        if size > most:
            raise UploadTooLarge(most)
        more = bool(piece)
        if more:
            yield piece


async def take_in(files: FileStore, blob: str, part: BodyPartReader, *, most: int) -> tuple[str, int]:
    """The part's bytes go to the file store as they come; returns their SHA-256 and how many they are.

    What breaks off leaves nothing there. Raises NoRoom where the store takes no more, and what `pieces_of` raises.
    """
    try:
        return await files.take_in(blob, pieces_of(part, most))
    except StoreFullError as error:
        _log.exception("an upload could not be kept")
        raise no_room() from error


async def take_body(request: web.Request, files: FileStore, blob: str, *, most: int) -> tuple[str, int]:
    """The same with the whole body, where that is the file itself."""
    _check_length(request, files, most, most=most)
    try:
        return await files.take_in(blob, _body_of(request, most))
    except StoreFullError as error:
        _log.exception("an upload could not be kept")
        raise no_room() from error


async def _body_of(request: web.Request, most: int) -> AsyncIterator[bytes]:
    size = 0
    while True:
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                piece = await request.content.read(_PIECE)
        except _BROKEN as error:
            raise _broken() from error
        if not piece:
            return
        size += len(piece)
        if size > most:
            raise UploadTooLarge(most)
        yield piece


def _check_length(request: web.Request, files: FileStore, longest: int, *, most: int) -> None:
    length = request.content_length or 0
    if length > longest:
        raise UploadTooLarge(most)
    room = files.room()
    if room is not None and length + _LEFT_FREE > room:
        _log.error("an upload was refused: the disk is too full", asked=length, room=room)
        raise no_room()


def no_room() -> NoRoom:
    return NoRoom("there is no room for this file at present")


async def _next(reader: MultipartReader) -> BodyPartReader | None:
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            part = await reader.next()
        if isinstance(part, BodyPartReader):
            # kept once it is read; of some the library raises
            _ = part.filename
    except _BROKEN as error:
        raise _broken() from error
    if part is not None and not isinstance(part, BodyPartReader):
        # a form within a form
        raise _broken()
    return part


def _broken() -> UploadBroken:
    return UploadBroken("the file did not arrive whole; send it again")
