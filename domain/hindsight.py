"""What was decided about leads, and which broadcasts they got or did not: those who go out are told by the outbox."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from domain.broadcasts.definition import variant_name
from domain.decisions import MOST_READ, Decided, Outcome, decisions_of
from store.models import (
    Broadcast,
    BroadcastRecipient,
    BroadcastState,
    Decision,
    OutboxMessage,
    OutboxState,
    RecipientState,
)

_LEFT_OUT = (OutboxState.CANCELLED, OutboxState.BLOCKED)
_CALLED_OFF = "broadcast cancelled"
_BLOCKED = "blocked"


async def look_back(
    session: AsyncSession, lead_ids: Collection[int], *, about: str | None = None, most: int = MOST_READ
) -> list[Decided]:
    """The latest, oldest first; with `about` only what was decided about that."""
    decisions = await decisions_of(session, lead_ids, about=about, most=most)
    if about is not None:
        return decisions
    told = [*decisions, *await _went_out(session, lead_ids, most), *await _called_off(session, lead_ids, most)]
    return sorted(told, key=lambda each: each.at)[-most:]


async def count_back(session: AsyncSession, lead_ids: Collection[int]) -> int:
    """How many there are to look back on in all."""
    counted = (
        select(func.count()).select_from(Decision).where(Decision.lead_id.in_(lead_ids)),
        select(func.count()).select_from(OutboxMessage).where(*_gone_out(lead_ids)),
        select(func.count())
        .select_from(BroadcastRecipient)
        .join(Broadcast, Broadcast.id == BroadcastRecipient.broadcast_id)
        .where(*_dropped(lead_ids)),
    )
    return sum([await session.scalar(each) or 0 for each in counted])


def _gone_out(lead_ids: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    noted = _is_noted(OutboxMessage.broadcast_id, OutboxMessage.lead_id) & (Decision.at == OutboxMessage.closed_at)
    taken_back = OutboxMessage.state.in_(_LEFT_OUT) & ~exists().where(noted)
    return (
        OutboxMessage.lead_id.in_(lead_ids),
        OutboxMessage.broadcast_id.is_not(None),
        OutboxMessage.closed_at.is_not(None),
        (OutboxMessage.state == OutboxState.SENT) | taken_back,
    )


def _dropped(lead_ids: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    return (
        BroadcastRecipient.lead_id.in_(lead_ids),
        BroadcastRecipient.state == RecipientState.DROPPED,
        Broadcast.state == BroadcastState.CANCELLED,
        Broadcast.ended_at.is_not(None),
        ~exists().where(_is_noted(BroadcastRecipient.broadcast_id, BroadcastRecipient.lead_id)),
    )


async def _went_out(session: AsyncSession, lead_ids: Collection[int], most: int) -> Iterator[Decided]:
    """What was sent, and what was taken back while it was queued; of all else a decision tells."""
    asked = (
        select(
            OutboxMessage.broadcast_id,
            OutboxMessage.lead_id,
            OutboxMessage.step,
            OutboxMessage.state,
            OutboxMessage.error,
            OutboxMessage.closed_at,
        )
        .where(*_gone_out(lead_ids))
        .order_by(OutboxMessage.closed_at.desc(), OutboxMessage.id.desc())
        .limit(most)
    )
    rows = (await session.execute(asked)).all()
    return (
        _told(row.closed_at, row.lead_id, row.broadcast_id, [row.step or "", *_came_of(row.state, row.error)])
        for row in reversed(rows)
    )


async def _called_off(session: AsyncSession, lead_ids: Collection[int], most: int) -> Iterator[Decided]:
    """Those whose turn had not come when a broadcast was called off."""
    asked = (
        select(Broadcast.id, Broadcast.ended_at, BroadcastRecipient.lead_id, BroadcastRecipient.variant)
        .join(Broadcast, Broadcast.id == BroadcastRecipient.broadcast_id)
        .where(*_dropped(lead_ids))
        .order_by(Broadcast.ended_at.desc(), Broadcast.id.desc())
        .limit(most)
    )
    rows = (await session.execute(asked)).all()
    came_of = (Outcome.LEFT_OUT.value, _CALLED_OFF)
    return (_told(row.ended_at, row.lead_id, row.id, [variant_name(row.variant), *came_of]) for row in reversed(rows))


def _is_noted(
    broadcast_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None],
    lead_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None],
) -> ColumnElement[bool]:
    return (Decision.lead_id == lead_id) & (Decision.about == literal("broadcast:") + cast(broadcast_id, String))


def _came_of(state: OutboxState, error: str | None) -> tuple[str, ...]:
    match state:
        case OutboxState.SENT:
            return (Outcome.SENT.value,)
        case OutboxState.BLOCKED:
            return (Outcome.LEFT_OUT.value, _BLOCKED)
    return (Outcome.LEFT_OUT.value, error or "")


def _told(at: datetime, lead_id: int, broadcast_id: int, came_of: list[str]) -> Decided:
    return Decided(0, at, lead_id, f"broadcast:{broadcast_id}", None, None, [came_of])
