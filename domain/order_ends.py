"""How an unpaid order ends, and how one that is about to be paid holds its stock for a while."""

from datetime import datetime

from sqlalchemy import Select, exists, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.code_uses import free_code
from domain.events import record_event
from domain.order_words import money_never_came
from domain.pricing import STARS
from domain.reservations import extend, holds, let_go, reserve
from store.database import count_changed, wake
from store.models import ORDER_MOVES, Order, OrderState, Reservation, ReservationState
from store.models.base import spelled

TOPIC = "orders"
UNDER_WAY = (OrderState.OPEN, OrderState.AWAITING_PAYMENT)
_HELD = spelled(ReservationState.HELD)


async def expire_order(session: AsyncSession, order: Order, *, now: datetime) -> bool:
    """The rail says that its checkout can no longer be paid. Twice, or after the money came, is a no-op: False."""
    return await _end(session, order, OrderState.EXPIRED, "order.expired", now=now)


async def cancel_order(session: AsyncSession, order: Order, *, now: datetime) -> bool:
    """Called off. Only for an order that the rail can take no money for any more, or never could.

    Twice, or after the money came, is a no-op and answers False.
    """
    return await _end(session, order, OrderState.CANCELLED, "order.cancelled", now=now)


async def fail_payment(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """The money that was on its way never comes: both are told, and a new order can be opened."""
    await expire_order(session, order, now=now)
    if await session.scalar(select(Order.state).where(Order.id == order.id)) == OrderState.EXPIRED:
        await money_never_came(session, order, now=now)


async def hold_for(session: AsyncSession, order: Order, *, until: datetime, now: datetime) -> bool:
    """Holds the order's stock until then: the buyer is about to pay. True when it is held, be it already.

    False when it can be paid no more, or when there is not enough left.
    """
    await session.refresh(order, with_for_update=True)
    if order.state not in UNDER_WAY or until <= now or not await reserve(session, order.id, until=until):
        return False
    await extend(session, order.id, until=until)
    if order.look_at is not None and order.look_at < until:
        # it does not end while somebody is paying
        await session.execute(update(Order).where(Order.id == order.id).values(look_at=until))
    wake(session, TOPIC)
    return True


async def release_stale(session: AsyncSession, *, now: datetime) -> int:
    """One order's reservation whose time is over goes back, and its invoice ends that nobody paid in time.

    How many of the two that were; 0 when no order is left. Each order has a transaction of its own: several would hold
    products and codes in the order of their numbers, and not of the rows'.
    """
    lapsed, unpaid = _lapsed(now), _unpaid(now)
    order = await session.scalar(
        # those that somebody else holds are left for the next time
        select(Order)
        .where(Order.id.in_(union_all(lapsed, unpaid)))
        .order_by(Order.id)
        .limit(1)
        .with_for_update(of=Order, skip_locked=True),
        execution_options={"populate_existing": True},
    )
    if order is None:
        return 0
    # asked again now that nobody else can touch it: it may have been held longer, or sold, a moment ago
    ended = int(bool(await session.scalar(lapsed.where(Reservation.order_id == order.id).limit(1))))
    if ended:
        await let_go(session, [order.id], ReservationState.HELD)
    if await session.scalar(unpaid.where(Order.id == order.id)):
        ended += await expire_order(session, order, now=now)
    return ended


async def are_stale(session: AsyncSession, *, now: datetime) -> bool:
    """Whether `release_stale` finds anything: a question only, so that nobody who writes waits for it."""
    return bool(await session.scalar(select(_lapsed(now).exists() | _unpaid(now).exists())))


def _lapsed(now: datetime) -> Select[int]:
    """Orders whose reservations go back, each found by its time and not by going through the orders."""
    return select(Reservation.order_id).where(Reservation.state == _HELD, Reservation.until <= now)


def _unpaid(now: datetime) -> Select[int]:
    """Invoices in Telegram that nobody paid in time, and that hold nothing."""
    other = aliased(Reservation)
    held = exists().where(other.order_id == Order.id, other.state == _HELD)
    return select(Order.id).where(Order.look_at <= now, Order.rail == STARS, Order.state.in_(UNDER_WAY), ~held)


async def end_unpaid(session: AsyncSession, order: Order, *, now: datetime) -> bool:
    """Calls off what no rail can take money for: False for an order that can still be paid.

    The caller holds the order's row.
    """
    if order.state not in UNDER_WAY or order.pending_at is not None or await is_payable(session, order):
        return False
    return await cancel_order(session, order, now=now)


async def is_payable(session: AsyncSession, order: Order) -> bool:
    """Whether a rail may take money for it at this moment, as far as we know."""
    if order.rail == STARS:
        # an invoice is paid only after we have agreed, and agreeing holds the stock
        return await holds(session, order.id)
    return order.state == OrderState.AWAITING_PAYMENT


async def _end(session: AsyncSession, order: Order, state: OrderState, event: str, *, now: datetime) -> bool:
    """Unpaid: what it held goes back, and its code is free."""
    ended = await count_changed(
        session,
        update(Order)
        .where(Order.id == order.id, Order.state.in_(ORDER_MOVES.sources(state)))
        .values(state=state, open_key=None, look_at=None),
    )
    if ended:
        await let_go(session, [order.id], ReservationState.HELD)
        await free_code(session, order.id)
        await record_event(
            session, event, creator_id=order.creator_id, lead_id=order.lead_id, subject=f"order:{order.id}", now=now
        )
    return bool(ended)
