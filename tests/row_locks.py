"""Transactions that wait for rows that another one holds, as PostgreSQL tells of them."""

import asyncio

from sqlalchemy import text

from store.database import Database

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def until_waiting(database: Database, *others: asyncio.Task[object], count: int = 1) -> None:
    """Until so many wait, or all of the `others` are through. SQLite's wait at their beginning: at once."""
    async with asyncio.timeout(10):
        while not database.is_sqlite and not (others and all(task.done() for task in others)):
            async with database.reading() as session:
                if (await session.scalar(_WAITING) or 0) >= count:
                    return
            await asyncio.sleep(0.01)
