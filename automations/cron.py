"""Triggers that fire at the times of a schedule, by the creator's clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger as Times
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.asking import condition_of
from automations.looks import AT_ONCE, Found, Look, Schedule
from automations.planner import LATE_AFTER
from domain.enrollments import Entry
from domain.funnels.definition import CronTrigger
from domain.windows import at_local
from store.models import Late, Lead

BEGUN_BY = "cron"
_EVERYBODY = "all"
# a schedule names minutes
_MINUTE = timedelta(minutes=1)


def next_firing(cron: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first time of the schedule that is later; None when there is none.

    The library computes the clock's face alone: by itself it fires an hour late when the clock is put forward, or not
    at all, and without end when it is put back. A time that does not exist is the first instant after the gap, one
    that comes twice is the first.
    """
    times = Times.from_crontab(cron, timezone="UTC")
    face = after.astimezone(zone).replace(tzinfo=UTC)
    while True:
        shown = times.get_next_fire_time(None, face)
        if shown is None:
            return None
        fires = at_local(shown.date(), shown.time(), zone)
        if fires > after:
            return fires
        face = shown + _MINUTE


async def who_begins(
    session: AsyncSession, schedule: Schedule, trigger: CronTrigger, look: Look, *, now: datetime
) -> Found:
    """Everybody who is in `when`, as they are now. One firing stands for all that were missed; `skip` leaves it out."""
    creator_id = schedule.current.creator_id
    if schedule.current.funnel.late is Late.SKIP and look.reached == 0 and now - look.until > LATE_AFTER:
        return Found()
    condition = await condition_of(session, creator_id, trigger.when or _EVERYBODY, schedule.setup, now=now)
    some = select(Lead.id).where(Lead.id > look.reached, condition).order_by(Lead.id).limit(AT_ONCE)
    ids = list(await session.scalars(some))
    entries = tuple(Entry(lead_id, look.until, begun_by=BEGUN_BY) for lead_id in ids)
    return Found(entries, ids[-1] if len(ids) == AT_ONCE else None)
