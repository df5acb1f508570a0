"""The one way to the store: who opens a transaction, on which database, and what it promises."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from socket import gaierror
from typing import Any, TypeVar, cast

import aiosqlite
from sqlalchemy import ColumnElement, CursorResult, Delete, Insert, ScalarResult, Select, Update, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker

from kit.keyring import Keyring
from store.engines import BUSY_TIMEOUT_MS, postgresql_engine, sqlite_engine
from store.models.base import Base
from store.models.sealed import use_keyring
from store.sqlite import connect_reader, connect_writer

_WAKES = "wakes"
_INSERT: dict[str, Callable[[Any], Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
# PostgreSQL's classes of trouble that passes: no connection, ended for standing still, deadlock, no room, shutting
# down or starting up
# (https://www.postgresql.org/docs/current/errcodes-appendix.html)
_PASSING = ("08", "25P03", "40", "53", "57P")
Topic = str
M = TypeVar("M", bound=Base)


def as_async_url(url: str) -> URL:
    """`sqlite:///…` or `postgresql://…` as people write it, with the driver that Spark uses."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return parsed.set(drivername="sqlite+aiosqlite")
        case "postgresql":
            return parsed.set(drivername="postgresql+asyncpg")
        case other:
            raise ValueError(f"store.url: “{other}” is not a store; use sqlite:///… or postgresql://…")


class Database:
    """One SQLite file or one PostgreSQL, with sessions that write and sessions that only read.

    SQLite: one writer at a time, first come first served, each `BEGIN IMMEDIATE`, so that nobody upgrades a
    read lock and fails; readers never take the write lock. PostgreSQL: READ COMMITTED.

    `data_keys` seal what is personal: the first seals, all of them unseal.
    """

    def __init__(self, url: str, *, data_keys: Sequence[str] = (), pool_size: int = 10) -> None:
        self.url = as_async_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._listeners: list[Callable[[frozenset[Topic]], None]] = []
        keyring = Keyring(data_keys)
        if self.is_sqlite:
            if self.url.database and self.url.database != ":memory:":
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = sqlite_engine(self.url, connect_writer, pool_size=1, begin="BEGIN IMMEDIATE")
            self._read_engine = sqlite_engine(self.url, connect_reader, pool_size=4, begin="BEGIN", query_only=True)
        else:
            self.engine = postgresql_engine(self.url, pool_size=pool_size)
            # one snapshot from the first statement to the last, as SQLite gives its readers
            self._read_engine = self.engine.execution_options(
                postgresql_readonly=True, isolation_level="REPEATABLE READ"
            )
        for engine in (self.engine, self._read_engine):
            use_keyring(engine.dialect, keyring)
        self._writing = async_sessionmaker(self.engine, expire_on_commit=False)
        self._reading = async_sessionmaker(self._read_engine, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """What happens inside is saved together or not at all. No wire call belongs inside."""
        session: AsyncSession | None = None
        try:
            # begin() of the maker ends to the end, also when whoever asked is cancelled meanwhile
            async with self._writing.begin() as session:
                yield session
        except asyncio.CancelledError:
            # it may be saved all the same, and who is woken in vain looks once more
            self._tell_woken(session)
            raise
        self._tell_woken(session)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A consistent read that never waits for a writer; writing through it fails."""
        async with self._reading.begin() as session:
            yield session

    @asynccontextmanager
    async def schema_change(self) -> AsyncIterator[AsyncConnection]:
        """One transaction in which tables may be changed.

        SQLite changes a table by making it anew, and dropping the old one would take the rows that point at it for
        orphans: https://www.sqlite.org/lang_altertable.html#otheralter
        """
        async with self.engine.connect() as connection:
            if not self.is_sqlite:
                async with connection.begin():
                    # rows may be worked out for minutes between two statements
                    await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
                    yield connection
                return
            driver = (await connection.get_raw_connection()).driver_connection
            raw = cast("aiosqlite.Connection", driver)
            await raw.execute("PRAGMA foreign_keys = OFF")
            try:
                async with connection.begin():
                    before = raw.total_changes
                    yield connection
                    # a start mostly changes nothing; that something did, Alembic writes down in a row
                    changed = raw.total_changes - before
                    if changed and (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first():
                        raise RuntimeError("the change of the tables would leave rows that point at nothing")
            finally:
                await raw.execute("PRAGMA foreign_keys = ON")

    async def drop_traces(self) -> bool:
        """What was deleted leaves SQLite's log of changes too. False while somebody still reads from it: ask again.

        https://www.sqlite.org/pragma.html#pragma_wal_checkpoint; PostgreSQL sees to its own.
        """
        if not self.is_sqlite:
            return True
        async with self.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            raw = cast("aiosqlite.Connection", driver)
            # whoever wants to write meanwhile is not kept waiting for readers
            await raw.execute("PRAGMA busy_timeout = 0")
            try:
                (busy, *_), *_ = await raw.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await raw.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        return not busy

    def _tell_woken(self, session: AsyncSession | None) -> None:
        if session is not None and (woken := frozenset(session.info.get(_WAKES, ()))):
            for listener in self._listeners:
                listener(woken)

    def on_commit(self, listener: Callable[[frozenset[Topic]], None]) -> None:
        """Calls `listener` after each commit with the topics that it woke."""
        self._listeners.append(listener)

    async def is_up(self) -> bool:
        try:
            async with asyncio.timeout(5), self.reading() as session:
                await session.execute(text("SELECT 1"))
        except (DBAPIError, OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        await self.engine.dispose()
        if self.is_sqlite:
            await self._read_engine.dispose()


def wake(session: AsyncSession, topic: Topic) -> None:
    """Asks that whoever works on `topic` is told once this transaction is saved, and not before."""
    session.info.setdefault(_WAKES, set()).add(topic)


async def insert_once(session: AsyncSession, model: type[Base], values: Mapping[str, Any]) -> int | None:
    """The new row's id, or None when a unique key says that it is there already: the database decides."""
    statement = _insert_once(model, session.get_bind().dialect.name)
    told = {name: value for name, value in values.items() if not isinstance(value, ColumnElement)}
    if len(told) < len(values):
        # the others the database works out
        statement = statement.values({name: value for name, value in values.items() if name not in told})
    return (await session.execute(statement, told)).scalar_one_or_none()


@cache
def _insert_once(model: type[Base], dialect: str) -> Insert:
    """Built once: building it costs more than the database takes to carry it out. Core, since nothing is mapped."""
    key = next(iter(model.__table__.primary_key))
    statement: Insert = _INSERT[dialect](model.__table__).on_conflict_do_nothing().returning(key)
    return statement


async def insert_each_once(session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Those of the rows that no unique key says are there already."""
    if rows:
        insert = _INSERT[session.get_bind().dialect.name](model.__table__)
        await session.execute(insert.on_conflict_do_nothing(), [dict(row) for row in rows])


async def insert_selected_once(
    session: AsyncSession, model: type[Base], columns: Sequence[str], query: Select[*tuple[Any, ...]]
) -> None:
    """The rows of a query (which has a WHERE), but for those that a unique key says are there already."""
    insert = _INSERT[session.get_bind().dialect.name](model.__table__)
    await session.execute(insert.from_select(columns, query).on_conflict_do_nothing())


async def insert_and_tell(
    session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]], *columns: str
) -> Sequence[Any]:
    """Those of the rows that no unique key says are there already, by these columns of theirs, in no order."""
    if not rows:
        return []
    table = model.__table__
    insert = _INSERT[session.get_bind().dialect.name](table).on_conflict_do_nothing()
    told = await session.execute(insert.returning(*(table.c[name] for name in columns)), [dict(row) for row in rows])
    return told.all()


async def upsert(
    session: AsyncSession, model: type[M], key: Mapping[str, Any], latest: Mapping[str, Any], **first: Any
) -> M:
    """The row under `key` with its `latest` values, made with the `first` ones too when it is new; held until the end.

    `key` names a unique key's columns.
    """
    statement = _upsert(model, session.get_bind().dialect.name, tuple(key), tuple(latest))
    values = {**key, **latest, **first}
    # one row: the way that is made for many costs half as much again
    options = {"populate_existing": True, "dml_strategy": "orm"}
    rows: ScalarResult[M] = await session.scalars(statement, values, execution_options=options)
    return rows.one()


@cache
def _upsert(model: type[Base], dialect: str, key: tuple[str, ...], latest: tuple[str, ...]) -> Insert:
    insert = _INSERT[dialect](model)
    newest = {name: insert.excluded[name] for name in latest}
    statement: Insert = insert.on_conflict_do_update(index_elements=key, set_=newest).returning(model)
    return statement


async def count_changed(
    session: AsyncSession, statement: Update | Delete, values: Mapping[str, Any] | None = None
) -> int:
    """How many rows a conditional UPDATE or DELETE met: 0 means that somebody else was first."""
    result = await session.execute(statement, values)
    return cast("CursorResult[Any]", result).rowcount


def is_postgresql(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def is_unavailable(error: BaseException) -> bool:
    """True when the store could not be reached or was busy: not the data's fault, so try again later."""
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError | InterfaceError):
        return error.connection_invalidated or str(getattr(error.orig, "sqlstate", None)).startswith(_PASSING)
    return isinstance(
        error, OperationalError | InterfaceError | PoolTimeoutError | ConnectionError | TimeoutError | gaierror
    )
