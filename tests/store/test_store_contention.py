"""Forty late payments at once on one product with 25 in stock, with the guards and with each guard taken away."""

import asyncio
from collections import Counter

import aiosqlite
from folk import NOW, Folk, count, events, money, notices, orders_of_many, some_folk, stock_of
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import async_sessionmaker
from stores import DATA_KEYS

from domain.paying import pay_order
from kit.keyring import Keyring
from store.database import Database
from store.engines import sqlite_engine
from store.models import Entitlement, Order, OrderState, Payment, Product
from store.models.sealed import use_keyring

BUYERS, STOCK = 40, 25


async def pay(database: Database, order_id: int, *, together: asyncio.Barrier | None = None) -> None:
    """As the webhook does it: the order is read, then paid. `together`: once everyone has read theirs."""
    async with database.transaction() as session:
        order = await session.get_one(Order, order_id)
        if together is not None:
            await together.wait()
        await pay_order(session, order, money(f"pi_{order_id}"), now=NOW)


async def pay_everything(databases: list[Database], orders: list[int]) -> list[BaseException]:
    """All at once, by turns through each of these; the errors that came of it."""
    payments = (pay(databases[number % len(databases)], order) for number, order in enumerate(orders))
    ended = await asyncio.gather(*payments, return_exceptions=True)
    return [each for each in ended if each is not None]


async def assert_exact(database: Database, folk: Folk) -> None:
    async with database.reading() as session:
        assert await stock_of(session, folk) == 0
        states = await session.execute(select(Order.state, func.count()).group_by(Order.state))
        assert {row[0]: row[1] for row in states} == {
            OrderState.PAID: STOCK,
            OrderState.OVERSOLD: BUYERS - STOCK,
        }
        assert await count(session, Payment) == BUYERS
        assert await count(session, Entitlement) == STOCK
        assert Counter(await events(session, "order.paid", "order.oversold")) == {
            "order.paid": STOCK,
            "order.oversold": BUYERS - STOCK,
        }
        # the creator hears of each, and those who came too late do as well
        assert len(await notices(session)) == BUYERS + (BUYERS - STOCK)


async def test_forty_payments_at_once_are_all_kept_and_the_stock_is_exact(database: Database):
    folk = await some_folk(database, stock=STOCK)
    orders = await orders_of_many(database, folk, BUYERS, ended=True)
    assert await pay_everything([database], orders) == []
    await assert_exact(database, folk)


async def test_forty_payments_by_four_processes_are_all_kept_and_the_stock_is_exact(store_url: str):
    databases = [Database(store_url, data_keys=DATA_KEYS) for _ in range(4)]
    try:
        folk = await some_folk(databases[0], stock=STOCK)
        orders = await orders_of_many(databases[0], folk, BUYERS, ended=True)
        assert await pay_everything(databases, orders) == []
        await assert_exact(databases[0], folk)
    finally:
        for each in databases:
            await each.close()


async def test_forty_payments_told_twice_each_are_forty_payments(database: Database):
    folk = await some_folk(database, stock=STOCK)
    orders = await orders_of_many(database, folk, BUYERS, ended=True)
    assert await pay_everything([database], orders * 2) == []
    await assert_exact(database, folk)


async def test_with_a_plain_begin_the_same_payments_fail_with_database_is_locked(sqlite_url: str):
    guarded, unguarded = Database(sqlite_url, data_keys=DATA_KEYS), Database(sqlite_url, data_keys=DATA_KEYS)
    folk = await some_folk(guarded, stock=STOCK)
    orders = await orders_of_many(guarded, folk, BUYERS, ended=True)
    # the guard is taken away: each opens with a read lock, as the driver would by itself
    deferred = sqlite_engine(unguarded.url, aiosqlite.connect, pool_size=BUYERS, begin="BEGIN")
    use_keyring(deferred.dialect, Keyring(DATA_KEYS))
    unguarded._writing = async_sessionmaker(deferred, expire_on_commit=False)
    together = asyncio.Barrier(BUYERS)
    try:
        ended = await asyncio.gather(
            *(pay(unguarded, order, together=together) for order in orders), return_exceptions=True
        )
        failed = [each for each in ended if each is not None]
        assert len(failed) == BUYERS - 1
        assert all("database is locked" in str(each) for each in failed)
        async with guarded.reading() as session:
            assert await count(session, Payment) == 1
    finally:
        await deferred.dispose()
        for each in (guarded, unguarded):
            await each.close()


async def test_a_stock_that_is_read_and_then_written_oversells(postgresql_url: str):
    database = Database(postgresql_url, data_keys=DATA_KEYS)
    buyers = 8
    folk = await some_folk(database, stock=3)
    together = asyncio.Barrier(buyers)

    async def buy_naively() -> bool:
        async with database.transaction() as session:
            left = await stock_of(session, folk)
            await together.wait()
            if not left:
                return False
            one_less = update(Product).where(Product.id == folk.product)
            await session.execute(one_less.values(stock=left - 1, sold=Product.initial - (left - 1)))
            return True

    try:
        sold = await asyncio.gather(*(buy_naively() for _ in range(buyers)))
        assert sum(sold) == buyers > 3
        async with database.reading() as session:
            assert await stock_of(session, folk) == 2
    finally:
        await database.close()
