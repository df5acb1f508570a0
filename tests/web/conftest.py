from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from stores import DATA_KEYS, Stores
from web_world import Client, Site

from store.database import Database


@pytest.fixture
def sqlite_url(stores: Stores, tmp_path: Path) -> str:
    return stores.sqlite(tmp_path / "spark.db")


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url, data_keys=DATA_KEYS)
    yield database
    await database.close()


@pytest.fixture
async def either_database(store_url: str) -> AsyncIterator[Database]:
    database = Database(store_url, data_keys=DATA_KEYS)
    yield database
    await database.close()


@pytest.fixture
def site(database: Database) -> Site:
    site = Site(database)
    site.readiness.now_ready()
    return site


@pytest.fixture
def either_site(either_database: Database) -> Site:
    return Site(either_database)


async def _serve(site: Site) -> AsyncIterator[Client]:
    async with TestClient(TestServer(site.app())) as client:
        yield client


@pytest.fixture
async def client(site: Site) -> AsyncIterator[Client]:
    async for client in _serve(site):
        yield client


@pytest.fixture
async def either_client(either_site: Site) -> AsyncIterator[Client]:
    async for client in _serve(either_site):
        yield client
