"""What an address of ours at which something is paid leads to: an order to pay, or the chat."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published
from domain.orders import UNDER_WAY, CheckoutOpen, open_order
from domain.pay_links import ForOrder, ForProduct, LinkOver, Payable, UnknownLink, product_start
from domain.paying import pay_free
from domain.pricing import FREE, ChooseVariant, Wish, rails_of
from kit.errors import Reason
from store.models import DiscountCode, Lead, Order, OrderLine, OrderState, Person, Product, ProductVariant

_ENDED = (OrderState.EXPIRED, OrderState.CANCELLED)


@dataclass(frozen=True, slots=True)
class ToPay:
    order_id: int


@dataclass(frozen=True, slots=True)
class ToChat:
    """What is free, or where something is to be chosen first, goes on there: `start` is what /start is given."""

    start: str


@dataclass(frozen=True, slots=True)
class _Wanted:
    lead: Lead
    wish: Wish
    # the rail that it was ordered on before
    rail: str | None = None


async def follow_pay_link(
    session: AsyncSession,
    what: Payable,
    *,
    offered: Collection[str],
    good_for: timedelta,
    published: Published,
    now: datetime,
) -> ToPay | ToChat:
    """Opens an order of what the link is for, or finds the one that can still be paid.

    Raises UnknownLink, LinkOver, and whatever `open_order` raises.
    """
    if isinstance(what, ForProduct):
        if not what.lead_id:
            return ToChat(product_start(what.product_id))
        wanted = await _asked(session, what)
    else:
        order = await session.get(Order, what.order_id)
        if order is None:
            raise UnknownLink("this link is not known here")
        if order.state in UNDER_WAY and now < order.expires_at:
            # nobody pays for somebody who is not served any more
            await _lead(session, order.lead_id)
            return ToPay(order.id)
        if order.state not in (*UNDER_WAY, *_ENDED):
            raise LinkOver("this has been paid already", why=Reason("refused-link-paid"))
        wanted = _Wanted(await _lead(session, order.lead_id), await wish_again(session, order), order.rail)
    return await _open(session, wanted, offered=offered, good_for=good_for, published=published, now=now)


async def language_for(session: AsyncSession, what: Payable) -> str | None:
    """Of the person whom the link was made for; None when nobody knows."""
    lead_id: int | None = what.lead_id if isinstance(what, ForProduct) else None
    if isinstance(what, ForOrder):
        lead_id = await session.scalar(select(Order.lead_id).where(Order.id == what.order_id))
    person = await session.scalar(select(Person).join(Lead, Lead.person_id == Person.id).where(Lead.id == lead_id))
    return None if person is None else person.speaks


async def _open(
    session: AsyncSession,
    wanted: _Wanted,
    *,
    offered: Collection[str],
    good_for: timedelta,
    published: Published,
    now: datetime,
) -> ToPay | ToChat:
    wish, lead = wanted.wish, wanted.lead
    setup, to_chat = published.setup(lead.creator_id), ToChat(product_start(wish.product.id))
    rails = rails_of(wish.product, setup, offered=offered, variant=wish.variant)
    if not rails or rails[0] == FREE or (wish.product.pay_what_you_want and wish.amount_minor is None):
        # the chat says what is to be said about it
        return to_chat
    rail = wanted.rail if wanted.rail in rails else rails[0]
    try:
        order = await open_order(session, lead, wish, rail=rail, now=now, good_for=good_for, setup=setup)
    except ChooseVariant:
        return to_chat
    except CheckoutOpen as other:
        # they have another one of these in hand, and pay or call off that one
        return ToPay(other.order_id)
    if order.total_minor == 0:
        await pay_free(session, order, now=now)
        return to_chat
    return ToPay(order.id)


async def _asked(session: AsyncSession, what: ForProduct) -> _Wanted:
    product = await session.get(Product, what.product_id)
    variant = await session.get(ProductVariant, what.variant_id) if what.variant_id else None
    if product is None or (what.variant_id and (variant is None or variant.product_id != product.id)):
        raise UnknownLink("this link is not known here")
    return _Wanted(await _lead(session, what.lead_id), Wish(product, variant))


async def wish_again(session: AsyncSession, order: Order) -> Wish:
    """The same as that order wanted, at today's price."""
    line = (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id))).one()
    product = await session.get_one(Product, line.product_id)
    variant = None if line.variant_id is None else await session.get_one(ProductVariant, line.variant_id)
    code = None
    if order.discount_code_id is not None:
        code = await session.scalar(select(DiscountCode.code).where(DiscountCode.id == order.discount_code_id))
    chosen = product.pay_what_you_want and order.currency == product.currency
    amount = line.price_minor if chosen else None
    return Wish(product, variant, line.quantity, amount, code)


async def _lead(session: AsyncSession, lead_id: int) -> Lead:
    """Whoever they have become since. Raises LinkOver for those who are forgotten or banned."""
    lead = await session.get(Lead, lead_id)
    while lead is not None and lead.merged_into_id is not None:
        lead = await session.get(Lead, lead.merged_into_id)
    if lead is None or lead.forgotten_at is not None or lead.banned_at is not None:
        raise LinkOver("this link is over")
    return lead
