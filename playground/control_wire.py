"""The control API's HTTP: JSON in and out, one clear line for a mistake, and nobody but this machine."""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from playground.refusal import ControlRefusal, invalid

_BODY_LIMIT = 75 * 1024 * 1024
_CODES = {
    400: "BAD_REQUEST",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    500: "INTERNAL",
}
_NUMBER = re.compile(r"-?\d{1,18}", re.ASCII)


def answer(value: Any, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")


def refusal(refused: ControlRefusal) -> web.Response:
    return answer({"error": {"code": refused.code, "message": refused.message}}, status=refused.status)


async def json_body(request: web.Request) -> dict[str, Any]:
    """The request's JSON object, read past aiohttp's own limit since files travel in it."""
    pieces: list[bytes] = []
    size = 0
    async for piece in request.content.iter_any():
        size += len(piece)
        if size > _BODY_LIMIT:
            raise ControlRefusal(413, "TOO_LARGE", "the body is larger than 75 MB")
        pieces.append(piece)
    try:
        value = orjson.loads(b"".join(pieces))
    except orjson.JSONDecodeError:
        raise ControlRefusal(400, "BAD_REQUEST", "the body is not JSON") from None
    if not isinstance(value, dict):
        raise invalid("the body must be a JSON object")
    return value


def optional_number(request: web.Request, name: str) -> int | None:
    given = request.query.get(name, "")
    if not given:
        return None
    if not _NUMBER.fullmatch(given):
        raise invalid(f"{name} must be a whole number")
    return int(given)


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


@web.middleware
async def only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page of another site must not act here, nor one that rebinds its name to 127.0.0.1."""
    if not _is_loopback(_host(f"//{request.headers.get('Host', '')}")):
        return refusal(ControlRefusal(403, "FORBIDDEN", "the playground answers on loopback names only"))
    origin = request.headers.get("Origin")
    if origin is not None and request.method not in {"GET", "HEAD"} and not _is_loopback(_host(origin)):
        return refusal(ControlRefusal(403, "FORBIDDEN", "requests from other sites are refused"))
    return await handler(request)


@web.middleware
async def clear_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except ControlRefusal as refused:
        return refusal(refused)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004 - a redirect
            raise
        code = _CODES.get(error.status, "REFUSED")
        return refusal(ControlRefusal(error.status, code, f"{error.reason}: {request.method} {request.path}"))
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
