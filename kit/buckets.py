"""Cutting time into hours, days, weeks and months of a clock on the wall."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)
_DECEMBER = 12


class Interval(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_USUALLY = {
    Interval.HOUR: _HOUR,
    Interval.DAY: timedelta(days=1),
    Interval.WEEK: timedelta(days=7),
    Interval.MONTH: timedelta(days=30),
}


class TooMany(Exception):
    """More pieces than were allowed."""


def edges(since: datetime, until: datetime, interval: Interval, zone: ZoneInfo, *, most: int) -> Sequence[datetime]:
    """`since`, every beginning of an interval in that zone between the two, and `until`: in UTC, each after the last.

    The first piece and the last may be shorter than the others. A day has 23 to 25 hours where clocks are changed, an
    hour that comes twice is two pieces, and a day that a zone has left out is none. Weeks begin on Monday. Raises
    TooMany for more than `most` pieces.
    """
    if since >= until:
        raise ValueError("nothing is between them")
    if (until - since) / _USUALLY[interval] > 2 * most + 4:
        raise TooMany
    found, at = [since.astimezone(UTC)], since
    while (at := _next(at, interval, zone)) < until:
        found.append(at)
        if len(found) > most:
            raise TooMany
    return [*found, until.astimezone(UTC)]


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Midnight there, in UTC; where clocks pass over it, the moment after."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _next(at: datetime, interval: Interval, zone: ZoneInfo) -> datetime:
    """The first beginning of one after `at`."""
    if interval is Interval.HOUR:
        return _next_hour(at, zone)
    day = at.astimezone(zone).date()
    while True:
        match interval:
            case Interval.DAY:
                day += timedelta(days=1)
            case Interval.WEEK:
                day += timedelta(days=7 - day.weekday())
            case _:
                day = date(day.year + (day.month == _DECEMBER), day.month % _DECEMBER + 1, 1)
        # the next is no later, where a zone has left a day out
        if (begins := start_of(day, zone)) > at:
            return begins


def _next_hour(at: datetime, zone: ZoneInfo) -> datetime:
    """By the wall: zones stand a half or a quarter of an hour off, and some change by a half."""
    wall = at.astimezone(zone)
    into = timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
    begins = at.astimezone(UTC) + _HOUR - into
    late = begins.astimezone(zone)
    over = timedelta(minutes=late.minute, seconds=late.second, microseconds=late.microsecond)
    if not over:
        return begins
    # clocks were changed by less than an hour meanwhile: forward to a whole one, forward over it, or back
    whole = begins - over
    if whole > at and not whole.astimezone(zone).minute:
        return whole
    return begins if late.hour != wall.hour else begins + _HOUR - over
