"""Taking up again those who were held: of a funnel that is resumed, and of a step that stands still no more."""

from datetime import datetime

from sqlalchemy import Select, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.funnels.heads import TOPIC
from store.database import insert_each_once, wake
from store.models import Enrollment, EnrollmentState, FunnelHead, FunnelState, Timer

AT_ONCE = 500
_BY_CORE = {"synchronize_session": False}
_HELD = exists().where(
    Enrollment.creator_id == FunnelHead.creator_id,
    Enrollment.funnel_key == FunnelHead.key,
    Enrollment.state == EnrollmentState.HELD,
)
# who waits for their funnel itself is not asked about
_RESTING = (FunnelState.PAUSED,)
_TO_LOOK_AT = (
    select(FunnelHead)
    .where((FunnelHead.state == FunnelState.RESUMING) | (FunnelHead.state.not_in(_RESTING) & _HELD))
    .order_by(FunnelHead.id)
)


async def take_up_held(session: AsyncSession, *, now: datetime) -> int:
    """A batch of them is due again as of when it was; returns how many. A funnel with none left runs as any other.

    Those of a resumed funnel go on as was chosen then. Who stands at a step that stands still goes on standing.
    """
    for head in await session.scalars(_TO_LOOK_AT):
        if head.holds:
            continue
        count = await _take_up(session, head)
        if count:
            return count
        if head.state == FunnelState.RESUMING:
            runs = update(FunnelHead).where(FunnelHead.id == head.id, FunnelHead.state == FunnelState.RESUMING)
            runs = runs.values(state=FunnelState.ACTIVE, changed_at=now)
            await session.execute(runs, execution_options=_BY_CORE)
            wake(session, TOPIC)
    return 0


async def _take_up(session: AsyncSession, head: FunnelHead) -> int:
    rows = (await session.execute(_some_held(head))).all()
    if not rows:
        return 0
    # when it was due is kept only where somebody has chosen what comes of it
    late = {} if head.state == FunnelState.RESUMING else {"held_at": None}
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id.in_([row.id for row in rows]), Enrollment.state == EnrollmentState.HELD)
        .values(state=EnrollmentState.ACTIVE, **late),
        execution_options=_BY_CORE,
    )
    timers = [{"due_at": row.held_at, "enrollment_id": row.id} for row in rows if row.held_at is not None]
    await insert_each_once(session, Timer, timers)
    wake(session, "timers")
    return len(rows)


def _some_held(head: FunnelHead) -> "Select[*tuple[object, ...]]":
    held = (
        select(Enrollment.id, Enrollment.held_at)
        .where(
            Enrollment.creator_id == head.creator_id,
            Enrollment.funnel_key == head.key,
            Enrollment.state == EnrollmentState.HELD,
            Enrollment.step.not_in(head.stopped_steps),
        )
        .order_by(Enrollment.held_at, Enrollment.id)
        .limit(AT_ONCE)
    )
    return held.with_for_update(skip_locked=True)
