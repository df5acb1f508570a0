"""An enrollment that cannot go on waits for a person, alone, with its reason."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from automations.stuck import Stuck, tell_of_stuck
from domain.enrollments import GOAL
from store.database import count_changed
from store.models import Enrollment, EnrollmentState, OutboxMessage, OutboxState, Timer

_OVER = (EnrollmentState.STOPPED, EnrollmentState.PARKED)
# what has gone out, or may have
_SAID = (OutboxState.SENT, OutboxState.SENDING, OutboxState.UNCERTAIN)
_BY_CORE = {"synchronize_session": False}


async def park(session: AsyncSession, stuck: Stuck, *, now: datetime) -> bool:
    """It stands at the message that could not be said, so that trying again says it. The creator is told.

    False for one that was ended meanwhile, has reached its goal, or is parked already.
    """
    goes_on = Enrollment.state.not_in(_OVER) & Enrollment.reason.is_distinct_from(GOAL)
    parked = update(Enrollment).where(Enrollment.id == stuck.enrollment_id, goes_on)
    values = {"state": EnrollmentState.PARKED, "reason": stuck.reason, "waits_for": None, "ended_at": now}
    if not await count_changed(session, parked.values(step=stuck.step, **values).execution_options(**_BY_CORE)):
        return False
    await session.execute(delete(Timer).where(Timer.enrollment_id == stuck.enrollment_id), execution_options=_BY_CORE)
    await tell_of_stuck(session, stuck, now=now)
    return True


async def has_gone_on(session: AsyncSession, message_id: int) -> bool:
    """Whether a later message of its enrollment is out: parked at this one, trying again would say that once more.

    Such a message fails alone, and a person may send it again alone.
    """
    later = aliased(OutboxMessage)
    behind = (later.enrollment_id == OutboxMessage.enrollment_id) & (later.seq > OutboxMessage.seq)
    asked = select(later.id).select_from(OutboxMessage).join(later, behind)
    said = asked.where(OutboxMessage.id == message_id, later.state.in_(_SAID))
    return await session.scalar(said.limit(1)) is not None


async def hold_to_park(session: AsyncSession, enrollment_id: int) -> None:
    """Itself, before its timer and its messages, as whoever ends it holds them."""
    await session.execute(select(Enrollment.id).where(Enrollment.id == enrollment_id).with_for_update())
