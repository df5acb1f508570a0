from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from world import World, a_world, begin_studio

SHIPPED = Path(__file__).parents[2] / "config.yaml"


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The shipped configuration with the demo's creator, on either database."""
    async with a_world(store_url, tmp_path, SHIPPED.read_text()) as world:
        await begin_studio(world)
        yield world
