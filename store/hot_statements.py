"""Statements for many rows at once, for either driver, made from the models: names, types, defaults and keys."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

import orjson
from sqlalchemy import JSON, Boolean, Column, Dialect, Enum, Select, Table
from sqlalchemy.types import TypeEngine

from store.models.base import EPOCH, Base, Instant

_MICROSECOND = timedelta(microseconds=1)
Row = Sequence[Any]
Convert = Callable[[Any], Any] | None


class Written(str):
    """A document that is written as JSON already."""

    __slots__ = ()


def converted(row: Row, results: Sequence[tuple[int, Callable[[Any], Any]]]) -> Row:
    if not results:
        return row
    told = list(row)
    for place, convert in results:
        told[place] = convert(told[place])
    return told


@dataclass(frozen=True, slots=True)
class Shape:
    verb: str
    names: tuple[str, ...]
    # of an update: what still has to hold; of an insert: what stands in every row
    words: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    # one for each value of a row
    converts: tuple[Convert, ...]

    def bound(self, rows: list[Row]) -> Iterable[Row]:
        converting = [(place, convert) for place, convert in enumerate(self.converts) if convert is not None]
        return (converted(row, converting) for row in rows) if converting else rows


@lru_cache(maxsize=512)
def statement_for(model: type[Base], shape: Shape, dialect: Dialect) -> Statement:
    table = cast("Table", model.__table__)
    named = [table.columns[name] for name in shape.names]
    if shape.verb == "update":
        named = [*named, *table.primary_key.columns]
    converts = tuple(_binding(column.type, dialect) for column in named)
    on_postgresql = dialect.name == "postgresql"
    write = _on_postgresql if on_postgresql else _on_sqlite
    return Statement(write(table, shape, named, dialect), converts)


# all that stands in the statements below are names of the models' own
def _on_sqlite(table: Table, shape: Shape, named: Sequence[Column[Any]], dialect: Dialect) -> str:
    match shape.verb:
        case "delete":
            return f"DELETE FROM {table.name} WHERE {_each(shape.names, ' AND ', '{} = ?')}"  # noqa: S608
        case "update":
            keys = [column.name for column in table.primary_key.columns]
            where = _each(keys, " AND ", "{} = ?") + _still(shape)
            return f"UPDATE {table.name} SET {_each(shape.names, ', ', '{} = ?')} WHERE {where}"  # noqa: S608
    names, first = _with_defaults(table, shape, dialect)
    marks = ", ".join(["?"] * len(named) + first)
    end = _on_conflict(table, shape)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}){end}"  # noqa: S608


def _on_postgresql(table: Table, shape: Shape, named: Sequence[Column[Any]], dialect: Dialect) -> str:
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
    end = _on_conflict(table, shape)
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(cast_back + first)} FROM {rows}{end}"  # noqa: S608


def _on_conflict(table: Table, shape: Shape) -> str:
    match shape.verb:
        case "once":
            return " ON CONFLICT DO NOTHING"
        case "add":
            keys, added = ", ".join(column.name for column in table.primary_key.columns), shape.names[-1]
            return f" ON CONFLICT ({keys}) DO UPDATE SET {added} = {table.name}.{added} + excluded.{added}"
    return ""


def _each(names: Iterable[str], between: str, form: str) -> str:
    return between.join(form.format(name) for name in names)


def _still(shape: Shape) -> str:
    return "".join(f" AND {name} = {_literal(value)}" for name, value in shape.words)


def _with_defaults(table: Table, shape: Shape, dialect: Dialect) -> tuple[list[str], list[str]]:
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


def _binding(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    if isinstance(kind, Instant):
        return None if dialect.name == "postgresql" else _microseconds
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    if not isinstance(kind, JSON) or convert is None:
        return convert
    return lambda value: str(value) if isinstance(value, Written) else convert(value)


@lru_cache(maxsize=1024)
def _microseconds(instant: datetime | None) -> int | None:
    """Many rows of a batch have the same ones."""
    return None if instant is None else (instant - EPOCH) // _MICROSECOND


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)


def _document(written: str | None) -> Any:
    """Most are empty."""
    return {} if written == "{}" else None if written is None else orjson.loads(written)


@dataclass(frozen=True, slots=True)
class Asked:
    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    converts: Mapping[str, Convert]
    results: tuple[tuple[int, Callable[[Any], Any]], ...]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        found = []
        for name in self.names:
            value = given[name] if name in given else self.fixed[name]
            convert = self.converts[name]
            found.append(value if convert is None else convert(value))
        return found


@lru_cache(maxsize=512)
def compiled(query: Select[*tuple[Any, ...]], dialect: Dialect) -> Asked:
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
            quick = _instant if isinstance(kind, Instant) else _document if isinstance(kind, JSON) else convert
            results.append((place, quick))
    return Asked(str(compiled), tuple(order), dict(compiled.params), converts, tuple(results))
