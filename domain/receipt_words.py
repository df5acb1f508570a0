"""The receipt of a paid order: a short message when the money has come, and a text file whenever it is asked for."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.messages.catalogue import plain, say, word_for
from domain.messages.plain import Button, Message, column
from domain.order_words import titles
from domain.outbox import queue_message
from kit.money import Money, language_of
from store.models import Lead, Order, OutboxKind, Person
from store.queries.order_card import OrderDetails

_WIDTH = 48


async def send_receipt(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """Tells a buyer with a chat that their money has come, and under which number. Once for each order."""
    number = await session.scalar(select(Order.receipt_number).where(Order.id == order.id))
    lead = await session.get_one(Lead, order.lead_id)
    if number is None or not order.total_minor or lead.person_id is None:
        return
    await session.refresh(order, ["tax_minor", "shipping_minor"])
    person = await session.get_one(Person, lead.person_id)
    total = Money(order.total_minor + order.tax_minor + order.shipping_minor, order.currency).format(person.speaks)
    said = say("receipt", person.speaks, number=number, title=await titles(session, order), total=total)
    button = Button(text=say("order-button-receipt", person.speaks), data=f"order:receipt:{order.id}")
    await queue_message(
        session,
        Message(text=said, buttons=column(button)),
        key=f"receipt:{order.id}",
        kind=OutboxKind.NOTICE,
        creator_id=order.creator_id,
        person_id=person.id,
        lead_id=lead.id,
        now=now,
    )


def receipt_text(details: OrderDetails, language: str, zone: ZoneInfo) -> str:
    """Plain text, as it stands in a file: what was bought, from whom, for how much, and what has gone back."""
    order = details.order

    def day(at: datetime) -> str:
        return format_date(at.astimezone(zone), "long", locale=language_of(language))

    lines = [
        plain("receipt-title", language, number=order.receipt_number or 0),
        details.creator.name,
        "",
        plain("receipt-date", language, day=day(order.paid_at or order.created_at)),
        plain("receipt-order", language, order=order.id),
        *_buyer(details, language),
        "",
        *(_line(f"{each.quantity} × {each.title}", each.price.format(language)) for each in details.lines),
        *_sums(details, language),
        "",
        plain("receipt-paid-by", language, rail=word_for(f"paid-by-{order.rail}", order.rail, language)),
    ]
    for payment in details.paid_again:
        amount = Money(payment.amount_minor, payment.currency).format(language)
        lines.append(plain("receipt-payment", language, day=day(payment.created_at), amount=amount))
    if details.given_back.amount_minor:
        lines.append(plain("receipt-back", language, amount=details.given_back.format(language)))
    return "\n".join(lines) + "\n"


def _buyer(details: OrderDetails, language: str) -> Iterator[str]:
    told = details.order.details or {}
    name = told.get("name") or details.lead.name or (details.person.first_name if details.person else "")
    email = told.get("email") or details.lead.email
    named = ", ".join(part for part in (name, email) if part)
    if named:
        yield plain("receipt-buyer", language, buyer=named)


def _sums(details: OrderDetails, language: str) -> Iterator[str]:
    order = details.order
    yield "-" * _WIDTH

    def money(minor: int) -> str:
        return Money(minor, order.currency).format(language)

    if order.discount_minor:
        off = plain("receipt-discount", language, code=details.code or "–")
        yield _line(off, f"−{money(order.discount_minor)}")
    if order.tax_minor:
        yield _line(plain("receipt-tax", language), money(order.tax_minor))
    if order.shipping_minor:
        yield _line(plain("receipt-shipping", language), money(order.shipping_minor))
    yield _line(plain("receipt-total", language), details.total.format(language))


def _line(what: str, amount: str) -> str:
    return f"{what}{' ' * max(2, _WIDTH - len(what) - len(amount))}{amount}"
