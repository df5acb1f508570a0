"""One funnel simulated by itself: in the store that is the simulation's own, everything else stands aside."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.funnels.definition import Funnel
from domain.funnels.steps import EnrollStep
from domain.reentry import NOT_OVER
from store.models import (
    Broadcast,
    BroadcastState,
    Enrollment,
    FlowTimer,
    FunnelHead,
    FunnelState,
    FunnelVersion,
    OutboxMessage,
    OutboxState,
    StartByHand,
    Timer,
)

_AT_WORK = (BroadcastState.SCHEDULED, BroadcastState.STARTING, BroadcastState.RUNNING)
_WAITING = (OutboxState.QUEUED, OutboxState.SENDING)
_BY_CORE = {"synchronize_session": False}


async def leads_to(session: AsyncSession, key: str) -> frozenset[str]:
    """That funnel and whatever it enrolls into, also by the wordings of those who are under way."""
    pinned = select(Enrollment.version_id).where(Enrollment.state.in_(NOT_OVER))
    wordings = select(FunnelVersion.key, FunnelVersion.definition).where(
        or_(FunnelVersion.id.in_(select(FunnelHead.version_id)), FunnelVersion.id.in_(pinned))
    )
    onward: defaultdict[str, set[str]] = defaultdict(set)
    for row in await session.execute(wordings):
        funnel = Funnel.readable(row.definition)
        steps = () if funnel is None else funnel.steps
        onward[row.key] |= {step.funnel for step in steps if isinstance(step, EnrollStep)}
    found, ahead = set[str](), [key]
    while ahead:
        name = ahead.pop()
        ahead += [] if name in found else onward[name]
        found.add(name)
    return frozenset(found)


async def set_aside(session: AsyncSession, keys: Collection[str]) -> None:
    """Other funnels stand still where they are, and so do broadcasts and conversations; nothing of theirs is said."""
    others = select(Enrollment.id).where(Enrollment.funnel_key.not_in(keys))
    its_own = select(Enrollment.id).where(Enrollment.funnel_key.in_(keys))
    of_others = or_(OutboxMessage.enrollment_id.is_(None), OutboxMessage.enrollment_id.not_in(its_own))
    for change in (
        delete(Timer).where(Timer.enrollment_id.in_(others)),
        delete(FlowTimer),
        delete(OutboxMessage).where(OutboxMessage.state.in_(_WAITING), of_others),
        delete(StartByHand).where(StartByHand.funnel_key.not_in(keys)),
        update(FunnelHead).where(FunnelHead.key.not_in(keys)).values(state=FunnelState.PAUSED),
        update(Broadcast).where(Broadcast.state.in_(_AT_WORK)).values(state=BroadcastState.PAUSED),
    ):
        await session.execute(change, execution_options=_BY_CORE)
