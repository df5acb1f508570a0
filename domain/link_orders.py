"""What an address of ours at which something is paid leads to: an order to pay, or the chat."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published
from domain.discounts import CodeRefused, NoSuchCode
from domain.entitlements import owned_already
from domain.events import record_event
from domain.open_shops import check_open
from domain.order_words import titles
from domain.orders import UNDER_WAY, CheckoutOpen, open_order
from domain.pay_links import ForOrder, ForProduct, LinkOver, Payable, UnknownLink, product_start
from domain.paying import pay_free
from domain.pricing import FREE, ChooseVariant, Wish, rails_of
from domain.reservations import lines_of
from kit.errors import Conflict, Reason
from kit.money import Money
from store.models import DiscountCode, Lead, Order, OrderLine, OrderState, Person, Product, ProductVariant

_ENDED = (OrderState.EXPIRED, OrderState.CANCELLED)
# what one person may open of one product by links, so that a rail that refuses it is not asked without end
MOST_OPENED, _WITHIN = 10, timedelta(hours=1)


class TooOften(Conflict):
    code = "pay_link_too_often"
    status = 429


@dataclass(frozen=True, slots=True)
class ToPay:
    order_id: int


@dataclass(frozen=True, slots=True)
class ToChat:
    """What is free, or where something is to be chosen first, goes on there: `start` is what /start is given."""

    start: str


@dataclass(frozen=True, slots=True)
class ToPage:
    """A checkout that is there already."""

    url: str


@dataclass(frozen=True, slots=True)
class ToAsk:
    """Whoever looks says first that they want to. `asked` is what an order comes to; without one nothing is ordered."""

    title: str
    asked: Money | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    lead: Lead
    wish: Wish
    # the rail that it was ordered on before
    rail: str | None = None


async def look_at_pay_link(session: AsyncSession, what: Payable, *, now: datetime) -> ToPage | ToAsk | ToChat:
    """Where the link leads, with nothing changed: browsers, chats and mail filters open addresses by themselves.

    Raises UnknownLink, LinkOver or NotForSale.
    """
    if isinstance(what, ForProduct):
        if not what.lead_id:
            return ToChat(product_start(what.product_id))
        return ToAsk((await _asked(session, what)).wish.title)
    order = await _living(session, what.order_id)
    await _lead(session, order.lead_id)
    # whose money is on its way reads so once they ask
    if _can_be_paid(order, now) and order.pending_at is None and order.checkout_url is not None:
        return ToPage(order.checkout_url)
    if _can_be_paid(order, now):
        return ToAsk(await titles(session, order), Money(order.total_minor, order.currency))
    return ToAsk((await wish_again(session, order)).title)


async def follow_pay_link(
    session: AsyncSession,
    what: Payable,
    *,
    offered: Collection[str],
    good_for: timedelta,
    published: Published,
    now: datetime,
) -> ToPay | ToChat:
    """Opens an order of what the link is for, or finds the one that can still be paid, and counts as a click.

    Raises UnknownLink, LinkOver, TooOften, and whatever `open_order` raises.
    """
    if isinstance(what, ForProduct):
        if not what.lead_id:
            return ToChat(product_start(what.product_id))
        wanted = await _asked(session, what)
    else:
        order = await _living(session, what.order_id)
        # nobody pays for somebody who is not served any more
        lead = await _lead(session, order.lead_id)
        if _can_be_paid(order, now):
            line = (await lines_of(session, order.id))[0]
            await _note_press(session, lead, line.product_id, now=now)
            return ToPay(order.id)
        wanted = _Wanted(lead, await wish_again(session, order), order.rail)
    leads_to = await _open(session, wanted, offered=offered, good_for=good_for, published=published, now=now)
    await _note_press(session, wanted.lead, wanted.wish.product.id, now=now)
    return leads_to


async def language_for(session: AsyncSession, what: Payable) -> str | None:
    """Of the person whom the link was made for; None when nobody knows."""
    lead_id: int | None = what.lead_id if isinstance(what, ForProduct) else None
    if isinstance(what, ForOrder):
        lead_id = await session.scalar(select(Order.lead_id).where(Order.id == what.order_id))
    person = await session.scalar(select(Person).join(Lead, Lead.person_id == Person.id).where(Lead.id == lead_id))
    return None if person is None else person.speaks


async def _note_press(session: AsyncSession, lead: Lead, product_id: int, *, now: datetime) -> None:
    """Once their lead is held, if it is: the event points at it, and two who press at once would wait in a circle."""
    about = f"product:{product_id}"
    await record_event(session, "link.clicked", creator_id=lead.creator_id, lead_id=lead.id, subject=about, now=now)


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
    if await owned_already(session, lead.id, wish.product, wish.variant.id if wish.variant else None) is not None:
        # the card there has it for them once more, and not to be paid
        return to_chat
    rail = wanted.rail if wanted.rail in rails else rails[0]
    try:
        order = await open_order(session, lead, wish, rail=rail, now=now, good_for=good_for, setup=setup)
    except (ChooseVariant, NoSuchCode, CodeRefused):
        # of a code that is over the card there says what it costs without
        return to_chat
    except CheckoutOpen as other:
        # they have another one of these in hand, and pay or call off that one
        return ToPay(other.order_id)
    # what would have been opened once too often is not: the refusal takes it back
    await _check_pace(session, lead, wish.product, now=now)
    if order.rail == FREE:
        await pay_free(session, order, now=now)
        return to_chat
    return ToPay(order.id)


async def _living(session: AsyncSession, order_id: int) -> Order:
    """Raises UnknownLink, or LinkOver for what is paid."""
    order = await session.get(Order, order_id)
    if order is None:
        raise UnknownLink("this link is not known here")
    if order.state not in (*UNDER_WAY, *_ENDED):
        raise LinkOver("this has been paid already", why=Reason("refused-link-paid"))
    return order


def _can_be_paid(order: Order, now: datetime) -> bool:
    return order.state in UNDER_WAY and now < order.expires_at


async def _check_pace(session: AsyncSession, lead: Lead, product: Product, *, now: datetime) -> None:
    """Raises TooOften."""
    opened = await session.scalar(
        select(func.count(Order.id.distinct()))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.lead_id == lead.id, OrderLine.product_id == product.id, Order.created_at > now - _WITHIN)
    )
    if (opened or 0) > MOST_OPENED:
        raise TooOften("this was tried too often; try again in an hour")


async def _asked(session: AsyncSession, what: ForProduct) -> _Wanted:
    product = await session.get(Product, what.product_id)
    variant = await session.get(ProductVariant, what.variant_id) if what.variant_id else None
    if product is None or (what.variant_id and (variant is None or variant.product_id != product.id)):
        raise UnknownLink("this link is not known here")
    code = await session.get(DiscountCode, what.code_id) if what.code_id else None
    if what.code_id and (code is None or code.creator_id != product.creator_id):
        raise UnknownLink("this link is not known here")
    return _Wanted(await _lead(session, what.lead_id), Wish(product, variant, code=None if code is None else code.code))


async def wish_again(session: AsyncSession, order: Order) -> Wish:
    """The same as that order wanted, at today's price. Raises LinkOver for one of several lines."""
    line, *more = await lines_of(session, order.id)
    if more:
        # what a program put together, it puts together again
        raise LinkOver("this link is over")
    product = await session.get_one(Product, line.product_id)
    variant = None if line.variant_id is None else await session.get_one(ProductVariant, line.variant_id)
    code = None
    if order.discount_code_id is not None:
        code = await session.scalar(select(DiscountCode.code).where(DiscountCode.id == order.discount_code_id))
    chosen = product.pay_what_you_want and order.currency == product.currency
    amount = line.price_minor if chosen else None
    return Wish(product, variant, line.quantity, amount, code)


async def _lead(session: AsyncSession, lead_id: int) -> Lead:
    """Whoever they have become since. Raises LinkOver for those who are forgotten or banned; NotForSale."""
    lead = await session.get(Lead, lead_id)
    while lead is not None and lead.merged_into_id is not None:
        lead = await session.get(Lead, lead.merged_into_id)
    if lead is None or lead.forgotten_at is not None or lead.banned_at is not None:
        raise LinkOver("this link is over")
    await check_open(session, lead)
    return lead
