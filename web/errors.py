"""What goes wrong, in the words of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from kit.errors import Refusal, TooMany
from kit.log import get_logger
from store.database import is_unavailable

_log = get_logger(__name__)
_RETRY_AFTER_SECONDS = "2"
_CODES: Mapping[int, tuple[str, str]] = {
    400: ("BAD_REQUEST", "the request could not be read"),
    404: ("NOT_FOUND", "there is nothing at this address"),
    405: ("METHOD_NOT_ALLOWED", "this address does not take that method"),
    413: ("TOO_LARGE", "the body is larger than this address takes"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "send JSON, with Content-Type: application/json"),
}


class NotReady(Refusal):
    """This process takes no work at present; another may, or this one in a moment."""

    code = "not_ready"
    status = 503


class StoreDown(Refusal):
    code = "store_unavailable"
    status = 503


@dataclass(frozen=True)
class Trouble:
    status: int
    code: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def trouble_of(error: Exception) -> Trouble:
    """What the caller is told; what is not theirs to mend is logged, once, and told without its details."""
    match error:
        case TooMany():
            wait = {"Retry-After": str(error.retry_after)}
            return Trouble(error.status, error.code.upper(), str(error), error.fields, wait)
        case Refusal():
            return Trouble(error.status, error.code.upper(), str(error), error.fields, _headers_of(error.status))
        case web.HTTPException():
            code, message = _CODES.get(error.status, (f"HTTP_{error.status}", error.reason))
            return Trouble(error.status, code, message, headers=_kept_headers(error))
        case _ if is_unavailable(error):
            _log.warning("store unavailable", error=type(error).__name__)
            return trouble_of(StoreDown("the store cannot be reached at present; try again in a moment"))
        case _:
            _log.error("request failed", exc_info=error)
            return Trouble(500, "INTERNAL", "something went wrong on our side; quote this id")


def _headers_of(status: int) -> dict[str, str]:
    match status:
        case 401:
            # every 401 names a way in: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
            return {"WWW-Authenticate": "Bearer"}
        case 503:
            return {"Retry-After": _RETRY_AFTER_SECONDS}
        case _:
            return {}


def _kept_headers(error: web.HTTPException) -> dict[str, str]:
    """`Allow` and its like; those that described the library's own body go with it."""
    return {
        name: value for name, value in error.headers.items() if name.lower() not in {"content-type", "content-length"}
    }
