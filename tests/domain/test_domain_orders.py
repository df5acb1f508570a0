import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from folk import (
    GOOD_FOR,
    NOW,
    Folk,
    a_creator,
    a_product,
    an_order,
    arrives,
    count,
    counts_of,
    events,
    money,
    notices,
    ordered,
    promised,
    some_folk,
    somebody_else_buys,
    stock_of,
    told,
)
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

import domain.orders
from domain.orders import (
    CHECKOUT_NEEDS,
    CheckoutEnding,
    NotForSale,
    SoldOut,
    await_payment,
    expire_order,
    fail_payment,
    note_pending,
)
from domain.paying import pay_order
from domain.stock import set_stock
from store.database import Database, insert_once
from store.models import (
    Base,
    Entitlement,
    Lead,
    LeadStage,
    Order,
    OrderState,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Payment,
    Product,
)

Act = Callable[[AsyncSession, Order], Awaitable[None]]


async def pay(session: AsyncSession, order: Order, reference: str = "pi_1") -> None:
    await pay_order(session, order, money(reference), now=NOW)


async def expire(session: AsyncSession, order: Order) -> None:
    await expire_order(session, order, now=NOW)


async def state_of(session: AsyncSession, order_id: int) -> OrderState | None:
    return await session.scalar(select(Order.state).where(Order.id == order_id))


async def test_the_same_wish_twice_is_one_order(database: Database):
    folk = await some_folk(database, stock=1)
    orders = []
    for _ in range(2):
        async with database.transaction() as session:
            orders.append(await an_order(session, folk))
    assert orders[0].id == orders[1].id
    assert orders[0].expires_at == NOW + GOOD_FOR
    async with database.reading() as session:
        assert await events(session, "order.opened") == ["order.opened"]
        assert await counts_of(session, folk) == (0, 1, 0, 1)


async def test_ten_wishes_at_once_are_one_order(database: Database):
    folk = await some_folk(database)

    async def wish() -> int:
        async with database.transaction() as session:
            return (await an_order(session, folk)).id

    assert len(set(await asyncio.gather(*(wish() for _ in range(10))))) == 1


async def test_a_checkout_past_its_time_makes_room_once_its_rail_has_said_so(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        first = await an_order(session, folk)
        await await_payment(session, first.id, "cs_1", "https://pay.example")
        again = await an_order(session, folk, now=NOW + GOOD_FOR - timedelta(microseconds=1))
        with pytest.raises(CheckoutEnding):
            await an_order(session, folk, now=NOW + GOOD_FOR)
        # as its rail says a moment later
        await expire_order(session, first, now=NOW + GOOD_FOR)
        later = await an_order(session, folk, now=NOW + GOOD_FOR)
    assert first.id == again.id != later.id


async def test_an_order_too_old_to_get_a_checkout_ends_and_makes_room(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        first = await an_order(session, folk)
        again = await an_order(session, folk, now=NOW + GOOD_FOR - CHECKOUT_NEEDS)
        late = NOW + GOOD_FOR - CHECKOUT_NEEDS + timedelta(microseconds=1)
        later = await an_order(session, folk, now=late)
        assert later.expires_at == late + GOOD_FOR
    assert first.id == again.id != later.id
    async with database.reading() as session:
        assert await state_of(session, first.id) == OrderState.EXPIRED
        assert await events(session, "order.opened", "order.expired") == [
            "order.opened",
            "order.expired",
            "order.opened",
        ]


async def test_an_order_that_ends_just_as_another_wish_meets_it_makes_room(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    folk = await some_folk(database)
    tries: list[object] = []

    async def lost_once(session: AsyncSession, model: type[Base], values: Mapping[str, Any]) -> int | None:
        tries.append(values)
        return None if len(tries) == 1 else await insert_once(session, model, values)

    monkeypatch.setattr(domain.orders, "insert_once", lost_once)
    async with database.transaction() as session:
        assert (await an_order(session, folk)).open_key is not None
    assert len(tries) == 2


async def test_money_on_its_way_is_told_once_and_keeps_its_order(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await await_payment(session, order.id, "cs_1", "https://pay.example")
        for _ in range(2):
            await note_pending(session, order, now=NOW)
        assert (await an_order(session, folk, now=NOW + timedelta(days=3))).id == order.id
    async with database.reading() as session:
        assert (await session.get_one(Order, order.id)).pending_at == NOW
        (told,) = await notices(session)
        assert "waiting for your bank" in told
        assert await events(session, "order.pending") == ["order.pending"]


async def test_money_that_never_comes_is_told_to_both_once_and_makes_room(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        for _ in range(2):
            await fail_payment(session, order, now=NOW)
            # word of it that comes late changes nothing
            await note_pending(session, order, now=NOW)
        assert (await an_order(session, folk)).id != order.id
    async with database.reading() as session:
        buyer, creator = await notices(session)
        assert "did not go through" in buyer
        assert "of Lena" in creator


async def test_a_paid_order_cannot_fail_any_more(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay(session, order)
        await fail_payment(session, order, now=NOW)
    async with database.reading() as session:
        assert await state_of(session, order.id) == OrderState.PAID
        assert len(await notices(session)) == 1


async def test_what_is_sold_out_cannot_be_ordered(database: Database):
    folk = await some_folk(database, stock=0)
    async with database.transaction() as session:
        with pytest.raises(SoldOut):
            await an_order(session, folk)


async def test_what_is_not_for_sale_or_another_creators_cannot_be_ordered(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        other = await a_creator(session, "other", telegram_id=1002)
        theirs = await a_product(session, other)
        lead = await session.get_one(Lead, folk.lead)
        with pytest.raises(NotForSale):
            await ordered(session, lead, theirs)
        await session.execute(update(Product).where(Product.id == folk.product).values(active=False))
        await session.refresh(await session.get_one(Product, folk.product))
        with pytest.raises(NotForSale):
            await an_order(session, folk)


async def test_a_paid_order_hands_over_and_tells_the_creator(database: Database):
    folk = await some_folk(database, stock=3)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay(session, order)
    async with database.reading() as session:
        assert await state_of(session, order.id) == OrderState.PAID
        assert await stock_of(session, folk) == 2
        assert (await session.get_one(Lead, folk.lead)).stage == LeadStage.CUSTOMER
        (delivery,) = await promised(session, OutboxKind.DELIVERY)
        assert delivery.message["text"].startswith("Here is <b>Preset &lt;pack&gt;</b>")
        (told,) = await notices(session)
        assert "Preset &lt;pack&gt; for $19.00" in told
        assert await events(session, "order.paid", "order.oversold") == ["order.paid"]


async def test_a_buyer_gets_a_receipt_and_the_creator_hears_that_nothing_is_left(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        await pay(session, await an_order(session, folk))
    async with database.reading() as session:
        rows = await promised(session, OutboxKind.NOTICE)
        beside = [row for row in rows if row.key.partition(":")[0] in {"receipt", "low-stock"}]
        assert [row.lead_id for row in beside] == [folk.lead, None]
        assert "Receipt no. 1" in beside[0].message["text"]


async def test_the_same_money_twice_is_a_no_op(database: Database):
    folk = await some_folk(database, stock=3)
    for _ in range(2):
        async with database.transaction() as session:
            order = await session.scalar(select(Order)) or await an_order(session, folk)
            await pay(session, order)
    async with database.reading() as session:
        assert await stock_of(session, folk) == 2
        assert await count(session, Payment) == await count(session, Entitlement) == 1
        assert len(await notices(session)) == 1
        assert await events(session, "order.paid") == ["order.paid"]


@pytest.mark.parametrize("stock", [None, 1, 2])
async def test_a_second_payment_is_told_and_leaves_the_stock_alone(database: Database, stock: int | None):
    folk = await some_folk(database, stock=stock)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay(session, order, "pi_1")
        left = await stock_of(session, folk)
        await pay(session, order, "pi_2")
    async with database.reading() as session:
        assert await state_of(session, order.id) == OrderState.PAID
        assert await stock_of(session, folk) == left == (stock and stock - 1)
        assert (await count(session, Payment), await count(session, Entitlement)) == (2, 1)
        _, creator, buyer = await told(session)
        assert "a second time" in creator.message["text"]
        assert "twice" in buyer.message["text"]
        assert buyer.key == f"paid-twice-told:{order.id}:pi_2"


async def test_two_different_payments_at_once_hand_over_once(database: Database):
    folk = await some_folk(database, stock=5)
    async with database.transaction() as session:
        order_id = (await an_order(session, folk)).id

    async def one(reference: str) -> None:
        async with database.transaction() as session:
            await pay(session, await session.get_one(Order, order_id), reference)

    await asyncio.gather(*(one(f"pi_{number}") for number in range(5)))
    async with database.reading() as session:
        assert await stock_of(session, folk) == 4
        assert (await count(session, Payment), await count(session, Entitlement)) == (5, 1)
        assert sum("a second time" in told for told in await notices(session)) == 4


async def test_money_for_the_last_one_that_has_gone_is_kept_and_told(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await expire(session, order)
        await somebody_else_buys(session, folk)
        await pay(session, order)
        await pay(session, order)
    async with database.reading() as session:
        assert await state_of(session, order.id) == OrderState.OVERSOLD
        assert await count(session, Payment, Payment.order_id == order.id) == 1
        assert await count(session, Entitlement, Entitlement.order_id == order.id) == 0
        assert await counts_of(session, folk) == (0, 0, 1, 1)
        _, creator, buyer = await told(session)
        assert "the last one had just gone" in creator.message["text"]
        assert "the last one had just gone" in buyer.message["text"]
        assert (buyer.key, buyer.lead_id) == (f"oversold-told:{order.id}:pi_1", folk.lead)
        ways_out = {button["data"] for (button,) in creator.message["buttons"]}
        assert {f"order:refund:{order.id}", f"order:hand:{order.id}"} <= ways_out
        assert folk.lead not in {row.lead_id for row in await promised(session, OutboxKind.DELIVERY)}


async def test_an_oversold_order_that_is_paid_again_stays_oversold(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await expire(session, order)
        await somebody_else_buys(session, folk)
        await pay(session, order, "pi_1")
        await set_stock(session, await session.get_one(Product, folk.product), 4)
        await pay(session, order, "pi_2")
    async with database.reading() as session:
        assert await state_of(session, order.id) == OrderState.OVERSOLD
        assert await counts_of(session, folk) == (4, 0, 1, 5)


async def test_money_that_comes_after_the_end_still_counts(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await expire(session, order)
        await pay(session, order)
        await expire(session, order)
    async with database.reading() as session:
        assert await state_of(session, order.id) == OrderState.PAID
        assert await events(session, "order.expired", "order.paid") == ["order.expired", "order.paid"]


async def test_an_order_expires_once_and_makes_room(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await expire(session, order)
        await expire(session, order)
        assert (await an_order(session, folk)).id != order.id
    async with database.reading() as session:
        assert await events(session, "order.expired") == ["order.expired"]


async def test_a_checkout_noted_after_the_money_came_changes_nothing(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay(session, order)
        await await_payment(session, order.id, "cs_1", "https://pay.example")
    async with database.reading() as session:
        assert await state_of(session, order.id) == OrderState.PAID


async def test_a_lead_without_a_chat_still_owns_what_they_paid_for(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == folk.lead).values(person_id=None, name="Tom <b>"))
        await session.refresh(await session.get_one(Lead, folk.lead))
        await pay(session, await an_order(session, folk))
    async with database.reading() as session:
        assert await count(session, Entitlement) == 1
        assert await promised(session, OutboxKind.DELIVERY) == []
        assert "to Tom &lt;b&gt;" in (await notices(session))[0]


async def _delivered(database: Database, folk: Folk) -> tuple[int, int]:
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay(session, order)
        entitlement = (await session.scalars(select(Entitlement.id).where(Entitlement.order_id == order.id))).one()
        arrived = update(OutboxMessage).where(OutboxMessage.entitlement_id == entitlement)
        await session.execute(arrived.values(state=OutboxState.SENT))
        for _ in range(2):
            await arrives(session, entitlement)
    return order.id, entitlement


async def test_an_order_whose_delivery_arrived_is_fulfilled_once(database: Database):
    folk = await some_folk(database)
    order_id, _ = await _delivered(database, folk)
    async with database.reading() as session:
        assert await state_of(session, order_id) == OrderState.FULFILLED
        assert await events(session, "order.fulfilled") == ["order.fulfilled"]


async def test_a_payment_saves_nothing_when_its_transaction_fails(database: Database):
    folk = await some_folk(database, stock=3)

    async def pay_and_fail() -> None:
        async with database.transaction() as session:
            await pay(session, await an_order(session, folk))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await pay_and_fail()
    async with database.reading() as session:
        assert await count(session, Order) == await count(session, Payment) == await count(session, Entitlement) == 0
        assert await stock_of(session, folk) == 3
        assert await notices(session) == []
