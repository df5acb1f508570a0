"""Which flows a lead is in, and the moves of one: every other file here goes through these."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from domain.events import record_event
from domain.flows.definition import Flow
from domain.flows.nodes import ASKING
from kit.errors import Conflict
from store.database import count_changed, insert_once, wake
from store.models import FLOW_RUN_MOVES, FlowRun, FlowRunState, FlowTimer, FlowVersion, Lead

# built once: these belong to every answer
_ACTIVE = select(FlowRun).where(FlowRun.lead_id == bindparam("lead"), FlowRun.state == FlowRunState.ACTIVE)
_TAKE_TURN = (
    update(FlowRun)
    .where(FlowRun.id == bindparam("run"), FlowRun.turn == bindparam("shown"), FlowRun.state == bindparam("stands"))
    .values(turn=FlowRun.turn + 1)
    .execution_options(synchronize_session=False)
)
_DIGEST = select(FlowVersion.digest).where(FlowVersion.id == bindparam("version"))
_DROP_TIMER = delete(FlowTimer).where(FlowTimer.run_id == bindparam("run"))
_OPEN = (FlowRunState.ACTIVE, FlowRunState.WAITING, FlowRunState.PAUSED)
# wordings by the digest of what they say, which never changes
_READ: dict[str, Flow] = {}


class AlreadyAnswered(Conflict):
    """The button belongs to a question that is no longer open."""

    code = "already_answered"


async def active_run(session: AsyncSession, lead_id: int) -> FlowRun | None:
    """The run that has a question open."""
    return (await session.scalars(_ACTIVE, {"lead": lead_id})).one_or_none()


async def open_runs(session: AsyncSession, lead_id: int, *, flow_key: str | None = None) -> Sequence[FlowRun]:
    """Whatever is under way, the oldest first."""
    query = select(FlowRun).where(FlowRun.lead_id == lead_id, FlowRun.state.in_(_OPEN)).order_by(FlowRun.id)
    return (await session.scalars(query if flow_key is None else query.where(FlowRun.flow_key == flow_key))).all()


async def has_met(session: AsyncSession, lead_id: int, flow_key: str) -> bool:
    """True for a lead who has been through a flow, or stands at a wait in it."""
    met = select(FlowRun.id).where(
        FlowRun.lead_id == lead_id,
        FlowRun.flow_key == flow_key,
        FlowRun.state.in_([FlowRunState.DONE, FlowRunState.WAITING]),
    )
    return await session.scalar(met.limit(1)) is not None


async def definition_of(session: AsyncSession, run: FlowRun) -> Flow:
    """As it was when the run began. Equal wordings are read once by a process, whichever store they stand in.

    Raises ValueError for one that this release of Spark cannot read.
    """
    digest = (await session.execute(_DIGEST, {"version": run.version_id})).scalar_one()
    known = _READ.get(digest)
    if known is None:
        version = await session.get_one(FlowVersion, run.version_id)
        known = _READ[digest] = Flow.kept(version.definition)
    return known


def stands_at_question(run: FlowRun, flow: Flow) -> bool:
    """True when the question at which it stands has been asked; else it has yet to go there."""
    asked = bool(run.asked) and run.asked[-1] == run.node
    return asked and any(node.key == run.node and isinstance(node, ASKING) for node in flow.nodes)


async def take_turn(session: AsyncSession, run: FlowRun) -> None:
    """Only one answer, or one waking, goes on from a turn. Raises AlreadyAnswered for whoever comes second."""
    if await count_changed(session, _TAKE_TURN, {"run": run.id, "shown": run.turn, "stands": run.state}) == 0:
        raise AlreadyAnswered("you have answered this already")
    set_committed_value(run, "turn", run.turn + 1)


async def move_run(session: AsyncSession, run: FlowRun, state: FlowRunState, *, now: datetime) -> bool:
    """False when the run is no longer where that may follow. What reminds of it or wakes it goes with the old state."""
    ends = state not in _OPEN
    await session.flush()
    moved = await count_changed(
        session,
        update(FlowRun)
        .where(FlowRun.id == run.id, FlowRun.state.in_(FLOW_RUN_MOVES.sources(state)))
        .values(state=state, ended_at=now if ends else None)
        .execution_options(synchronize_session=False),
    )
    if not moved:
        return False
    set_committed_value(run, "state", state)
    set_committed_value(run, "ended_at", now if ends else None)
    await session.execute(_DROP_TIMER, {"run": run.id})
    return True


async def end_run(session: AsyncSession, lead: Lead, run: FlowRun, state: FlowRunState, *, now: datetime) -> bool:
    """Once: the event tells how it ended."""
    if not await move_run(session, run, state, now=now):
        return False
    name = "flow.finished" if state == FlowRunState.DONE else f"flow.{state}"
    await record_event(
        session,
        name,
        creator_id=lead.creator_id,
        lead_id=lead.id,
        subject=f"flow:{run.id}",
        now=now,
        flow=run.flow_key,
    )
    return True


async def set_timer(session: AsyncSession, run: FlowRun, due_at: datetime) -> None:
    """The one instant at which the run is looked at next."""
    await session.execute(_DROP_TIMER, {"run": run.id})
    await insert_once(session, FlowTimer, {"due_at": due_at, "run_id": run.id})
    wake(session, "flow_timers")
