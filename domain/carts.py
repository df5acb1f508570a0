"""Orders of several lines, as a program sends them: all of it is held, or nothing. A chat opens its own of one."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import stock
from domain.cart_discounts import CartDiscount, take_off_cart
from domain.code_uses import free_code, hold_codes, use_code
from domain.holding import hold_living
from domain.limits import check_limit
from domain.open_shops import check_open
from domain.order_ends import UNDER_WAY
from domain.order_opening import first_values, record_order
from domain.orders import has_variants, sold_out
from domain.paying import pay_free
from domain.pricing import (
    FREE,
    STARS,
    NotForSale,
    Wish,
    can_sell,
    check_charge,
    check_on_sale,
    price_on,
    rail_for_address,
    total_of,
)
from domain.reservations import contents, hold_goods, let_go, lines_of, reserve
from domain.setups import CreatorSetup
from domain.stock import SoldOut
from kit.errors import Conflict, Invalid, Refusal
from kit.money import Money, most_of
from store.database import insert_once
from store.models import BundleItem, Lead, Order, OrderLine, OrderState, Reservation, ReservationState
from store.queries.catalogue import goes_by_post, is_empty_bundle

MOST_LINES = 50
# unpaid at once of one lead: each holds stock
MOST_UNPAID = 20
# prices on any rail that takes cards are the same
_BY_CARD = "stripe"


class BadCart(Invalid):
    """Lines in several currencies or of several creators, one thing twice, or too many lines."""

    code = "bad_order"


class NothingToPayBy(Conflict):
    code = "payments_off"


class TooManyUnpaid(Conflict):
    code = "too_many_unpaid"


class NotChangeable(Conflict):
    """Somebody may be paying for it, or has; or somebody else has put it together."""

    code = "order_not_changeable"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order is opened under: `offered` are the rails that are set up here."""

    offered: Collection[str]
    good_for: timedelta
    setup: CreatorSetup
    code: str | None = None
    # where the rail sends its buyer back to
    pages: Mapping[str, str] | None = None
    by_seller: bool = False


@dataclass(frozen=True, slots=True)
class _Priced:
    units: Sequence[Money]
    # of all lines, before the discount
    subtotal: Money
    discount: CartDiscount
    rail: str


async def open_cart(session: AsyncSession, lead: Lead, wishes: Sequence[Wish], terms: Terms, *, now: datetime) -> Order:
    """An order of all these, by card; what comes to nothing is theirs at once, unless an address has to be asked for.

    What is wrong with a line stands in `fields` under `lines.0`, `lines.1` … Raises whatever `open_order` raises but
    CheckoutOpen, and BadCart, NothingToPayBy, TooManyUnpaid, LeadGone; nothing has been opened then.
    """
    lead = await hold_living(session, lead)
    await _check_unpaid(session, lead)
    priced = await _price(session, lead, wishes, terms, now=now)
    values = first_values(
        lead,
        rail=priced.rail,
        subtotal_minor=priced.subtotal.amount_minor,
        discount_minor=priced.discount.total_minor,
        code_id=priced.discount.code_id,
        currency=priced.subtotal.currency,
        # a chat's next wish finds its own order, and none of these
        open_key=None,
        now=now,
        good_for=terms.good_for,
        setup=terms.setup,
        by_seller=terms.by_seller,
    )
    # what is refused leaves nothing behind, whatever the caller goes on to do
    async with session.begin_nested():
        order_id = await insert_once(session, Order, {**values, "pages": _pages(terms)})
        if order_id is None:
            raise RuntimeError("two orders got one reference")
        await _fill(session, order_id, lead, wishes, priced)
    return await _opened(session, order_id, "order.opened", now=now)


async def change_cart(
    session: AsyncSession, order: Order, wishes: Sequence[Wish], terms: Terms, *, now: datetime
) -> Order:
    """Other lines in the place of what it had, at today's prices; `terms.code` is its code from now on.

    The caller holds the order. Raises as `open_cart`, and NotChangeable once anybody has been asked to be paid for it.
    """
    if order.state != OrderState.OPEN or order.rail == STARS or order.expires_at <= now:
        raise NotChangeable("somebody may be paying for this order, or it is over; cancel it and order again")
    lead = await session.get_one(Lead, order.lead_id)
    async with session.begin_nested():
        # what it frees and what is wanted now, in the order in which everybody meets them
        products = [wish.product.id for wish in wishes]
        parts = select(BundleItem.product_id).where(BundleItem.bundle_id.in_(products))
        await hold_goods(session, [order.id], also=[*products, *await session.scalars(parts)])
        await hold_codes(session, order.creator_id, order.discount_code_id, terms.code)
        await let_go(session, [order.id], ReservationState.HELD)
        await free_code(session, order.id)
        await session.execute(delete(Reservation).where(Reservation.order_id == order.id))
        await session.execute(delete(OrderLine).where(OrderLine.order_id == order.id))
        # after its code is free: it may be the last use of it
        priced = await _price(session, lead, wishes, terms, now=now)
        subtotal, discount = priced.subtotal, priced.discount
        await session.execute(
            update(Order)
            .where(Order.id == order.id)
            .values(
                open_key=None,
                rail=priced.rail,
                subtotal_minor=subtotal.amount_minor,
                discount_minor=discount.total_minor,
                discount_code_id=discount.code_id,
                total_minor=subtotal.amount_minor - discount.total_minor,
                currency=subtotal.currency,
            )
        )
        await _fill(session, order.id, lead, wishes, priced)
    return await _opened(session, order.id, "order.changed", now=now)


async def _opened(session: AsyncSession, order_id: int, event: str, *, now: datetime) -> Order:
    order = await session.get_one(Order, order_id, populate_existing=True)
    await record_order(session, event, order, now=now)
    if order.rail == FREE:
        await pay_free(session, order, now=now)
        await session.refresh(order)
    return order


async def _price(session: AsyncSession, lead: Lead, wishes: Sequence[Wish], terms: Terms, *, now: datetime) -> _Priced:
    if not 1 <= len(wishes) <= MOST_LINES:
        raise BadCart(f"an order has 1 to {MOST_LINES} lines", fields={"lines": f"1 to {MOST_LINES}"})
    twice = Counter((wish.product.id, wish.variant and wish.variant.id) for wish in wishes)
    await check_open(session, lead)
    units, totals = [], []
    for number, wish in enumerate(wishes):
        try:
            if twice[wish.product.id, wish.variant and wish.variant.id] > 1:
                raise BadCart("one thing stands in one line; say how many of it in its quantity")
            check_on_sale(wish, now=now, has_variants=await has_variants(session, wish.product.id))
            if wish.product.creator_id != lead.creator_id:
                raise BadCart("an order is of one creator")
            if await is_empty_bundle(session, wish.product):
                raise NotForSale("this is no longer for sale")
            units.append(price_on(wish, _BY_CARD, stars_rates=terms.setup.shop.stars_rates))
            totals.append(total_of(units[-1], wish.quantity))
        except Refusal as refusal:
            raise at_line(refusal, number) from None
    currencies = {each.currency for each in units}
    if len(currencies) > 1:
        raise BadCart(
            "an order is in one currency",
            fields={f"lines.{number}": each.currency for number, each in enumerate(units)},
        )
    subtotal = replace(totals[0], amount_minor=sum(each.amount_minor for each in totals))
    if subtotal.amount_minor > most_of(subtotal.currency):
        raise BadCart("this comes to more than one payment may be", fields={"lines": subtotal.format()})
    discount = await take_off_cart(session, lead, wishes, totals, terms.code, now=now, setup=terms.setup)
    total = replace(subtotal, amount_minor=subtotal.amount_minor - discount.total_minor)
    check_charge(total)
    rail = card_rail(wishes, terms) if total.amount_minor else await _free_rail(session, wishes, terms)
    return _Priced(units, subtotal, discount, rail)


def card_rail(wishes: Sequence[Wish], terms: Terms) -> str:
    """The rail by which all of it can be paid on a page. Raises NothingToPayBy or NotForSale."""
    wanted = [rail for rail in terms.setup.shop.rails.get(wishes[0].product.kind, ()) if rail != STARS]
    for rail in wanted:
        if rail in terms.offered and all(can_sell(wish.product, rail, terms.setup) for wish in wishes):
            return rail
    if not any(rail in terms.offered for rail in wanted):
        raise NothingToPayBy("there is no way to pay by card here at the moment")
    raise NotForSale("these cannot be paid in one payment")


async def _free_rail(session: AsyncSession, wishes: Sequence[Wish], terms: Terms) -> str:
    for wish in wishes:
        if await goes_by_post(session, wish.product):
            return rail_for_address(wish.product, terms.setup)
    return FREE


async def _fill(session: AsyncSession, order_id: int, lead: Lead, wishes: Sequence[Wish], priced: _Priced) -> None:
    """Its lines, their stock, and its code. Raises LimitReached, SoldOut or CodeRefused."""
    order = await session.get_one(Order, order_id)
    wanted = Counter[int]()
    for wish in wishes:
        wanted[wish.product.id] += wish.quantity
    for number, (wish, unit) in enumerate(zip(wishes, priced.units, strict=True)):
        try:
            await check_limit(session, order, wish.product, wanted[wish.product.id])
        except Refusal as refusal:
            raise at_line(refusal, number) from None
        session.add(
            OrderLine(
                order_id=order_id,
                product_id=wish.product.id,
                variant_id=wish.variant.id if wish.variant else None,
                title=wish.title,
                price_minor=unit.amount_minor,
                quantity=wish.quantity,
                discount_minor=priced.discount.of_lines[number],
            )
        )
        # by number they stand as they were sent
        await session.flush()
    await hold_goods(session, [order_id])
    if not await reserve(session, order_id, until=None):
        raise await _short(session, order_id, wishes)
    if priced.discount.code_id is not None:
        await use_code(session, priced.discount.code_id, lead, order_id)


async def _short(session: AsyncSession, order_id: int, wishes: Sequence[Wish]) -> SoldOut:
    """Which lines there is not enough for; where each alone could be had, it is those that share something."""
    fields = {}
    for number, (line, wish) in enumerate(zip(await lines_of(session, order_id), wishes, strict=True)):
        if not await stock.are_left(session, await contents(session, line)):
            await session.refresh(wish.goods, ["stock"])
            fields[f"lines.{number}"] = str(sold_out(wish))
    return SoldOut("there is not enough left of all that", fields=fields or {"lines": "they share what is left"})


async def _check_unpaid(session: AsyncSession, lead: Lead) -> None:
    unpaid = select(func.count()).where(Order.lead_id == lead.id, Order.state.in_(UNDER_WAY))
    if (await session.scalar(unpaid) or 0) >= MOST_UNPAID:
        raise TooManyUnpaid(f"{MOST_UNPAID} orders wait to be paid already; pay or cancel one first")


def at_line(refusal: Refusal, number: int) -> Refusal:
    """The same, with the line that it is about."""
    refusal.fields = {f"lines.{number}": str(refusal)}
    return refusal


def _pages(terms: Terms) -> dict[str, str] | None:
    return dict(terms.pages) if terms.pages else None
