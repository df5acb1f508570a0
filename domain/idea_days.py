"""The days of a creator's ideas: each begins with its morning, by the clock of the creator's time zone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.definitions import Published
from domain.windows import at_local
from kit.zones import zone_named

# when creators are told of their ideas
MORNING = time(9, 0)
A_DAY = timedelta(days=1)
A_WEEK = timedelta(weeks=1)


def zone_of(published: Published, creator_id: int) -> ZoneInfo:
    return zone_named(published.setup(creator_id).time_zone)


def morning(day: date, zone: ZoneInfo) -> datetime:
    return at_local(day, MORNING, zone)


def begun_day(zone: ZoneInfo, now: datetime) -> date:
    """The last day whose morning has come."""
    day = now.astimezone(zone).date()
    return day if morning(day, zone) <= now else day - A_DAY


def begun_week(day: date) -> date:
    """The Monday of that day's week."""
    return day - day.weekday() * A_DAY
