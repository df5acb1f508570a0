import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog

sys.path.insert(0, str(Path(__file__).parents[1] / "stories"))

from bot_world import SHIPPED, Hook, hooked
from leads_chat import a_chat
from stores import Stores
from world import World, a_world, begin_studio


@pytest.fixture(autouse=True, scope="session")
def _plain_log() -> None:
    """Rubbish fills the log with tracebacks, and the default ones are drawn at a second each."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, plain])


@pytest.fixture
def sqlite_url(stores: Stores, tmp_path: Path) -> str:
    return stores.sqlite(tmp_path / "spark.db")


@pytest.fixture
def postgresql_url(stores: Stores, postgresql: str) -> str:
    return stores.postgresql(postgresql)


@pytest_asyncio.fixture
async def hook(store_url: str, tmp_path: Path) -> AsyncIterator[Hook]:
    """The shipped configuration, with updates taken in by webhook."""
    async with hooked(store_url, tmp_path) as hook:
        yield hook


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The shipped configuration, with updates fetched by long polling, and the creator in the chat."""
    async with a_world(store_url, tmp_path, SHIPPED) as world:
        await begin_studio(world)
        yield world


@pytest_asyncio.fixture
async def chat(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A small configuration, with the creator in the chat and no lead yet."""
    async with a_chat(store_url, tmp_path) as world:
        yield world
