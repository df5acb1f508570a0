"""Where the last days begin among many rows, found without reading them all."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from domain.creators import add_creator
from store.database import Database
from store.models import Event
from store.queries.stats import first_since

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
ROWS = 40


async def events_a_day(database: Database) -> None:
    """One a day up to now; some have gone since, so that their numbers have holes."""
    async with database.transaction() as session:
        creator_id = (await add_creator(session, name="Studio", slug="studio", now=NOW)).creator.id
        await session.execute(delete(Event))
        for place in range(ROWS):
            at = NOW - timedelta(days=ROWS - 1 - place)
            session.add(Event(creator_id=creator_id, name="day.came", subject="day", occurred_at=at, data={}))
            await session.flush()
        ids = (await session.scalars(select(Event.id).order_by(Event.id))).all()
        await session.execute(delete(Event).where(Event.id.in_(ids[10:14])))


@pytest.mark.parametrize("days", [0, 1, 7, 29, 30, 39, 100])
async def test_nothing_since_then_is_left_out_and_little_else_is_read(database: Database, days: int):
    await events_a_day(database)
    since = NOW - timedelta(days=days)
    async with database.reading() as session:
        first = await first_since(session, Event, Event.id, Event.occurred_at, since)
        left_out = select(Event.id).where(Event.id < first, Event.occurred_at >= since)
        assert list(await session.scalars(left_out)) == []
        older = select(Event.id).where(Event.id >= first, Event.occurred_at < since)
        assert list(await session.scalars(older)) == []


async def test_where_there_is_nothing_it_begins_at_the_beginning(database: Database):
    async with database.transaction() as session:
        await session.execute(delete(Event))
        assert await first_since(session, Event, Event.id, Event.occurred_at, NOW) == 1
