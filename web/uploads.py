"""`/upload/{token}`: a creator sends up a file for a product, from a browser, without a limit of Telegram's."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from domain.messages.catalogue import plain
from domain.messages.refusing import say_refusal
from domain.uploads import Kept, Upload, UploadAddress, find_upload, read_name, read_type, take_upload
from kit.errors import Invalid, Reason, Refusal
from kit.log import get_logger
from kit.text import unmarked
from kit.tokens import new_reference
from store.files import StoreFullError
from web.errors import NotReady
from web.pages import file_page, notice_page, reader_language
from web.tools import TOOLS, WebTools

_PIECE = 128 * 1024
# of what stands around the file in the body
_AROUND = 64 * 1024
# who sends nothing for so long has gone
_SILENCE_SECONDS = 60.0
# the disk is left so much for everything else
_LEFT_FREE = 64 << 20
_FORM = "multipart/form-data"
_log = get_logger(__name__)


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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request by a link that is good."""

    tools: WebTools
    link_id: int
    upload: Upload


async def show_upload(request: web.Request) -> web.Response:
    """`GET`: a page with a field for the file. Looking at it uses nothing up."""
    try:
        asked = await _read(request)
    except Refusal as refusal:
        return _why_not(request, refusal, reader_language(request))
    language = asked.upload.language
    return file_page(
        plain("upload-title", language),
        plain("upload-ask", language, title=asked.upload.title, most=asked.tools.most_upload >> 20),
        language=language,
        field=plain("upload-field", language),
        button=plain("upload-send", language),
    )


async def take_file(request: web.Request) -> web.Response:
    """`POST`: the file goes to the file store piece by piece. One that breaks off leaves nothing, and the link good."""
    try:
        asked = await _read(request)
    except Refusal as refusal:
        return _why_not(request, refusal, reader_language(request))
    tools, upload = asked.tools, asked.upload
    try:
        kept = await _keep(request, tools)
        await _hand_over(asked, kept)
    except Refusal as refusal:
        return _why_not(request, refusal, upload.language)
    text = plain("upload-done", upload.language, name=kept.file_name, title=upload.title)
    link = (plain("pay-back", upload.language), tools.bot_link())
    return notice_page(plain("upload-thanks", upload.language), text, language=upload.language, link=link)


async def _read(request: web.Request) -> _Asked:
    tools = request.app[TOOLS]
    link_id = UploadAddress(tools.public_url, tools.upload_key).read(request.match_info["token"])
    if not tools.readiness.ready:
        raise NotReady(f"not ready: {tools.readiness.reason}")
    async with tools.database.reading() as session:
        return _Asked(tools, link_id, await find_upload(session, link_id, now=tools.clock()))


async def _keep(request: web.Request, tools: WebTools) -> Kept:
    if request.content_type != _FORM:
        raise NoForm("send the file as a form does: multipart/form-data")
    length = request.content_length or 0
    if length > tools.most_upload + _AROUND:
        raise UploadTooLarge(tools.most_upload)
    room = tools.files.room()
    if room is not None and length + _LEFT_FREE > room:
        _log.error("an upload was refused: the disk is too full", asked=length, room=room)
        raise NoRoom("there is no room for this file at present")
    part = await _file_part(request)
    blob = f"goods/{new_reference()}"
    try:
        digest, size = await tools.files.take_in(blob, _pieces(part, tools.most_upload))
    except StoreFullError as error:
        _log.exception("an upload could not be kept")
        raise NoRoom("there is no room for this file at present") from error
    name, kind = read_name(part.filename or ""), read_type(part.headers.get("Content-Type", ""))
    kept = Kept(blob, name, kind, size, digest)
    if not size:
        await tools.files.forget(blob)
        raise NoUpload("there is no file in what was sent")
    return kept


async def _hand_over(asked: _Asked, kept: Kept) -> None:
    tools = asked.tools
    try:
        async with tools.database.transaction() as session:
            await take_upload(session, asked.link_id, kept, now=tools.clock())
    except Refusal:
        await tools.files.forget(kept.blob)
        raise
    except Exception:
        # whether it was saved is not known: what may be a product's is not thrown away
        _log.warning("an upload may be left over in the file store", blob=kept.blob)
        raise


async def _file_part(request: web.Request) -> BodyPartReader:
    """The first part of the form that is a file."""
    try:
        async with asyncio.timeout(_SILENCE_SECONDS):
            reader = await request.multipart()
            part = await reader.next()
            while part is not None and not (isinstance(part, BodyPartReader) and part.filename is not None):
                part = await reader.next()
    except _BROKEN as error:
        raise _broken() from error
    if not isinstance(part, BodyPartReader) or not part.filename:
        raise NoUpload("there is no file in what was sent")
    return part


async def _pieces(part: BodyPartReader, most: int) -> AsyncIterator[bytes]:
    size, more = 0, True
    while more:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                piece = await part.read_chunk(_PIECE)
        except _BROKEN as error:
            raise _broken() from error
        size += len(piece)
        if size > most:
            raise UploadTooLarge(most)
        more = bool(piece)
        if more:
            yield piece


# what the library raises for a body that is cut off, that stands still, or that was none
_BROKEN = (web.RequestPayloadError, HttpProcessingError, OSError, ValueError, AssertionError, RuntimeError)


def _broken() -> UploadBroken:
    return UploadBroken("the file did not arrive whole; send it again")


def _why_not(request: web.Request, refusal: Refusal, language: str) -> web.Response:
    if isinstance(refusal, NotReady):
        raise refusal
    tools = request.app[TOOLS]
    return notice_page(
        plain("upload-refused", language),
        unmarked(say_refusal(refusal, language)),
        language=language,
        link=(plain("pay-back", language), tools.bot_link()),
        status=refusal.status,
    )
