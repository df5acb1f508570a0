"""`/d/{token}`: a file behind a signed link, streamed, with every use counted and every request checked."""

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

from aiohttp import web

from domain.downloads import (
    Downloadable,
    DownloadAddress,
    NoSuchDownload,
    find_download,
    give_back,
    language_of_link,
    open_download,
)
from domain.messages.catalogue import plain
from kit.completion import run_to_completion
from kit.errors import Refusal
from kit.log import get_logger
from store.database import Database
from store.files import FileStore
from web.errors import NotReady
from web.pages import notice_page, reader_language
from web.ranges import Stretch, read_range
from web.tools import TOOLS, WebTools

_MIME = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_UNSAFE = re.compile(r'[^ -~]|["\\/%]')
_log = get_logger(__name__)


async def download(request: web.Request) -> web.StreamResponse:
    """`GET` counts a use, `HEAD` does not. Whoever reads it in a browser is told in words why there is nothing."""
    tools = request.app[TOOLS]
    try:
        link_id = DownloadAddress(tools.public_url, tools.download_key).read(request.match_info["token"])
    except NoSuchDownload as refusal:
        return _refused(request, refusal, None)
    if not tools.readiness.ready:
        raise NotReady(f"not ready: {tools.readiness.reason}")
    try:
        return await _hand_out(request, tools, link_id)
    except Refusal as refusal:
        async with tools.database.reading() as session:
            language = await language_of_link(session, link_id)
        return _refused(request, refusal, language)


async def _hand_out(request: web.Request, tools: WebTools, link_id: int) -> web.StreamResponse:
    async with tools.database.reading() as session:
        found = await find_download(session, link_id, now=tools.clock())
    headers = _headers(found)
    stretch = read_range(_range_of(request, found), found.size)
    if request.method == "HEAD":
        return web.Response(headers={**headers, "Content-Length": str(found.size)})
    if stretch is None:
        return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{found.size}"})
    pieces = await _open(tools.files, found, stretch)
    async with tools.database.transaction() as session:
        use = await open_download(
            session, link_id, size=found.size, start=stretch.start, length=stretch.length, now=tools.clock()
        )
    response = web.StreamResponse(status=200 if stretch.whole else 206, headers=headers)
    if not stretch.whole:
        response.headers["Content-Range"] = f"bytes {stretch.start}-{stretch.end - 1}/{found.size}"
    response.content_length = stretch.length
    await _stream(request, response, pieces, tools, use=use, length=stretch.length)
    return response


async def _open(files: FileStore, found: Downloadable, stretch: Stretch) -> AsyncIterator[bytes] | None:
    """Before the use is counted: what is not there costs none."""
    if not stretch.length:
        return None
    try:
        return await files.stretch(found.blob, stretch.start, stretch.end)
    except FileNotFoundError:
        _log.error("a file is gone from the file store", blob=found.blob)
        raise NoSuchDownload("this link is not known here") from None


async def _stream(
    request: web.Request,
    response: web.StreamResponse,
    pieces: AsyncIterator[bytes] | None,
    tools: WebTools,
    *,
    use: int,
    length: int,
) -> None:
    sent = 0
    try:
        await response.prepare(request)
        if pieces is not None:
            async for piece in pieces:
                await response.write(piece)
                sent += len(piece)
        await response.write_eof()
    except ConnectionError:
        # whoever reads it has broken off, which is no fault of ours; a file store says its troubles by other names
        _log.info("a download was broken off", use=use, unsent=length - sent)
    finally:
        if sent < length:
            await run_to_completion(_give_back(tools.database, use, length - sent))


async def _give_back(database: Database, use: int, unsent: int) -> None:
    async with database.transaction() as session:
        await give_back(session, use, unsent)


def _range_of(request: web.Request, found: Downloadable) -> str | None:
    """The part asked for, unless it is one of a file that has changed since: RFC 9110, 13.1.5."""
    of_file = request.headers.get("If-Range")
    return request.headers.get("Range") if of_file is None or of_file == _tag(found) else None


def _headers(found: Downloadable) -> dict[str, str]:
    kind = found.mime_type if _MIME.fullmatch(found.mime_type) else "application/octet-stream"
    return {
        "Content-Type": kind,
        "Content-Disposition": disposition(found.file_name),
        "Accept-Ranges": "bytes",
        "ETag": _tag(found),
        # it is one person's, and each use is counted
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


def disposition(file_name: str) -> str:
    """To be saved under its name, in any script: https://www.rfc-editor.org/rfc/rfc6266#section-4.3"""
    simple = _UNSAFE.sub("_", file_name) or "file"
    exact = quote(file_name.encode("utf-8", "replace"), safe="")
    return f"attachment; filename=\"{simple}\"; filename*=UTF-8''{exact}"


def _tag(found: Downloadable) -> str:
    return f'"{found.sha256}"'


def _refused(request: web.Request, refusal: Refusal, theirs: str | None) -> web.Response:
    """A page for whoever reads it, who is known by asking for one or by a language; programs get their error.

    It speaks as the link's owner does, or else as the browser.
    """
    if "text/html" not in request.headers.get("Accept", "") and "Accept-Language" not in request.headers:
        raise refusal
    language = theirs or reader_language(request)
    title, why = plain("download-refused", language), plain(f"refused-{refusal.code}", language)
    return notice_page(title, why, language=language, status=refusal.status)
