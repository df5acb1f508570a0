from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.entitlements import grant
from domain.events import record_event
from domain.lead_acts import set_stage
from domain.leads import display_name
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import queue_message, tell_creator
from kit.errors import Conflict
from kit.money import Money
from kit.tokens import new_reference
from store.database import count_changed, insert_once
from store.models import (
    ORDER_MOVES,
    Lead,
    LeadStage,
    Order,
    OrderLine,
    OrderState,
    OutboxKind,
    Payment,
    Person,
    Product,
)

# Stripe makes no checkout that is open for less than 30 minutes, and asking takes a moment
CHECKOUT_NEEDS = timedelta(minutes=31)
_UNDER_WAY = (OrderState.OPEN, OrderState.AWAITING_PAYMENT)


class NotForSale(Conflict):
    code = "not_for_sale"


class SoldOut(Conflict):
    code = "sold_out"


@dataclass(frozen=True, slots=True)
class Received:
    """Money that a rail says has come: `reference` is the rail's own and comes once."""

    rail: str
    reference: str
    money: Money


async def open_order(
    session: AsyncSession, lead: Lead, product: Product, *, now: datetime, good_for: timedelta
) -> Order:
    """An order of one product that can be paid for `good_for`. The same wish again finds the same order.

    Raises NotForSale or SoldOut. Stock is not held: who pays first has it.
    """
    if not product.active or product.creator_id != lead.creator_id:
        raise NotForSale("this is no longer for sale")
    if product.stock == 0:
        raise SoldOut("this is sold out")
    open_key = f"{lead.id}:{product.id}"
    values = {
        "creator_id": lead.creator_id,
        "lead_id": lead.id,
        "open_key": open_key,
        "total_minor": product.price_minor,
        "currency": product.currency,
        "expires_at": now + good_for,
        "created_at": now,
    }
    order_id = None
    while order_id is None:
        await _close_stale(session, open_key, now=now)
        order_id = await insert_once(session, Order, {**values, "reference": new_reference()})
        if order_id is None:
            known = await session.scalar(select(Order).where(Order.open_key == open_key))
            if known is not None:
                return known
            # the one that was in the way has ended meanwhile
    session.add(
        OrderLine(order_id=order_id, product_id=product.id, title=product.title, price_minor=product.price_minor)
    )
    await record_event(
        session, "order.opened", creator_id=lead.creator_id, lead_id=lead.id, subject=f"order:{order_id}", now=now
    )
    return await session.get_one(Order, order_id)


async def await_payment(session: AsyncSession, order_id: int, session_id: str, url: str) -> None:
    """The rail has made a checkout for it. Noting that twice, or after the money came, is a no-op."""
    await session.execute(
        update(Order)
        .where(Order.id == order_id, Order.state.in_(ORDER_MOVES.sources(OrderState.AWAITING_PAYMENT)))
        .values(state=OrderState.AWAITING_PAYMENT, session_id=session_id, checkout_url=url)
    )


async def note_failure(session: AsyncSession, order_id: int) -> None:
    """The rail answered that it could not make the checkout: the next try is another one to it."""
    await session.execute(update(Order).where(Order.id == order_id).values(failures=Order.failures + 1))


async def pay_order(session: AsyncSession, order: Order, received: Received, *, now: datetime) -> None:
    """Takes the money, the stock, and hands over. The same money twice is a no-op; money is never turned away."""
    payment = {
        "order_id": order.id,
        "rail": received.rail,
        "reference": received.reference,
        "amount_minor": received.money.amount_minor,
        "currency": received.money.currency,
        "created_at": now,
    }
    # two payments of one order take turns here: each would hold what the other waits for further down.
    # Its lead may have become a part of another meanwhile
    await session.refresh(order, ["lead_id"], with_for_update=True)
    if await insert_once(session, Payment, payment) is None:
        return
    lines = list(
        await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.product_id))
    )
    in_stock = await _take_stock(session, lines)
    outcome = OrderState.PAID if in_stock else OrderState.OVERSOLD
    moved = await count_changed(
        session,
        update(Order)
        .where(Order.id == order.id, Order.state.in_(ORDER_MOVES.sources(outcome)))
        .values(state=outcome, paid_at=now, open_key=None),
    )
    subject = f"order:{order.id}"
    lead = await session.get_one(Lead, order.lead_id)
    if not moved or not in_stock:
        # paid a second time, or nothing left: a person settles it, and the money is on the books
        if in_stock:
            await _give_back(session, lines)
        await record_event(
            session, "order.oversold", creator_id=order.creator_id, lead_id=lead.id, subject=subject, now=now
        )
        trouble = "sale-paid-twice" if not moved else "sale-oversold"
        await _tell_of_money(session, trouble, order, received, now=now)
        text, told = ("paid-twice-buyer", "paid-twice-told") if not moved else ("oversold-buyer", "oversold-told")
        await _tell_buyer(session, text, order, key=f"{told}:{order.id}:{received.reference}", now=now)
        return
    await set_stage(session, lead, LeadStage.CUSTOMER, now=now)
    for line in lines:
        await grant(session, lead, line.product_id, origin=f"line:{line.id}", order_id=order.id, now=now)
    await record_event(session, "order.paid", creator_id=order.creator_id, lead_id=lead.id, subject=subject, now=now)
    await _tell_of_money(session, "sale-told", order, received, now=now)


async def note_pending(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """The buyer has done their part, by a way that takes days. Twice, or after the end, is a no-op."""
    noted = await count_changed(
        session,
        update(Order)
        .where(Order.id == order.id, Order.state.in_(_UNDER_WAY), Order.pending_at.is_(None))
        .values(pending_at=now),
    )
    if not noted:
        return
    await _tell_buyer(session, "payment-pending", order, key=f"payment-pending:{order.id}", now=now)
    await record_event(
        session,
        "order.pending",
        creator_id=order.creator_id,
        lead_id=order.lead_id,
        subject=f"order:{order.id}",
        now=now,
    )


async def fail_payment(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """The money that was on its way never comes: both are told, and a new order can be opened."""
    await expire_order(session, order, now=now)
    if await session.scalar(select(Order.state).where(Order.id == order.id)) != OrderState.EXPIRED:
        return
    await _tell_buyer(session, "payment-failed-buyer", order, key=f"payment-failed:{order.id}", now=now)
    lead = await session.get_one(Lead, order.lead_id)
    name, title = await display_name(session, lead), await _titles(session, order)

    def told(language: str) -> Message:
        return Message(text=say("payment-failed-told", language, order=order.id, lead=name(language), title=title))

    key = f"payment-failed-told:{order.id}"
    await tell_creator(session, told, key=key, creator_id=order.creator_id, lead_id=lead.id, now=now)


async def expire_order(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """The rail says that its checkout can no longer be paid. Twice, or after the money came, is a no-op."""
    expired = await count_changed(
        session,
        update(Order)
        .where(Order.id == order.id, Order.state.in_(ORDER_MOVES.sources(OrderState.EXPIRED)))
        .values(state=OrderState.EXPIRED, open_key=None),
    )
    if expired:
        await record_event(
            session,
            "order.expired",
            creator_id=order.creator_id,
            lead_id=order.lead_id,
            subject=f"order:{order.id}",
            now=now,
        )


async def _close_stale(session: AsyncSession, open_key: str, *, now: datetime) -> None:
    """An order that can no longer be paid makes room for a new one.

    The end of a checkout comes from the rail; an order too old to get one ends here. Money on its way has time.
    """
    pageless = await session.scalar(
        select(Order).where(
            Order.open_key == open_key,
            Order.state == OrderState.OPEN,
            Order.session_id.is_(None),
            Order.pending_at.is_(None),
            Order.expires_at < now + CHECKOUT_NEEDS,
        )
    )
    if pageless is not None:
        await expire_order(session, pageless, now=now)
    await session.execute(
        update(Order)
        .where(Order.open_key == open_key, Order.expires_at <= now, Order.pending_at.is_(None))
        .values(open_key=None)
    )


async def _take_stock(session: AsyncSession, lines: list[OrderLine]) -> bool:
    """Takes one of each, all or none: the row count of a conditional UPDATE decides who gets the last one."""
    taken: list[OrderLine] = []
    for line in lines:
        # one row that has stock, or has no limit at all: NULL - 1 stays NULL
        take = (
            update(Product)
            .where(Product.id == line.product_id, (Product.stock.is_(None)) | (Product.stock > 0))
            .values(stock=Product.stock - 1)
        )
        if await count_changed(session, take) == 0:
            await _give_back(session, taken)
            return False
        taken.append(line)
    return True


async def _give_back(session: AsyncSession, lines: list[OrderLine]) -> None:
    for line in lines:
        await session.execute(update(Product).where(Product.id == line.product_id).values(stock=Product.stock + 1))


async def _tell_of_money(session: AsyncSession, text: str, order: Order, received: Received, *, now: datetime) -> None:
    lead = await session.get_one(Lead, order.lead_id)
    name, title = await display_name(session, lead), await _titles(session, order)

    def told(language: str) -> Message:
        total = received.money.format(language)
        return Message(text=say(text, language, order=order.id, lead=name(language), title=title, total=total))

    key = f"{text}:{received.rail}:{received.reference}"
    await tell_creator(session, told, key=key, creator_id=order.creator_id, lead_id=lead.id, now=now)


async def _tell_buyer(session: AsyncSession, text: str, order: Order, *, key: str, now: datetime) -> None:
    lead = await session.get_one(Lead, order.lead_id)
    if lead.person_id is None:
        return
    person = await session.get_one(Person, lead.person_id)
    await queue_message(
        session,
        Message(text=say(text, person.speaks, title=await _titles(session, order))),
        key=key,
        kind=OutboxKind.NOTICE,
        creator_id=order.creator_id,
        person_id=person.id,
        lead_id=lead.id,
        now=now,
    )


async def _titles(session: AsyncSession, order: Order) -> str:
    found = await session.scalars(select(OrderLine.title).where(OrderLine.order_id == order.id).order_by(OrderLine.id))
    return ", ".join(found)
