"""Hours of the day and days of the week, by somebody's own clock."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer

from domain.fields import Strict

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
# in the order of date.weekday()
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# a weekday that a clock's change swallows comes again within this many days
_LOOKED_AHEAD = 15
# windows that have no hour in common are asked in turns no more often than this
_TURNS = 40
_FORM = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def _time_of_day(given: Any) -> Any:
    if isinstance(given, time):
        return given
    found = _FORM.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        # YAML 1.1 reads 9:30 as a number to the base of sixty
        raise ValueError('write a time of day in quotes, like "09:30"')
    return time(int(found[1]), int(found[2]))


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day), PlainSerializer(lambda given: given.strftime("%H:%M"))]


class Window(Strict):
    """When something may be said: on these days, from one time of day to another.

    Past midnight where `to` is before `from`, and then by the day on which it opened; all day where they are the same.
    """

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    opens: Annotated[TimeOfDay, Field(alias="from")] = time(0, 0)
    closes: Annotated[TimeOfDay, Field(alias="to")] = time(0, 0)
    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] = WEEK


class NeverOpen(ValueError):
    """These windows have no moment in common."""


def at_local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """That time of that day by the zone's clock, as an instant in UTC.

    A time that a change of the clock leaves out is the first instant after it; one that comes twice is the first.
    """
    told = datetime.combine(day, at)
    early, late = (told.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    if early >= late or late.astimezone(zone).replace(tzinfo=None) == told:
        return late
    # between the two, the clock is put forward
    before = early.astimezone(zone).utcoffset()
    seconds = (late - early) // _SECOND
    lowest, highest = 0, seconds
    while highest - lowest > 1:
        middle = (lowest + highest) // 2
        if (early + middle * _SECOND).astimezone(zone).utcoffset() == before:
            lowest = middle
        else:
            highest = middle
    return early + highest * _SECOND


def next_at(instant: datetime, at: time, days: Iterable[Weekday], zone: ZoneInfo) -> datetime:
    """The first time after `instant` that the zone's clock shows `at`, on one of the days (none: on any)."""
    wanted = set(days)
    day = instant.astimezone(zone).date()
    while True:
        if not wanted or WEEK[day.weekday()] in wanted:
            found = at_local(day, at, zone)
            if found > instant:
                return found
        day += _DAY


@lru_cache(maxsize=4096)
def next_open(window: Window, instant: datetime, zone: ZoneInfo) -> datetime:
    """`instant` itself while the window is open, else when it opens next."""
    for opens, closes in _openings(window, instant.astimezone(zone).date() - _DAY, zone):
        if closes > instant and closes > opens:
            return max(opens, instant)
    raise NeverOpen("the window never opens")


def next_open_of_all(windows: Iterable[Window], instant: datetime, zone: ZoneInfo) -> datetime:
    """The first instant, now or later, at which all of them are open. Raises NeverOpen."""
    every = tuple(windows)
    for _ in range(_TURNS):
        later = instant
        for window in every:
            later = next_open(window, later, zone)
        if later == instant:
            return instant
        instant = later
    raise NeverOpen("the windows have no hour in common")


def _openings(window: Window, first: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    for number in range(_LOOKED_AHEAD + 1):
        day = first + number * _DAY
        if not window.days or WEEK[day.weekday()] in window.days:
            last = day if window.opens < window.closes else day + _DAY
            yield at_local(day, window.opens, zone), at_local(last, window.closes, zone)
