"""Enrollments that were parked because they could not go on: a person lets them try again, or leave."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import Noted, Outcome, Trace, note_decisions
from domain.enrollments import end_enrollments
from domain.funnels.definition import Funnel
from domain.funnels.moving import wordings
from domain.holding import hold_living
from domain.reentry import UNDER_WAY
from kit.errors import Conflict, Reason
from store.database import count_changed, insert_once, wake
from store.models import Enrollment, EnrollmentState, FunnelHead, FunnelVersion, Lead, Timer

# why one has ended that somebody has let go
LET_GO = "parked"


class BegunAnew(Conflict):
    """They have begun the same follow-up once more meanwhile, and its `again` lets nobody be in it twice."""

    code = "begun_anew"


async def try_again(session: AsyncSession, creator_id: int, enrollment_id: int, *, now: datetime) -> bool:
    """It goes on at once from where it stands, with all its tries before it. False for one that is not parked.

    In the wording that those who begin now take, where its step is there still: what was wrong may be mended. Raises
    BegunAnew, and LeadGone.
    """
    row = await _parked(session, creator_id, enrollment_id)
    if row is None:
        return False
    # whoever begins it for this lead at the same moment, or lets it try again, holds them too
    await hold_living(session, await session.get_one(Lead, row.lead_id))
    row = await _parked(session, creator_id, enrollment_id)
    if row is None:
        return False
    version_id, funnel = await _wording(session, row)
    if (funnel is None or funnel.again != "always") and await _is_in_it(session, row):
        said = f"lead {row.lead_id} is in the funnel {row.funnel_key} once more meanwhile"
        raise BegunAnew(said, why=Reason("refused-begun_anew", lead=row.lead_id, funnel=row.funnel_key))
    freed = (
        update(Enrollment)
        .where(Enrollment.id == row.id, Enrollment.state == EnrollmentState.PARKED)
        .values(
            state=EnrollmentState.ACTIVE, version_id=version_id, reason=None, ended_at=None, held_at=None, attempts=0
        )
        .execution_options(synchronize_session=False)
    )
    if not await count_changed(session, freed):
        return False
    await insert_once(session, Timer, {"due_at": now, "enrollment_id": row.id})
    trace: Trace = [[row.step, Outcome.AGAIN.value]]
    if version_id != row.version_id:
        asked = select(FunnelVersion.id, FunnelVersion.number).where(FunnelVersion.id.in_([row.version_id, version_id]))
        numbers = {each.id: each.number for each in await session.execute(asked)}
        trace.insert(0, [row.step, Outcome.MOVED.value, numbers[row.version_id], numbers[version_id]])
    noted = Noted(row.creator_id, row.lead_id, f"funnel:{row.funnel_key}", version_id, row.id, trace)
    await note_decisions(session, [noted], now=now)
    wake(session, "timers")
    return True


async def let_go(session: AsyncSession, creator_id: int, enrollment_id: int, *, now: datetime) -> bool:
    """It is over for good. False for one that is not parked."""
    row = await _parked(session, creator_id, enrollment_id)
    return row is not None and await end_enrollments(session, [row.id], LET_GO, now=now) > 0


async def _parked(session: AsyncSession, creator_id: int, enrollment_id: int) -> Enrollment | None:
    asked = select(Enrollment).where(
        Enrollment.id == enrollment_id,
        Enrollment.creator_id == creator_id,
        Enrollment.state == EnrollmentState.PARKED,
    )
    return await session.scalar(asked.execution_options(populate_existing=True))


async def _wording(session: AsyncSession, row: Enrollment) -> tuple[int, Funnel | None]:
    """In which it goes on; None where that cannot be read any more."""
    asked = select(FunnelHead.version_id).where(
        FunnelHead.creator_id == row.creator_id, FunnelHead.key == row.funnel_key
    )
    latest = await session.scalar(asked)
    known = await wordings(session, [row.version_id, latest or row.version_id])
    new = known.get(latest or row.version_id)
    if latest is not None and new is not None and (row.step == "" or row.step in new.keys):
        return latest, new
    return row.version_id, known.get(row.version_id)


async def _is_in_it(session: AsyncSession, row: Enrollment) -> bool:
    """Once more, about the same subject."""
    others = select(Enrollment.id).where(
        Enrollment.lead_id == row.lead_id,
        Enrollment.funnel_key == row.funnel_key,
        Enrollment.subject == row.subject,
        Enrollment.state.in_(UNDER_WAY),
    )
    return await session.scalar(others.limit(1)) is not None
