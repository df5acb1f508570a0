"""The last one, and many who want it at the same moment: with the guard, and with the guard taken away."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from folk import NOW, Folk, a_lead, a_product, count, counts_of, money, ordered, some_folk
from sqlalchemy import select, update

from domain.orders import hold_for
from domain.paying import pay_order
from domain.reservations import reserve
from domain.stock import SoldOut
from store.database import Database
from store.models import Creator, Entitlement, Lead, Order, OrderState, Product, Reservation, ReservationState

BUYERS, ROUNDS = 100, 20
Buying = Callable[[Database, int, int, int], Awaitable[bool]]


async def crowd(database: Database, folk: Folk) -> list[int]:
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        return [(await a_lead(session, creator, 5000 + number))[0].id for number in range(BUYERS)]


async def one_more_product(database: Database, folk: Folk) -> Folk:
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        product = await a_product(session, creator, stock=1, file=False)
    return Folk(folk.creator, folk.lead, product.id)


async def buys(database: Database, lead_id: int, product_id: int, number: int) -> bool:
    """As the bot and the webhook do it: an order in one transaction, its payment in another."""
    try:
        async with database.transaction() as session:
            product = await session.get_one(Product, product_id)
            order = await ordered(session, await session.get_one(Lead, lead_id), product)
    except SoldOut:
        return False
    async with database.transaction() as session:
        await pay_order(session, await session.get_one(Order, order.id), money(f"pi_{number}"), now=NOW)
    return True


@pytest.mark.parametrize("rounds", [ROUNDS // 5, pytest.param(ROUNDS, marks=pytest.mark.nightly)])
async def test_of_a_hundred_buyers_for_the_last_one_exactly_one_gets_it_each_time(database: Database, rounds: int):
    folk = await some_folk(database, file=False)
    leads = await crowd(database, folk)
    for number in range(rounds):
        of_round = await one_more_product(database, folk)
        everyone = (buys(database, lead, of_round.product, number * BUYERS + at) for at, lead in enumerate(leads))
        assert sum(await asyncio.gather(*everyone)) == 1
        async with database.reading() as session:
            assert await counts_of(session, of_round) == (0, 0, 1, 1)
            assert await count(session, Entitlement, Entitlement.product_id == of_round.product) == 1
    async with database.reading() as session:
        assert await count(session, Order) == await count(session, Order, Order.state == OrderState.PAID) == rounds
        held = Reservation.state == ReservationState.HELD
        assert await count(session, Reservation) == rounds
        assert await count(session, Reservation, held) == 0


async def test_of_a_hundred_invoices_for_the_last_one_exactly_one_is_agreed_to(database: Database):
    folk = await some_folk(database, stock=1, file=False)
    leads = await crowd(database, folk)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        product.price_stars = 100
        await session.flush()
        orders = [
            (await ordered(session, await session.get_one(Lead, lead), product, rail="stars")).id for lead in leads
        ]

    async def agree(order_id: int) -> bool:
        async with database.transaction() as session:
            order = await session.get_one(Order, order_id)
            return await hold_for(session, order, until=NOW.replace(minute=15), now=NOW)

    assert sum(await asyncio.gather(*(agree(each) for each in orders))) == 1
    async with database.reading() as session:
        assert await counts_of(session, folk) == (0, 1, 0, 1)


async def sells_naively(database: Database, together: asyncio.Barrier, product_id: int) -> bool:
    """The guard is taken away: it looks whether there is one, and then writes what it has worked out."""
    async with database.reading() as session:
        left = await session.scalar(select(Product.stock).where(Product.id == product_id)) or 0
    await together.wait()
    if left < 1:
        return False
    async with database.transaction() as session:
        sell = update(Product).where(Product.id == product_id)
        await session.execute(sell.values(stock=left - 1, sold=Product.initial - (left - 1)))
    return True


async def test_a_look_and_then_a_write_sells_the_last_one_to_everybody(database: Database):
    folk = await some_folk(database, file=False)
    # as many as have a session to read with at the same moment
    buyers = 5
    for _ in range(ROUNDS):
        of_round = await one_more_product(database, folk)
        together = asyncio.Barrier(buyers)
        sold = await asyncio.gather(*(sells_naively(database, together, of_round.product) for _ in range(buyers)))
        assert sum(sold) == buyers > 1


async def test_two_orders_that_hold_a_bundle_and_its_part_never_wait_for_each_other(database: Database):
    folk = await some_folk(database, stock=1000, file=False)
    leads = await crowd(database, folk)
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        other = await a_product(session, creator, stock=1000, file=False)

    async def both_ways(lead_id: int, first: int, second: int) -> None:
        async with database.transaction() as session:
            lead = await session.get_one(Lead, lead_id)
            order = await ordered(session, lead, await session.get_one(Product, first))
            assert await reserve(session, order.id, until=None)
            await asyncio.sleep(0)
        async with database.transaction() as session:
            lead = await session.get_one(Lead, lead_id)
            await ordered(session, lead, await session.get_one(Product, second))

    await asyncio.gather(
        *(
            both_ways(lead, *((folk.product, other.id) if number % 2 else (other.id, folk.product)))
            for number, lead in enumerate(leads[:40])
        )
    )
    async with database.reading() as session:
        assert await counts_of(session, folk) == (960, 40, 0, 1000)


@pytest.mark.parametrize("stock", [None, 7])
async def test_stock_that_does_not_add_up_is_refused_by_the_store_itself(database: Database, stock: int | None):
    from sqlalchemy.exc import IntegrityError

    folk = await some_folk(database, stock=stock, file=False)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(update(Product).where(Product.id == folk.product).values(stock=8))
