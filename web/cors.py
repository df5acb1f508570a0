"""Which pages' scripts may call the API and read what it answers (https://fetch.spec.whatwg.org/#http-cors-protocol).

No cookie is ever looked at, so that no credentials are allowed either.
"""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from web.headers import CORRELATION_HEADER

_API = "/api/v1/"
ANY = "*"
_READABLE = f"{CORRELATION_HEADER}, Retry-After, Idempotency-Replayed, Location, WWW-Authenticate, X-Up-To"
_SENDABLE = f"Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, X-Creator, {CORRELATION_HEADER}"
_GOOD_FOR_SECONDS = "600"


def preflight(origins: frozenset[str]) -> Middleware:
    """Answers what a browser asks before it sends a script's request; who may not is told what anybody is."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        asks = request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        refused = request.match_info.http_exception
        if asks and isinstance(refused, web.HTTPMethodNotAllowed) and _allowed(request, origins) is not None:
            headers = {
                hdrs.ACCESS_CONTROL_ALLOW_METHODS: ", ".join(sorted(refused.allowed_methods)),
                hdrs.ACCESS_CONTROL_ALLOW_HEADERS: _SENDABLE,
                hdrs.ACCESS_CONTROL_MAX_AGE: _GOOD_FOR_SECONDS,
            }
            return web.Response(status=204, headers=headers)
        return await handler(request)

    return middleware


def origin_writer(origins: frozenset[str]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Every answer of the API says which page may read it, an error too."""

    async def write(request: web.Request, response: web.StreamResponse) -> None:
        if not origins or not request.path.startswith(_API):
            return
        if ANY not in origins:
            kept = response.headers.get(hdrs.VARY)
            response.headers[hdrs.VARY] = f"{kept}, {hdrs.ORIGIN}" if kept else hdrs.ORIGIN
        origin = _allowed(request, origins)
        if origin is not None:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _READABLE

    return write


def _allowed(request: web.Request, origins: frozenset[str]) -> str | None:
    """Whom it may be read by; a browser sends one origin, in small letters, without a path."""
    given = request.headers.getall(hdrs.ORIGIN, [])
    if len(given) != 1 or not request.path.startswith(_API):
        return None
    return ANY if ANY in origins else given[0] if given[0] in origins else None
