"""The Bot API's HTTP: https://core.telegram.org/bots/api#making-requests"""

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from playground.telegram.checks import Upload
from playground.telegram.errors import Refused, bad
from playground.telegram.files import UPLOAD_LIMIT

_FORM_LIMIT = 10 * 1024 * 1024
_HANG_LIMIT = 120.0
_LOOK_EVERY = 0.1
_TOO_LARGE = Refused(413, "Request Entity Too Large")


async def body(request: web.Request, limit: int) -> bytes:
    """The whole body. Raises aiohttp's 413 when it is longer than `limit` bytes."""
    if (request.content_length or 0) > limit:
        raise web.HTTPRequestEntityTooLarge(limit, request.content_length or 0)
    pieces: list[bytes] = []
    size = 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > limit:
            raise web.HTTPRequestEntityTooLarge(limit, size)
        pieces.append(piece)
    return b"".join(pieces)


async def read(request: web.Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    """What was sent in query, form, JSON or multipart, and the files. Raises Refused."""
    given: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.method == "POST" and request.body_exists:
        try:
            if request.content_type == "multipart/form-data":
                await _read_parts(request, given, uploads)
            elif request.content_type == "application/json":
                given |= _json(await body(request, _FORM_LIMIT))
            elif request.content_type == "application/x-www-form-urlencoded":
                text = (await body(request, _FORM_LIMIT)).decode("utf-8", "replace")
                given |= parse_qsl(text, keep_blank_values=True)
        except web.HTTPRequestEntityTooLarge:
            raise _TOO_LARGE from None
    return given, uploads


def _json(content: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise bad("can't parse request body as JSON object") from None
    if not isinstance(value, dict):
        raise bad("can't parse request body as JSON object")
    return value


async def _read_parts(request: web.Request, given: dict[str, Any], uploads: dict[str, Upload]) -> None:
    left = UPLOAD_LIMIT
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                continue
            content = bytearray()
            while chunk := await part.read_chunk(1 << 16):
                content += chunk
                left -= len(chunk)
                if left < 0:
                    raise _TOO_LARGE
            if part.filename is None:
                given[part.name] = content.decode("utf-8", "replace")
            else:
                mime_type = part.headers.get("Content-Type", "application/octet-stream")
                uploads[part.name] = Upload(part.filename, mime_type, bytes(content))
    except (ValueError, AssertionError, BadHttpMessage):
        raise bad("can't parse multipart form data") from None


def answer(result: Any, description: str | None = None) -> web.Response:
    envelope = {"ok": True, "result": result}
    if description is not None:
        envelope["description"] = description
    return _respond(200, envelope)


def refusal(refused: Refused) -> web.Response:
    envelope: dict[str, Any] = {
        "ok": False,
        "error_code": refused.code,
        "description": refused.description,
    }
    if refused.parameters:
        envelope["parameters"] = refused.parameters
    response = _respond(refused.code, envelope)
    if refused.parameters and "retry_after" in refused.parameters:
        response.headers["Retry-After"] = str(refused.parameters["retry_after"])
    return response


def _respond(status: int, envelope: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(envelope), content_type="application/json")


async def hang(request: web.Request, stopping: asyncio.Event) -> None:
    """Returns when the client has gone, after two minutes at the latest."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _HANG_LIMIT
    while loop.time() < until and not stopping.is_set():
        if request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(_LOOK_EVERY)


def cut(request: web.Request) -> None:
    """Closes the connection under an answer, so that the client never reads it."""
    if request.transport is not None:
        request.transport.close()
