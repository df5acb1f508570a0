"""What became of a creator's last days, added up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kit.zones import zone_named
from store.models import (
    Base,
    Broadcast,
    Enrollment,
    EnrollmentState,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
)
from store.models.base import spelled
from store.queries.analytics import sales_since
from store.queries.broadcasts import Outcome, outcomes_of
from store.queries.funnel_views import count_parked

MOST_BROADCASTS = 5
# of one on its way, and of several processes, a later row can have an earlier number
_MARGIN = timedelta(hours=1)
# in the words of the index
_UNCLEAR = OutboxMessage.state.in_([spelled(OutboxState.UNCERTAIN), spelled(OutboxState.FAILED)])


@dataclass(frozen=True, slots=True)
class SentBroadcast:
    id: int
    title: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Stats:
    """Since midnight so many days ago by the creator's clock; `unclear` is whatever the day."""

    days: int
    since: datetime
    leads: int
    new_leads: int
    messages: Mapping[OutboxKind, Mapping[OutboxState, int]]
    unclear: Mapping[OutboxState, int]
    parked: int
    orders: int
    # in minor units by currency, without what went back
    earned: Mapping[str, int]
    # by funnel: those who began in these days, as they stand now
    funnels: Mapping[str, Mapping[EnrollmentState, int]]
    # the newest first
    broadcasts: Sequence[SentBroadcast]


async def read_stats(session: AsyncSession, creator_id: int, zone: str, days: int, *, now: datetime) -> Stats:
    """`days`: 1 is today. What is older is not looked at, however much of it there is."""
    today = now.astimezone(zone_named(zone)).date()
    since = datetime.combine(today - timedelta(days=days - 1), time(), zone_named(zone))
    living = (Lead.creator_id == creator_id, Lead.merged_into_id.is_(None), Lead.forgotten_at.is_(None))
    leads, new_leads = (
        await session.execute(select(func.count(), func.count().filter(Lead.created_at >= since)).where(*living))
    ).one()
    sales = await sales_since(session, creator_id, since)
    return Stats(
        days=days,
        since=since,
        leads=leads,
        new_leads=new_leads,
        messages=await _messages(session, creator_id, since),
        unclear=await _unclear(session, creator_id),
        parked=await count_parked(session, creator_id),
        orders=sales.orders,
        earned=sales.earned,
        funnels=await _funnels(session, creator_id, since),
        broadcasts=await _broadcasts(session, creator_id, since, now=now),
    )


async def first_since(
    session: AsyncSession,
    model: type[Base],
    number: InstrumentedAttribute[int],
    at: InstrumentedAttribute[datetime],
    since: datetime,
) -> int:
    """A number that no row made since then is below: found by halving, as rows are numbered in the order of time."""
    low, high = 1, (await session.scalar(select(func.max(number)).select_from(model)) or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = (await session.execute(select(number, at).where(number >= middle).order_by(number).limit(1))).first()
        if row is None or row[1] >= since - _MARGIN:
            high = middle
        else:
            low = row[0] + 1
    return low


async def _messages(
    session: AsyncSession, creator_id: int, since: datetime
) -> dict[OutboxKind, dict[OutboxState, int]]:
    first = await first_since(session, OutboxMessage, OutboxMessage.id, OutboxMessage.created_at, since)
    asked = (
        select(OutboxMessage.kind, OutboxMessage.state, func.count())
        .where(
            OutboxMessage.id >= first,
            OutboxMessage.creator_id == creator_id,
            OutboxMessage.created_at >= since,
            OutboxMessage.kind.not_in([OutboxKind.NOTICE, OutboxKind.TRIAL, OutboxKind.POST]),
        )
        .group_by(OutboxMessage.kind, OutboxMessage.state)
    )
    found: defaultdict[OutboxKind, dict[OutboxState, int]] = defaultdict(dict)
    for kind, state, count in await session.execute(asked):
        found[kind][state] = count
    return dict(found)


async def _unclear(session: AsyncSession, creator_id: int) -> dict[OutboxState, int]:
    asked = select(OutboxMessage.state, func.count()).where(OutboxMessage.creator_id == creator_id, _UNCLEAR)
    rows = await session.execute(asked.group_by(OutboxMessage.state))
    return {state: count for state, count in rows}  # noqa: C416 - rows


async def _funnels(session: AsyncSession, creator_id: int, since: datetime) -> dict[str, dict[EnrollmentState, int]]:
    first = await first_since(session, Enrollment, Enrollment.id, Enrollment.started_at, since)
    asked = (
        select(Enrollment.funnel_key, Enrollment.state, func.count())
        .where(Enrollment.id >= first, Enrollment.creator_id == creator_id, Enrollment.started_at >= since)
        .group_by(Enrollment.funnel_key, Enrollment.state)
        .order_by(Enrollment.funnel_key)
    )
    found: defaultdict[str, dict[EnrollmentState, int]] = defaultdict(dict)
    for key, state, count in await session.execute(asked):
        found[key][state] = count
    return dict(found)


async def _broadcasts(session: AsyncSession, creator_id: int, since: datetime, *, now: datetime) -> list[SentBroadcast]:
    asked = select(Broadcast).where(Broadcast.creator_id == creator_id, Broadcast.started_at >= since)
    found = []
    for broadcast in await session.scalars(asked.order_by(Broadcast.id.desc()).limit(MOST_BROADCASTS)):
        outcome = Outcome()
        for each in (await outcomes_of(session, broadcast, now=now)).values():
            outcome.add(each)
        found.append(SentBroadcast(broadcast.id, broadcast.title, outcome))
    return found
