"""Many rows at once on the driver's own connection, inside the session's transaction: the engine's hot path.

SQLAlchemy costs more than the database there. What is written is gathered and carried out together: SQLite in one
visit to its thread, PostgreSQL in one statement a table. The models are the only description of the tables: names,
types, defaults and keys are read off them.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Boolean, Column, Dialect, Enum, Select, Table, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from store.models.base import EPOCH, Base, Instant
from store.sqlite import Writer

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")
_MICROSECOND = timedelta(microseconds=1)
# fewer rows than this are written sooner than the thread is reached
_WORTH_A_VISIT = 8
Row = Sequence[Any]
_Convert = Callable[[Any], Any] | None


async def fetch(session: AsyncSession, query: Select[*tuple[Any, ...]], **values: Any) -> list[Row]:
    """The rows of a query that was built once, and whose values are bound parameters; no list may be among them.

    Yes and no come from SQLite as 1 and 0, and states as words.
    """
    dialect = session.get_bind().dialect
    asked = _compiled(query, dialect)
    given = asked.values(values)
    await session.flush()
    if dialect.name == "postgresql":
        rows: list[Row] = await (await _postgresql(session)).fetch(asked.sql, *given)
    else:
        rows = await _visit(await _sqlite(session), lambda raw: raw.execute(asked.sql, given).fetchall())
    if not asked.results:
        return rows
    return [_converted(row, asked.results) for row in rows]


def _converted(row: Row, results: Sequence[tuple[int, Callable[[Any], Any]]]) -> Row:
    told = list(row)
    for place, convert in results:
        told[place] = convert(told[place])
    return told


class Bulk:
    """What a transaction writes, gathered and then written in the order in which it was asked for."""

    def __init__(self) -> None:
        self._orders: list[tuple[type[Base], _Shape, list[Row]]] = []

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
        self._add(model, _Shape("once" if once else "insert", names, tuple((same or {}).items())), rows)

    def update(
        self, model: type[Base], names: tuple[str, ...], rows: Iterable[Row], *, of: Mapping[str, str] | None = None
    ) -> None:
        """Each row is the new values of `names`, then the primary key; only rows that are still `of` those words."""
        self._add(model, _Shape("update", names, tuple((of or {}).items())), rows)

    def delete(self, model: type[Base], names: tuple[str, ...], rows: Iterable[Row]) -> None:
        """The rows whose columns have these values."""
        self._add(model, _Shape("delete", names), rows)

    async def write(self, session: AsyncSession) -> list[int]:
        """How many rows each order met."""
        orders, self._orders = self._orders, []
        await session.flush()
        dialect = session.get_bind().dialect
        if dialect.name != "postgresql":
            return await _write_sqlite(session, orders, dialect)
        met: list[int] = []
        for model, shape, rows in orders:
            written = _statement(model, shape, dialect)
            columns = [
                [row[place] for row in rows] if convert is None else [convert(row[place]) for row in rows]
                for place, convert in enumerate(written.converts)
            ]
            status = await (await _postgresql(session)).execute(written.sql, *columns)
            met.append(int(status.rpartition(" ")[2]))
        return met

    def _add(self, model: type[Base], shape: "_Shape", rows: Iterable[Row]) -> None:
        given = list(rows)
        if given:
            self._orders.append((model, shape, given))


async def _write_sqlite(
    session: AsyncSession, orders: Sequence[tuple[type[Base], "_Shape", list[Row]]], dialect: Dialect
) -> list[int]:
    written = [(_statement(model, shape, dialect), rows) for model, shape, rows in orders]

    def carry_out(raw: sqlite3.Connection) -> list[int]:
        return [raw.executemany(each.sql, each.bound(rows)).rowcount for each, rows in written]

    writer = await _sqlite(session)
    if sum(len(rows) for _, rows in written) < _WORTH_A_VISIT:
        return carry_out(writer._conn)  # noqa: SLF001 - the driver has no name for it
    return await _visit(writer, carry_out)


@dataclass(frozen=True, slots=True)
class _Shape:
    verb: str
    names: tuple[str, ...]
    # of an update: what still has to hold; of an insert: what stands in every row
    words: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Written:
    sql: str
    # one for each value of a row
    converts: tuple[_Convert, ...]

    def bound(self, rows: list[Row]) -> Iterable[Row]:
        converting = [(place, convert) for place, convert in enumerate(self.converts) if convert is not None]
        return (_converted(row, converting) for row in rows) if converting else rows


@lru_cache(maxsize=512)
def _statement(model: type[Base], shape: _Shape, dialect: Dialect) -> _Written:
    table = cast("Table", model.__table__)
    named = [table.columns[name] for name in shape.names]
    if shape.verb == "update":
        named = [*named, *table.primary_key.columns]
    converts = tuple(_binding(column.type, dialect) for column in named)
    on_postgresql = dialect.name == "postgresql"
    write = _on_postgresql if on_postgresql else _on_sqlite
    return _Written(write(table, shape, named, dialect), converts)


# all that stands in the statements below are names of the models' own
def _on_sqlite(table: Table, shape: _Shape, named: Sequence[Column[Any]], dialect: Dialect) -> str:
    match shape.verb:
        case "delete":
            return f"DELETE FROM {table.name} WHERE {_each(shape.names, ' AND ', '{} = ?')}"  # noqa: S608
        case "update":
            keys = [column.name for column in table.primary_key.columns]
            where = _each(keys, " AND ", "{} = ?") + _still(shape)
            return f"UPDATE {table.name} SET {_each(shape.names, ', ', '{} = ?')} WHERE {where}"  # noqa: S608
    names, first = _with_defaults(table, shape, dialect)
    marks = ", ".join(["?"] * len(named) + first)
    end = " ON CONFLICT DO NOTHING" if shape.verb == "once" else ""
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}){end}"  # noqa: S608


def _on_postgresql(table: Table, shape: _Shape, named: Sequence[Column[Any]], dialect: Dialect) -> str:
    kinds = [column.type.compile(dialect) for column in named]
    # an array of documents is no array of ours: they come as text
    lists = ", ".join(
        f"${number}::{'TEXT' if kind == 'JSONB' else kind}[]" for number, kind in enumerate(kinds, start=1)
    )
    given = [f"v{number}" for number in range(len(named))]
    cast_back = [f"u.{name}::{kind}" for name, kind in zip(given, kinds, strict=True)]
    rows = f"unnest({lists}) AS u({', '.join(given)})"
    pairs = [f"{column.name} = {value}" for column, value in zip(named, cast_back, strict=True)]
    match shape.verb:
        case "delete":
            return f"DELETE FROM {table.name} AS t USING {rows} WHERE " + " AND ".join(f"t.{pair}" for pair in pairs)  # noqa: S608
        case "update":
            count = len(shape.names)
            where = " AND ".join(f"t.{pair}" for pair in pairs[count:]) + _still(shape)
            return f"UPDATE {table.name} AS t SET {', '.join(pairs[:count])} FROM {rows} WHERE {where}"  # noqa: S608
    names, first = _with_defaults(table, shape, dialect)
    end = " ON CONFLICT DO NOTHING" if shape.verb == "once" else ""
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(cast_back + first)} FROM {rows}{end}"  # noqa: S608


def _each(names: Iterable[str], between: str, form: str) -> str:
    return between.join(form.format(name) for name in names)


def _still(shape: _Shape) -> str:
    return "".join(f" AND {name} = {_literal(value)}" for name, value in shape.words)


def _with_defaults(table: Table, shape: _Shape, dialect: Dialect) -> tuple[list[str], list[str]]:
    """All columns that an insert names, and what stands for those that the caller did not."""
    same = dict(shape.words)
    names, first = [*shape.names, *same], [_literal(value) for value in same.values()]
    for column in table.columns:
        default = cast("Any", column.default)
        if column.name in names or default is None:
            continue
        value = default.arg(None) if default.is_callable else default.arg
        convert = _binding(column.type, dialect)
        names.append(column.name)
        first.append(_literal(value if convert is None else convert(value)))
    return names, first


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _binding(kind: TypeEngine[Any], dialect: Dialect) -> _Convert:
    if isinstance(kind, Instant):
        return None if dialect.name == "postgresql" else _microseconds
    return kind.dialect_impl(dialect).bind_processor(dialect)


@lru_cache(maxsize=1024)
def _microseconds(instant: datetime | None) -> int | None:
    """Many rows of a batch have the same ones."""
    return None if instant is None else (instant - EPOCH) // _MICROSECOND


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)


@dataclass(frozen=True, slots=True)
class _Asked:
    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    converts: Mapping[str, _Convert]
    results: tuple[tuple[int, Callable[[Any], Any]], ...]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        found = []
        for name in self.names:
            value = given[name] if name in given else self.fixed[name]
            convert = self.converts[name]
            found.append(value if convert is None else convert(value))
        return found


@lru_cache(maxsize=512)
def _compiled(query: Select[*tuple[Any, ...]], dialect: Dialect) -> _Asked:
    compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    converts = {name: _binding(bind.type, dialect) for name, bind in compiled.binds.items()}
    order = compiled.positiontup or ()
    results = []
    for place, column in enumerate(query.selected_columns):
        kind = column.type
        if isinstance(kind, Boolean | Enum) or (isinstance(kind, Instant) and dialect.name == "postgresql"):
            continue
        convert = kind.dialect_impl(dialect).result_processor(dialect, None)
        if convert is not None:
            results.append((place, _instant if isinstance(kind, Instant) else convert))
    return _Asked(str(compiled), tuple(order), dict(compiled.params), converts, tuple(results))


async def _sqlite(session: AsyncSession) -> Writer:
    raw = await (await session.connection()).get_raw_connection()
    return cast("Writer", raw.driver_connection)


async def _visit(writer: Writer, work: Callable[[sqlite3.Connection], T]) -> T:
    return await writer.visit(work)


async def _postgresql(session: AsyncSession) -> "asyncpg.Connection[Any]":
    raw = await (await session.connection()).get_raw_connection()
    driver = cast("asyncpg.Connection[Any]", raw.driver_connection)
    if not driver.is_in_transaction():
        # SQLAlchemy begins with its first statement, and what the driver alone does would be saved at once
        await session.execute(text("SELECT 1"))
    return driver
