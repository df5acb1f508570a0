"""Whom a broadcast is for: counted beforehand, and written down when it starts."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, String, and_, case, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.definition import content_of
from domain.setups import CreatorSetup
from domain.windows import at_local
from domain.zones import zone_by_phone
from kit.zones import zone_named
from store.database import insert_selected_once
from store.models import Broadcast, BroadcastRecipient, BroadcastState, Instant, Lead, Person, RecipientState
from store.queries.leads import saved_segments, where
from store.segments.checking import segments_in
from store.segments.compiling import living

# so many leads are written down in one transaction: nobody waits for that
LISTED_AT_ONCE = 1000
# after so many telephone numbers whoever writes to the bot has their turn
_BREATH = 50
# whose clocks show each time first
EARLIEST_ZONE = ZoneInfo("Pacific/Kiritimati")
# Knuth's multiplicative hash: neighbouring numbers come apart, and the shares of a few leads are right already
_SPREAD, _BITS_32, _BITS_16, _BITS_31 = 2_654_435_761, 2**32, 2**16, 2**31
_BY_CORE = {"synchronize_session": False}
Holds = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Reach:
    """How many leads the question meets, and how many of them can be written to."""

    met: int
    reached: int


async def audience_of(
    session: AsyncSession, creator_id: int, question: str, setup: CreatorSetup, *, now: datetime
) -> Holds:
    """The leads of whom the question holds, all of them when it is empty. Raises BadSegment."""
    if not question:
        return living(creator_id)
    saved = await saved_segments(session, creator_id) if segments_in(question) else {}
    return await where(session, creator_id, question, setup.known(saved), now=now)


def can_be_written_to(setup: CreatorSetup) -> Holds:
    """They have a chat that they have not blocked, and want to hear of the creator."""
    blocked = exists().where(Person.id == Lead.person_id, Person.blocked_at.is_not(None))
    wants = [Lead.unsubscribed_at.is_(None), Lead.banned_at.is_(None)]
    if setup.consent_required:
        wants.append(Lead.consented_at.is_not(None))
    return and_(Lead.person_id.is_not(None), ~blocked, *wants)


async def count_reach(
    session: AsyncSession, creator_id: int, question: str, setup: CreatorSetup, *, now: datetime
) -> Reach:
    """As it is now; those who come and go until it starts are counted then. Raises BadSegment."""
    asked = await audience_of(session, creator_id, question, setup, now=now)
    reached = func.count(case((can_be_written_to(setup), 1)))
    row = (await session.execute(select(func.count(), reached).select_from(Lead).where(asked))).one()
    return Reach(row[0], row[1])


async def first_reached(
    session: AsyncSession, creator_id: int, question: str, setup: CreatorSetup, *, most: int, now: datetime
) -> Sequence[Lead]:
    """Up to `most` of those who can be written to, as they are written down. Raises BadSegment."""
    asked = await audience_of(session, creator_id, question, setup, now=now)
    some = select(Lead).where(asked, can_be_written_to(setup)).order_by(Lead.id).limit(most)
    return (await session.scalars(some)).all()


async def list_some(session: AsyncSession, broadcast_id: int, setup: CreatorSetup, *, now: datetime) -> bool:
    """Writes down the next of a starting broadcast's audience; True once it runs, or is not starting any more.

    Whoever came after it had started is not among them. Begun again anywhere, it goes on from there. Raises
    BadSegment when what the question names is gone by now.
    """
    broadcast = await hold_broadcast(session, broadcast_id, BroadcastState.STARTING)
    if broadcast is None:
        return True
    started_at = broadcast.started_at or now
    asked = await audience_of(session, broadcast.creator_id, broadcast.segment, setup, now=started_at)
    span = and_(Lead.creator_id == broadcast.creator_id, Lead.id > broadcast.listed_to)
    some = select(Lead.id).where(span).order_by(Lead.id).limit(LISTED_AT_ONCE).subquery()
    last = await session.scalar(select(func.max(some.c.id)))
    if last is None:
        counted = select(func.count()).where(BroadcastRecipient.broadcast_id == broadcast.id)
        broadcast.audience = await session.scalar(counted) or 0
        broadcast.state, broadcast.resumed_at, broadcast.progress_at = BroadcastState.RUNNING, now, None
        await session.flush()
        return True
    span = and_(span, Lead.id <= last)
    found = and_(asked, can_be_written_to(setup), Lead.created_at <= started_at, span)
    due_at = await _dues(session, broadcast, setup, span, started_at)
    told = select(
        literal(broadcast.id, BigInteger()),
        Lead.id,
        _variant(broadcast),
        due_at,
        literal(str(RecipientState.WAITING), String()),
    ).where(found)
    columns = ("broadcast_id", "lead_id", "variant", "due_at", "state")
    await insert_selected_once(session, BroadcastRecipient, columns, told)
    if broadcast.local_at is not None:
        await _ask_phones(session, broadcast, broadcast.local_at, found)
    broadcast.listed_to = last
    await session.flush()
    return False


async def hold_broadcast(session: AsyncSession, broadcast_id: int, *states: BroadcastState) -> Broadcast | None:
    """Its row, held to the end: whoever pauses or cancels it comes before this or after. None in another state."""
    query = select(Broadcast).where(Broadcast.id == broadcast_id, Broadcast.state.in_(states)).with_for_update()
    return await session.scalar(query.execution_options(populate_existing=True))


def earliest_of(local_at: str) -> datetime:
    """When the first clock in the world shows it."""
    return _in_zone(local_at, EARLIEST_ZONE)


def _variant(broadcast: Broadcast) -> ColumnElement[int]:
    """By its weights, and for one lead always the same, however often this is done."""
    weights = content_of(broadcast).weights
    seed = literal((broadcast.id * _SPREAD) % _BITS_32, BigInteger())
    mixed = (Lead.id % literal(_BITS_31, BigInteger())) * literal(_SPREAD, BigInteger()) + seed
    place = (mixed % literal(_BITS_32, BigInteger())) // literal(_BITS_16, BigInteger())
    share = place % literal(sum(weights), BigInteger())
    bounds = [(share < sum(weights[: number + 1]), number) for number in range(len(weights))]
    return case(*bounds, else_=0)


async def _dues(
    session: AsyncSession, broadcast: Broadcast, setup: CreatorSetup, span: Holds, started_at: datetime
) -> ColumnElement[datetime]:
    """When it is each lead's turn. Whose clock shows a later time already has it at once."""
    if broadcast.local_at is None:
        return literal(started_at, Instant())
    zones = select(Lead.time_zone).where(span, Lead.time_zone.is_not(None)).distinct()
    otherwise = _in_zone(broadcast.local_at, zone_named(setup.time_zone))
    known = [
        (Lead.time_zone == name, literal(_in_zone(broadcast.local_at, zone_named(name, setup.time_zone)), Instant()))
        for name in await session.scalars(zones)
        if name is not None
    ]
    return case(*known, else_=literal(otherwise, Instant())) if known else literal(otherwise, Instant())


async def _ask_phones(session: AsyncSession, broadcast: Broadcast, local_at: str, found: Holds) -> None:
    """Whoever has named no time zone may have one that their number tells."""
    unknown = select(Lead.id, Lead.phone).where(found, Lead.time_zone.is_(None), Lead.phone.is_not(None))
    by_zone: dict[str, list[int]] = {}
    for number, (lead_id, phone) in enumerate(await session.execute(unknown)):
        if number % _BREATH == 0:
            await asyncio.sleep(0)
        zone = zone_by_phone(phone or "")
        if zone is not None:
            by_zone.setdefault(zone, []).append(lead_id)
    for zone, lead_ids in by_zone.items():
        await session.execute(
            update(BroadcastRecipient)
            .where(BroadcastRecipient.broadcast_id == broadcast.id, BroadcastRecipient.lead_id.in_(lead_ids))
            .values(due_at=_in_zone(local_at, zone_named(zone))),
            execution_options=_BY_CORE,
        )


def _in_zone(local_at: str, zone: ZoneInfo) -> datetime:
    there = datetime.fromisoformat(local_at)
    return at_local(there.date(), there.time(), zone)
