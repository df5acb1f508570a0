"""An enrollment that cannot go on waits for a person, alone, with its reason."""

from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

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


class OfEnrollment(Protocol):
    """A message, which may be one of an enrollment's."""

    @property
    def id(self) -> int: ...
    @property
    def enrollment_id(self) -> int | None: ...


async def has_gone_on(session: AsyncSession, message: OfEnrollment) -> bool:
    """Whether a later message of its enrollment's is out: parked at this one, trying again would say that once more.

    Such a message fails alone, and a person may send it again alone.
    """
    later = exists().where(
        OutboxMessage.enrollment_id == message.enrollment_id,
        OutboxMessage.id > message.id,
        OutboxMessage.state.in_(_SAID),
    )
    return bool(await session.scalar(select(later)))


async def hold_to_park(session: AsyncSession, enrollment_id: int) -> None:
    """Itself, before its timer and its messages, as whoever ends it holds them."""
    await session.execute(select(Enrollment.id).where(Enrollment.id == enrollment_id).with_for_update())
