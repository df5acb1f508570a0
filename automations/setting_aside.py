"""Messages that cannot be said: each is set aside alone with its reason, and the others go on."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.outcomes import LONGEST_WAIT, MOST_ATTEMPTS, tell_of_lost
from automations.parking import has_gone_on, hold_to_park, park
from automations.stuck import OUR_MISTAKE, OfFunnel, stuck_at
from domain.decisions import Outcome
from domain.idea_posted import note_unposted
from store.models import Enrollment, OutboxMessage, OutboxState


class Unsaid(OfFunnel, Protocol):
    @property
    def id(self) -> int: ...

    @property
    def post_id(self) -> int | None: ...


# how the message itself ends
ENDS_AS = {
    Outcome.PARKED: OutboxState.CANCELLED,
    Outcome.LEFT_OUT: OutboxState.CANCELLED,
    Outcome.FAILED: OutboxState.FAILED,
}


async def end_unsaid(session: AsyncSession, message: Unsaid, error: Exception | str, *, now: datetime) -> Outcome:
    """Its enrollment stands still, alone; a message of none, or of one that has gone on, waits for a person.

    Returns which of ENDS_AS has come of it: LEFT_OUT where the enrollment is over meanwhile.
    """
    stuck = stuck_at(message, error)
    if stuck is not None and not await has_gone_on(session, message.id):
        return Outcome.PARKED if await park(session, stuck, now=now) else Outcome.LEFT_OUT
    await tell_of_lost(session, message.id, str(error), now=now)
    if message.post_id is not None:
        await note_unposted(session, message.post_id, str(error), now=now)
    return Outcome.FAILED


async def set_aside(session: AsyncSession, message_ids: Collection[int], *, now: datetime) -> int:
    """Those that cannot even be looked at, by a fault of ours, are put off; returns how many. They are not read.

    It may be mended meanwhile; what it is not after MOST_ATTEMPTS is given up.
    """
    asked = (
        select(
            OutboxMessage.id,
            OutboxMessage.attempts,
            OutboxMessage.creator_id,
            OutboxMessage.lead_id,
            OutboxMessage.post_id,
            OutboxMessage.enrollment_id,
            OutboxMessage.step,
            Enrollment.funnel_key,
        )
        .outerjoin(Enrollment, Enrollment.id == OutboxMessage.enrollment_id)
        .where(OutboxMessage.id.in_(message_ids), OutboxMessage.state == OutboxState.QUEUED)
    )
    aside = 0
    for row in (await session.execute(asked.order_by(OutboxMessage.id))).all():
        if row.enrollment_id is not None:
            await hold_to_park(session, row.enrollment_id)
        queued = select(OutboxMessage.id).where(OutboxMessage.id == row.id, OutboxMessage.state == OutboxState.QUEUED)
        if await session.scalar(queued.with_for_update()) is None:
            # over meanwhile
            continue
        values: dict[str, object] = {"attempts": row.attempts + 1, "error": OUR_MISTAKE, "due_at": now + LONGEST_WAIT}
        if row.attempts + 1 >= MOST_ATTEMPTS:
            ends_as = ENDS_AS[await end_unsaid(session, row, OUR_MISTAKE, now=now)]
            values |= {"state": ends_as, "due_at": now, "closed_at": now}
        changed = update(OutboxMessage).where(OutboxMessage.id == row.id).values(values)
        await session.execute(changed.execution_options(synchronize_session=False))
        aside += 1
    return aside
