"""What buyer and creator are told of an order and its money, each in their own language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.admins import tell_admins
from domain.leads import display_name
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message, column
from domain.notices import Notice
from domain.outbox import queue_message, tell_creator
from kit.money import Money
from store.models import Creator, Lead, Order, OrderLine, OutboxKind, Person


@dataclass(frozen=True, slots=True)
class WayOut:
    """A button under a notice: what the creator may do about it."""

    text: str
    data: str


def give_back(order: Order) -> WayOut:
    return WayOut("button-refund", f"order:refund:{order.id}")


def give_back_one(payment_id: int) -> WayOut:
    """Of an order that was paid twice."""
    return WayOut("button-refund", f"order:return:{payment_id}")


def hand_over(order: Order) -> WayOut:
    return WayOut("button-hand-over", f"order:hand:{order.id}")


def mark_sent(order: Order) -> WayOut:
    """Of an order with something that goes by post."""
    return WayOut("order-button-ship", f"order:ship:{order.id}")


async def tell_buyer(
    session: AsyncSession, text: str, order: Order, *, key: str, now: datetime, amount: Money | None = None
) -> None:
    """One without a chat is told nothing. The same `key` is told once."""
    lead = await session.get_one(Lead, order.lead_id)
    if lead.person_id is None:
        return
    person = await session.get_one(Person, lead.person_id)
    total = "" if amount is None else amount.format(person.speaks)
    await queue_message(
        session,
        Message(text=say(text, person.speaks, title=await titles(session, order), total=total)),
        key=key,
        kind=OutboxKind.NOTICE,
        creator_id=order.creator_id,
        person_id=person.id,
        lead_id=lead.id,
        now=now,
    )


async def tell_seller(
    session: AsyncSession,
    text: str,
    order: Order,
    *,
    key: str,
    now: datetime,
    amount: Money | None = None,
    ways_out: Sequence[WayOut] = (),
    why: str = "",
    about: Notice | None = None,
) -> None:
    """Everyone who acts for the creator, once for each `key`, with a button for each way out and one for the order."""
    lead = await session.get_one(Lead, order.lead_id)
    name, title = await display_name(session, lead), await titles(session, order)
    see = WayOut("order-button-see", f"order:show:{order.id}")

    def told(language: str) -> Message:
        total = "" if amount is None else amount.format(language)
        said = say(text, language, order=order.id, lead=name(language), title=title, total=total, reason=why)
        buttons = (Button(text=say(way.text, language), data=way.data) for way in (*ways_out, see))
        return Message(text=said, buttons=column(*buttons))

    await tell_creator(session, told, key=key, creator_id=order.creator_id, lead_id=lead.id, now=now, about=about)


async def tell_admins_of(
    session: AsyncSession, text: str, order: Order, *, key: str, amount: Money, now: datetime
) -> None:
    """Those who look after the instance, where nobody acts for the creator any more; nothing of the buyer's."""
    creator = await session.get_one(Creator, order.creator_id)

    def told(language: str) -> Message:
        said = say(text, language, order=order.id, creator=creator.name, total=amount.format(language))
        return Message(text=said)

    await tell_admins(session, told, key=key, creator_id=order.creator_id, lead_id=order.lead_id, now=now)


async def money_never_came(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """It was on its way, and the rail has given it up."""
    await tell_buyer(session, "payment-failed-buyer", order, key=f"payment-failed:{order.id}", now=now)
    await tell_seller(session, "payment-failed-told", order, key=f"payment-failed-told:{order.id}", now=now)


async def tell_of_call_off(session: AsyncSession, order_id: int, by_person_id: int, *, now: datetime) -> None:
    """The buyer hears of it, unless it was they who called it off."""
    order = await session.get_one(Order, order_id)
    buyer = await session.scalar(select(Lead.person_id).where(Lead.id == order.lead_id))
    if buyer != by_person_id:
        await tell_buyer(session, "order-called-off-buyer", order, key=f"called-off:{order.id}", now=now)


async def titles(session: AsyncSession, order: Order) -> str:
    found = await session.scalars(select(OrderLine.title).where(OrderLine.order_id == order.id).order_by(OrderLine.id))
    return ", ".join(found)
