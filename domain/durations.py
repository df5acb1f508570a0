import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, SerializationInfo

_FORM = re.compile(r"^([0-9]+)\s*(s|m|h|d|w)$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = timedelta(days=3650)
_MOST_DIGITS = 9


def parse_duration(text: Any) -> timedelta:
    """`90s`, `30m`, `1h`, `2d`, `1w`, up to ten years. Raises ValueError with the right form."""
    if isinstance(text, timedelta):
        return text
    match = _FORM.match(str(text).strip())
    if match is None:
        raise ValueError("write a duration as a number and a unit: 30m, 1h, 2d")
    # Python refuses to count thousands of digits
    seconds = int(match[1]) * _SECONDS[match[2]] if len(match[1]) <= _MOST_DIGITS else None
    if seconds is None or seconds > _LONGEST.total_seconds():
        raise ValueError("a duration is ten years at most, 3650d")
    return timedelta(seconds=seconds)


# of a dump that people read
FOR_PEOPLE = {"for": "people"}


def write_duration(duration: timedelta) -> str:
    """In the largest unit that it is a whole number of: `2d`."""
    seconds = int(duration.total_seconds())
    unit = next(unit for unit in "wdhms" if seconds % _SECONDS[unit] == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


def _kept(duration: timedelta, info: SerializationInfo) -> str:
    # in seconds where it is stored: definitions are told apart by what stands there
    return write_duration(duration) if info.context is FOR_PEOPLE else f"{int(duration.total_seconds())}s"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(_kept)]
