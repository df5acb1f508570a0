"""Stars, told in any order and by either way: paid once, held for a quarter of an hour, given back in full."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from folk import GOOD_FOR, NOW, Folk, a_lead, a_product, counts_of, notices, some_folk
from sqlalchemy import select, update

from domain.definitions import Published
from domain.discounts import Terms, add_code
from domain.forgetting import forget_lead
from domain.merging import merge_leads
from domain.orders import LimitReached, open_order
from domain.pricing import NotForSale, Wish
from domain.refunds import NotRefundable, ask_refund
from domain.setups import CreatorSetup
from domain.shop_setup import ShopSetup
from domain.stars import (
    Invoice,
    InvoiceOver,
    NotYourInvoice,
    PriceChanged,
    UnknownInvoice,
    agree_to_pay,
    invoice_of,
)
from domain.stock import SoldOut
from kit.clock import MovableClock
from kit.money import Money
from payments.checkout import begin_checkout
from payments.provider_events import ProviderEvents
from payments.rail import RailRefused, RefundDue
from payments.reconciling import Reconciler
from payments.refunding import Refunding
from payments.stars_invoices import begin_invoice
from payments.stars_rail import StarsMove, StarsRail
from payments.stars_words import StarsApplier, StarsWord, keep_stars
from store.database import Database, is_postgresql
from store.models import (
    Creator,
    DiscountCode,
    Lead,
    Order,
    OrderState,
    Payment,
    Person,
    Product,
    ProviderEvent,
    ProviderEventState,
    RailCursor,
    Refund,
    RefundState,
)

SETUP = CreatorSetup(shop=ShopSetup(stars_rates={"usd": "77"}))
PRICE = 1463
LENA = 2001


@dataclass
class Wire:
    """Telegram, as far as Stars go."""

    told: list[StarsMove] = field(default_factory=list)
    given_back: list[tuple[int, str]] = field(default_factory=list)
    asked_from: list[int] = field(default_factory=list)

    async def make_link(self, invoice: Invoice) -> str:
        return f"https://t.me/${invoice.payload}"

    async def give_back(self, payer: int, charge: str) -> None:
        self.given_back.append((payer, charge))

    async def moves(self, offset: int, limit: int) -> Sequence[StarsMove]:
        self.asked_from.append(offset)
        return self.told[offset : offset + limit]


@dataclass
class Till:
    database: Database
    folk: Folk
    clock: MovableClock = field(default_factory=lambda: MovableClock(frozen_at=NOW))
    wire: Wire = field(default_factory=Wire)

    def __post_init__(self) -> None:
        self.published = Published(setups={self.folk.creator: SETUP})
        self.rail = StarsRail(self.database, self.wire)
        self.rails = {"stars": self.rail}

    async def order(self, telegram_id: int = LENA, **wish: Any) -> Order:
        async with self.database.transaction() as session:
            creator = await session.get_one(Creator, self.folk.creator)
            lead, _ = await a_lead(session, creator, telegram_id)
            product = await session.get_one(Product, self.folk.product)
            wanted, now = Wish(product, **wish), self.clock()
            return await open_order(session, lead, wanted, rail="stars", now=now, good_for=GOOD_FOR, setup=SETUP)

    async def agree(self, order: Order, *, payer: int = LENA, stars: int = PRICE) -> None:
        async with self.database.transaction() as session:
            person = (await session.scalars(select(Person).where(Person.telegram_id == payer))).one()
            money = Money(stars, "xtr")
            await agree_to_pay(session, person, order.reference, money, published=self.published, now=self.clock())

    async def hear(self, *words: StarsWord) -> None:
        """Each kept by itself, then all applied, with what falls due by them."""
        for word in words:
            async with self.database.transaction() as session:
                await keep_stars(session, word, now=self.clock())
        await ProviderEvents(self.database, self.clock, {"stars": StarsApplier()}).apply_due()
        await Refunding(self.database, self.clock, self.rails).refund_due()

    async def let_go(self) -> None:
        await Reconciler(self.database, self.clock, self.rails).let_go()

    async def state(self, order: Order) -> OrderState:
        async with self.database.reading() as session:
            return (await session.get_one(Order, order.id)).state

    async def counts(self) -> tuple[int | None, int, int, int | None]:
        async with self.database.reading() as session:
            return await counts_of(session, self.folk)


@pytest_asyncio.fixture
async def till(database: Database) -> Till:
    return Till(database, await some_folk(database, stock=1))


def paid(order: Order, charge: str = "stx1", *, stars: int = PRICE) -> StarsWord:
    return StarsWord(
        kind="successful_payment", charge=charge, payload=order.reference, stars=stars, currency="xtr", payer=LENA
    )


def went_back(order: Order, charge: str = "stx1") -> StarsWord:
    return paid(order, charge).model_copy(update={"kind": "refunded_payment"})


async def test_an_invoice_holds_nothing_until_somebody_is_about_to_pay(till: Till):
    order = await till.order()
    assert (order.total_minor, order.currency, order.rail) == (PRICE, "xtr", "stars")
    assert await till.counts() == (1, 0, 0, 1)
    await till.agree(order)
    assert await till.counts() == (0, 1, 0, 1)
    await till.agree(order)
    assert await till.counts() == (0, 1, 0, 1)


async def test_an_invoice_fits_what_telegram_takes(till: Till):
    async with till.database.transaction() as session:
        long = {"title": "Presets & " * 20, "description": "é" * 4000}
        await session.execute(update(Product).values(**long))
    order = await till.order()
    async with till.database.reading() as session:
        invoice = await invoice_of(session, await session.get_one(Order, order.id))
    assert 0 < len(invoice.title) <= 32
    assert 0 < len(invoice.description) <= 255
    assert len(invoice.payload.encode()) <= 128
    assert (invoice.stars, invoice.start) == (PRICE, f"p_{till.folk.product}")


async def test_each_asking_gives_an_invoice_until_the_order_is_over(till: Till):
    order = await till.order()
    for _ in range(2):
        assert await begin_invoice(till.database, order.id, now=till.clock()) is not None
    assert await till.state(order) == OrderState.AWAITING_PAYMENT
    till.clock.pass_time(seconds=GOOD_FOR.total_seconds())
    assert await begin_invoice(till.database, order.id, now=till.clock()) is None
    await till.let_go()
    assert await till.state(order) == OrderState.EXPIRED


async def test_an_address_of_ours_leads_to_an_invoice_too(till: Till):
    order = await till.order()
    for _ in range(2):
        url = await begin_checkout(till.database, till.rails, order.id, now=till.clock())
        assert url == f"https://t.me/${order.reference}"


async def test_a_forwarded_invoice_is_nobody_else_s_to_pay(till: Till):
    order = await till.order()
    await till.order(2002)
    with pytest.raises(NotYourInvoice):
        await till.agree(order, payer=2002)
    assert await till.counts() == (1, 0, 0, 1)


async def test_what_does_not_fit_the_order_is_refused_before_a_star_has_moved(till: Till):
    order = await till.order()
    with pytest.raises(PriceChanged):
        await till.agree(order, stars=PRICE - 1)
    order.reference = "another"
    with pytest.raises(UnknownInvoice):
        await till.agree(order)
    assert await till.counts() == (1, 0, 0, 1)


async def test_an_archived_product_is_refused_and_so_is_an_order_that_is_over(till: Till):
    order = await till.order()
    async with till.database.transaction() as session:
        await session.execute(update(Product).values(archived_at=NOW))
    with pytest.raises(NotForSale):
        await till.agree(order)
    async with till.database.transaction() as session:
        await session.execute(update(Product).values(archived_at=None))
    till.clock.pass_time(seconds=GOOD_FOR.total_seconds())
    with pytest.raises(InvoiceOver):
        await till.agree(order)
    assert await till.counts() == (1, 0, 0, 1)


async def test_an_invoice_of_yesterdays_price_is_refused_and_the_next_wish_has_todays(till: Till):
    order = await till.order()
    async with till.database.transaction() as session:
        await session.execute(update(Product).values(price_minor=2500))
    with pytest.raises(PriceChanged):
        await till.agree(order)
    assert await till.counts() == (1, 0, 0, 1)
    again = await till.order()
    assert again.id != order.id
    assert again.total_minor == 1925
    assert await till.state(order) == OrderState.CANCELLED
    await till.agree(again, stars=1925)
    # whoever is paying pays what stood there when the payment was agreed to
    async with till.database.transaction() as session:
        await session.execute(update(Product).values(price_minor=1900))
    assert (await till.order()).id == again.id
    await till.hear(paid(again, stars=1925))
    assert await till.state(again) == OrderState.PAID


async def test_who_chose_the_price_pays_it_unless_it_is_too_little_today(till: Till):
    async with till.database.transaction() as session:
        await session.execute(update(Product).values(pay_what_you_want=True))
    order = await till.order(amount_minor=2500)
    for least in (2500, 2501):
        async with till.database.transaction() as session:
            await session.execute(update(Product).values(price_minor=least))
        if least == 2500:
            await till.agree(order, stars=1925)
            continue
        with pytest.raises(PriceChanged):
            await till.agree(order, stars=1925)


async def test_two_invoices_of_one_buyer_are_not_agreed_to_beyond_the_limit_of_each_person(till: Till):
    async with till.database.transaction() as session:
        await session.execute(update(Product).values(limit_per_person=1, stock=5, initial=5))
        creator = await session.get_one(Creator, till.folk.creator)
        before = Lead(creator_id=creator.id, name="Before", created_at=NOW, seen_at=NOW)
        session.add(before)
        await session.flush()
        product = await session.get_one(Product, till.folk.product)
        now, wish = till.clock(), Wish(product)
        first = await open_order(session, before, wish, rail="stars", now=now, good_for=GOOD_FOR, setup=SETUP)
    second = await till.order()
    async with till.database.transaction() as session:
        lena = await session.get_one(Lead, till.folk.lead)
        await merge_leads(session, lena, await session.get_one(Lead, before.id), now=NOW)
    await till.agree(first)
    with pytest.raises(LimitReached):
        await till.agree(second)
    await till.hear(paid(first))
    with pytest.raises(LimitReached):
        await till.agree(second)
    assert await till.counts() == (4, 0, 1, 5)


async def test_invoices_end_one_at_a_time_so_that_none_holds_anothers_code(till: Till):
    async with till.database.transaction() as session:
        for code in ("ONE", "TWO"):
            await add_code(session, till.folk.creator, code, Terms(percent=10), now=NOW, setup=SETUP)
        creator = await session.get_one(Creator, till.folk.creator)
        other = await a_product(session, creator)
        lead = await session.get_one(Lead, till.folk.lead)
        for product_id, code in ((till.folk.product, "TWO"), (other.id, "ONE")):
            wish = Wish(await session.get_one(Product, product_id), code=code)
            await open_order(session, lead, wish, rail="stars", now=NOW, good_for=GOOD_FOR, setup=SETUP)
    till.clock.pass_time(seconds=GOOD_FOR.total_seconds())
    async with till.database.transaction() as session:
        of_code = select(DiscountCode.id).where(DiscountCode.code == "ONE").with_for_update()
        await session.scalar(of_code)
        going = asyncio.create_task(till.let_go())
        if is_postgresql(session):
            await one_has_ended(till)
            # the code of the first one is free for whoever wants it, while the second one still waits
            async with till.database.transaction() as another:
                two = select(DiscountCode.uses).where(DiscountCode.code == "TWO").with_for_update(nowait=True)
                assert await another.scalar(two) == 0
    await going
    async with till.database.reading() as session:
        states = set(await session.scalars(select(Order.state)))
        assert states == {OrderState.EXPIRED}
        assert set(await session.scalars(select(DiscountCode.uses))) == {0}


async def one_has_ended(till: Till) -> None:
    async with asyncio.timeout(10):
        while True:
            async with till.database.reading() as session:
                if await session.scalar(select(Order.id).where(Order.state == OrderState.EXPIRED)):
                    return
            await asyncio.sleep(0.01)


async def test_an_abandoned_payment_frees_its_stock_after_a_quarter_of_an_hour(till: Till):
    order, other = await till.order(), await till.order(2002)
    await till.agree(order)
    with pytest.raises(SoldOut):
        await till.agree(other, payer=2002)
    till.clock.pass_time(minutes=15, seconds=-1)
    await till.let_go()
    assert await till.counts() == (0, 1, 0, 1)
    till.clock.pass_time(seconds=1)
    await till.let_go()
    assert await till.counts() == (1, 0, 0, 1)
    await till.agree(other, payer=2002)
    assert await till.state(order) == OrderState.OPEN


async def test_one_payment_told_by_update_and_list_is_booked_once(till: Till):
    order = await till.order()
    await till.agree(order)
    await till.hear(paid(order))
    till.wire.told = [StarsMove(NOW, paid(order)), StarsMove(NOW, None)]
    till.clock.pass_time(minutes=6)
    assert await Reconciler(till.database, till.clock, till.rails).read_lists() == 1
    await till.hear(paid(order))
    assert await till.counts() == (0, 0, 1, 1)
    async with till.database.reading() as session:
        assert len((await session.scalars(select(Payment))).all()) == 1
        assert len((await session.scalars(select(ProviderEvent))).all()) == 1
        assert (await session.get_one(RailCursor, "stars")).reference == "2"


async def test_the_list_is_read_on_from_where_it_was_left_and_what_is_not_ours_is_passed_over(till: Till):
    order = await till.order()
    of_others = StarsWord(
        kind="successful_payment", charge="old", payload="of-another-bot", stars=1, currency="xtr", payer=1
    )
    till.wire.told = [StarsMove(NOW - timedelta(days=9), of_others)] * 150 + [StarsMove(NOW, paid(order))]
    reconciler = Reconciler(till.database, till.clock, till.rails)
    assert await reconciler.read_lists() == 1
    assert till.wire.asked_from == [0, 100]
    assert await reconciler.read_lists() == 0
    await till.hear()
    assert await till.counts() == (0, 0, 1, 1)
    till.clock.pass_time(minutes=6)
    till.wire.told.append(StarsMove(NOW + timedelta(minutes=1), went_back(order)))
    assert await reconciler.read_lists() == 1
    assert till.wire.asked_from == [0, 100, 151]
    await till.hear()
    assert await till.state(order) == OrderState.REFUNDED
    async with till.database.reading() as session:
        kept = (await session.scalars(select(ProviderEvent.state))).all()
    assert kept == [ProviderEventState.APPLIED] * 2


async def test_money_for_what_has_gone_goes_back_by_itself(till: Till):
    order, other = await till.order(), await till.order(2002)
    await till.agree(order)
    till.clock.pass_time(minutes=15)
    await till.let_go()
    await till.agree(other, payer=2002)
    await till.hear(paid(order, "late"), paid(other, "soon"))
    await till.hear(went_back(order, "late"))
    assert till.wire.given_back == [(LENA, "late")]
    assert await till.state(order) == OrderState.REFUNDED
    assert await till.state(other) == OrderState.PAID
    assert await till.counts() == (0, 0, 1, 1)
    async with till.database.reading() as session:
        refunds = (await session.scalars(select(Refund))).all()
        assert [(each.state, each.amount_minor) for each in refunds] == [(RefundState.DONE, PRICE)]
        assert any("Stars are on their way back" in each for each in await notices(session))


async def test_what_comes_late_takes_what_is_left(till: Till):
    order = await till.order()
    await till.agree(order)
    till.clock.pass_time(seconds=GOOD_FOR.total_seconds() + 900)
    await till.let_go()
    await till.let_go()
    assert await till.state(order) == OrderState.EXPIRED
    await till.hear(paid(order))
    assert await till.state(order) == OrderState.PAID
    assert await till.counts() == (0, 0, 1, 1)


async def test_stars_go_back_in_full_only(till: Till):
    order = await till.order()
    await till.agree(order)
    await till.hear(paid(order))
    async with till.database.transaction() as session:
        held = await session.get_one(Order, order.id)
        with pytest.raises(NotRefundable, match="in full only"):
            await ask_refund(session, held, amount_minor=5, reason="", revokes=False, now=till.clock())
    due = RefundDue(1, order.id, order.reference, "stx1", None, 0, Money(5, "xtr"), is_whole=False)
    with pytest.raises(RailRefused, match="in full only"):
        await till.rail.refund(due)
    async with till.database.transaction() as session:
        held = await session.get_one(Order, order.id)
        await ask_refund(session, held, amount_minor=None, reason="", revokes=False, now=till.clock())
    await till.hear()
    assert till.wire.given_back == [(LENA, "stx1")]
    assert await till.state(order) == OrderState.REFUNDED
    assert await till.counts() == (1, 0, 0, 1)


async def test_a_refund_told_before_its_payment_waits_for_it(till: Till):
    order = await till.order()
    await till.agree(order)
    await till.hear(went_back(order))
    assert await till.state(order) == OrderState.OPEN
    await till.hear(paid(order))
    till.clock.pass_time(seconds=5)
    await till.hear()
    assert await till.state(order) == OrderState.REFUNDED
    assert await till.counts() == (1, 0, 0, 1)


async def test_whoever_is_forgotten_gets_their_stars_back_by_telegrams_list(till: Till):
    order = await till.order()
    await till.agree(order)
    await till.hear(paid(order))
    till.wire.told = [StarsMove(NOW, None), StarsMove(NOW, paid(order))]
    async with till.database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, till.folk.lead), now=till.clock())
    async with till.database.transaction() as session:
        held = await session.get_one(Order, order.id)
        await ask_refund(session, held, amount_minor=None, reason="", revokes=True, now=till.clock())
    await till.hear()
    assert till.wire.given_back == [(LENA, "stx1")]


async def test_a_payment_that_does_not_fit_hands_nothing_over_and_somebody_is_told(till: Till):
    order = await till.order()
    await till.agree(order)
    await till.hear(paid(order, stars=1))
    assert await till.state(order) == OrderState.OPEN
    async with till.database.reading() as session:
        (kept,) = (await session.scalars(select(ProviderEvent))).all()
        assert (kept.state, kept.order_id) == (ProviderEventState.REFUSED, order.id)
        assert len(await notices(session)) == 1


async def test_of_twenty_who_tap_pay_for_the_last_one_at_once_one_may_go_on(till: Till):
    orders = {payer: await till.order(payer) for payer in range(6000, 6020)}

    async def taps_pay(payer: int) -> bool:
        try:
            await till.agree(orders[payer], payer=payer)
        except SoldOut:
            return False
        return True

    agreed = await asyncio.gather(*(taps_pay(payer) for payer in orders))
    assert agreed.count(True) == 1
    assert await till.counts() == (0, 1, 0, 1)


async def test_two_payments_of_one_order_keep_one_and_give_the_other_back(till: Till):
    order = await till.order()
    await till.agree(order)
    await till.hear(paid(order, "stx1"), paid(order, "stx2"))
    assert till.wire.given_back == [(LENA, "stx2")]
    assert await till.state(order) == OrderState.PAID
    assert await till.counts() == (0, 0, 1, 1)
