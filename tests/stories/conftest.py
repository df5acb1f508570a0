import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from world import CREATOR, World, a_world

from app.seed import seed_demo

SHIPPED = Path(__file__).parents[2] / "config.yaml"


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The shipped configuration with the demo's creator, on either database."""
    shutil.copytree(SHIPPED.parent / "flows", tmp_path / "flows")
    async with a_world(store_url, tmp_path, SHIPPED.read_text()) as world:
        settings = world.loaded.settings
        await seed_demo(
            world.spark.database,
            world.spark.files,
            "studio",
            settings.creators["studio"],
            bot_id=settings.bot_id or 0,
            telegram_id=CREATOR,
            now=world.clock(),
        )
        await world.spark.start()
        await world.creator.say("/start")
        await world.creator.hears("For you as the creator")
        yield world
