import sys
from pathlib import Path

import pytest
import structlog

# the funnels that hypothesis draws
sys.path.insert(0, str(Path(__file__).parents[1] / "domain"))

from stage import Stage

from store.database import Database


@pytest.fixture(autouse=True, scope="session")
def _plain_log() -> None:
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, plain])


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)
