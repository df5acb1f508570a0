"""Triggers that begin when a lead was not heard of for so long."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.asking import who_meets
from automations.looks import AT_ONCE, Found, Look, Schedule
from automations.planner import LATE_AFTER
from domain.enrollments import Entry
from domain.funnels.definition import InactiveTrigger
from store.models import Late, Lead

BEGUN_BY = "inactive"
_MINUTE = timedelta(minutes=1)
_LIVING = (Lead.merged_into_id.is_(None), Lead.forgotten_at.is_(None))


async def next_look(session: AsyncSession, schedule: Schedule, trigger: InactiveTrigger, after: datetime) -> datetime:
    """When the first of those who are silent now has been so for long enough, at a whole minute.

    Whoever is heard of later is due later, so that nobody is before that.
    """
    seen = await session.scalar(
        select(func.min(Lead.seen_at)).where(
            Lead.creator_id == schedule.current.creator_id, Lead.seen_at > after - trigger.inactive, *_LIVING
        )
    )
    due = after + trigger.inactive if seen is None else seen + trigger.inactive
    whole = due.replace(second=0, microsecond=0)
    return whole if whole == due else whole + _MINUTE


def last_look(now: datetime) -> datetime:
    """The look that is just due."""
    return now.replace(second=0, microsecond=0)


async def who_begins(
    session: AsyncSession, schedule: Schedule, trigger: InactiveTrigger, look: Look, *, now: datetime
) -> Found:
    """Those whose silence became so long just now. Whoever had been silent before the funnel ran has not."""
    creator_id, silence = schedule.current.creator_id, trigger.inactive
    rows = (
        await session.execute(
            select(Lead.id, Lead.seen_at)
            .where(
                Lead.creator_id == creator_id,
                Lead.seen_at > look.since - silence,
                Lead.seen_at <= look.until - silence,
                Lead.id > look.reached,
                *_LIVING,
            )
            .order_by(Lead.id)
            .limit(AT_ONCE)
        )
    ).all()
    skips = schedule.current.funnel.late is Late.SKIP
    due = {row.id: row.seen_at + silence for row in rows}
    ids = {lead_id for lead_id, at in due.items() if not (skips and now - at > LATE_AFTER)}
    if trigger.when is not None and ids:
        ids = await who_meets(session, creator_id, trigger.when, ids, schedule.setup, now=now)
    entries = tuple(Entry(lead_id, due[lead_id], begun_by=BEGUN_BY) for lead_id in sorted(ids))
    return Found(entries, rows[-1].id if len(rows) == AT_ONCE else None)
