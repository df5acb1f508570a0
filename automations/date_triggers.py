"""Triggers that go by a day in a field of the lead's: a birthday, a week before a renewal."""

from calendar import isleap
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from automations.asking import who_meets
from automations.looks import AT_ONCE, Found, Look, Schedule
from automations.planner import LATE_AFTER
from domain.enrollments import Entry
from domain.funnels.definition import DateTrigger
from domain.leads import zone_of
from domain.windows import at_local
from store.models import Late, Lead, LeadField
from store.sealing import digest

BEGUN_BY = "date"
# clocks all over the world stand at whole quarters of an hour from each other, so one look in each finds everybody
_QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)
# the day is no further than this from the day in UTC, wherever on earth
_WEST, _EAST = timedelta(hours=12), timedelta(hours=14)
_MONTH, _YEAR = timedelta(days=31), timedelta(days=370)
# no birthday is longer ago
_OLDEST = 130
_FEBRUARY, _LEAP_DAY = 2, 29


def next_look(trigger: DateTrigger, after: datetime) -> datetime:
    """When some clock on earth next shows the trigger's time."""
    start = after.astimezone(UTC).replace(hour=0, minute=trigger.at.minute % 15, second=0, microsecond=0) - _QUARTER
    return start + ((after - start) // _QUARTER + 1) * _QUARTER


def last_look(trigger: DateTrigger, now: datetime) -> datetime:
    """The look that is just due."""
    return next_look(trigger, now) - _QUARTER


async def who_begins(
    session: AsyncSession, schedule: Schedule, trigger: DateTrigger, look: Look, *, now: datetime
) -> Found:
    """Those on whose own clock the time has come, on the day that stands in their field now."""
    found, reached = await _occasions(session, schedule, trigger, look)
    skips = schedule.current.funnel.late is Late.SKIP
    entries = [
        Entry(lead_id, at, f"date:{trigger.date}:{day.isoformat()}", BEGUN_BY)
        for lead_id, at, day in found
        if not (skips and now - at > LATE_AFTER)
    ]
    if trigger.when is not None and entries:
        asked = {entry.lead_id for entry in entries}
        creator_id = schedule.current.creator_id
        met = await who_meets(session, creator_id, trigger.when, asked, schedule.setup, now=now)
        entries = [entry for entry in entries if entry.lead_id in met]
    return Found(tuple(entries), reached)


async def next_found(
    session: AsyncSession, schedule: Schedule, trigger: DateTrigger, after: datetime
) -> datetime | None:
    """The next look that finds somebody, as the fields stand now; None when none does for a year."""
    since = after
    while since < after + _YEAR:
        reached: int | None = 0
        earliest: list[datetime] = []
        while reached is not None:
            look = Look(since, since + _MONTH, reached)
            found, reached = await _occasions(session, schedule, trigger, look)
            earliest += [at for _, at, _ in found]
        if earliest:
            return next_look(trigger, min(earliest) - timedelta.resolution)
        since += _MONTH
    return None


async def _occasions(
    session: AsyncSession, schedule: Schedule, trigger: DateTrigger, look: Look
) -> tuple[list[tuple[int, datetime, date]], int | None]:
    """Whose time lies in the look, when it is, and of which day; and the last lead when there may be more."""
    column, days_told = await _told_as(session, schedule, trigger, look)
    leads = (
        await session.execute(
            select(Lead, column)
            .join(LeadField, LeadField.lead_id == Lead.id)
            .where(
                LeadField.creator_id == schedule.current.creator_id,
                LeadField.key == trigger.date,
                column.in_(days_told),
                Lead.id > look.reached,
                Lead.merged_into_id.is_(None),
                Lead.forgotten_at.is_(None),
            )
            .order_by(Lead.id)
            .limit(AT_ONCE)
        )
    ).all()
    found = []
    for lead, told in leads:
        for day in days_told[str(told)]:
            at = at_local(day, trigger.at, zone_of(lead, schedule.setup))
            if look.since < at <= look.until:
                found.append((lead.id, at, day))
    return found, leads[-1].Lead.id if len(leads) == AT_ONCE else None


async def _told_as(
    session: AsyncSession, schedule: Schedule, trigger: DateTrigger, look: Look
) -> tuple[InstrumentedAttribute[str | None], Mapping[str, list[date]]]:
    """The column in which the dates stand, and what stands there for each day on which somebody may begin."""
    told: dict[str, list[date]] = {}
    day, last = (look.since - _WEST).date(), (look.until + _EAST).date()
    while day <= last:
        for meant in _dates_for(trigger, day):
            told.setdefault(meant.isoformat(), []).append(day)
        day += _DAY
    spec = schedule.setup.spec(trigger.date)
    if spec is None or not spec.sealed:
        return LeadField.value, told
    place = f"field:{trigger.date}"
    return LeadField.digest, {await digest(session, text, place): days for text, days in told.items()}


def _dates_for(trigger: DateTrigger, day: date) -> Iterator[date]:
    """What, standing in the field, means this day. Between leap years 29 February is celebrated on the 28th."""
    meant = day - timedelta(days=trigger.days)
    if trigger.every == "once":
        yield meant
        return
    for year in range(meant.year - _OLDEST, meant.year + 1):
        if (meant.month, meant.day) != (_FEBRUARY, _LEAP_DAY) or isleap(year):
            yield meant.replace(year=year)
        if (meant.month, meant.day) == (_FEBRUARY, _LEAP_DAY - 1) and isleap(year) and not isleap(meant.year):
            yield date(year, _FEBRUARY, _LEAP_DAY)
