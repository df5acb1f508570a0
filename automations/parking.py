"""An enrollment that cannot go on waits for a person, alone, with its reason."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.stuck import Stuck, tell_of_stuck
from store.database import count_changed
from store.models import Enrollment, EnrollmentState, Timer

_OVER = (EnrollmentState.STOPPED, EnrollmentState.PARKED)
_BY_CORE = {"synchronize_session": False}


async def park(session: AsyncSession, stuck: Stuck, *, now: datetime) -> bool:
    """It stands at the message that could not be said, so that trying again says it. The creator is told.

    False for one that was ended meanwhile, or is parked already.
    """
    parked = update(Enrollment).where(Enrollment.id == stuck.enrollment_id, Enrollment.state.not_in(_OVER))
    values = {"state": EnrollmentState.PARKED, "reason": stuck.reason, "waits_for": None, "ended_at": now}
    if not await count_changed(session, parked.values(step=stuck.step, **values).execution_options(**_BY_CORE)):
        return False
    await session.execute(delete(Timer).where(Timer.enrollment_id == stuck.enrollment_id), execution_options=_BY_CORE)
    await tell_of_stuck(session, stuck, now=now)
    return True


async def hold_to_park(session: AsyncSession, enrollment_id: int) -> None:
    """Itself, before its timer and its messages, as whoever ends it holds them."""
    await session.execute(select(Enrollment.id).where(Enrollment.id == enrollment_id).with_for_update())
