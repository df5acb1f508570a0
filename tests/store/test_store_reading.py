"""Reading from SQLite: short questions on the loop, long ones in a thread of the driver's."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from stores import DATA_KEYS, Stores

from store.database import Database
from store.sqlite import Reader

# a million rows, one after the other: far more than a question may take on the loop
LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) SELECT {} FROM n"


@pytest.fixture
def sqlite_url(stores: Stores, tmp_path: Path) -> str:
    return stores.sqlite(tmp_path / "spark.db")


@pytest.fixture
async def database(sqlite_url: str):
    database = Database(sqlite_url, data_keys=DATA_KEYS)
    yield database
    await database.close()


async def _reader(session) -> Reader:
    connection = await (await session.connection()).get_raw_connection()
    assert isinstance(connection.driver_connection, Reader)
    return connection.driver_connection


async def test_a_short_question_never_leaves_the_loop(database: Database):
    async with database.reading() as session:
        reader = await _reader(session)
        before = reader._handed
        assert await session.scalar(text("SELECT count(*) FROM creator")) == 0
        assert reader._handed == before


@pytest.mark.parametrize(("asked", "expected"), [("sum(i)", 500_000_500_000), ("max(i)", 1_000_000)])
async def test_a_long_question_leaves_the_loop_free_and_is_answered_all_the_same(
    database: Database, asked: str, expected: int
):
    async with database.reading() as session:
        reader = await _reader(session)
        before, turns = reader._handed, 0
        question = asyncio.ensure_future(session.scalar(text(LONG.format(asked)), {"many": 1_000_000}))
        while not question.done():
            turns += 1
            await asyncio.sleep(0.001)
        assert question.result() == expected
        assert reader._handed > before
        # the loop has been round many times meanwhile
        assert turns > 5


async def test_rows_that_are_found_slowly_are_each_there_once(database: Database):
    async with database.reading() as session:
        reader = await _reader(session)
        before = reader._handed
        rows = (await session.scalars(text(LONG.format("i") + " WHERE i % 1000 = 0"), {"many": 500_000})).all()
        assert rows == list(range(1_000, 500_001, 1_000))
        assert reader._handed > before
        # and the connection goes on as before
        assert await session.scalar(text("SELECT 7")) == 7


async def test_what_is_wrong_with_a_question_is_told(database: Database):
    with pytest.raises(Exception, match="no such column"):
        async with database.reading() as session:
            await session.execute(text("SELECT unknown_name FROM creator"))


async def test_somebody_who_stops_waiting_for_a_long_question_leaves_the_connection_whole(database: Database):
    for _ in range(6):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), database.reading() as session:
                await session.scalar(text(LONG.format("sum(i)")), {"many": 3_000_000})
    async with database.reading() as session:
        assert await session.scalar(text("SELECT 7")) == 7


async def test_what_took_too_long_is_not_tried_on_the_loop_again_and_again(database: Database):
    async with database.reading() as session:
        reader = await _reader(session)
        question = text(LONG.format("sum(i)"))
        assert await session.scalar(question, {"many": 1_000_000}) == 500_000_500_000
        before = reader._handed
        # a short one this time, which nobody can know
        assert await session.scalar(question, {"many": 3}) == 6
        assert reader._handed > before
        for _ in range(200):
            before = reader._handed
            assert await session.scalar(question, {"many": 3}) == 6
            if reader._handed == before:
                break
        assert reader._handed == before
