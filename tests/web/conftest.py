from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from shop_world import ApiShop, Stage, on_stage, open_shop, site_with_stripe
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


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage() as stage:
        yield stage


@pytest.fixture
async def shop(site: Site, stage: Stage) -> AsyncIterator[ApiShop]:
    """A creator's shop on SQLite, with Stripe's stand-in."""
    async for shop in _shop(site, stage):
        yield shop


@pytest.fixture
async def either_shop(either_site: Site, stage: Stage) -> AsyncIterator[ApiShop]:
    async for shop in _shop(either_site, stage):
        yield shop


async def _shop(site: Site, stage: Stage) -> AsyncIterator[ApiShop]:
    rail = site_with_stripe(site, stage)
    async with TestClient(TestServer(site.app())) as client:
        yield await open_shop(site, client, stage)
    await rail.close()
