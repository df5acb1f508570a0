"""Connections to PostgreSQL that break: whoever comes next has a good one."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from stores import DATA_KEYS

import store.engines
from store.database import Database

pytestmark = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
_END = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = :pid")
_WHO = text("SELECT pg_backend_pid()")


async def _end_all(store_url: str, pids: list[int]) -> None:
    other = Database(store_url, data_keys=DATA_KEYS)
    try:
        async with other.transaction() as session:
            for pid in pids:
                assert await session.scalar(_END, {"pid": pid})
    finally:
        await other.close()


async def _driver(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection


@pytest.mark.parametrize("rested", [0.0, 5.0])
async def test_a_connection_that_was_ended_meanwhile_is_not_handed_out(
    database: Database, store_url: str, rested: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.engines, "_RESTED_SECONDS", rested)
    async with database.transaction() as one, database.transaction() as two:
        pids = [await session.scalar(_WHO) for session in (one, two)]
        drivers = [await _driver(await session.connection()) for session in (one, two)]
    ended: asyncio.Queue[object] = asyncio.Queue()
    for driver in drivers:
        driver.add_termination_listener(ended.put_nowait)
    await _end_all(store_url, pids)
    async with asyncio.timeout(10):  # the driver hears of it when its loop comes to it
        for _ in drivers:
            await ended.get()
    for _ in range(3):
        async with database.transaction() as session:
            assert await session.scalar(_WHO) not in pids


async def test_a_connection_in_use_is_not_asked_each_time_whether_it_is_one(database: Database) -> None:
    async with database.transaction() as session:
        await session.scalar(_WHO)
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1

    async with database.engine.connect() as connection:
        driver = await _driver(connection)
    driver.add_query_logger(count)
    for _ in range(5):
        async with database.transaction() as session:
            await session.scalar(_WHO)
    # BEGIN, the question and COMMIT
    assert asked <= 3 * 5
