import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from folk import an_order, events, notices, some_folk
from sqlalchemy import update
from stripe_stage import START, Stage
from stripes_words import a_till

from domain.orders import await_payment, expire_order
from kit.money import Money
from payments.checkout import begin_checkout
from payments.rail import Bill, BillLine, Checkout, RailDown, RailRefused
from payments.stripe_rail import NAME, StripeRail
from playground.core import Fault, FaultKind
from store.database import Database
from store.models import Order, OrderLine, OrderState

CREATE = "POST /v1/checkout/sessions"


def a_rail(api_base: str, key: str = "sk_test_stage") -> StripeRail:
    rail = StripeRail(key, api_base=api_base, success_url="https://t.me/bot", cancel_url="https://t.me/bot")
    # the library waits half a second and more before it asks again
    rail._http.sleep_async = _no_wait  # type: ignore[method-assign]
    return rail


async def _no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


@pytest_asyncio.fixture
async def rail(stage: Stage) -> AsyncIterator[StripeRail]:
    rail = a_rail(f"{stage.url}/stripe")
    yield rail
    await rail.close()


def bill(order_id: int = 7, *, reference: str = "", attempt: int = 0, amount: int = 1900, hours: float = 2) -> Bill:
    known_by, expires_at = reference or f"order-{order_id}", START + timedelta(hours=hours)
    lines = (BillLine("Preset <pack>", amount),)
    return Bill(order_id, known_by, attempt, lines, Money(amount, "usd"), expires_at)


def calls(stage: Stage) -> int:
    return sum(each["method"] == CREATE for each in (entry for _, entry in stage.core.state.read("calls")))


async def test_a_checkout_says_all_that_the_order_says(stage: Stage, rail: StripeRail):
    checkout = await rail.make_checkout(bill())
    session = await stage.stripe.v1.checkout.sessions.retrieve_async(checkout.session_id)
    assert (session.client_reference_id, session.metadata["order_id"]) == ("order-7", "7")
    assert (session.amount_total, session.currency, session.url) == (1900, "usd", checkout.url)
    assert session.expires_at == int((START + timedelta(hours=2)).timestamp())
    items = await stage.stripe.v1.checkout.sessions.line_items.list_async(checkout.session_id)
    assert [(item.description, item.quantity) for item in items.data] == [("Preset <pack>", 1)]


async def test_the_same_bill_again_is_the_same_session(rail: StripeRail):
    first = await rail.make_checkout(bill())
    assert await rail.make_checkout(bill()) == first
    assert (await rail.make_checkout(bill(8))).session_id != first.session_id


async def test_an_order_of_the_same_number_in_a_new_store_is_another_bill(rail: StripeRail):
    first = await rail.make_checkout(bill())
    assert (await rail.make_checkout(bill(reference="order-7-of-another"))).session_id != first.session_id


async def test_an_attempt_that_stripe_failed_is_followed_by_another(database: Database, stage: Stage, rail: StripeRail):
    order_id = await opened(database)
    stage.core.faults.add(Fault("stripe", CREATE, "500", times=3))
    with pytest.raises(RailDown):
        await begin_checkout(database, {NAME: rail}, order_id, now=START)
    assert (await order(database, order_id)).failures == 1
    await begin_checkout(database, {NAME: rail}, order_id, now=START)
    first, second = [await rail.make_checkout(bill(attempt=attempt)) for attempt in (0, 1)]
    assert first.session_id != second.session_id


async def test_ten_times_the_same_bill_at_once_is_one_session(rail: StripeRail):
    made: list[Checkout] = []
    for each in await asyncio.gather(*(rail.make_checkout(bill()) for _ in range(10)), return_exceptions=True):
        # whoever comes while the first is still being made is told to ask again
        assert isinstance(each, Checkout | RailDown | RailRefused), each
        if isinstance(each, Checkout):
            made.append(each)
    assert len({each.session_id for each in made}) == 1


@pytest.mark.parametrize("fault", ["500", "drop_reply"])
async def test_a_passing_fault_is_asked_again_and_makes_one_session(stage: Stage, rail: StripeRail, fault: FaultKind):
    stage.core.faults.add(Fault("stripe", CREATE, fault, times=2, retry_after=0))
    checkout = await rail.make_checkout(bill())
    assert checkout == await rail.make_checkout(bill())


@pytest.mark.parametrize("fault", ["500", "429", "drop_reply"])
async def test_a_lasting_fault_means_that_the_rail_is_down(stage: Stage, rail: StripeRail, fault: FaultKind):
    stage.core.faults.add(Fault("stripe", CREATE, fault, times=9, retry_after=0))
    with pytest.raises(RailDown):
        await rail.make_checkout(bill())
    stage.core.faults.clear()
    assert (await rail.make_checkout(bill())).url


async def test_a_stripe_that_hangs_is_down_before_long(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("payments.stripe_rail.TIMEOUT_SECONDS", 0.1)
    rail = a_rail(f"{stage.url}/stripe")
    stage.core.faults.add(Fault("stripe", CREATE, "hang", times=9))
    with pytest.raises(RailDown):
        await rail.make_checkout(bill())
    stage.core.faults.clear()
    await rail.close()


async def test_a_stripe_that_is_not_there_is_down():
    rail = a_rail("http://127.0.0.1:1")
    with pytest.raises(RailDown):
        await rail.make_checkout(bill())
    with pytest.raises(RailDown):
        await rail.check()
    await rail.close()


@pytest.mark.parametrize("wrong", [bill(amount=1), bill(hours=0.4), bill(hours=25)])
async def test_a_bill_that_stripe_will_not_take_is_refused(rail: StripeRail, wrong: Bill):
    with pytest.raises(RailRefused):
        await rail.make_checkout(wrong)


async def test_a_rail_without_rights_is_refused(stage: Stage, rail: StripeRail):
    stage.core.faults.add(Fault("stripe", CREATE, "403"))
    with pytest.raises(RailRefused):
        await rail.make_checkout(bill())


async def test_a_wrong_key_is_refused_and_told_how_to_mend(stage: Stage, rail: StripeRail):
    await rail.check()
    wrong = a_rail(f"{stage.url}/stripe", "sk_live_nobody")
    for ask in (wrong.check, lambda: wrong.make_checkout(bill())):
        with pytest.raises(RailRefused):
            await ask()
    await wrong.close()


def test_a_key_says_whether_money_is_real():
    keys = {"sk_test_x": False, "rk_test_x": False, "sk_live_x": True, "rk_live_x": True}
    assert {key: a_rail("http://127.0.0.1:1", key).livemode for key in keys} == keys


# Checkout -----------------------------------------------------------------------------------------------------


async def opened(database: Database) -> int:
    folk = await some_folk(database)
    async with database.transaction() as session:
        return (await an_order(session, folk, now=START)).id


async def order(database: Database, order_id: int) -> Order:
    async with database.reading() as session:
        return await session.get_one(Order, order_id)


async def test_a_checkout_is_made_once_and_found_again(database: Database, stage: Stage, rail: StripeRail):
    order_id = await opened(database)
    urls = [await begin_checkout(database, {NAME: rail}, order_id, now=START) for _ in range(3)]
    held = await order(database, order_id)
    assert set(urls) == {held.checkout_url}
    assert held.state == OrderState.AWAITING_PAYMENT
    assert calls(stage) == 1


async def test_after_a_crash_between_the_call_and_the_save_the_address_is_the_same(
    database: Database, stage: Stage, rail: StripeRail
):
    order_id = await opened(database)

    class CrashesAfterTheCall(StripeRail):
        url = ""

        async def make_checkout(self, bill: Bill) -> Checkout:
            self.url = (await super().make_checkout(bill)).url
            raise asyncio.CancelledError

    crashing = CrashesAfterTheCall("sk_test_stage", api_base=f"{stage.url}/stripe", success_url="https://t.me/bot")
    with pytest.raises(asyncio.CancelledError):
        await begin_checkout(database, {NAME: crashing}, order_id, now=START)
    await crashing.close()
    assert (await order(database, order_id)).checkout_url is None
    restarted = a_rail(f"{stage.url}/stripe")
    assert (
        await begin_checkout(database, {NAME: restarted}, order_id, now=START + timedelta(minutes=80)) == crashing.url
    )
    assert len((await stage.stripe.v1.checkout.sessions.list_async()).data) == 1
    await restarted.close()


async def test_an_order_whose_rail_is_down_can_be_paid_a_moment_later(
    database: Database, stage: Stage, rail: StripeRail
):
    order_id = await opened(database)
    stage.core.faults.add(Fault("stripe", CREATE, "500", times=9))
    with pytest.raises(RailDown):
        await begin_checkout(database, {NAME: rail}, order_id, now=START)
    stage.core.faults.clear()
    held = await order(database, order_id)
    # the rail may know of it by now, so it is none that simply makes room for another
    assert (held.state, held.session_id, held.failures) == (OrderState.AWAITING_PAYMENT, None, 1)
    assert await begin_checkout(database, {NAME: rail}, order_id, now=START)


async def test_a_refused_checkout_ends_the_order_and_the_creator_is_told_why(database: Database, rail: StripeRail):
    order_id = await opened(database)
    async with database.transaction() as session:
        (await session.get_one(Order, order_id)).total_minor = 1
        await session.execute(update(OrderLine).where(OrderLine.order_id == order_id).values(price_minor=1))
    with pytest.raises(RailRefused):
        await begin_checkout(database, {NAME: rail}, order_id, now=START)
    assert (await order(database, order_id)).state == OrderState.EXPIRED
    assert await begin_checkout(database, {NAME: rail}, order_id, now=START) is None
    async with database.reading() as session:
        assert await events(session, "order.expired") == ["order.expired"]
        (told,) = await notices(session)
        assert "Stripe would not make a checkout for “Preset &lt;pack&gt;”" in told


async def test_an_order_that_is_over_has_no_checkout(database: Database, stage: Stage, rail: StripeRail):
    order_id = await opened(database)
    async with database.transaction() as session:
        await expire_order(session, await session.get_one(Order, order_id), now=START)
        await await_payment(session, order_id, "cs_late", "https://pay.example")
    assert await begin_checkout(database, {NAME: rail}, order_id, now=START) is None
    assert calls(stage) == 0


@pytest.mark.parametrize("deliver", ["once", "twice"])
async def test_what_the_stand_in_tells_of_a_payment_is_what_an_order_expects(
    database: Database, stage: Stage, rail: StripeRail, deliver: str
):
    order_id = await opened(database)
    await begin_checkout(database, {NAME: rail}, order_id, now=START)
    session_id = (await order(database, order_id)).session_id
    assert session_id is not None
    await stage.outcome(session_id, "paid", deliver=deliver)
    await stage.receiver.wait_for(2 if deliver == "twice" else 1)
    clock = stage.core.clock
    till = a_till(database, clock, ["whsec_playground"])
    for header, body in stage.receiver.posts:
        await till.stripe.keep(body, header)
    await till.events.apply_due()
    assert await till.order_state(order_id) == OrderState.PAID
