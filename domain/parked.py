"""Enrollments that were parked because they could not go on: a person lets them try again, or leave."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import count_changed, insert_once, wake
from store.models import Enrollment, EnrollmentState, Timer


async def try_again(session: AsyncSession, creator_id: int, enrollment_id: int, *, now: datetime) -> bool:
    """It goes on at once from where it stands, with all its tries before it. False for one that is not parked."""
    freed = (
        update(Enrollment)
        .where(
            Enrollment.id == enrollment_id,
            Enrollment.creator_id == creator_id,
            Enrollment.state == EnrollmentState.PARKED,
        )
        .values(state=EnrollmentState.ACTIVE, reason=None, ended_at=None, attempts=0)
        .execution_options(synchronize_session=False)
    )
    if not await count_changed(session, freed):
        return False
    await insert_once(session, Timer, {"due_at": now, "enrollment_id": enrollment_id})
    wake(session, "timers")
    return True


async def let_go(session: AsyncSession, creator_id: int, enrollment_id: int, *, now: datetime) -> bool:
    """It is over for good. False for one that is not parked."""
    gone = (
        update(Enrollment)
        .where(
            Enrollment.id == enrollment_id,
            Enrollment.creator_id == creator_id,
            Enrollment.state == EnrollmentState.PARKED,
        )
        .values(state=EnrollmentState.STOPPED, reason="parked", ended_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(await count_changed(session, gone))
