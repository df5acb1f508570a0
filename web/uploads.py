"""`/upload/{token}`: a creator sends up a file for a product, from a browser, without a limit of Telegram's."""

from dataclasses import dataclass

from aiohttp import BodyPartReader, web

from domain.messages.catalogue import plain
from domain.messages.refusing import say_refusal
from domain.uploads import Kept, Upload, UploadAddress, find_upload, read_name, read_type, take_upload
from kit.errors import Refusal
from kit.log import get_logger
from kit.text import unmarked
from kit.tokens import new_reference
from web.errors import NotReady
from web.multipart import NoUpload, parts_of, take_in
from web.pages import file_page, notice_page, reader_language
from web.tools import TOOLS, WebTools

_log = get_logger(__name__)


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
    part = await _file_part(request, tools)
    blob = f"goods/{new_reference()}"
    digest, size = await take_in(tools.files, blob, part, most=tools.most_upload)
    if not size:
        await tools.files.forget(blob)
        raise NoUpload("there is no file in what was sent")
    return Kept(blob, read_name(part.filename or ""), read_type(part.headers.get("Content-Type", "")), size, digest)


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


async def _file_part(request: web.Request, tools: WebTools) -> BodyPartReader:
    """The first part of the form that is a file."""
    async for part in parts_of(request, tools.files, most=tools.most_upload):
        if part.filename is not None:
            if part.filename:
                return part
            break
    raise NoUpload("there is no file in what was sent")


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
