import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_FORM = re.compile(r"^([0-9]{1,9})\s*(s|m|h|d|w)$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = timedelta(days=3650)


def parse_duration(text: Any) -> timedelta:
    """`90s`, `30m`, `1h`, `2d`, `1w`, up to ten years. Raises ValueError with the right form."""
    if isinstance(text, timedelta):
        return text
    match = _FORM.match(str(text).strip())
    if match is None:
        raise ValueError("write a duration as a number and a unit: 30m, 1h, 2d")
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > _LONGEST.total_seconds():
        raise ValueError("a duration is ten years at most")
    return timedelta(seconds=seconds)


def write_duration(duration: timedelta) -> str:
    return f"{int(duration.total_seconds())}s"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(write_duration)]
