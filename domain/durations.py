import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_FORM = re.compile(r"^(\d{1,5})\s*(s|m|h|d|w)$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(text: Any) -> timedelta:
    """`90s`, `30m`, `1h`, `2d`, `1w`. Raises ValueError with the right form."""
    if isinstance(text, timedelta):
        return text
    match = _FORM.match(str(text).strip())
    if match is None:
        raise ValueError("write a duration as a number and a unit: 30m, 1h, 2d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def write_duration(duration: timedelta) -> str:
    return f"{int(duration.total_seconds())}s"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(write_duration)]
