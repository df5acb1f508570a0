import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from stores import Stores

sys.path.insert(0, str(Path(__file__).parents[1] / "domain"))


@pytest.fixture
def sqlite_url(stores: Stores, tmp_path: Path) -> str:
    """What only SQLite does."""
    return stores.sqlite(tmp_path / "spark.db")


@pytest.fixture
def postgresql_url(stores: Stores, postgresql: str) -> str:
    """What only PostgreSQL does."""
    return stores.postgresql(postgresql)


@pytest_asyncio.fixture(autouse=True)
async def _drivers_end_before_the_loop() -> AsyncIterator[None]:
    """A connection that a cancelled statement has broken is closed by its thread, which then tells the loop."""
    yield
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 2)
