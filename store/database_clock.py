"""The store's own clock, as it stands in SQL."""

from typing import Any

from sqlalchemy import ColumnElement, DateTime, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from store.database import is_postgresql


class database_now(FunctionElement[Any]):  # noqa: N801 - stands in SQL like a function's name
    """The database's own clock, which leases go by: several processes agree on it, and nobody moves it."""

    type = DateTime(timezone=True)
    inherit_cache = True


@compiles(database_now, "postgresql")
def _now_on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return "clock_timestamp()"


@compiles(database_now, "sqlite")
def _now_on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


def database_in(session: AsyncSession, seconds: float) -> ColumnElement[Any]:
    """The database's own time `seconds` from now."""
    if is_postgresql(session):
        return database_now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    return database_now() + int(seconds * 1_000_000)
