"""Ordering as a program does it: by an account for itself, or by a creator for one of their leads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_leads import lead_for_account
from domain.carts import BadCart, NotChangeable, Terms, at_line, card_rail, change_cart, open_cart
from domain.custom_events import NoSuchLead
from domain.definitions import Published
from domain.entitlements import owned_already, owns
from domain.holding import hold_living, hold_order
from domain.orders import open_order
from domain.paying import pay_free
from domain.pricing import FREE, NotForSale, Wish, price_on
from domain.products import NoSuchProduct
from kit.errors import Conflict, Reason
from store.models import Account, Lead, Order, OrderState, Product, ProductKind, ProductVariant
from store.queries.leads import find_living_lead

_ONCE_ONLY = frozenset({ProductKind.FILE, ProductKind.LINK, ProductKind.CHANNEL})


class AlreadyOwned(Conflict):
    """Paying for it once more would give nothing new."""

    code = "already_owned"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line as it is sent; `amount_minor` is what is given for one where the buyer may choose."""

    product_id: int
    variant_id: int | None = None
    quantity: int = 1
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Till:
    """Where money can be taken at this moment, and what the order is opened with."""

    offered: Collection[str]
    good_for: timedelta
    published: Published
    code: str | None = None
    pages: Mapping[str, str] | None = None

    def terms(self, creator_id: int, *, by_seller: bool = False) -> Terms:
        return Terms(self.offered, self.good_for, self.published.setup(creator_id), self.code, self.pages, by_seller)


async def order_for_oneself(
    session: AsyncSession, account: Account, lines: Sequence[Wanted], till: Till, *, now: datetime
) -> Order:
    """Opened as the lead that the account is to its seller. Raises as `open_cart`, NoSuchProduct, AlreadyOwned."""
    wishes = await find_wishes(session, lines)
    lead = await _as_lead(session, account, wishes[0].product.creator_id, now=now)
    await _check_none_owned(session, lead, wishes)
    return await open_cart(session, lead, wishes, till.terms(lead.creator_id), now=now)


async def order_for_lead(
    session: AsyncSession, creator_id: int, lead_id: int, lines: Sequence[Wanted], till: Till, *, now: datetime
) -> Order:
    """By who acts for the creator. Raises as `open_cart`, NoSuchProduct, and NoSuchLead for one of somebody else's."""
    lead = await find_living_lead(session, creator_id, lead_id)
    if lead is None:
        raise NoSuchLead("there is no such lead", why=Reason("refused-no-such-lead"))
    wishes = await find_wishes(session, lines, creator_id=creator_id)
    return await open_cart(session, lead, wishes, till.terms(creator_id, by_seller=True), now=now)


async def change_lines(
    session: AsyncSession, order_id: int, lines: Sequence[Wanted], till: Till, *, by_seller: bool, now: datetime
) -> Order:
    """Other lines, as long as nobody has been asked for money, by whoever put the order together: its buyer, or its
    seller for them. Raises as `change_cart`, NoSuchProduct and AlreadyOwned.
    """
    order = await hold_order(session, order_id)
    if order is None:
        raise LookupError(f"order {order_id} is not there")
    if order.by_seller != by_seller:
        raise NotChangeable("whoever has put this order together changes what is in it, and nobody else")
    wishes = await find_wishes(session, lines, creator_id=order.creator_id)
    if not by_seller:
        await _check_none_owned(session, await session.get_one(Lead, order.lead_id), wishes)
    return await change_cart(session, order, wishes, till.terms(order.creator_id), now=now)


async def purchase(session: AsyncSession, account: Account, wanted: Wanted, till: Till, *, now: datetime) -> Order:
    """One product; the same again finds the same order while it can be paid, as in the chat.

    What comes to nothing is theirs at once, unless an address has to be asked for. Raises whatever `open_order` raises,
    NoSuchProduct, AlreadyOwned and NothingToPayBy.
    """
    (wish,) = await find_wishes(session, [wanted], code=till.code)
    lead = await _as_lead(session, account, wish.product.creator_id, now=now)
    await _check_not_owned(session, lead, wish)
    terms = till.terms(lead.creator_id)
    rail = FREE
    if _costs(wish, terms):
        rail = card_rail([wish], terms)
    order = await open_order(session, lead, wish, rail=rail, now=now, good_for=till.good_for, setup=terms.setup)
    if order.rail == FREE:
        await pay_free(session, order, now=now)
    elif till.pages:
        # a rail that has been asked keeps the pages that it was told
        untold = update(Order).where(Order.id == order.id, Order.state == OrderState.OPEN)
        await session.execute(untold.values(pages=dict(till.pages)))
    await session.refresh(order)
    return order


async def find_wishes(
    session: AsyncSession, lines: Sequence[Wanted], *, creator_id: int | None = None, code: str | None = None
) -> list[Wish]:
    """As they were sent; those of one creator alone where that is said. Raises NoSuchProduct, BadCart for none."""
    if not lines:
        raise BadCart("an order has lines", fields={"lines": "at least one"})
    products = {
        each.id: each
        for each in await session.scalars(select(Product).where(Product.id.in_({line.product_id for line in lines})))
        if creator_id in {None, each.creator_id}
    }
    chosen = {line.variant_id for line in lines} - {None}
    variants = {
        each.id: each
        for each in await session.scalars(select(ProductVariant).where(ProductVariant.id.in_(chosen)))
        if each.product_id in products
    }
    wishes = []
    for number, line in enumerate(lines):
        product = products.get(line.product_id)
        variant = None if line.variant_id is None else variants.get(line.variant_id)
        gone = line.variant_id is not None and (variant is None or variant.product_id != line.product_id)
        if product is None or gone:
            raise at_line(NoSuchProduct("there is no such product here"), number)
        wishes.append(Wish(product, variant, line.quantity, line.amount_minor, code))
    return wishes


def _costs(wish: Wish, terms: Terms) -> bool:
    if wish.product.pay_what_you_want:
        # less than the least is refused where the price is made
        return bool(wish.goods.price_minor if wish.amount_minor is None else wish.amount_minor)
    return bool(price_on(wish, "stripe", stars_rates=terms.setup.shop.stars_rates).amount_minor)


async def _as_lead(session: AsyncSession, account: Account, creator_id: int, *, now: datetime) -> Lead:
    lead = await lead_for_account(session, creator_id, account, now=now)
    if lead.banned_at is not None:
        raise NotForSale("this is not for sale to you")
    return await hold_living(session, lead)


async def _check_none_owned(session: AsyncSession, lead: Lead, wishes: Sequence[Wish]) -> None:
    for number, wish in enumerate(wishes):
        try:
            await _check_not_owned(session, lead, wish)
        except AlreadyOwned as refusal:
            raise at_line(refusal, number) from None


async def _check_not_owned(session: AsyncSession, lead: Lead, wish: Wish) -> None:
    product = wish.product
    again = await owned_already(session, lead.id, product, wish.variant.id if wish.variant else None) is not None
    free = product.kind in _ONCE_ONLY and not product.pay_what_you_want and wish.goods.price_minor == 0
    if again or (free and wish.variant is None and await owns(session, lead.id, product.id)):
        raise AlreadyOwned("this is in your library already")
