"""Opening an order, and what its rail tells of it until it is paid (`domain.paying`) or ends."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.code_uses import hold_codes, use_code
from domain.discounts import Discount, apply_code
from domain.events import record_event
from domain.limits import LimitReached, check_limit
from domain.open_shops import check_open
from domain.order_ends import (
    TOPIC,
    UNDER_WAY,
    are_stale,
    cancel_order,
    end_unpaid,
    expire_order,
    fail_payment,
    hold_for,
    is_payable,
    release_stale,
)
from domain.order_opening import first_values
from domain.order_words import tell_buyer
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
from domain.reservations import are_left, hold_goods, reserve
from domain.setups import CreatorSetup
from domain.stock import SoldOut
from kit.errors import Conflict, Reason
from kit.money import Money
from store.database import count_changed, insert_once, wake
from store.models import DiscountCode, Lead, Order, OrderLine, OrderState, ProductVariant
from store.queries.catalogue import goes_by_post, is_empty_bundle

__all__ = [
    "CHECKOUT_NEEDS",
    "TOPIC",
    "UNDER_WAY",
    "CheckoutEnding",
    "CheckoutOpen",
    "LimitReached",
    "NotForSale",
    "SoldOut",
    "are_stale",
    "await_payment",
    "cancel_order",
    "end_unpaid",
    "expire_order",
    "fail_payment",
    "hold_for",
    "is_payable",
    "note_asked",
    "note_failure",
    "note_pending",
    "open_order",
    "release_stale",
]

# Stripe makes no checkout that is open for less than 30 minutes, and asking takes a moment
CHECKOUT_NEEDS = timedelta(minutes=31)


class CheckoutOpen(Conflict):
    """Another wish for the same product can still be paid: it is paid, or called off, first."""

    code = "checkout_open"

    def __init__(self, order_id: int) -> None:
        super().__init__(f"order {order_id} for this can still be paid; pay it or call it off first")
        self.order_id = order_id


class CheckoutEnding(Conflict):
    """The time of another one for the same product is over, and its rail has still to say that nobody has paid."""

    code = "checkout_ending"


async def open_order(
    session: AsyncSession,
    lead: Lead,
    wish: Wish,
    *,
    rail: str = "stripe",
    now: datetime,
    good_for: timedelta,
    setup: CreatorSetup,
) -> Order:
    """An order that can be paid on that rail for `good_for`. The same wish again finds the same order.

    Its stock is held at once, but on Stars, where `hold_for` does that before the money. What comes to nothing is on
    the rail `free`, to be closed by `pay_free` in the same transaction; what goes by post then is on the rail that asks
    where to. Raises NotForSale, ChooseVariant, BadAmount, NoSuchCode, CodeRefused, NoAddress, SoldOut, LimitReached,
    CheckoutOpen or CheckoutEnding, and has then opened nothing.
    """
    product = wish.product
    await check_open(session, lead)
    check_on_sale(wish, now=now, has_variants=await has_variants(session, product.id))
    if product.creator_id != lead.creator_id or await is_empty_bundle(session, product):
        raise NotForSale("this is no longer for sale")
    unit = price_on(wish, rail, stars_rates=setup.shop.stars_rates)
    subtotal = total_of(unit, wish.quantity)
    if subtotal.amount_minor and not can_sell(product, rail, setup):
        raise NotForSale("this is no longer for sale")
    open_key = f"{lead.id}:{product.id}"
    known = await _under_way(session, open_key)
    if known is not None:
        if await _goes_on(session, known, wish, unit, rail, now=now):
            return known
        await _make_room(session, known, wish, now=now)
    discount = await apply_code(session, lead, wish, subtotal, now=now, setup=setup)
    total = subtotal.amount_minor - discount.amount_minor
    check_charge(replace(subtotal, amount_minor=total))
    rail_of_it = rail if total else FREE
    if not total and await goes_by_post(session, product):
        rail_of_it = rail_for_address(product, setup)
        if rail_of_it != rail:
            # in its currency, and the same wish as by that rail's own button
            return await open_order(session, lead, wish, rail=rail_of_it, now=now, good_for=good_for, setup=setup)
    values = first_values(
        lead,
        rail=rail_of_it,
        subtotal_minor=subtotal.amount_minor,
        discount_minor=discount.amount_minor,
        code_id=discount.code_id,
        currency=unit.currency,
        open_key=open_key,
        now=now,
        good_for=good_for,
        setup=setup,
    )
    # what is refused leaves nothing behind, whatever the caller goes on to do
    async with session.begin_nested():
        order_id = await insert_once(session, Order, values)
        if order_id is not None:
            await _fill(session, order_id, lead, wish, unit=unit, discount=discount, hold=rail_of_it != STARS)
    if order_id is None:
        # somebody has opened one this very moment
        return await open_order(session, lead, wish, rail=rail, now=now, good_for=good_for, setup=setup)
    order = await session.get_one(Order, order_id, populate_existing=True)
    if rail_of_it == STARS:
        wake(session, TOPIC)
    await _record(session, "order.opened", order, now=now)
    return order


async def note_asked(session: AsyncSession, order_id: int, *, look_at: datetime | None = None) -> bool:
    """A rail is about to be asked for a checkout: from here on it may know of the order. False when that has ended.

    To be saved before the rail is called; asking again is fine.
    """
    values = {"state": OrderState.AWAITING_PAYMENT} | ({} if look_at is None else {"look_at": look_at})
    asked = update(Order).where(Order.id == order_id, Order.state.in_(UNDER_WAY)).values(**values)
    return bool(await count_changed(session, asked))


async def await_payment(
    session: AsyncSession, order_id: int, session_id: str | None, url: str | None, *, look_at: datetime | None = None
) -> None:
    """The rail has made a checkout for it. Noting that twice, or after the money came, is a no-op."""
    values = {"state": OrderState.AWAITING_PAYMENT, "session_id": session_id, "checkout_url": url}
    await session.execute(
        update(Order)
        .where(Order.id == order_id, Order.state.in_(UNDER_WAY))
        .values(**values | ({} if look_at is None else {"look_at": look_at}))
    )


async def note_failure(session: AsyncSession, order_id: int) -> None:
    """The rail answered that it could not make the checkout: the next try is another one to it."""
    await session.execute(update(Order).where(Order.id == order_id).values(failures=Order.failures + 1))


async def note_pending(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """The buyer has done their part, by a way that takes days. Twice, or after the end, is a no-op."""
    noted = await count_changed(
        session,
        update(Order)
        .where(Order.id == order.id, Order.state.in_(UNDER_WAY), Order.pending_at.is_(None))
        .values(pending_at=now),
    )
    if noted:
        await tell_buyer(session, "payment-pending", order, key=f"payment-pending:{order.id}", now=now)
        await _record(session, "order.pending", order, now=now)


async def _fill(
    session: AsyncSession, order_id: int, lead: Lead, wish: Wish, *, unit: Money, discount: Discount, hold: bool
) -> None:
    """Its line, its stock, and its code. Raises LimitReached, SoldOut or CodeRefused."""
    await check_limit(session, await session.get_one(Order, order_id), wish.product, wish.quantity)
    line = OrderLine(
        order_id=order_id,
        product_id=wish.product.id,
        variant_id=wish.variant.id if wish.variant else None,
        title=wish.title,
        price_minor=unit.amount_minor,
        quantity=wish.quantity,
        discount_minor=discount.amount_minor,
    )
    session.add(line)
    await session.flush()
    if hold:
        if not await reserve(session, order_id, until=None):
            raise sold_out(wish)
    elif not await are_left(session, order_id):
        # nothing is held yet, but nobody is sent to pay for what has gone
        raise sold_out(wish)
    if discount.code_id is not None:
        await use_code(session, discount.code_id, lead, order_id)


def sold_out(wish: Wish) -> SoldOut:
    """Who wanted several reads how many they may have."""
    left = wish.goods.stock
    if left is None or not 0 < left < wish.quantity:
        return SoldOut("this is sold out")
    return SoldOut(f"only {left} left", why=Reason("refused-few-left", left=left))


async def has_variants(session: AsyncSession, product_id: int) -> bool:
    variants = select(ProductVariant.id).where(
        ProductVariant.product_id == product_id, ProductVariant.archived_at.is_(None)
    )
    return await session.scalar(variants.limit(1)) is not None


async def _under_way(session: AsyncSession, open_key: str) -> Order | None:
    query = select(Order).where(Order.open_key == open_key).with_for_update()
    return await session.scalar(query, execution_options={"populate_existing": True})


async def _is_same(session: AsyncSession, known: Order, wish: Wish, unit: Money, rail: str) -> bool:
    """An amount that the buyer chose is another wish; so is a new price where nobody can be paying the old one."""
    line = (await session.scalars(select(OrderLine).where(OrderLine.order_id == known.id))).one()
    if (line.variant_id, line.quantity) != (wish.variant.id if wish.variant else None, wish.quantity):
        return False
    if known.rail not in {rail, FREE}:
        return False
    if line.price_minor != unit.amount_minor:
        if wish.product.pay_what_you_want:
            if wish.amount_minor is not None:
                return False
        elif known.pending_at is None and not await is_payable(session, known):
            return False
    code = None
    if known.discount_code_id is not None:
        code = await session.scalar(select(DiscountCode.code).where(DiscountCode.id == known.discount_code_id))
    return code == (wish.code.strip().upper() if wish.code else None)


async def _goes_on(session: AsyncSession, known: Order, wish: Wish, unit: Money, rail: str, *, now: datetime) -> bool:
    """Whether it is what they want, and can still be paid. One whose money is on its way has time."""
    over = known.pending_at is None and (await _is_too_late(session, known, now=now) or known.expires_at <= now)
    return not over and await _is_same(session, known, wish, unit, rail)


async def _make_room(session: AsyncSession, known: Order, wish: Wish, *, now: datetime) -> None:
    """One reservation for each buyer and product: the one before ends first. Raises CheckoutOpen, CheckoutEnding."""
    # what it frees and what is wanted now, in the order in which everybody meets them
    await hold_goods(session, [known.id])
    await hold_codes(session, known.creator_id, known.discount_code_id, wish.code)
    if await _is_too_late(session, known, now=now):
        await expire_order(session, known, now=now)
    elif not await end_unpaid(session, known, now=now):
        if known.pending_at is None and known.expires_at <= now:
            # the rail's word about it is still to come, and what it holds stays held until then
            raise CheckoutEnding("the checkout before is just ending; try again in a minute")
        raise CheckoutOpen(known.id)


async def _is_too_late(session: AsyncSession, known: Order, *, now: datetime) -> bool:
    """It can no longer be paid: the end of a checkout comes from the rail, an order too old to get one ends here."""
    if known.pending_at is not None:
        return False
    needs = timedelta() if known.rail == STARS else CHECKOUT_NEEDS
    # whose page nobody was given, and for which there is no time to make one any more
    pageless = known.rail != STARS and known.session_id is None
    return known.expires_at < now + needs and (pageless or not await is_payable(session, known))


async def _record(session: AsyncSession, name: str, order: Order, *, now: datetime) -> None:
    await record_event(
        session, name, creator_id=order.creator_id, lead_id=order.lead_id, subject=f"order:{order.id}", now=now
    )
