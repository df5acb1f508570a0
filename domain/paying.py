"""Money has come, or none is needed: stock, rights, receipt, and what everyone is told."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.code_uses import use_code_again
from domain.entitlements import grant
from domain.events import record_event
from domain.holding import hold_order
from domain.lead_acts import set_stage
from domain.low_stock import tell_low_stock
from domain.notices import Notice
from domain.open_shops import has_left, is_closed
from domain.order_ends import expire_order
from domain.order_standing import settle_order
from domain.order_words import give_back, give_back_one, hand_over, mark_sent, tell_admins_of, tell_buyer, tell_seller
from domain.pricing import STARS
from domain.receipt_words import send_receipt
from domain.receipts import number_receipt
from domain.refunds import ask_back
from domain.reservations import (
    contents,
    gives_anything,
    let_go,
    lines_of,
    sell_order,
    sell_order_beyond,
    sold_by,
)
from domain.stock import SoldOut
from kit.errors import Conflict, Reason
from kit.money import Money
from store.database import count_changed, insert_once
from store.models import (
    ORDER_MOVES,
    DiscountCode,
    Entitlement,
    Lead,
    LeadStage,
    Order,
    OrderState,
    Payment,
    Product,
    ProductKind,
    ReservationState,
)
from store.queries.library import still_gives

_UNPAID = (OrderState.OPEN, OrderState.AWAITING_PAYMENT, OrderState.EXPIRED, OrderState.CANCELLED)


class NotOversold(Conflict):
    """Only an order whose money came when nothing was left is handed over by hand."""

    code = "not_oversold"


class NothingToGive(Conflict):
    code = "nothing_to_give"


@dataclass(frozen=True, slots=True)
class Received:
    """Money that a rail says has come: `reference` is the rail's own and comes once.

    `money` is all of it, with tax and shipping; `details` are what the buyer told the rail about themselves.
    """

    rail: str
    reference: str
    money: Money
    tax_minor: int = 0
    shipping_minor: int = 0
    details: Mapping[str, Any] | None = None


async def pay_order(session: AsyncSession, order: Order, received: Received, *, now: datetime) -> None:
    """Takes the money, the stock, and hands over. The same money twice is a no-op; money is never turned away.

    What is held is sold, else it is taken afresh, else the order is oversold, as is one whose buyer has been forgotten
    meanwhile. An order that has been paid already keeps its state, unless all of that has gone back. Stars that buy
    nothing go back at once, and so does all money at a closed business and of deleted accounts; about other money the
    creator is asked.
    """
    # two payments of one order take turns here: each would hold what the other waits for further down.
    # Its lead may have become a part of another meanwhile
    await hold_order(session, order.id)
    payment = {
        "order_id": order.id,
        "rail": received.rail,
        "reference": received.reference,
        "amount_minor": received.money.amount_minor,
        "currency": received.money.currency,
        "created_at": now,
    }
    payment_id = await insert_once(session, Payment, payment)
    if payment_id is None:
        return
    if order.state not in _UNPAID:
        await _paid_twice(session, order, received, payment_id, now=now)
        return
    # nobody is there to hand it to: the money waits for a person, as it does for what has gone
    left, closed = await has_left(session, order.lead_id), await is_closed(session, order.creator_id)
    forgotten = left or await _is_forgotten(session, order)
    nobody = forgotten or closed
    sold = not nobody and await gives_anything(session, order.id) and await sell_order(session, order.id)
    if not sold:
        # what it held of an empty bundle, or for somebody who is forgotten, is for somebody else
        await let_go(session, [order.id], ReservationState.HELD)
    await _move(session, order, OrderState.PAID if sold else OrderState.OVERSOLD, received, now=now)
    if order.discount_code_id is not None:
        await use_code_again(session, order.discount_code_id, order.lead_id, order.id)
    if sold:
        await _hand_over(session, order, now=now)
        key = f"sale-told:{received.rail}:{received.reference}"
        ways_out = (mark_sent(order),) if await _goes_by_post(session, order) else ()
        # what has to be sent off waits for them
        about = None if ways_out else Notice.SALES
        paid = received.money
        await tell_seller(session, "sale-told", order, key=key, amount=paid, ways_out=ways_out, about=about, now=now)
    else:
        await _oversold(session, order, received, payment_id, forgotten=forgotten, closed=closed, left=left, now=now)
    await number_receipt(session, order)
    if sold:
        await send_receipt(session, order, now=now)
        await tell_low_stock(session, await sold_by(session, order.id), now=now)


async def pay_free(
    session: AsyncSession, order: Order, *, now: datetime, details: Mapping[str, Any] | None = None
) -> None:
    """An order that comes to nothing is theirs at once. Twice is a no-op. Raises SoldOut.

    `details` are what the buyer told the rail that asked where it shall go.
    """
    await session.refresh(order, with_for_update=True)
    if order.total_minor or order.state not in _UNPAID:
        return
    if not await sell_order(session, order.id):
        raise SoldOut("this is sold out")
    values: dict[str, Any] = {"state": OrderState.PAID, "paid_at": now, "open_key": None, "look_at": None}
    if details is not None:
        values["details"] = dict(details)
    await session.execute(update(Order).where(Order.id == order.id).values(**values))
    if order.discount_code_id is not None:
        await use_code_again(session, order.discount_code_id, order.lead_id, order.id)
    await _hand_over(session, order, now=now)
    code = await session.scalar(select(DiscountCode.code).where(DiscountCode.id == order.discount_code_id))
    by_post = await _goes_by_post(session, order)
    if code is not None or by_post:
        await tell_seller(
            session,
            "sale-free-sent-told" if code is None else "sale-free-told",
            order,
            key=f"sale-told:free:{order.id}",
            amount=Money(0, order.currency),
            ways_out=(mark_sent(order),) if by_post else (),
            why=code or "",
            now=now,
        )
    await number_receipt(session, order)
    await tell_low_stock(session, await sold_by(session, order.id), now=now)


async def take_free(session: AsyncSession, order: Order, details: Mapping[str, Any] | None, *, now: datetime) -> None:
    """The rail says that whoever gets it for nothing has told where it shall go. Twice is a no-op.

    What has gone meanwhile, whose taker has been forgotten, or whose seller has closed ends here: no money waits.
    """
    await hold_order(session, order.id)
    nobody = await _is_forgotten(session, order) or await has_left(session, order.lead_id)
    if not nobody and not await is_closed(session, order.creator_id):
        with suppress(SoldOut):
            await pay_free(session, order, now=now, details=details)
            return
    await expire_order(session, order, now=now)
    await tell_buyer(session, "free-gone-buyer", order, key=f"free-gone:{order.id}", now=now)


async def hand_over_anyway(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """The creator has one more than they had said: what was oversold becomes theirs who paid.

    Raises NotOversold, for money that goes back too, and NothingToGive for a bundle that is empty still, or where the
    buyer has been forgotten.
    """
    await hold_order(session, order.id)
    left = select(Payment.id).where(Payment.order_id == order.id, Payment.refunded_minor < Payment.amount_minor)
    if order.state != OrderState.OVERSOLD or await session.scalar(left.limit(1)) is None:
        raise NotOversold(f"order {order.id} waits for nothing to be handed over")
    if await _is_forgotten(session, order) or await has_left(session, order.lead_id):
        raise NothingToGive("whoever paid has been forgotten", why=Reason("refused-buyer-forgotten"))
    if not await gives_anything(session, order.id):
        raise NothingToGive("put something in the bundle first")
    await sell_order_beyond(session, order.id)
    await session.execute(update(Order).where(Order.id == order.id).values(state=OrderState.PAID))
    await _hand_over(session, order, now=now)
    # a part of the money may have gone back before
    await settle_order(session, order, now=now)
    await send_receipt(session, order, now=now)


async def _move(session: AsyncSession, order: Order, state: OrderState, received: Received, *, now: datetime) -> None:
    values: dict[str, Any] = {
        "state": state,
        "paid_at": now,
        "open_key": None,
        "look_at": None,
        "tax_minor": received.tax_minor,
        "shipping_minor": received.shipping_minor,
    }
    lead = await session.get_one(Lead, order.lead_id)
    if received.details is not None and lead.forgotten_at is None:
        values["details"] = dict(received.details)
    move = update(Order).where(Order.id == order.id, Order.state.in_(ORDER_MOVES.sources(state))).values(**values)
    if not await count_changed(session, move):
        raise RuntimeError(f"order {order.id} moved on while it was held")


async def _hand_over(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """Every right that its lines give, each once, by origin."""
    lead = await session.get_one(Lead, order.lead_id)
    if order.total_minor:
        await set_stage(session, lead, LeadStage.CUSTOMER, now=now)
    for line in await lines_of(session, order.id):
        kind = await session.scalar(select(Product.kind).where(Product.id == line.product_id))
        if kind != ProductKind.BUNDLE:
            await grant(
                session,
                lead,
                line.product_id,
                origin=f"line:{line.id}",
                now=now,
                order_id=order.id,
                variant_id=line.variant_id,
                quantity=line.quantity,
            )
            continue
        for part in await contents(session, line):
            if part.product_id != line.product_id:
                await grant(
                    session,
                    lead,
                    part.product_id,
                    origin=f"line:{line.id}:{part.product_id}",
                    now=now,
                    order_id=order.id,
                    quantity=part.quantity,
                )
    await _record(session, "order.paid", order, now=now)


async def _oversold(
    session: AsyncSession,
    order: Order,
    received: Received,
    payment_id: int,
    *,
    forgotten: bool,
    now: datetime,
    closed: bool = False,
    left: bool = False,
) -> None:
    """Nothing is left, or nobody to have it: the money is on the books, and goes back by itself or by a person."""
    await _record(session, "order.oversold", order, now=now)
    of_it = f"{order.id}:{received.reference}"
    goes_back = closed or left or received.rail == STARS
    if closed:
        why = "sale-closed-back"
        await tell_admins_of(
            session, "sale-closed-admins", order, key=f"sale-closed:{of_it}", amount=received.money, now=now
        )
    elif forgotten:
        why = "sale-forgotten-back" if goes_back else "sale-forgotten"
    else:
        why = "sale-oversold-back" if goes_back else "sale-oversold"
    ways_out = (give_back(order),) if forgotten else (give_back(order), hand_over(order))
    await tell_seller(
        session,
        why,
        order,
        key=f"sale-oversold:{received.rail}:{received.reference}",
        amount=received.money,
        ways_out=() if goes_back else ways_out,
        now=now,
    )
    text = "closed-buyer-back" if closed else "oversold-buyer-back" if goes_back else "oversold-buyer"
    await tell_buyer(session, text, order, key=f"oversold-told:{of_it}", now=now)
    if goes_back:
        await ask_back(session, order, payment_id, received.money, now=now)


async def _paid_twice(
    session: AsyncSession, order: Order, received: Received, payment_id: int, *, now: datetime
) -> None:
    """The first payment stands; this one goes back by itself or by a person, unless it is all that is left."""
    goes_back = received.rail == STARS or await is_closed(session, order.creator_id)
    goes_back = goes_back or await has_left(session, order.lead_id)
    before, was_theirs = order.state, await still_gives(session, order.id)
    if not goes_back:
        await settle_order(session, order, now=now)
        if before != OrderState.OVERSOLD and order.state == OrderState.OVERSOLD:
            await _oversold(
                session, order, received, payment_id, forgotten=await _is_forgotten(session, order), now=now
            )
            return
    await _record(session, "order.oversold", order, now=now)
    if goes_back:
        to_seller, to_buyer = "sale-paid-twice-back", "paid-twice-buyer-back"
    elif not was_theirs and await still_gives(session, order.id):
        to_seller, to_buyer = "sale-paid-again", "paid-again-buyer"
    else:
        to_seller, to_buyer = "sale-paid-twice", "paid-twice-buyer"
    await tell_seller(
        session,
        to_seller,
        order,
        key=f"sale-paid-twice:{received.rail}:{received.reference}",
        amount=received.money,
        ways_out=() if goes_back else (give_back_one(payment_id),),
        now=now,
    )
    await tell_buyer(session, to_buyer, order, key=f"paid-twice-told:{order.id}:{received.reference}", now=now)
    if goes_back:
        await ask_back(session, order, payment_id, received.money, now=now)


async def _is_forgotten(session: AsyncSession, order: Order) -> bool:
    return await session.scalar(select(Lead.forgotten_at).where(Lead.id == order.lead_id)) is not None


async def _goes_by_post(session: AsyncSession, order: Order) -> bool:
    parcel = (
        select(Entitlement.id)
        .join(Product, Product.id == Entitlement.product_id)
        .where(Entitlement.order_id == order.id, Product.kind == ProductKind.PHYSICAL)
    )
    return await session.scalar(parcel.limit(1)) is not None


async def _record(session: AsyncSession, name: str, order: Order, *, now: datetime) -> None:
    await record_event(
        session, name, creator_id=order.creator_id, lead_id=order.lead_id, subject=f"order:{order.id}", now=now
    )
