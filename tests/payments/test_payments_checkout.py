"""What a bill tells Stripe to the last cent, who the buyer is there, and how a checkout is called off."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
from folk import GOOD_FOR, Folk, counts_of, ordered, some_folk
from sqlalchemy import select
from stripe_stage import START, Stage

from domain.definitions import Published
from domain.forgetting import forget_lead
from domain.orders import expire_order, note_asked
from domain.pricing import STARS
from domain.setups import CreatorSetup
from domain.shop_setup import ShopSetup
from kit.clock import MovableClock
from kit.money import Money
from payments.checkout import RailOff, begin_checkout, call_off
from payments.rail import Bill, BillLine, Checkout, RailDown, RailRefused, Rails
from payments.reconciling import Reconciler
from payments.stripe_lines import session_params
from payments.stripe_rail import NAME, StripeRail
from playground.core import Fault
from store.database import Database
from store.models import Lead, Order, OrderState, Product, ProductKind, RailCustomer
from store.queries.rails import rail_lag
from store.queries.troubles import count_troubles

ONE = "/v1/checkout/sessions/{id}"


@dataclass
class Till:
    database: Database
    stage: Stage
    clock: MovableClock
    rails: Rails
    folk: Folk
    published: Published

    async def order(self, **wish: object) -> int:
        async with self.database.transaction() as session:
            lead = await session.get_one(Lead, self.folk.lead)
            product = await session.get_one(Product, self.folk.product)
            return (await ordered(session, lead, product, now=self.clock(), **wish)).id

    async def begin(self, order_id: int) -> str | None:
        return await begin_checkout(self.database, self.rails, order_id, now=self.clock(), published=self.published)

    async def read(self, order_id: int) -> Order:
        async with self.database.reading() as session:
            return await session.get_one(Order, order_id)

    async def counts(self) -> tuple[int | None, int, int, int | None]:
        async with self.database.reading() as session:
            return await counts_of(session, self.folk)

    async def call_off(self, order_id: int) -> bool:
        return await call_off(self.database, self.rails, order_id, now=self.clock(), published=self.published)

    async def look(self) -> None:
        self.clock.pass_time(minutes=6)
        await Reconciler(self.database, self.clock, self.rails).look_up_due()


@pytest_asyncio.fixture
async def till(database: Database, stage: Stage) -> AsyncIterator[Till]:
    rail = StripeRail("sk_test_stage", api_base=f"{stage.url}/stripe", success_url="https://t.me/bot")
    folk = await some_folk(database, stock=5)
    yield Till(database, stage, stage.core.clock, {NAME: rail}, folk, Published())
    await rail.close()


def a_bill(*lines: BillLine, **more: object) -> Bill:
    money = Money(sum(line.total_minor for line in lines), "usd")
    expires_at = START + timedelta(hours=2)
    return Bill(7, "order-7", 0, lines, money, expires_at, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "items"),
    [
        (BillLine("Pack", 1900, 3), [(1900, 3)]),
        (BillLine("Pack", 1900, 3, 1000), [(1566, 1), (1567, 2)]),
        (BillLine("Pack", 1900, 2, 1), [(1899, 1), (1900, 1)]),
        (BillLine("Pack", 1900, 4, 1900), [(1425, 4)]),
    ],
)
async def test_a_discount_comes_to_the_same_sum_whatever_it_divides_into(
    till: Till, line: BillLine, items: list[tuple[int, int]]
):
    checkout = await till.rails[NAME].make_checkout(a_bill(line, BillLine("Other", 100)))
    api = till.stage.stripe.v1.checkout.sessions
    session = await api.retrieve_async(checkout.session_id)
    assert session.amount_subtotal == session.amount_total == line.total_minor + 100
    found = (await api.line_items.list_async(checkout.session_id)).data
    assert [(each.price.unit_amount, each.quantity) for each in found if each.price] == [*items, (100, 1)]


@pytest.mark.parametrize(
    ("currency", "line", "items"),
    [
        # 3 x 1.000 KWD less 0.100 are 2.900 KWD
        ("kwd", BillLine("Pack", 1000, 3, 100), [(960, 1), (970, 2)]),
        ("isk", BillLine("Pack", 100_000, 3, 10_000), [(96_600, 1), (96_700, 2)]),
        ("ugx", BillLine("Pack", 500_000, 7, 100), [(499_900, 1), (500_000, 6)]),
        ("jpy", BillLine("Pack", 1000, 3, 100), [(966, 1), (967, 2)]),
        ("kwd", BillLine("Pack", 1000, 3, 3000), [(0, 3)]),
    ],
)
def test_no_piece_costs_what_its_currency_is_not_charged_in(
    currency: str, line: BillLine, items: list[tuple[int, int]]
):
    bill = Bill(7, "order-7", 0, (line,), Money(line.total_minor, currency), START + timedelta(hours=2))
    asked = session_params(bill, success_url="https://t.me/bot", cancel_url="https://t.me/bot")["line_items"]
    assert [(each["price_data"]["unit_amount"], each["quantity"]) for each in asked] == items
    assert sum(unit * quantity for unit, quantity in items) == line.total_minor


def test_lines_that_do_not_come_to_what_is_asked_make_no_bill():
    with pytest.raises(ValueError, match="come to 1900, not to 1901"):
        Bill(7, "order-7", 0, (BillLine("Pack", 1900),), Money(1901, "usd"), START)


async def test_tax_shipping_and_language_are_as_the_creator_and_the_buyer_have_them(till: Till):
    till.published.setups[till.folk.creator] = CreatorSetup(shop=ShopSetup(tax=True, shipping_countries=("DE", "AT")))
    async with till.database.transaction() as session:
        (await session.get_one(Product, till.folk.product)).kind = ProductKind.PHYSICAL
    order_id = await till.order(quantity=2)
    await till.begin(order_id)
    session = (await till.stage.stripe.v1.checkout.sessions.list_async()).data[0].to_dict()
    assert session["automatic_tax"]["enabled"] is True
    assert session["shipping_address_collection"] == {"allowed_countries": ["DE", "AT"]}
    assert session["locale"] == "en"
    await till.stage.outcome(str((await till.read(order_id)).session_id), "paid", deliver="never")
    await till.look()
    paid = await till.read(order_id)
    assert (paid.state, paid.total_minor, paid.tax_minor) == (OrderState.PAID, 3800, 0)
    assert paid.details is not None
    assert paid.details["shipping"]["address"]["city"] == "San Francisco"


async def test_a_buyer_is_met_once_known_afterwards_and_met_anew_when_deleted(till: Till):
    async def buy() -> str | None:
        order_id = await till.order()
        assert await till.begin(order_id)
        held = await till.read(order_id)
        await till.stage.outcome(str(held.session_id), "paid", deliver="never")
        await till.look()
        assert (await till.read(order_id)).paid_at is not None
        found = await till.stage.stripe.v1.checkout.sessions.retrieve_async(str(held.session_id))
        return None if found.customer is None else str(found.customer)

    first, second = await buy(), await buy()
    assert first is not None
    assert first == second
    await till.stage.stripe.v1.customers.delete_async(first)
    third = await buy()
    assert third not in {None, first}
    async with till.database.reading() as session:
        assert (await session.scalars(select(RailCustomer.reference))).one() == third
    assert len((await till.stage.stripe.v1.customers.list_async()).data) == 1


async def test_an_order_is_called_off_at_stripe_and_frees_what_it_held(till: Till):
    order_id = await till.order(quantity=2)
    await till.begin(order_id)
    assert await till.counts() == (3, 2, 0, 5)
    assert await till.call_off(order_id)
    held = await till.read(order_id)
    assert held.state == OrderState.CANCELLED
    assert await till.counts() == (5, 0, 0, 5)
    found = await till.stage.stripe.v1.checkout.sessions.retrieve_async(str(held.session_id))
    assert found.status == "expired"
    assert not await till.call_off(order_id)


async def test_an_order_that_no_rail_knows_is_called_off_without_asking(till: Till):
    order_id = await till.order()
    assert await till.call_off(order_id)
    assert await till.counts() == (5, 0, 0, 5)
    assert (await till.stage.stripe.v1.checkout.sessions.list_async()).data == []


@pytest.mark.parametrize(("outcome", "state"), [("paid", OrderState.PAID), ("async_pending", None)])
async def test_calling_off_what_was_paid_a_moment_ago_finds_the_money(
    till: Till, outcome: str, state: OrderState | None
):
    order_id = await till.order()
    await till.begin(order_id)
    await till.stage.outcome(str((await till.read(order_id)).session_id), outcome, deliver="never")
    assert not await till.call_off(order_id)
    held = await till.read(order_id)
    assert held.state == (state or OrderState.AWAITING_PAYMENT)
    assert (await till.counts())[0] == 4
    assert (held.pending_at is not None) == (state is None)


async def test_while_stripe_cannot_be_asked_nothing_is_free(till: Till):
    order_id = await till.order()
    await till.begin(order_id)
    till.stage.core.faults.add(Fault("stripe", f"POST {ONE}/expire", "500", times=9))
    till.stage.core.faults.add(Fault("stripe", f"GET {ONE}", "500", times=9))
    with pytest.raises(RailDown):
        await till.call_off(order_id)
    assert ((await till.read(order_id)).state, await till.counts()) == (OrderState.AWAITING_PAYMENT, (4, 1, 0, 5))
    till.stage.core.faults.clear()
    assert await till.call_off(order_id)


async def test_calling_off_an_order_whose_page_was_lost_on_the_way_ends_that_page(till: Till):
    order_id = await till.order()
    async with till.database.transaction() as session:
        # as it stands after a crash between the call and the note of its answer
        assert await note_asked(session, order_id)
    assert await till.call_off(order_id)
    (found,) = (await till.stage.stripe.v1.checkout.sessions.list_async()).data
    assert (found.status, (await till.read(order_id)).state) == ("expired", OrderState.CANCELLED)


async def test_calling_off_asks_for_the_lost_page_in_the_words_in_which_it_was_asked_for(till: Till):
    till.published.setups[till.folk.creator] = CreatorSetup(shop=ShopSetup(tax=True, shipping_countries=("DE",)))
    async with till.database.transaction() as session:
        (await session.get_one(Product, till.folk.product)).kind = ProductKind.PHYSICAL
    order_id = await till.order()
    till.stage.core.faults.add(Fault("stripe", "POST /v1/checkout/sessions", "drop_reply", times=9))
    with pytest.raises(RailDown):
        await till.begin(order_id)
    till.stage.core.faults.clear()
    assert await till.call_off(order_id)
    (found,) = (await till.stage.stripe.v1.checkout.sessions.list_async()).data
    assert (found.status, (await till.read(order_id)).state) == ("expired", OrderState.CANCELLED)
    assert await till.counts() == (5, 0, 0, 5)


async def test_an_order_that_its_rail_will_not_make_a_page_for_is_over_when_it_is_called_off(till: Till):
    order_id = await till.order()
    async with till.database.transaction() as session:
        assert await note_asked(session, order_id)

    class Refuses(StripeRail):
        async def make_checkout(self, bill: Bill) -> Checkout:
            raise RailRefused(f"no page for order {bill.order_id}")

    rail = Refuses("sk_test_stage", api_base=f"{till.stage.url}/stripe", success_url="https://t.me/bot")
    till.rails = {NAME: rail}
    assert await till.call_off(order_id)
    assert ((await till.read(order_id)).state, await till.counts()) == (OrderState.EXPIRED, (5, 0, 0, 5))
    await rail.close()


@pytest.mark.parametrize("rail", ["set up", "not set up"])
async def test_an_order_that_nobody_went_on_to_pay_frees_its_stock_when_its_time_is_over(till: Till, rail: str):
    """As it stands after a crash between the order and the question for its page."""
    order_id = await till.order()
    reconciler = Reconciler(till.database, till.clock, till.rails if rail == "set up" else {})
    till.clock.pass_time(seconds=GOOD_FOR.total_seconds() - 1)
    assert await reconciler.look_up_due() == 0
    assert ((await till.read(order_id)).state, await till.counts()) == (OrderState.OPEN, (4, 1, 0, 5))
    till.clock.pass_time(seconds=1)
    assert await reconciler.look_up_due() == 1
    assert ((await till.read(order_id)).state, await till.counts()) == (OrderState.EXPIRED, (5, 0, 0, 5))


async def test_a_page_whose_address_is_forgotten_is_not_made_a_second_time(till: Till):
    order_id = await till.order()
    assert await till.begin(order_id)
    async with till.database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, till.folk.lead), now=till.clock())
    before = (await till.read(order_id)).session_id
    assert await till.begin(order_id) is None
    assert (await till.read(order_id)).session_id == before
    assert len((await till.stage.stripe.v1.checkout.sessions.list_async()).data) == 1


async def test_the_page_of_somebody_who_is_forgotten_is_closed_by_the_rail(till: Till):
    order_id = await till.order()
    assert await till.begin(order_id)
    async with till.database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, till.folk.lead), now=till.clock())
    # at once, and not when it would be looked at by itself
    await Reconciler(till.database, till.clock, till.rails).look_up_due()
    kept = await till.read(order_id)
    (page,) = (await till.stage.stripe.v1.checkout.sessions.list_async()).data
    assert (page.status, kept.state, await till.counts()) == ("expired", OrderState.EXPIRED, (5, 0, 0, 5))


async def test_a_page_that_was_made_while_its_buyer_was_forgotten_is_closed_at_the_next_look(till: Till):
    order_id = await till.order()
    async with till.database.transaction() as session:
        await note_asked(session, order_id)
        await forget_lead(session, await session.get_one(Lead, till.folk.lead), now=till.clock())
    assert await till.begin(order_id)
    await till.look()
    (page,) = (await till.stage.stripe.v1.checkout.sessions.list_async()).data
    assert (page.status, (await till.read(order_id)).state) == ("expired", OrderState.EXPIRED)


async def test_an_order_whose_rail_is_not_set_up_ends_and_holds_nothing(till: Till):
    order_id = await till.order()
    with pytest.raises(RailOff):
        await begin_checkout(till.database, {}, order_id, now=till.clock())
    assert ((await till.read(order_id)).state, await till.counts()) == (OrderState.CANCELLED, (5, 0, 0, 5))


async def test_a_page_whose_time_is_over_is_given_to_nobody(till: Till):
    order_id = await till.order()
    assert await till.begin(order_id)
    till.clock.pass_time(hours=3)
    assert await till.begin(order_id) is None


async def test_looks_leave_invoices_of_telegram_to_their_own_end(till: Till):
    order_id = await till.order()
    async with till.database.transaction() as session:
        order = await session.get_one(Order, order_id)
        order.rail, order.state, order.look_at = STARS, OrderState.AWAITING_PAYMENT, till.clock()
    await till.look()
    assert (await till.read(order_id)).look_at == till.clock() - timedelta(minutes=6)


async def test_a_page_that_was_made_for_an_order_that_ended_meanwhile_is_given_to_nobody(till: Till):
    order_id = await till.order()

    class EndsMeanwhile(StripeRail):
        async def make_checkout(self, bill: Bill) -> Checkout:
            made = await super().make_checkout(bill)
            async with till.database.transaction() as session:
                await expire_order(session, await session.get_one(Order, order_id), now=till.clock())
            return made

    rail = EndsMeanwhile("sk_test_stage", api_base=f"{till.stage.url}/stripe", success_url="https://t.me/bot")
    till.rails = {NAME: rail}
    assert await till.begin(order_id) is None
    (found,) = (await till.stage.stripe.v1.checkout.sessions.list_async()).data
    assert (found.status, await till.counts()) == ("expired", (5, 0, 0, 5))
    await rail.close()


async def test_what_waits_for_the_rails_is_counted_for_whoever_runs_spark(till: Till):
    order_id = await till.order()
    await till.begin(order_id)
    till.clock.pass_time(hours=1)
    async with till.database.reading() as session:
        lag = await rail_lag(session, now=till.clock())
    assert (lag.waiting, lag.unhandled, lag.refunds, lag.lists) == (1, 0, 0, {})
    assert timedelta(minutes=50) < lag.longest < timedelta(hours=1)
    reconciler = Reconciler(till.database, till.clock, till.rails)
    await reconciler.look_up_due()
    await reconciler.read_lists()
    async with till.database.reading() as session:
        lag = await rail_lag(session, now=till.clock())
        troubles = {each.what: each.count for each in await count_troubles(session, now=till.clock())}
    assert (lag.waiting, lag.longest, lag.lists) == (0, timedelta(0), {NAME: timedelta(0)})
    assert (troubles["checkouts"], troubles["refunds"]) == (0, 0)
