"""Telegram Stars: what an invoice says, and whether a buyer who taps Pay may go on.

https://core.telegram.org/bots/payments-stars
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.order_ends import UNDER_WAY, hold_for
from domain.order_words import titles
from domain.pay_links import product_start
from domain.pricing import STARS, NotForSale
from domain.stock import SoldOut
from kit.errors import Conflict, NotFound
from kit.money import Money
from kit.text import shorten
from store.models import Lead, Order, OrderLine, Person, Product
from store.queries.catalogue import is_on_sale

# an invoice never expires, so what it sells is held only once somebody is about to pay
HELD_FOR = timedelta(minutes=15)
# https://core.telegram.org/bots/api#sendinvoice
MOST_STARS = 10_000
_TITLE_LENGTH = 32
_DESCRIPTION_LENGTH = 255


class UnknownInvoice(NotFound):
    code = "unknown_invoice"


class InvoiceOver(Conflict):
    """Its order has been paid, called off, or has run out of time."""

    code = "invoice_over"


class NotYourInvoice(Conflict):
    """A forwarded invoice can be paid by anybody, and what is bought goes to whoever ordered it."""

    code = "not_your_invoice"


class PriceChanged(Conflict):
    code = "price_changed"


@dataclass(frozen=True, slots=True)
class Invoice:
    """`title` is for 32 characters, `description` for 255, neither empty; `payload` comes back with the payment."""

    title: str
    description: str
    payload: str
    stars: int
    # where a forwarded copy leads, so that nobody pays for somebody else's order
    start: str


async def invoice_of(session: AsyncSession, order: Order) -> Invoice:
    """What Telegram shows of the order."""
    line = (
        await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id).limit(1))
    ).one()
    product = await session.get_one(Product, line.product_id)
    title = await titles(session, order)
    return Invoice(
        title=shorten(title, _TITLE_LENGTH),
        description=shorten(product.description.strip() or title, _DESCRIPTION_LENGTH),
        payload=order.reference,
        stars=order.total_minor,
        start=product_start(product.id),
    )


async def agree_to_pay(session: AsyncSession, payer: Person, payload: str, money: Money, *, now: datetime) -> Order:
    """The payer may go on, and what they pay for is held for 15 minutes; asking again is fine.

    Raises UnknownInvoice, NotYourInvoice, InvoiceOver, PriceChanged, NotForSale or SoldOut, and holds nothing then.
    """
    order = await session.scalar(
        select(Order).where(Order.reference == payload).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if order is None or order.rail != STARS:
        raise UnknownInvoice("this invoice is not known here")
    lead = await session.get_one(Lead, order.lead_id)
    if lead.person_id != payer.id:
        raise NotYourInvoice("this invoice is somebody else's; order it yourself with /shop")
    if order.state not in UNDER_WAY or order.expires_at <= now:
        raise InvoiceOver("this invoice is over; order again with /shop")
    if money != Money(order.total_minor, order.currency):
        raise PriceChanged("the price is another one by now; order again with /shop")
    products = await session.scalars(
        select(Product).join(OrderLine, OrderLine.product_id == Product.id).where(OrderLine.order_id == order.id)
    )
    if not all(is_on_sale(each, now) for each in products):
        raise NotForSale("this is no longer for sale")
    if not await hold_for(session, order, until=now + HELD_FOR, now=now):
        raise SoldOut("this is sold out")
    return order
