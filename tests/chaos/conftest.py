import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from chaos_client import Client, connected
from chaos_stage import Stage
from stores import empty_postgresql

SEED = os.environ.get("CHAOS_SEED")


@pytest.fixture
def dice() -> random.Random:
    """The same again with CHAOS_SEED set to what a run has printed."""
    seed = int(SEED) if SEED else random.SystemRandom().randrange(10**6)
    print(f"CHAOS_SEED={seed}")  # noqa: T201 - pytest shows it with a failure
    return random.Random(seed)


@pytest.fixture
async def staged(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Opens a stage with its playground running, and a client to it; both are gone at the end of the test."""
    async with AsyncExitStack() as stack:

        async def open_stage(**options: Any) -> tuple[Stage, Client]:
            return await stack.enter_async_context(_opened(tmp_path, **options))

        yield open_stage


@asynccontextmanager
async def _opened(folder: Path, **options: Any) -> AsyncIterator[tuple[Stage, Client]]:
    stage = Stage(folder, **options)
    try:
        await stage.start_playground()
        async with connected(stage.playground_url) as client:
            yield stage, client
    finally:
        stage.end()


@pytest.fixture
def postgresql_url(postgresql: str) -> str:
    return empty_postgresql(postgresql)
