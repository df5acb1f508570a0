from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import (
    CallState,
    ChannelPass,
    CronFiring,
    Enrollment,
    Event,
    FlowRun,
    FlowTimer,
    IdeaPost,
    Order,
    OrderState,
    OutgoingCall,
    PassState,
    PostState,
    ProviderEvent,
    ProviderEventState,
    Refund,
    RefundState,
    Reservation,
    ReservationState,
    StartByHand,
    StoredFile,
    Timer,
    Transfer,
    TransferState,
)
from store.models.base import spelled
from store.queries.broadcasts import has_broadcast_due, next_broadcast_at
from store.queries.hooks import is_hook_due, next_hook_at
from store.queries.outbox import is_message_due, next_message_at
from store.queries.unrouted import unrouted_of_all_but

# orders that are looked at when their time comes, money on its way back, and stock that is held for a while
_UNPAID = Order.state.in_([OrderState.OPEN, OrderState.AWAITING_PAYMENT])
_GOES_BACK = Refund.state.in_([spelled(RefundState.ASKED), spelled(RefundState.SENT)])
_TO_BE_CALLED = OutgoingCall.state.in_([spelled(CallState.QUEUED), spelled(CallState.SENDING)])
_TO_PUT_OUT = ChannelPass.state == PassState.REMOVING
_SCHEDULED = IdeaPost.state == spelled(PostState.SCHEDULED)
_EDITED = IdeaPost.edit_at.is_not(None)
_HELD = Reservation.state == spelled(ReservationState.HELD)


async def earliest_due(session: AsyncSession, *, after: datetime) -> datetime | None:
    """When, after that instant, the next thing falls due: a timer, a promise, a rail's word, a look at an order.

    What triggers go by the clock know themselves.
    """
    dues = (
        await session.scalar(select(func.min(Timer.due_at)).where(Timer.due_at > after)),
        await session.scalar(select(func.min(FlowTimer.due_at)).where(FlowTimer.due_at > after)),
        await next_message_at(session, after=after),
        await next_broadcast_at(session, after=after),
        await session.scalar(
            select(func.min(OutgoingCall.due_at)).where(
                _TO_BE_CALLED, OutgoingCall.state == CallState.QUEUED, OutgoingCall.due_at > after
            )
        ),
        await next_hook_at(session, after=after),
        await session.scalar(
            select(func.min(ProviderEvent.retry_at)).where(
                ProviderEvent.state == ProviderEventState.KEPT, ProviderEvent.retry_at > after
            )
        ),
        await session.scalar(select(func.min(Order.abandons_at)).where(Order.abandons_at > after)),
        await session.scalar(select(func.min(Order.look_at)).where(_UNPAID, Order.look_at > after)),
        await session.scalar(select(func.min(Refund.retry_at)).where(_GOES_BACK, Refund.retry_at > after)),
        await session.scalar(select(func.min(ChannelPass.retry_at)).where(_TO_PUT_OUT, ChannelPass.retry_at > after)),
        await session.scalar(select(func.min(Reservation.until)).where(_HELD, Reservation.until > after)),
        await session.scalar(select(func.min(IdeaPost.due_at)).where(_SCHEDULED, IdeaPost.due_at > after)),
        await session.scalar(select(func.min(IdeaPost.edit_at)).where(_EDITED, IdeaPost.edit_at > after)),
        await session.scalar(select(func.min(StoredFile.fetch_at)).where(StoredFile.fetch_at > after)),
        await session.scalar(
            select(func.min(Transfer.expires_at)).where(
                Transfer.state == TransferState.READY, Transfer.expires_at > after
            )
        ),
    )
    return min((due for due in dues if due is not None), default=None)


async def has_due(session: AsyncSession, *, now: datetime, aside: Collection[int] = ()) -> bool:
    """True while anything that is due by now is left undone, but for whatever waits for what happened to `aside`."""
    of_enrollment = exists().where(Event.lead_id == Enrollment.lead_id, Event.routed_at.is_(None))
    of_run = exists().where(Event.lead_id == FlowRun.lead_id, Event.routed_at.is_(None))
    left = select(
        or_(
            exists().where(unrouted_of_all_but(session, aside)),
            exists().where(Timer.due_at <= now, Enrollment.id == Timer.enrollment_id, ~of_enrollment),
            exists().where(FlowTimer.due_at <= now, FlowRun.id == FlowTimer.run_id, ~of_run),
            exists().where(CronFiring.fired_at.is_(None), CronFiring.fire_at <= now),
            exists().where(StartByHand.ended_at.is_(None)),
            exists().where(_TO_BE_CALLED, (OutgoingCall.state == CallState.SENDING) | (OutgoingCall.due_at <= now)),
            exists().where(ProviderEvent.state == ProviderEventState.KEPT, ProviderEvent.retry_at <= now),
            exists().where(_UNPAID, Order.look_at <= now),
            exists().where(_GOES_BACK, Refund.retry_at <= now),
            exists().where(_TO_PUT_OUT, ChannelPass.retry_at <= now),
            exists().where(_HELD, Reservation.until <= now),
            exists().where(_SCHEDULED, IdeaPost.due_at <= now),
            exists().where(_EDITED, IdeaPost.edit_at <= now),
            exists().where(Order.abandons_at <= now),
            exists().where(StoredFile.fetch_at <= now),
            exists().where(Transfer.state.in_([TransferState.CHECKING, TransferState.RUNNING])),
            exists().where(Transfer.state == TransferState.READY, Transfer.expires_at <= now),
        )
    )
    return (
        bool(await session.scalar(left))
        or await is_message_due(session, now=now)
        or await has_broadcast_due(session, now=now)
        or await is_hook_due(session, now=now)
    )
