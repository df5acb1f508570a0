from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, BigInteger, ColumnElement, DateTime, Dialect, Enum, Integer, MetaData, literal_column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: `timestamptz` on PostgreSQL, whole microseconds since 1970 on SQLite."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant has a time zone")
        if dialect.name == "postgresql":
            return value
        return (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            instant: datetime = value.astimezone(UTC)
            return instant
        return EPOCH + timedelta(microseconds=value)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        int: BigInteger().with_variant(Integer(), "sqlite"),
        datetime: Instant(),
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[Any]: JSON().with_variant(JSONB(), "postgresql"),
    }


class Numbered:
    id: Mapped[int] = mapped_column(primary_key=True)


S = TypeVar("S", bound=StrEnum)


def state_column(states: type[S], default: S) -> Mapped[S]:
    """A status kept as its own word, in text."""
    kind = Enum(states, native_enum=False, length=24, values_callable=lambda enum: [str(each) for each in enum])
    return mapped_column(kind, default=default)


def spelled(state: StrEnum) -> ColumnElement[Any]:
    """A state in the words of an index of some rows only: that answers for none that comes as a parameter."""
    return literal_column(f"'{state}'")


class Moves(Generic[S]):
    """The one table of which state may follow which."""

    def __init__(self, table: Mapping[S, frozenset[S]]) -> None:
        self._table = dict(table)

    def sources(self, target: S) -> list[S]:
        """The states from which `target` may be reached."""
        return [state for state, targets in self._table.items() if target in targets]
