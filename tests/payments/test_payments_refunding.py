"""Refunds that Spark asks of Stripe: once, whatever crashes, and told when they cannot be."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio
from folk import Folk, events, notices, ordered, some_folk
from sqlalchemy import select
from stripe_stage import START, Stage

from domain.refunds import ask_refund
from kit.clock import MovableClock
from payments.checkout import begin_checkout
from payments.rail import RailDown, RefundAnswer, RefundDue
from payments.reconciling import Reconciler
from payments.refunding import MOST_FAILURES, Refunding
from payments.stripe_rail import NAME, StripeRail
from playground.core import Fault
from store.database import Database
from store.models import Lead, Order, OrderState, Payment, Product, Refund, RefundState

REFUND = "POST /v1/refunds"


@dataclass
class Desk:
    database: Database
    stage: Stage
    clock: MovableClock
    rail: StripeRail
    refunding: Refunding
    folk: Folk
    order_id: int

    async def ask(self, amount_minor: int | None = None) -> list[int]:
        async with self.database.transaction() as session:
            order = await session.get_one(Order, self.order_id)
            asked = await ask_refund(
                session, order, amount_minor=amount_minor, reason="", revokes=False, now=self.clock()
            )
            return [each.id for each in asked]

    async def refunds(self) -> list[tuple[RefundState, int]]:
        async with self.database.reading() as session:
            rows = await session.execute(select(Refund.state, Refund.amount_minor).order_by(Refund.id))
            return [(row.state, row.amount_minor) for row in rows]

    async def at_stripe(self) -> list[int]:
        found = await self.stage.stripe.v1.refunds.list_async()
        return [each.amount for each in reversed(found.data)]

    async def state(self) -> OrderState:
        async with self.database.reading() as session:
            return (await session.get_one(Order, self.order_id)).state

    async def told(self) -> list[str]:
        async with self.database.reading() as session:
            return await notices(session)


@pytest_asyncio.fixture
async def desk(database: Database, stage: Stage) -> AsyncIterator[Desk]:
    """An order that has been paid at Stripe, as a look at it has found out."""
    clock = stage.core.clock
    rail = StripeRail("sk_test_stage", api_base=f"{stage.url}/stripe", success_url="https://t.me/bot")
    rail._http.sleep_async = _no_wait  # type: ignore[method-assign]
    folk = await some_folk(database, stock=3)
    async with database.transaction() as session:
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        order_id = (await ordered(session, lead, product, now=START)).id
    await begin_checkout(database, {NAME: rail}, order_id, now=clock())
    async with database.reading() as session:
        session_id = (await session.get_one(Order, order_id)).session_id
    assert session_id is not None
    await stage.outcome(session_id, "paid", deliver="never")
    clock.pass_time(minutes=6)
    await Reconciler(database, clock, {NAME: rail}).look_up_due()
    yield Desk(database, stage, clock, rail, Refunding(database, clock, {NAME: rail}), folk, order_id)
    await rail.close()


async def _no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


async def test_a_refund_is_made_at_stripe_and_the_order_says_so(desk: Desk):
    await desk.ask()
    assert await desk.refunding.refund_due() == 1
    assert (await desk.refunds(), await desk.at_stripe()) == ([(RefundState.DONE, 1900)], [1900])
    assert await desk.state() == OrderState.REFUNDED
    async with desk.database.reading() as session:
        assert await events(session, "order.refunded") == ["order.refunded"]
    assert await desk.refunding.refund_due() == 0


async def test_parts_go_back_one_after_the_other_and_never_more_than_was_paid(desk: Desk):
    for amount, left in ((500, OrderState.PARTLY_REFUNDED), (None, OrderState.REFUNDED)):
        await desk.ask(amount)
        await desk.refunding.refund_due()
        assert await desk.state() == left
    assert await desk.at_stripe() == [500, 1400]
    async with desk.database.reading() as session:
        assert (await session.scalars(select(Payment.refunded_minor))).one() == 1900


async def test_many_processes_make_one_refund(desk: Desk):
    await desk.ask(500)
    many = [Refunding(desk.database, desk.clock, {NAME: desk.rail}) for _ in range(6)]
    await asyncio.gather(*(each.refund_due() for each in many))
    assert await desk.at_stripe() == [500]


async def test_a_crash_after_the_call_costs_a_try_and_no_money_even_days_later(desk: Desk):
    await desk.ask(500)

    class CrashesAfterTheCall(StripeRail):
        async def refund(self, due: RefundDue) -> RefundAnswer:
            await desk.rail.refund(due)
            raise asyncio.CancelledError

    crashing = CrashesAfterTheCall("sk_test_stage", api_base=f"{desk.stage.url}/stripe")
    with pytest.raises(asyncio.CancelledError):
        await Refunding(desk.database, desk.clock, {NAME: crashing}).refund_due()
    await crashing.close()
    assert (await desk.refunds(), await desk.at_stripe()) == ([(RefundState.ASKED, 500)], [500])
    # Stripe has forgotten the idempotency key by then
    await desk.stage.pass_time(days=3)
    await desk.refunding.refund_due()
    assert (await desk.refunds(), await desk.at_stripe()) == ([(RefundState.DONE, 500)], [500])


async def test_a_reply_that_is_lost_is_no_second_refund(desk: Desk):
    await desk.ask(500)
    # as often as the library asks by itself
    desk.stage.core.faults.add(Fault("stripe", REFUND, "drop_reply", times=3))
    await desk.refunding.refund_due()
    assert await desk.refunds() == [(RefundState.ASKED, 500)]
    desk.clock.pass_time(minutes=2)
    await desk.refunding.refund_due()
    assert (await desk.refunds(), await desk.at_stripe()) == ([(RefundState.DONE, 500)], [500])


async def test_a_stripe_that_fails_is_asked_later_and_later_and_then_given_up(desk: Desk):
    (refund_id,) = await desk.ask()
    waits = []
    desk.stage.core.faults.add(Fault("stripe", REFUND, "500", times=999))
    for _ in range(MOST_FAILURES):
        assert await desk.refunding.refund_due() == 1
        async with desk.database.reading() as session:
            refund = await session.get_one(Refund, refund_id)
        waits.append(refund.retry_at - desk.clock())
        desk.clock.move_to(refund.retry_at)
    assert waits == sorted(waits)
    assert timedelta(0) < waits[0] < waits[-1]
    assert await desk.refunds() == [(RefundState.FAILED, 1900)]
    assert await desk.refunding.refund_due() == 0
    assert any("1" in notice and "19.00" in notice for notice in await desk.told())
    # what was promised is free again, and can be asked for once more
    desk.stage.core.faults.clear()
    await desk.ask()
    await desk.refunding.refund_due()
    assert (await desk.state(), await desk.at_stripe()) == (OrderState.REFUNDED, [1900])


async def test_what_stripe_refuses_is_told_to_the_creator_at_once(desk: Desk):
    intent = (await desk.stage.stripe.v1.payment_intents.list_async()).data[0].id
    await desk.ask()
    status, _ = await desk.stage.control(
        "events", {"type": "dispute_opened", "payment_intent": intent, "deliver": "never"}
    )
    assert status == 200
    await desk.refunding.refund_due()
    assert await desk.refunds() == [(RefundState.FAILED, 1900)]
    assert any("charged back" in notice for notice in await desk.told())
    assert await desk.at_stripe() == []


async def test_a_rail_that_cannot_be_reached_costs_no_attempt(desk: Desk):
    (refund_id,) = await desk.ask()

    class Nowhere(StripeRail):
        async def refund(self, due: RefundDue) -> RefundAnswer:
            raise RailDown(f"refund {due.refund_id} cannot be asked for", answered=False)

    nowhere = Nowhere("sk_test_stage", api_base=f"{desk.stage.url}/stripe")
    for _ in range(2 * MOST_FAILURES):
        await Refunding(desk.database, desk.clock, {NAME: nowhere}).refund_due()
        desk.clock.pass_time(hours=2)
    await nowhere.close()
    async with desk.database.reading() as session:
        refund = await session.get_one(Refund, refund_id)
    assert (refund.state, refund.attempts) == (RefundState.ASKED, 0)
    await desk.refunding.refund_due()
    assert await desk.at_stripe() == [1900]
