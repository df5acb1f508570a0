"""Where a saved segment is asked for by its name: until that is over, it cannot be dropped."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.funnels.definition import Funnel
from domain.funnels.steps import BranchStep
from domain.funnels.triggers import EntersTrigger, LeavesTrigger
from kit.errors import Reason
from store.models import (
    Broadcast,
    BroadcastState,
    Enrollment,
    EnrollmentState,
    FunnelDraft,
    FunnelHead,
    FunnelState,
    FunnelVersion,
)
from store.segments.checking import segments_in
from store.segments.question import BadSegment

# more of them help nobody to find them
MOST_TOLD = 10
_OVER = (BroadcastState.DONE, BroadcastState.CANCELLED)
_CAN_GO_ON = (EnrollmentState.ACTIVE, EnrollmentState.HELD, EnrollmentState.PARKED)


async def uses_of(session: AsyncSession, creator_id: int, segment: str) -> list[Reason]:
    """Funnels that somebody can begin, is in, or is to confirm; broadcasts that have yet to find whom they are for."""
    funnels = sorted({key async for key in _funnels(session, creator_id, segment)})
    used = [Reason("segment-used-by-funnel", name=key) for key in funnels]
    asked = (
        select(Broadcast.id, Broadcast.segment)
        .where(Broadcast.creator_id == creator_id, Broadcast.state.not_in(_OVER), Broadcast.audience.is_(None))
        .order_by(Broadcast.id)
    )
    broadcasts = (await session.execute(asked)).all()
    return used + [
        Reason("segment-used-by-broadcast", number=row.id) for row in broadcasts if names_segment(row.segment, segment)
    ]


def names_segment(question: str, segment: str) -> bool:
    """One that cannot be read names none."""
    try:
        return bool(question) and segment in segments_in(question)
    except BadSegment:
        return False


def questions_of(funnel: Funnel) -> Iterator[str]:
    """Everything that it asks of its leads."""
    goal = None if funnel.goal is None else funnel.goal.when
    yield from (each for each in (funnel.stop_when, goal) if each is not None)
    for trigger in funnel.triggers:
        match trigger:
            case EntersTrigger(enters=question) | LeavesTrigger(leaves=question):
                yield question
            case _ if trigger.when is not None:
                yield trigger.when
    for step in funnel.steps:
        if step.only_if is not None:
            yield step.only_if
        if isinstance(step, BranchStep):
            yield from (case.when for case in step.cases)


async def _funnels(session: AsyncSession, creator_id: int, segment: str) -> AsyncIterator[str]:
    head = exists().where(FunnelHead.version_id == FunnelVersion.id, FunnelHead.state != FunnelState.ARCHIVED)
    under_way = exists().where(Enrollment.version_id == FunnelVersion.id, Enrollment.state.in_(_CAN_GO_ON))
    asked = select(FunnelVersion.key, FunnelVersion.definition).where(
        FunnelVersion.creator_id == creator_id, head | under_way
    )
    for row in await session.execute(asked):
        if _asks(row.definition, segment):
            yield row.key
    drafts = await session.scalars(select(FunnelDraft.definitions).where(FunnelDraft.creator_id == creator_id))
    for definitions in drafts:
        for key, definition in definitions.items():
            if _asks(definition, segment):
                yield key


def _asks(definition: Mapping[str, Any], segment: str) -> bool:
    # what does not so much as spell the name is not read
    if segment not in str(definition).casefold():
        return False
    funnel = Funnel.readable(definition)
    return funnel is not None and any(names_segment(each, segment) for each in questions_of(funnel))
