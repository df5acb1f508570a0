"""An enrollment that cannot go on waits for a person, alone, with its reason."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.stuck import Stuck, tell_of_stuck
from store.models import Enrollment, EnrollmentState, Timer
from store.queries.outbox import Candidate

_BY_CORE = {"synchronize_session": False}


async def park(session: AsyncSession, row: Candidate, error: Exception | str, *, now: datetime) -> None:
    """It stands at the message that could not be said, so that trying again says it. The creator is told."""
    if row.enrollment_id is None or row.lead_id is None:
        return
    stuck = Stuck(row.enrollment_id, row.creator_id, row.lead_id, row.funnel_key or "", row.step or "", error)
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == row.enrollment_id)
        .values(state=EnrollmentState.PARKED, step=row.step, reason=stuck.reason, waits_for=None, ended_at=now),
        execution_options=_BY_CORE,
    )
    await session.execute(delete(Timer).where(Timer.enrollment_id == row.enrollment_id), execution_options=_BY_CORE)
    await tell_of_stuck(session, stuck, now=now)
