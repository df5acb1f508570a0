import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parents[1] / "stories"))

from bot_world import SHIPPED, Hook, hooked, seed
from world import World, a_world


@pytest_asyncio.fixture
async def hook(store_url: str, tmp_path: Path) -> AsyncIterator[Hook]:
    """The shipped configuration, with updates taken in by webhook."""
    async with hooked(store_url, tmp_path) as hook:
        yield hook


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The shipped configuration, with updates fetched by long polling, and the creator in the chat."""
    async with a_world(store_url, tmp_path, SHIPPED) as world:
        await seed(world)
        await world.spark.start()
        await world.creator.say("/start")
        await world.creator.hears("For you as the creator")
        yield world
