"""What two leads who become one are in: follow-ups and conversations, watched segments and broadcasts."""

from datetime import datetime

from sqlalchemy import case, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.enrollments import end_enrollments
from domain.holding import hold_what_waits
from store.database import insert_each_once
from store.models import (
    Broadcast,
    BroadcastRecipient,
    Enrollment,
    FlowRun,
    FlowRunState,
    FlowTimer,
    Lead,
    RecipientState,
    SegmentMember,
    SegmentWatch,
)

# the rows are read anew afterwards
_BY_CORE = {"synchronize_session": False}


async def move_enrollments(session: AsyncSession, into: Lead, other: Lead, *, now: datetime) -> None:
    """A follow-up that both are in goes on for `into` alone, and none does for one who wants no more of them."""
    await hold_what_waits(session, [into.id, other.id])
    theirs = aliased(Enrollment)
    same = exists().where(
        theirs.lead_id == into.id, theirs.funnel_key == Enrollment.funnel_key, theirs.subject == Enrollment.subject
    )
    ending = Enrollment.lead_id == other.id
    if into.unsubscribed_at is None:
        ending &= same
    ended = list(await session.scalars(select(Enrollment.id).where(ending)))
    await end_enrollments(session, ended, "lead.merged", now=now)
    moving = select(Enrollment.id).where(Enrollment.lead_id == other.id, ~same)
    moved = list(await session.scalars(moving))
    await session.execute(update(Enrollment).where(Enrollment.id.in_(moved)).values(lead_id=into.id))


async def move_places(session: AsyncSession, into: Lead, other: Lead) -> None:
    """Where they stand in segments that are watched, and in broadcasts: nobody gets one twice, or comes in anew."""
    if into.id < other.id:
        await _look_again(session, into, other)
    watches = list(await session.scalars(select(SegmentMember.watch_id).where(SegmentMember.lead_id == other.id)))
    rows = [{"watch_id": watch_id, "lead_id": into.id} for watch_id in sorted(watches)]
    await insert_each_once(session, SegmentMember, rows)
    await session.execute(delete(SegmentMember).where(SegmentMember.lead_id == other.id), execution_options=_BY_CORE)
    theirs = aliased(BroadcastRecipient)
    both = exists().where(theirs.lead_id == into.id, theirs.broadcast_id == BroadcastRecipient.broadcast_id)
    of_other = BroadcastRecipient.lead_id == other.id
    moved = list(await session.scalars(select(BroadcastRecipient.broadcast_id).where(of_other, ~both)))
    await session.execute(
        update(BroadcastRecipient).where(of_other, BroadcastRecipient.broadcast_id.in_(moved)).values(lead_id=into.id),
        execution_options=_BY_CORE,
    )
    await session.execute(
        update(BroadcastRecipient)
        .where(of_other, BroadcastRecipient.state == RecipientState.WAITING)
        .values(state=RecipientState.DROPPED),
        execution_options=_BY_CORE,
    )


async def _look_again(session: AsyncSession, into: Lead, other: Lead) -> None:
    """Where leads are being listed by their numbers and `other` was still to come, `into` may be past: once more."""
    begun = Broadcast.started_at.is_not(None) & Broadcast.audience.is_(None)
    for listing, lists in ((SegmentWatch, SegmentWatch.checked_at.is_(None)), (Broadcast, begun)):
        back = case((listing.listed_to >= into.id, into.id - 1), else_=listing.listed_to)
        await session.execute(
            update(listing)
            .where(listing.creator_id == into.creator_id, lists, listing.listed_to < other.id)
            .values(listed_to=back),
            execution_options=_BY_CORE,
        )


async def move_flow_runs(session: AsyncSession, into: Lead, other: Lead, *, now: datetime) -> None:
    """One conversation at a time: where both have a question open, that of `into` stays."""
    asks = select(FlowRun.id).where(FlowRun.lead_id == into.id, FlowRun.state == FlowRunState.ACTIVE)
    if await session.scalar(asks) is not None:
        open_one = select(FlowRun.id).where(FlowRun.lead_id == other.id, FlowRun.state == FlowRunState.ACTIVE)
        cancelled = list(await session.scalars(open_one))
        await session.execute(delete(FlowTimer).where(FlowTimer.run_id.in_(cancelled)))
        await session.execute(
            update(FlowRun)
            .where(FlowRun.id.in_(cancelled))
            .values(state=FlowRunState.CANCELLED, ended_at=now, waits_for=None)
        )
    await session.execute(update(FlowRun).where(FlowRun.lead_id == other.id).values(lead_id=into.id))
