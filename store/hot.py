"""Many rows at once on the driver's own connection, inside the session's transaction: the engine's hot path.

SQLAlchemy costs more than the database there. What is written is gathered and carried out together: SQLite in one
visit to its thread, PostgreSQL in one statement a table. The models are the only description of the tables: names,
types, defaults and keys are read off them.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import asyncpg
from sqlalchemy import Dialect, Select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from store.hot_statements import Row, Shape, compiled, converted, statement_for
from store.models.base import Base
from store.sqlite import Writer

# fewer rows than this are written sooner than the thread is reached
_WORTH_A_VISIT = 8


async def fetch(
    session: AsyncSession, query: Select[*tuple[Any, ...]], *, few: bool = False, **values: Any
) -> list[Row]:
    """The rows of a query that was built once, and whose values are bound parameters; no list may be among them.

    `few`: it is answered sooner than SQLite's thread is reached. Yes and no come from SQLite as 1 and 0, and states
    as words.
    """
    dialect = session.get_bind().dialect
    asked = compiled(query, dialect)
    given = asked.values(values)
    await session.flush()
    if dialect.name == "postgresql":
        driver = await _postgresql(session)
        with _told_as_the_stores(asked.sql):
            return [converted(row, asked.results) for row in await driver.fetch(asked.sql, *given)]
    writer = await _sqlite(session)

    def ask(raw: sqlite3.Connection) -> list[Row]:
        return [converted(row, asked.results) for row in raw.execute(asked.sql, given)]

    with _told_as_the_stores(asked.sql):
        return ask(writer._conn) if few else await writer.visit(ask)  # noqa: SLF001 - the driver has no name for it


class Bulk:
    """What a transaction writes, gathered and then written in the order in which it was asked for."""

    def __init__(self) -> None:
        self._orders: list[tuple[type[Base], Shape, list[Row]]] = []

    def insert(
        self,
        model: type[Base],
        names: tuple[str, ...],
        rows: Iterable[Row],
        *,
        same: Mapping[str, str | int] | None = None,
        once: bool = False,
    ) -> None:
        """Columns that are not named have the `same` value in every row, or their defaults.

        `once`: a row that a unique key knows already is left out.
        """
        self._add(model, Shape("once" if once else "insert", names, tuple((same or {}).items())), rows)

    def update(
        self, model: type[Base], names: tuple[str, ...], rows: Iterable[Row], *, of: Mapping[str, str] | None = None
    ) -> None:
        """Each row is the new values of `names`, then the primary key; only rows that are still `of` those words."""
        self._add(model, Shape("update", names, tuple((of or {}).items())), rows)

    def add_up(self, model: type[Base], names: tuple[str, ...], rows: Iterable[Row]) -> None:
        """The last of the columns is added to what stands there under the primary key, or begins it.

        In the order of the keys, so that several who add at once wait for each other and never in a circle.
        """
        self._add(model, Shape("add", names), sorted(rows, key=tuple))

    def delete(self, model: type[Base], names: tuple[str, ...], rows: Iterable[Row]) -> None:
        """The rows whose columns have these values."""
        self._add(model, Shape("delete", names), rows)

    async def write(self, session: AsyncSession) -> list[int]:
        """How many rows each order met."""
        orders, self._orders = self._orders, []
        await session.flush()
        dialect = session.get_bind().dialect
        if dialect.name != "postgresql":
            return await _write_sqlite(session, orders, dialect)
        met: list[int] = []
        for model, shape, rows in orders:
            written = statement_for(model, shape, dialect)
            columns = [
                [row[place] for row in rows] if convert is None else [convert(row[place]) for row in rows]
                for place, convert in enumerate(written.converts)
            ]
            driver = await _postgresql(session)
            with _told_as_the_stores(written.sql):
                status = await driver.execute(written.sql, *columns)
            met.append(int(status.rpartition(" ")[2]))
        return met

    def _add(self, model: type[Base], shape: "Shape", rows: Iterable[Row]) -> None:
        given = list(rows)
        if given:
            self._orders.append((model, shape, given))


async def _write_sqlite(
    session: AsyncSession, orders: Sequence[tuple[type[Base], "Shape", list[Row]]], dialect: Dialect
) -> list[int]:
    written = [(statement_for(model, shape, dialect), rows) for model, shape, rows in orders]

    def carry_out(raw: sqlite3.Connection) -> list[int]:
        return [raw.executemany(each.sql, each.bound(rows)).rowcount for each, rows in written]

    writer = await _sqlite(session)
    with _told_as_the_stores("; ".join(each.sql for each, _ in written)):
        if sum(len(rows) for _, rows in written) < _WORTH_A_VISIT:
            return carry_out(writer._conn)  # noqa: SLF001 - the driver has no name for it
        return await writer.visit(carry_out)


@contextmanager
def _told_as_the_stores(sql: str) -> Iterator[None]:
    """Whoever asks whether the store could be reached knows SQLAlchemy's errors, and not those of two drivers."""
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True) from error
    except asyncpg.PostgresError as error:
        raise DBAPIError(sql, None, error, hide_parameters=True) from error
    except asyncpg.InterfaceError as error:
        raise DBAPIError(sql, None, error, hide_parameters=True, connection_invalidated=True) from error


async def _sqlite(session: AsyncSession) -> Writer:
    raw = await (await session.connection()).get_raw_connection()
    return cast("Writer", raw.driver_connection)


async def _postgresql(session: AsyncSession) -> "asyncpg.Connection[Any]":
    raw = await (await session.connection()).get_raw_connection()
    driver = cast("asyncpg.Connection[Any]", raw.driver_connection)
    if not driver.is_in_transaction():
        # SQLAlchemy begins with its first statement, and what the driver alone does would be saved at once
        await session.execute(text("SELECT 1"))
    return driver
