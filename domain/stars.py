"""Telegram Stars: what an invoice says, and whether a buyer who taps Pay may go on.

https://core.telegram.org/bots/payments-stars
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published
from domain.limits import check_limit
from domain.open_shops import check_open
from domain.order_ends import UNDER_WAY, hold_for
from domain.order_words import titles
from domain.pay_links import product_start
from domain.pricing import STARS, NotForSale, Wish, check_on_sale, price_on
from domain.reservations import lines_of
from domain.setups import CreatorSetup
from domain.stock import SoldOut
from kit.errors import Conflict, NotFound
from kit.money import Money
from kit.text import shorten
from store.models import Lead, Order, OrderLine, Person, Product, ProductVariant
from store.queries.catalogue import is_empty_bundle, variants_of

# an invoice never expires, so what it sells is held only once somebody is about to pay
HELD_FOR = timedelta(minutes=15)
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
    """The product costs something else today, or what is to be paid is not what the order says."""

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


async def agree_to_pay(
    session: AsyncSession, payer: Person, payload: str, money: Money, *, published: Published, now: datetime
) -> Order:
    """The payer may go on, and what they pay for is held for 15 minutes; asking again is fine.

    Raises UnknownInvoice, NotYourInvoice, InvoiceOver, PriceChanged, NotForSale, ChooseVariant, LimitReached or
    SoldOut, and holds nothing then.
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
    await check_open(session, lead)
    for line in await lines_of(session, order.id):
        await _check_line(session, order, line, published.setup(order.creator_id), now=now)
    if not await hold_for(session, order, until=now + HELD_FOR, now=now):
        raise SoldOut("this is sold out")
    return order


async def _check_line(
    session: AsyncSession, order: Order, line: OrderLine, setup: CreatorSetup, *, now: datetime
) -> None:
    """It can be had today, at the price that stands on the invoice."""
    product = await session.get_one(Product, line.product_id)
    variant = None if line.variant_id is None else await session.get_one(ProductVariant, line.variant_id)
    wish = Wish(product, variant, line.quantity)
    check_on_sale(wish, now=now, has_variants=bool(await variants_of(session, product.id)))
    if await is_empty_bundle(session, product):
        raise NotForSale("this is no longer for sale")
    least = price_on(wish, STARS, stars_rates=setup.shop.stars_rates).amount_minor
    # who chooses the price has chosen it
    fits = line.price_minor >= least if product.pay_what_you_want else line.price_minor == least
    if not fits:
        raise PriceChanged("the price is another one by now; order again with /shop")
    await check_limit(session, order, product, line.quantity)
