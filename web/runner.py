"""Requests that are no HTTP, or too long, are answered as every other error is; no log keeps a byte of them."""

from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from kit.log import get_logger
from web.answers import answer, error_body
from web.headers import CORRELATION_HEADER, correlation_id_of, security_headers
from web.tools import TOOLS

_log = get_logger(__name__)


class Runner(web.AppRunner):
    """Runs Spark's application."""

    async def _make_server(self) -> web.Server:
        # the library has no place to name another protocol; what it makes is handed on as it is
        return _Server(await super()._make_server(), security_headers(self.app[TOOLS].public_url))


class _Server(web.Server):
    def __init__(self, made: web.Server, headers: dict[str, str]) -> None:
        super().__init__(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,  # noqa: SLF001 - no public way to it
            **made._kwargs,  # noqa: SLF001
        )
        self._headers = headers

    def __call__(self) -> web.RequestHandler:
        handler = _Protocol(self, loop=self._loop, **self._kwargs)
        handler.always = self._headers
        return handler


class _Protocol(web.RequestHandler):
    __slots__ = ("always",)

    always: dict[str, str]

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        told = "a line of it is too long" if isinstance(exc, LineTooLong) else "it is no HTTP that can be read"
        correlation_id = correlation_id_of(request)
        _log.warning("request refused", reason=type(exc).__name__, correlation_id=correlation_id)
        body = error_body("BAD_REQUEST", f"the request could not be read: {told}", correlation_id, {})
        response = answer(body, status=400)
        response.headers.update({**self.always, CORRELATION_HEADER: correlation_id})
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """A body that breaks off, or is packed wrongly, is no fault of ours either."""
        error = kw.get("exc_info")
        if isinstance(error, HttpProcessingError | web.RequestPayloadError):
            _log.warning("request refused", reason=type(error).__name__)
            return
        super().log_exception(*args, **kw)
