"""Taking up again those who were held: of a funnel that is resumed, and of a step that stands still no more."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.funnels.heads import TOPIC
from store.database import wake
from store.hot import Bulk
from store.models import Enrollment, EnrollmentState, FunnelHead, FunnelState, Timer
from store.models.base import EPOCH

AT_ONCE = 500
_BY_CORE = {"synchronize_session": False}
# the word of the index
_IS_HELD = Enrollment.state == literal_column("'held'")
_HELD = exists().where(
    Enrollment.creator_id == FunnelHead.creator_id, Enrollment.funnel_key == FunnelHead.key, _IS_HELD
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
        step = await _first_step(session, head)
        count = 0 if step is None else await _take_up(session, head, step, now=now)
        if count:
            return count
        if step is None and head.state == FunnelState.RESUMING:
            runs = update(FunnelHead).where(FunnelHead.id == head.id, FunnelHead.state == FunnelState.RESUMING)
            runs = runs.values(state=FunnelState.ACTIVE, paused_at=None, changed_at=now)
            await session.execute(runs, execution_options=_BY_CORE)
            wake(session, TOPIC)
    return 0


async def _first_step(session: AsyncSession, head: FunnelHead) -> str | None:
    """Where somebody is held and does not stand still. Whoever another process has in hand is held too."""
    steps = steps_of_held(head)
    step = await session.scalar(steps)
    while step is not None and step in head.stopped_steps:
        step = await session.scalar(steps.where(Enrollment.step > step))
    return step


async def _take_up(session: AsyncSession, head: FunnelHead, step: str, *, now: datetime) -> int:
    rows = (await session.execute(held_at(head, step).with_for_update(skip_locked=True))).all()
    if not rows:
        return 0
    bulk = Bulk()
    # when it was due is kept where somebody has chosen what comes of it; else it is until when it was kept waiting
    chosen_for = head.stood_until or EPOCH
    going = [
        (EnrollmentState.ACTIVE, row.held_at if row.held_at is not None and row.held_at < chosen_for else now, row.id)
        for row in rows
    ]
    bulk.update(Enrollment, ("state", "held_at"), going, of={"state": EnrollmentState.HELD})
    due = [(row.held_at, row.id) for row in rows if row.held_at is not None]
    bulk.insert(Timer, ("due_at", "enrollment_id"), due, once=True)
    await bulk.write(session)
    wake(session, "timers")
    return len(rows)


def steps_of_held(head: FunnelHead) -> Select[str]:
    """The first by its name; of those who stand at one step only one is looked at."""
    return select(Enrollment.step).where(*_of(head)).order_by(Enrollment.step).limit(1)


def held_at(head: FunnelHead, step: str) -> Select[int, datetime | None]:
    """Those who were due first."""
    held = select(Enrollment.id, Enrollment.held_at).where(*_of(head), Enrollment.step == step)
    return held.order_by(Enrollment.held_at, Enrollment.id).limit(AT_ONCE)


def _of(head: FunnelHead) -> tuple[ColumnElement[bool], ...]:
    return Enrollment.creator_id == head.creator_id, Enrollment.funnel_key == head.key, _IS_HELD
