"""Every webhook is dropped: what Stripe knows is asked of it, and each order ends as it should."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import pytest
import pytest_asyncio
from folk import Folk, a_lead, counts_of, some_folk
from sqlalchemy import func, select
from stripe_stage import Stage
from stripes_words import Till, a_till

from domain.orders import open_order
from domain.pricing import Wish
from domain.setups import CreatorSetup
from kit.clock import MovableClock
from payments.checkout import begin_checkout
from payments.rail import Rails
from payments.reconciling import EVERY, Reconciler
from payments.stripe_rail import NAME, StripeRail
from playground.core import Fault
from store.database import Database
from store.models import (
    Creator,
    Dispute,
    DisputeState,
    Entitlement,
    Order,
    OrderState,
    Payment,
    Product,
    ProviderEvent,
    ProviderEventState,
    Refund,
    RefundState,
)

SIDE_BY_SIDE = 20
GOOD_FOR = timedelta(hours=20)
Step = tuple[str, dict[str, object]]
# what happens at Stripe, and how the order ends
OUTCOMES: dict[str, tuple[list[Step], OrderState]] = {
    "paid": ([("session", {"outcome": "paid"})], OrderState.PAID),
    "declined, then paid": (
        [("session", {"outcome": "declined"}), ("session", {"outcome": "paid"})],
        OrderState.PAID,
    ),
    "declined for good": (
        [("session", {"outcome": "declined"}), ("session", {"outcome": "expire"})],
        OrderState.EXPIRED,
    ),
    "paid slowly": (
        [("session", {"outcome": "async_pending"}), ("session", {"outcome": "async_paid"})],
        OrderState.PAID,
    ),
    "failed slowly": (
        [("session", {"outcome": "async_pending"}), ("session", {"outcome": "async_failed"})],
        OrderState.EXPIRED,
    ),
    "still on its way": ([("session", {"outcome": "async_pending"})], OrderState.AWAITING_PAYMENT),
    "still open": ([], OrderState.AWAITING_PAYMENT),
    "expired": ([("session", {"outcome": "expire"})], OrderState.EXPIRED),
    "refunded": ([("session", {"outcome": "paid"}), ("event", {"type": "refund"})], OrderState.REFUNDED),
    "refunded in part": (
        [("session", {"outcome": "paid"}), ("event", {"type": "refund", "amount": 500})],
        OrderState.PARTLY_REFUNDED,
    ),
    "refunded bit by bit": (
        [
            ("session", {"outcome": "paid"}),
            ("event", {"type": "refund", "amount": 500}),
            ("event", {"type": "refund", "amount": 1400}),
        ],
        OrderState.REFUNDED,
    ),
    "disputed": ([("session", {"outcome": "paid"}), ("event", {"type": "dispute_opened"})], OrderState.DISPUTED),
    "dispute won": (
        [
            ("session", {"outcome": "paid"}),
            ("event", {"type": "dispute_opened"}),
            ("event", {"type": "dispute_won"}),
        ],
        OrderState.PAID,
    ),
    "dispute lost": (
        [
            ("session", {"outcome": "paid"}),
            ("event", {"type": "dispute_opened"}),
            ("event", {"type": "dispute_lost"}),
        ],
        OrderState.REFUNDED,
    ),
}
# whoever paid and keeps the money's worth
OWNED = {"paid", "declined, then paid", "paid slowly", "refunded in part", "dispute won"}
HELD = {"still on its way", "still open"}


@dataclass
class Shop:
    database: Database
    stage: Stage
    clock: MovableClock
    rails: Rails
    till: Till
    reconciler: Reconciler

    async def round(self, *, looks: bool = True, lists: bool = True) -> None:
        """As the ticks do it: each goes on until nothing is due."""
        while lists and await self.reconciler.read_lists():
            pass
        while await self.till.events.apply_due():
            pass
        while looks and await self.reconciler.look_up_due():
            pass


@pytest_asyncio.fixture
async def shop(database: Database, stage: Stage) -> AsyncIterator[Shop]:
    clock = stage.core.clock
    rail = StripeRail("sk_test_stage", api_base=f"{stage.url}/stripe", success_url="https://t.me/bot")
    rails: Rails = {NAME: rail}
    yield Shop(database, stage, clock, rails, a_till(database, clock), Reconciler(database, clock, rails))
    await rail.close()


async def in_turns(works: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """So many at a time."""
    left = iter(works)
    while batch := list(islice(left, SIDE_BY_SIDE)):
        await asyncio.gather(*(work() for work in batch))


async def orders_with_pages(shop: Shop, folk: Folk, count: int) -> list[int]:
    ids = []
    async with shop.database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        product = await session.get_one(Product, folk.product)
        for number in range(count):
            lead, _ = await a_lead(session, creator, 5000 + number)
            order = await open_order(
                session, lead, Wish(product), now=shop.clock(), good_for=GOOD_FOR, setup=CreatorSetup()
            )
            ids.append(order.id)

    async def begin(order_id: int) -> None:
        assert await begin_checkout(shop.database, shop.rails, order_id, now=shop.clock())

    await in_turns((lambda order_id=order_id: begin(order_id)) for order_id in ids)
    return ids


async def happen(shop: Shop, session_id: str, steps: list[Step]) -> None:
    for kind, body in steps:
        if kind == "session":
            path, sent = f"sessions/{session_id}", {**body, "deliver": "never"}
        else:
            path, sent = "events", {**body, "session": session_id, "deliver": "never"}
        status, answer = await shop.stage.control(path, sent)
        assert status == 200, answer


async def all_outcomes(shop: Shop, count: int, *, folk: Folk | None = None) -> tuple[Folk, dict[int, str]]:
    """As many orders, with what has happened to each at Stripe."""
    folk = folk or await some_folk(shop.database, stock=count)
    ids = await orders_with_pages(shop, folk, count)
    names = list(OUTCOMES)
    fates = {order_id: names[place % len(names)] for place, order_id in enumerate(ids)}
    async with shop.database.reading() as session:
        sessions = {row.id: row.session_id for row in await session.execute(select(Order.id, Order.session_id))}
    await in_turns(
        (lambda order_id=order_id, fate=fate: happen(shop, str(sessions[order_id]), OUTCOMES[fate][0]))
        for order_id, fate in fates.items()
    )
    return folk, fates


async def ends(shop: Shop) -> dict[int, OrderState]:
    async with shop.database.reading() as session:
        return {row.id: row.state for row in await session.execute(select(Order.id, Order.state))}


async def amiss(shop: Shop, fates: dict[int, str]) -> dict[int, tuple[str, OrderState]]:
    """The orders that did not end as they should."""
    found = await ends(shop)
    return {
        order_id: (fate, found[order_id])
        for order_id, fate in fates.items()
        if found[order_id] not in ({OUTCOMES[fate][1], OrderState.FULFILLED} if fate in OWNED else {OUTCOMES[fate][1]})
    }


async def check_books(shop: Shop, folk: Folk, fates: dict[int, str]) -> None:
    """Money, rights, and stock are as what happened says, to the last one."""
    happened = Counter(fates.values())
    paid = sum(count for fate, count in happened.items() if ("session", {"outcome": "paid"}) in OUTCOMES[fate][0])
    paid += happened["paid slowly"]
    async with shop.database.reading() as session:
        assert await session.scalar(select(func.count(Payment.id))) == paid
        entitled = select(Entitlement.order_id).where(Entitlement.revoked_at.is_(None))
        assert set(await session.scalars(entitled)) == {each for each, fate in fates.items() if fate in OWNED}
        refunds = await session.execute(
            select(func.count(Refund.id), func.sum(Refund.amount_minor)).where(Refund.state == RefundState.DONE)
        )
        full, part, bits = (happened[name] for name in ("refunded", "refunded in part", "refunded bit by bit"))
        assert refunds.one() == (full + part + 2 * bits, 1900 * (full + bits) + 500 * part)
        disputes = await session.execute(
            select(Dispute.state, func.count(Dispute.id).label("many")).group_by(Dispute.state)
        )
        assert {row.state: row.many for row in disputes} == {
            DisputeState.OPEN: happened["disputed"],
            DisputeState.WON: happened["dispute won"],
            DisputeState.LOST: happened["dispute lost"],
        }
        stock, reserved, sold, initial = await counts_of(session, folk)
        held = sum(happened[name] for name in HELD)
        assert reserved == held
        assert (stock or 0) + reserved + sold == initial
        unsettled = select(func.count(ProviderEvent.id)).where(
            ProviderEvent.state.in_([ProviderEventState.KEPT, ProviderEventState.REFUSED])
        )
        assert await session.scalar(unsettled) == 0


async def prove(shop: Shop, count: int) -> None:
    folk, fates = await all_outcomes(shop, count)
    for _ in range(2):
        shop.clock.pass_time(minutes=6)
        await shop.round()
    assert shop.stage.receiver.posts == []
    assert await amiss(shop, fates) == {}
    await check_books(shop, folk, fates)
    # nothing more comes of asking again
    before = await ends(shop)
    shop.clock.pass_time(minutes=6)
    await shop.round()
    assert await ends(shop) == before
    await check_books(shop, folk, fates)


@pytest.mark.timeout(400)
async def test_with_every_webhook_dropped_all_orders_end_right_within_two_rounds(shop: Shop):
    await prove(shop, 140 if shop.database.is_sqlite else 70)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
async def test_with_every_webhook_dropped_a_thousand_orders_end_right_on_either_database(shop: Shop):
    await prove(shop, 1000)


async def test_stripes_list_alone_is_enough(shop: Shop):
    folk, fates = await all_outcomes(shop, 2 * len(OUTCOMES))
    for _ in range(2):
        shop.clock.pass_time(minutes=6)
        await shop.round(looks=False)
    assert await amiss(shop, fates) == {}
    await check_books(shop, folk, fates)


async def test_looking_orders_up_alone_is_enough(shop: Shop):
    folk, fates = await all_outcomes(shop, 2 * len(OUTCOMES))
    for _ in range(2):
        shop.clock.pass_time(minutes=6)
        await shop.round(lists=False)
    assert await amiss(shop, fates) == {}
    await check_books(shop, folk, fates)


async def test_what_happens_at_stripe_after_the_sale_is_read_from_its_list(shop: Shop):
    folk = await some_folk(shop.database, stock=3)
    ids = await orders_with_pages(shop, folk, 3)
    async with shop.database.reading() as session:
        sessions = [str(await session.scalar(select(Order.session_id).where(Order.id == each))) for each in ids]
    for session_id in sessions:
        await happen(shop, session_id, OUTCOMES["paid"][0])
    shop.clock.pass_time(minutes=6)
    await shop.round()
    assert set((await ends(shop)).values()) <= {OrderState.PAID, OrderState.FULFILLED}
    shop.clock.pass_time(days=3)
    await happen(shop, sessions[0], [("event", {"type": "refund"})])
    await happen(shop, sessions[1], [("event", {"type": "dispute_opened"})])
    await shop.round()
    found = await ends(shop)
    assert [found[each] for each in ids[:2]] == [OrderState.REFUNDED, OrderState.DISPUTED]
    # a refund has it read once more; then it is not for a while, however often the tick comes round
    await shop.round()
    assert await shop.reconciler.read_lists() == 0
    shop.clock.pass_time(seconds=EVERY.total_seconds())
    assert await shop.reconciler.read_lists() == 1


async def test_a_list_that_breaks_off_is_read_from_the_same_place_again(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("payments.stripe_rail.PAGE", 10)
    monkeypatch.setattr("payments.reconciling.PAUSE_SECONDS", 0.0)
    folk, fates = await all_outcomes(shop, len(OUTCOMES))
    shop.clock.pass_time(minutes=6)
    # the library asks three times before it gives up
    for _ in range(3):
        shop.stage.core.faults.add(Fault("stripe", "GET /v1/events", "403", times=1))
        assert await shop.reconciler.read_lists() == 0
    for _ in range(2):
        await shop.round(looks=False)
        shop.clock.pass_time(minutes=6)
    assert await amiss(shop, fates) == {}
    await check_books(shop, folk, fates)


async def test_an_order_whose_page_nobody_was_given_ends_with_its_time(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    folk = await some_folk(shop.database, stock=1)
    async with shop.database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        lead, _ = await a_lead(session, creator)
        product = await session.get_one(Product, folk.product)
        order = await open_order(
            session, lead, Wish(product), now=shop.clock(), good_for=GOOD_FOR, setup=CreatorSetup()
        )
    monkeypatch.setattr("payments.stripe_rail.TIMEOUT_SECONDS", 0.1)
    shop.stage.core.faults.add(Fault("stripe", "POST /v1/checkout/sessions", "500", times=9))
    with pytest.raises(Exception, match="try again"):
        await begin_checkout(shop.database, shop.rails, order.id, now=shop.clock())
    shop.stage.core.faults.clear()
    shop.clock.pass_time(hours=19)
    await shop.round()
    async with shop.database.reading() as session:
        assert (await counts_of(session, folk))[:2] == (0, 1)
    shop.clock.pass_time(hours=2)
    await shop.round()
    assert await ends(shop) == {order.id: OrderState.EXPIRED}
    async with shop.database.reading() as session:
        assert (await counts_of(session, folk))[:2] == (1, 0)
