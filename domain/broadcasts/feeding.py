"""Recipients on their way into the outbox, and back: as few as possible are queued, so that stopping is exact."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.audience import hold_broadcast
from domain.broadcasts.definition import variant_name
from domain.consent import may_market
from domain.decisions import Noted, Outcome, note_decisions
from domain.setups import CreatorSetup
from store.database import count_changed, wake
from store.hot import Bulk
from store.models import (
    WAITS_FOR_SOMEBODY,
    BroadcastRecipient,
    BroadcastState,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    RecipientState,
    Urgency,
)
from store.models.base import spelled

# so many are fed, brought back or dropped in one transaction: nobody waits for that
AT_ONCE = 300
DROPPED_AT_ONCE = 1000
# what is put off for longer than this waits where it costs nothing
_A_WHILE = timedelta(minutes=1)
_MESSAGE = ("key", "creator_id", "person_id", "lead_id", "broadcast_id", "step", "due_at", "created_at")
_QUEUED_AS: dict[str, str | int] = {
    "kind": OutboxKind.BROADCAST.value,
    "urgency": int(Urgency.BROADCAST),
    "state": OutboxState.QUEUED.value,
}
_WAITING = spelled(RecipientState.WAITING)
_QUEUED = spelled(OutboxState.QUEUED)
_BY_CORE = {"synchronize_session": False}


async def feed(session: AsyncSession, broadcast_id: int, setup: CreatorSetup, *, room: int, now: datetime) -> int:
    """Queues up to `room` messages for those whose turn it is; returns how many recipients were dealt with.

    Whoever has left since it was written down is dropped, which is kept for those who ask why.
    """
    broadcast = await hold_broadcast(session, broadcast_id, BroadcastState.RUNNING)
    if broadcast is None:
        return 0
    # the leads too: nobody is forgotten, or says no, between being looked at and being queued
    next_ones = (
        select(
            BroadcastRecipient.lead_id,
            BroadcastRecipient.variant,
            Lead.person_id,
            Lead.unsubscribed_at,
            Lead.banned_at,
            Lead.forgotten_at,
            Lead.merged_into_id,
            Lead.consented_at,
        )
        .join(Lead, Lead.id == BroadcastRecipient.lead_id)
        .where(
            BroadcastRecipient.broadcast_id == broadcast_id,
            BroadcastRecipient.state == _WAITING,
            BroadcastRecipient.due_at <= now,
        )
        .order_by(BroadcastRecipient.due_at, BroadcastRecipient.lead_id)
        .limit(min(room, AT_ONCE))
        .with_for_update(of=(BroadcastRecipient, Lead), key_share=True, skip_locked=True)
    )
    rows = (await session.execute(next_ones)).all()
    queued = [row for row in rows if row.person_id is not None and may_market(cast("Any", row), setup)]
    bulk = Bulk()
    bulk.insert(
        OutboxMessage,
        _MESSAGE,
        [
            (
                f"broadcast:{broadcast_id}:{row.lead_id}",
                broadcast.creator_id,
                row.person_id,
                row.lead_id,
                broadcast_id,
                variant_name(row.variant),
                now,
                now,
            )
            for row in queued
        ],
        same=_QUEUED_AS,
    )
    going = {row.lead_id for row in queued}
    states = [(RecipientState.QUEUED if row.lead_id in going else RecipientState.DROPPED, row.lead_id) for row in rows]
    bulk.update(BroadcastRecipient, ("state",), [(state, broadcast_id, lead_id) for state, lead_id in states])
    await bulk.write(session)
    dropped = [row for row in rows if row.lead_id not in going and not (row.merged_into_id or row.forgotten_at)]
    about = f"broadcast:{broadcast_id}"
    noted = [
        Noted(broadcast.creator_id, row.lead_id, about, None, None, [_left_out(row.variant, row.person_id)])
        for row in dropped
    ]
    if noted:
        await note_decisions(session, noted, now=now)
    if queued:
        wake(session, "outbox")
    return len(rows)


def _left_out(variant: int, person_id: int | None) -> list[str]:
    return [variant_name(variant), Outcome.LEFT_OUT.value, "cannot be written to" if person_id is None else "unwanted"]


async def count_queued(session: AsyncSession, creator_id: int, *, now: datetime, most: int) -> int:
    """How many messages of a creator's broadcasts are queued and due; it counts no further than `most`."""
    due = (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.urgency == literal_column(str(int(Urgency.BROADCAST))),
            OutboxMessage.creator_id == creator_id,
            OutboxMessage.due_at <= now,
            OutboxMessage.state == _QUEUED,
        )
        .limit(most)
        .subquery()
    )
    return await session.scalar(select(func.count()).select_from(due)) or 0


async def take_back(session: AsyncSession, broadcast_id: int) -> int:
    """What is queued waits again, all of it. The broadcast's row is held, and nothing more is queued meanwhile.

    What may have arrived already stays: that it goes out again was somebody's wish.
    """
    taken = 0
    while some := await _take(session, broadcast_id, OutboxMessage.uncertain == 0):
        taken += some
    return taken


async def keep_back(session: AsyncSession, broadcast_id: int) -> int:
    """What was being said when it was paused, and could not be, waits with the others."""
    if await hold_broadcast(session, broadcast_id, BroadcastState.PAUSED) is None:
        return 0
    return await take_back(session, broadcast_id)


async def bring_back_late(session: AsyncSession, broadcast_id: int, *, now: datetime) -> int:
    """What was put off (by hours, or for the budget) waits outside of the outbox until then; so many of it at once."""
    if await hold_broadcast(session, broadcast_id, BroadcastState.RUNNING) is None:
        return 0
    late = (
        (OutboxMessage.due_at > now + _A_WHILE)
        & (OutboxMessage.due_at < WAITS_FOR_SOMEBODY)
        & (OutboxMessage.attempts == 0)
        & (OutboxMessage.uncertain == 0)
    )
    return await _take(session, broadcast_id, late, until_due=True)


async def call_off_queued(session: AsyncSession, broadcast_id: int, *, now: datetime) -> None:
    """What is queued of it is cancelled, all of it."""
    queued = select(OutboxMessage.id).where(OutboxMessage.broadcast_id == broadcast_id, OutboxMessage.state == _QUEUED)
    # held in the order of their numbers, as everybody else holds them
    ids = (await session.scalars(queued.order_by(OutboxMessage.id).with_for_update())).all()
    bulk = Bulk()
    rows = [(OutboxState.CANCELLED, "broadcast cancelled", now, each) for each in ids]
    bulk.update(OutboxMessage, ("state", "error", "closed_at"), rows)
    await bulk.write(session)


async def drop_waiting(session: AsyncSession, broadcast_id: int) -> int:
    """Of one that was called off; so many at once."""
    some = (
        select(BroadcastRecipient.lead_id)
        .where(BroadcastRecipient.broadcast_id == broadcast_id, BroadcastRecipient.state == _WAITING)
        .order_by(BroadcastRecipient.lead_id)
        .limit(DROPPED_AT_ONCE)
        .with_for_update()
    )
    dropped = update(BroadcastRecipient).where(
        BroadcastRecipient.broadcast_id == broadcast_id, BroadcastRecipient.lead_id.in_(some)
    )
    return await count_changed(session, dropped.values(state=RecipientState.DROPPED).execution_options(**_BY_CORE))


async def _take(
    session: AsyncSession, broadcast_id: int, which: ColumnElement[bool], *, until_due: bool = False
) -> int:
    """Up to AT_ONCE of them, with `until_due` until their message was due."""
    some = (
        select(OutboxMessage.id, OutboxMessage.lead_id, OutboxMessage.due_at)
        .where(OutboxMessage.broadcast_id == broadcast_id, OutboxMessage.state == _QUEUED, which)
        .order_by(OutboxMessage.id)
        .limit(AT_ONCE)
        .with_for_update()
    )
    rows = (await session.execute(some)).all()
    bulk = Bulk()
    bulk.delete(OutboxMessage, ("id",), [(row.id,) for row in rows])
    back = [row for row in rows if row.lead_id is not None]
    if until_due:
        late = [(RecipientState.WAITING, row.due_at, broadcast_id, row.lead_id) for row in back]
        bulk.update(BroadcastRecipient, ("state", "due_at"), late)
    else:
        bulk.update(
            BroadcastRecipient, ("state",), [(RecipientState.WAITING, broadcast_id, row.lead_id) for row in back]
        )
    await bulk.write(session)
    return len(rows)
