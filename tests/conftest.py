import gc
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from aiohttp import web_app

sys.path.insert(0, str(Path(__file__).parent))

from quick_stores import not_to_survive_power_cuts, share_compiled
from stores import DATA_KEYS, Stores, empty_postgresql, postgresql_server

from store.database import Database


def pytest_collection_finish() -> None:
    """What is imported stays, and looking for garbage time and again takes a tenth of the suite."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return Stores(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    with postgresql_server() as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def _quick_stores() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        share_compiled(patch)
        not_to_survive_power_cuts(patch)
        yield


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    """aiohttp keeps the last thousand applications alive, and looking through them all costs a second each time."""
    yield
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(autouse=True)
def _stores_come_back(stores: Stores) -> Iterator[None]:
    yield
    stores.take_back()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, stores: Stores, tmp_path: Path) -> str:
    """Either database, with the newest schema and nothing in it."""
    if request.param == "sqlite":
        return stores.sqlite(tmp_path / "spark.db")
    return stores.postgresql(request.getfixturevalue("postgresql"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Either database, without a single table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return empty_postgresql(request.getfixturevalue("postgresql"))


@pytest_asyncio.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    database = Database(store_url, data_keys=DATA_KEYS)
    yield database
    await database.close()


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    """Drawn tracebacks, the library's default, cost a second each."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(0),
    )
    yield
    structlog.reset_defaults()
