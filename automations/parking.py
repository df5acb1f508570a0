"""An enrollment that cannot go on waits for a person, alone, with its reason."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Enrollment, EnrollmentState, Timer
from store.queries.outbox import Candidate

_BY_CORE = {"synchronize_session": False}


async def park(session: AsyncSession, row: Candidate, reason: str, *, now: datetime) -> None:
    """It stands at the message that could not be said, so that trying again says it."""
    if row.enrollment_id is None:
        return
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id == row.enrollment_id)
        .values(state=EnrollmentState.PARKED, step=row.step, reason=reason, waits_for=None, ended_at=now),
        execution_options=_BY_CORE,
    )
    await session.execute(delete(Timer).where(Timer.enrollment_id == row.enrollment_id), execution_options=_BY_CORE)
