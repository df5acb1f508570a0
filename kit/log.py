import json
import logging
import re
import sys
import uuid
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import orjson
import structlog

_SAFE_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
# Personal data and secrets never reach a log line, by the name of the key ...
_HIDDEN_KEYS = re.compile(r"token|secret|password|authorization|e_?mail|phone|^text$|first_name|username|body")
# ... and by the look of the value, wherever it stands
_HIDDEN_VALUES = re.compile(
    r"\d{5,}:[A-Za-z0-9_-]{10,}"  # a bot token
    r"|\b(?:sk|rk|pk)_(?:live|test|spark)_[\w-]+|\bwhsec_\w+"  # Stripe's keys, and our own
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]+"  # a signed token
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"  # an e-mail address
    r"|(?<![\w.:-])\+\d{7,15}\b"  # a phone number
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # credentials in an address
)


def hide(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keeps secrets and personal data out of every line, Spark's own and the libraries'."""
    return {str(key): "[hidden]" if _HIDDEN_KEYS.search(str(key)) else _scrub(each) for key, each in entry.items()}


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return _HIDDEN_VALUES.sub("[hidden]", value)
    if isinstance(value, dict):
        return hide(None, "", value)
    if isinstance(value, (list, tuple)):
        return [_scrub(each) for each in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _HIDDEN_VALUES.sub("[hidden]", str(value))


def set_up(*, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Sends every log line of the process to `stream` (stderr) as one JSON object a line."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                hide,
                structlog.processors.JSONRenderer(serializer=_dumps),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # their lines at INFO carry addresses with the bot's token, or one line for each tick
    for noisy in ("httpx", "httpcore", "apscheduler", "aiohttp.access", "telegram", "stripe", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def new_correlation_id() -> str:
    return uuid.uuid4().hex


def sane_correlation_id(given: str | None) -> str:
    """The caller's id when it is a plain word of 8 to 64 characters, else a new one."""
    return given if given and _SAFE_ID.fullmatch(given) else new_correlation_id()


@contextmanager
def correlated(correlation_id: str | None = None, **bound: Any) -> Iterator[str]:
    """Every line logged inside carries this id: one for each update, request or tick."""
    chosen = correlation_id or new_correlation_id()
    with structlog.contextvars.bound_contextvars(correlation_id=chosen, **bound):
        yield chosen


def current_correlation_id() -> str:
    """The id that lines carry at this point; a new one outside of any."""
    return str(structlog.contextvars.get_contextvars().get("correlation_id") or new_correlation_id())


def _dumps(entry: Any, **_options: Any) -> str:
    try:
        return orjson.dumps(entry, default=str).decode()
    except TypeError:
        # half a surrogate pair, a number of more than 64 bits: odd values never lose a line
        return json.dumps(entry, default=str)
