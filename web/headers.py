"""The headers that every response carries, streams included."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from kit.log import sane_correlation_id

CORRELATION_HEADER = "X-Correlation-ID"
CORRELATION_ID = web.RequestKey("correlation_id", str)
STARTED = web.RequestKey("started", bool)
_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}


def correlation_id_of(request: web.BaseRequest) -> str:
    """The caller's id when it is a sane one; the same answer however often it is asked."""
    chosen = request.get(CORRELATION_ID) or sane_correlation_id(request.headers.get(CORRELATION_HEADER))
    request[CORRELATION_ID] = chosen
    return chosen


def security_headers(public_url: str) -> dict[str, str]:
    return _SECURITY | (_HSTS if public_url.lower().startswith("https://") else {})


def header_writer(public_url: str) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Adds what a response does not say by itself, at the last moment before its first byte leaves."""
    always = security_headers(public_url)

    async def write(request: web.Request, response: web.StreamResponse) -> None:
        request[STARTED] = True
        for name, value in always.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault(CORRELATION_HEADER, correlation_id_of(request))

    return write
