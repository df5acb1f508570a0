"""From an order to the page where it is paid, and back when it is called off."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published
from domain.holding import hold_order
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.open_shops import check_open
from domain.orders import UNDER_WAY, await_payment, cancel_order, end_unpaid, expire_order, note_asked, note_failure
from domain.outbox import tell_creator
from domain.pricing import STARS, NotForSale
from domain.setups import CreatorSetup
from kit.log import get_logger
from kit.money import Money
from payments.customers import forget_customer, known_customer
from payments.looking import LATE, first_look
from payments.rail import (
    Bill,
    BillLine,
    Checkout,
    CheckoutState,
    CustomerGone,
    Rail,
    RailDown,
    RailRefused,
    Rails,
    Standing,
)
from payments.standings import Mismatch, apply_standing
from store.database import Database
from store.models import Lead, Order, OrderLine, OrderState, Person, Product
from store.queries.catalogue import goes_by_post

_NOTHING_PUBLISHED = Published()
_log = get_logger(__name__)


class RailOff(RailRefused):
    """The order's rail is not set up here."""

    code = "payments_off"


async def begin_checkout(
    database: Database, rails: Rails, order_id: int, *, now: datetime, published: Published = _NOTHING_PUBLISHED
) -> str | None:
    """The address where the order can be paid; None when it is paid, pending or over. Raises RailDown or RailRefused.

    That the rail is asked is saved before, and its answer after, so that a crash in between is mended by asking
    again, and so that nobody takes the order for one that no rail knows. Nothing is held open meanwhile.
    """
    async with database.reading() as session:
        order = await session.get_one(Order, order_id)
        if order.state not in UNDER_WAY or order.pending_at is not None:
            return None
        shut = await _is_shut(session, order)
        if order.session_id is not None and not shut:
            # its page is there already, even if nobody here knows the address any more
            return order.checkout_url if now < order.expires_at else None
    rail = rails.get(order.rail)
    if rail is None or shut:
        async with database.transaction() as session:
            await end_unpaid(session, await _hold(session, order_id), now=now)
        raise RailOff("this cannot be paid at the moment")
    # an invoice has its own look, when it ends
    asks_when_over = order.expires_at + LATE if order.rail != STARS else None
    async with database.transaction() as session:
        if not await note_asked(session, order_id, look_at=asks_when_over):
            return None
        # from here on nobody changes what is in it
        order = await session.get_one(Order, order_id)
        bill = await _bill(session, order, published.setup(order.creator_id))
    try:
        checkout = await _make(database, rail, order, bill)
    except RailDown as down:
        if down.answered:
            async with database.transaction() as session:
                await note_failure(session, order_id)
        raise
    except RailRefused as refusal:
        await _refused(database, order, bill, reason=str(refusal.__cause__ or refusal), now=now)
        raise
    look_at = first_look(now) if order.rail != STARS else None
    async with database.transaction() as session:
        await await_payment(session, order_id, checkout.session_id, checkout.url, look_at=look_at)
        still = await session.scalar(select(Order.state).where(Order.id == order_id))
    if still in UNDER_WAY:
        return checkout.url
    # it has ended while its page was being made: nobody is sent there, and nobody else knows it
    with suppress(RailDown, RailRefused):
        await rail.end_checkout(checkout.session_id)
    return None


async def _is_shut(session: AsyncSession, order: Order) -> bool:
    """Its business has closed, or whoever it is for is kept out."""
    try:
        await check_open(session, await session.get_one(Lead, order.lead_id))
    except NotForSale:
        return True
    return False


async def call_off(
    database: Database, rails: Rails, order_id: int, *, now: datetime, published: Published = _NOTHING_PUBLISHED
) -> bool:
    """Ends an order that nobody has paid: True when it is over. False when its money has come, or may yet come.

    Stock and code are free only once the rail has said that it takes nothing for it any more. Raises RailDown, or
    RailRefused where the rail will not end it, and then nothing has changed: the order may have been paid meanwhile.
    """
    async with database.transaction() as session:
        order = await _hold(session, order_id)
        if await end_unpaid(session, order, now=now):
            return True
    rail = rails.get(order.rail)
    if order.state not in UNDER_WAY or order.pending_at is not None or rail is None or order.rail == STARS:
        return False
    session_id = order.session_id
    if session_id is None:
        # the rail's answer had been lost: asking again, for the same, gives the same checkout, which can be ended
        with suppress(RailRefused):
            # what is refused has no page, and is over
            await begin_checkout(database, rails, order_id, now=now, published=published)
        async with database.reading() as session:
            asked = await session.get_one(Order, order_id)
        if asked.state == OrderState.EXPIRED:
            return True
        session_id = asked.session_id
    standing = None if session_id is None else await rail.end_checkout(session_id)
    return standing is not None and await _ended(database, rail, order_id, standing, now=now)


async def _ended(database: Database, rail: Rail, order_id: int, standing: Standing, *, now: datetime) -> bool:
    try:
        async with database.transaction() as session:
            order = await _hold(session, order_id)
            if standing.state is CheckoutState.EXPIRED and standing.livemode == rail.livemode:
                return await cancel_order(session, order, now=now)
            await apply_standing(session, order, standing, livemode=rail.livemode, now=now)
    except Mismatch as mismatch:
        # money that does not fit: the rail's own event of it is refused, and somebody told
        _log.error("what a rail says does not fit its order", reason=str(mismatch))
    return False


async def _make(database: Database, rail: Rail, order: Order, bill: Bill) -> Checkout:
    try:
        return await rail.make_checkout(bill)
    except CustomerGone as gone:
        async with database.transaction() as session:
            await forget_customer(session, order, gone.customer)
        # a new buyer to the rail, which meets them by this checkout
        return await rail.make_checkout(replace(bill, customer=None))


async def _refused(database: Database, order: Order, bill: Bill, *, reason: str, now: datetime) -> None:
    """This order will never have a page: the next wish opens a new one."""
    by = "Telegram" if order.rail == STARS else "Stripe"

    def told(language: str) -> Message:
        return Message(text=say("checkout-refused", language, order=order.id, title=bill.title, rail=by, reason=reason))

    async with database.transaction() as session:
        held = await _hold(session, order.id)
        await expire_order(session, held, now=now)
        product = await session.scalar(select(OrderLine.product_id).where(OrderLine.order_id == order.id).limit(1))
        # one a day is enough: whoever wants it tries again, and it is refused again
        key = f"checkout-refused:{product}:{now.date()}"
        await tell_creator(session, told, key=key, creator_id=order.creator_id, now=now)


async def _hold(session: AsyncSession, order_id: int) -> Order:
    order = await hold_order(session, order_id)
    if order is None:
        raise LookupError(f"order {order_id} is not there")
    return order


async def _bill(session: AsyncSession, order: Order, setup: CreatorSetup) -> Bill:
    rows = await session.execute(
        select(OrderLine, Product)
        .join(Product, Product.id == OrderLine.product_id)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.id)
    )
    found = rows.all()
    lines = tuple(BillLine(line.title, line.price_minor, line.quantity, line.discount_minor) for line, _ in found)
    sent = any([await goes_by_post(session, product) for _, product in found])
    lead = await session.get_one(Lead, order.lead_id)
    person = None if lead.person_id is None else await session.get_one(Person, lead.person_id)
    pages = order.pages or {}
    return Bill(
        order_id=order.id,
        reference=order.reference,
        attempt=order.failures,
        lines=lines,
        money=Money(order.total_minor, order.currency),
        expires_at=order.expires_at,
        customer=await known_customer(session, order),
        email=lead.email,
        language=person.speaks if person is not None else setup.language,
        tax=setup.shop.tax,
        ships_to=tuple(setup.shop.shipping_countries) if sent else (),
        success_url=pages.get("success"),
        cancel_url=pages.get("cancel"),
    )
