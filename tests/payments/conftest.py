import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from kit.clock import MovableClock
from store.database import Database

for folder in ("domain", "playground"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))

# found by the lines above
from folk import NOW  # noqa: E402
from stripe_requests import check_calls  # noqa: E402
from stripe_stage import Stage, on_stage  # noqa: E402
from stripes_words import Till, a_till  # noqa: E402


@pytest_asyncio.fixture
async def till(database: Database) -> Till:
    return a_till(database, MovableClock(frozen_at=NOW))


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage() as stage:
        yield stage
        check_calls(stage.core.state)
