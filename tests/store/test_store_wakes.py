"""Processes on one PostgreSQL wake each other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from sqlalchemy import text
from stores import DATA_KEYS
from structlog.testing import capture_logs

from store.database import Database, Topic, wake
from store.wakes import CHANNEL, Wakes


class Heard:
    """What a process was told by the others."""

    def __init__(self) -> None:
        self.topics: list[frozenset[Topic]] = []
        self._changed = asyncio.Event()

    def __call__(self, topics: frozenset[Topic]) -> None:
        self.topics.append(topics)
        self._changed.set()

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not met():
                self._changed.clear()
                await self._changed.wait()

    @property
    def all(self) -> frozenset[Topic]:
        return frozenset().union(*self.topics)


@asynccontextmanager
async def a_process(url: str) -> AsyncIterator[tuple[Database, Heard, Wakes]]:
    database, heard = Database(url, data_keys=DATA_KEYS), Heard()
    wakes = Wakes(database, heard)
    wakes.start()
    try:
        async with asyncio.timeout(10):
            await wakes.listens.wait()
        yield database, heard, wakes
    finally:
        await wakes.stop()
        await database.close()


async def work(database: Database, *topics: Topic) -> None:
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))
        for topic in topics:
            wake(session, topic)


async def fail(database: Database, topic: Topic) -> None:
    async with database.transaction() as session:
        wake(session, topic)
        raise ZeroDivisionError


async def listening(database: Database) -> set[int]:
    """The server's own numbers of the connections that listen."""
    asked = f"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = '{CHANNEL}'"
    async with database.reading() as session:
        return set(await session.scalars(text(asked)))


async def cut(database: Database, pids: set[int]) -> None:
    async with database.transaction() as session:
        for pid in pids:
            assert await session.scalar(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


async def test_what_one_process_saves_wakes_the_others_and_not_itself_again(postgresql_url: str):
    async with a_process(postgresql_url) as (one, heard_by_one, _), a_process(postgresql_url) as (_, heard, _):
        await work(one, "outbox", "events")
        await heard.until(lambda: heard.all == {"outbox", "events"})
        await work(one, "timers")
        await heard.until(lambda: "timers" in heard.all)
    assert heard_by_one.topics == []


async def test_what_is_taken_back_wakes_nobody(postgresql_url: str):
    async with a_process(postgresql_url) as (one, _, _), a_process(postgresql_url) as (_, heard, _):
        with pytest.raises(ZeroDivisionError):
            await fail(one, "outbox")
        await work(one, "events")
        await heard.until(lambda: bool(heard.topics))
    assert heard.all == {"events"}


async def test_many_wakes_at_once_are_told_in_a_few_words_and_the_last_is_among_them(postgresql_url: str):
    async with a_process(postgresql_url) as (one, _, _), a_process(postgresql_url) as (_, heard, _):
        for number in range(100):
            await work(one, "events", f"topic {number}")
        await heard.until(lambda: "topic 99" in heard.all)
    assert len(heard.all) == 101
    assert len(heard.topics) < 100


async def test_a_connection_that_is_ended_is_made_again(postgresql_url: str):
    with capture_logs() as logs:
        async with a_process(postgresql_url) as (one, _, tells), a_process(postgresql_url) as (_, heard, hears):
            ended = await listening(one)
            await cut(one, ended)
            async with asyncio.timeout(10):
                while len(await listening(one) - ended) < 2:
                    pass
                await tells.listens.wait()
                await hears.listens.wait()
            await work(one, "events")
            await heard.until(lambda: "events" in heard.all)
    assert len(ended) == 2
    assert [(each["log_level"], each["event"]) for each in logs] == [
        ("warning", "wakes of other processes are not heard")
    ] * 2


async def test_what_is_woken_while_there_is_no_connection_is_told_once_there_is(postgresql_url: str):
    async with a_process(postgresql_url) as (one, _, _):
        first = await listening(one)
        async with a_process(postgresql_url) as (_, heard, _):
            await cut(one, first)
            await work(one, "outbox")
            await heard.until(lambda: heard.all == {"outbox"})


async def test_a_store_that_is_away_is_asked_again_and_stopping_is_at_once():
    database = Database("postgresql://x@127.0.0.1:1/x", data_keys=DATA_KEYS)
    wakes = Wakes(database, Heard())
    with capture_logs() as logs:
        wakes.start()
        async with asyncio.timeout(10):
            while len(logs) < 2:
                assert not await database.is_up()
    begun = monotonic()
    await wakes.stop()
    await database.close()
    assert monotonic() - begun < 1


async def test_stopping_right_after_something_was_saved_is_at_once(postgresql_url: str):
    async with a_process(postgresql_url) as (database, _, wakes):
        await work(database, "outbox")
        async with asyncio.timeout(5) as limit:
            await wakes.stop()
        assert not limit.expired()
