"""A process that is told to stop, whatever one of its parts is busy with."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select
from stores import DATA_KEYS, Stores
from world import a_world

from automations.ticks import Tick
from store.database import Database
from store.database_clock import database_now
from store.models import Lease

CONFIG = "creators: {studio: {name: Studio}}\ntelegram: {default_creator: studio}\n"


@pytest.fixture
def sqlite_url(stores: Stores, tmp_path: Path) -> str:
    return stores.sqlite(tmp_path / "spark.db")


async def test_a_tick_that_hangs_keeps_the_engine_and_the_sender_from_nothing(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.process.INTAKE_SECONDS", 0.2)
    hangs = asyncio.Event()

    async def never_ends() -> int:
        hangs.set()
        await asyncio.Event().wait()
        return 0

    async with a_world(sqlite_url, tmp_path, CONFIG) as world:
        world.spark._parts.ticks.add(Tick("hangs", never_ends, every=3600))
        await world.spark.start()
        database = Database(sqlite_url, data_keys=DATA_KEYS)
        async with asyncio.timeout(10):
            await hangs.wait()
            assert "engine" in await held(database)
            await world.spark.stop()
        # they have said all they had to say, and have made room for whoever comes next
        assert await held(database) == set()
        await database.close()
        world.spark = world._build()
        await world.spark.start()


async def held(database: Database) -> set[str]:
    """What some process leads at this moment."""
    async with database.reading() as session:
        return set(await session.scalars(select(Lease.name).where(Lease.expires_at > database_now())))
