"""Two processes on one SQLite file: one works, and the other is there for when that one ends."""

import asyncio
from pathlib import Path

import pytest
from stores import Stores
from world import a_world, seed

CONFIG = "creators: {studio: {name: Studio}}\ntelegram: {default_creator: studio}\n"


@pytest.fixture
def sqlite_url(stores: Stores, tmp_path: Path) -> str:
    return stores.sqlite(tmp_path / "spark.db")


async def test_a_second_process_stands_by_and_takes_over(sqlite_url: str, tmp_path: Path):
    async with a_world(sqlite_url, tmp_path, CONFIG) as world:
        await seed(world)
        first, second, third = world.spark, world._build(), world._build()
        await first.start()
        waits, leaves = asyncio.create_task(second.start()), asyncio.create_task(third.start())
        # longer than it takes a stand-by to look again
        done, _ = await asyncio.wait({waits, leaves}, timeout=0.7)
        assert not done
        await third.stop()
        async with asyncio.timeout(20):
            await leaves
            await world.creator.say("/start")
            await world.creator.hears("For you as the creator")
            await first.stop()
            await waits
        world.spark = second
        assert (await world.get("/health/ready"))[0] == 200
        await world.creator.say("/start")
        await world.creator.hears("For you as the creator", times=2)
