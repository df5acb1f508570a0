"""Revision 0004 with rows that are there."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from stores import DATA_KEYS

from store.database import Database
from store.models import TelegramUpdate
from store.schema import migrate

AT = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
async def old(empty_store_url: str):
    database = Database(empty_store_url, data_keys=DATA_KEYS)
    await migrate(database, target="0003")
    yield database
    await database.close()


async def test_up_mends_updates_that_were_closed_by_a_text_instead_of_an_instant(old: Database):
    at = int(AT.timestamp() * 1_000_000) if old.is_sqlite else AT
    # SQLite takes a text for whatever a column holds, and an earlier Spark wrote one
    closed = "2031-05-04 13:00:00.000000" if old.is_sqlite else AT
    row = (
        "INSERT INTO telegram_update (bot_id, update_id, lane, body, reply, correlation_id, resumed, received_at,"
        " answered_at) VALUES (7, 9, 'forgotten', '', '[]', 'c', 0, :at, :closed)"
    )
    async with old.schema_change() as connection:
        await connection.execute(text(row), {"at": at, "closed": closed})
    await migrate(old)
    async with old.reading() as session:
        assert await session.scalar(select(TelegramUpdate.answered_at)) == AT
