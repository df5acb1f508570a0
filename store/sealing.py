"""The keys of a store: which are in use, what equality is looked up with, and how an old one is retired."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, Text, delete, func, literal, select, tuple_, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit.keyring import CannotUnseal, Keyring
from store.database import Database, insert_once
from store.models import Base
from store.models.sealed import LOOKUP, PROBE, LookupKey, Sealed, SealedJson, keyring_of

RESEALED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SealedColumn:
    table: Table
    column: Column[Any]

    @property
    def place(self) -> str:
        return f"{self.table.name}.{self.column.name}"


def sealed_columns() -> Iterator[SealedColumn]:
    """Every column that is sealed, as the models say it."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed | SealedJson):
                yield SealedColumn(table, column)


async def digest(session: AsyncSession, value: str, place: str) -> str:
    """What a sealed `value` is found by when only equality is asked for."""
    keyring = _keyring(session)
    if keyring.lookup_key is None:
        kept = await session.scalar(select(LookupKey.key).where(LookupKey.name == LOOKUP))
        if kept is None:
            raise CannotUnseal("the store has no lookup key")
        keyring.lookup_key = bytes.fromhex(kept)
    return keyring.digest(value, place)


async def open_with_data_keys(session: AsyncSession) -> None:
    """Raises CannotUnseal when a key that seals here, or has, is not among the keys."""
    # each row is sealed under the key that it speaks of, so reading them opens all
    (await session.scalars(select(LookupKey.key))).all()


async def use_data_keys(session: AsyncSession) -> None:
    """Notes that the first key seals here from now on. Raises CannotUnseal when one that has is not among the keys."""
    await open_with_data_keys(session)
    keyring = _keyring(session)
    await insert_once(session, LookupKey, {"name": PROBE + keyring.first, "key": keyring.first})


async def count_under_older_keys(session: AsyncSession) -> int:
    """How many values are not sealed under the first key."""
    count = 0
    for each in sealed_columns():
        count += await session.scalar(select(func.count()).select_from(each.table).where(_is_older(session, each))) or 0
    return count


@dataclass(frozen=True, slots=True)
class Resealed:
    size: int
    # the primary key after which the next batch begins
    last: tuple[Any, ...]


async def reseal_batch(session: AsyncSession, each: SealedColumn, after: tuple[Any, ...] | None) -> Resealed | None:
    """Seals a batch of one column's older values under the first key; None when there is none left after that key.

    A value that somebody changes in the meantime is left as they sealed it.
    """
    keyring = _keyring(session)
    raw = type_coerce(each.column, Text)
    key = tuple(each.table.primary_key)
    query = select(*key, raw.label("sealed_value")).where(_is_older(session, each))
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    rows = (await session.execute(query.order_by(*key).limit(RESEALED_AT_ONCE))).all()
    for *own, old in rows:
        new = keyring.seal(keyring.unseal(old, each.place), each.place)
        same = [column == value for column, value in zip(key, own, strict=True)]
        # as it stands: neither side is sealed once more on its way
        change = update(each.table).where(*same, raw == literal(old, Text))
        await session.execute(change.values({each.column: literal(new, Text)}))
    return Resealed(len(rows), tuple(rows[-1][:-1])) if rows else None


async def reseal(database: Database) -> AsyncIterator[int]:
    """Seals whatever is under an older key under the first, each batch in a transaction of its own; tells how many
    values that was so far.
    """
    done = 0
    for each in sealed_columns():
        after: tuple[Any, ...] | None = None
        while True:
            async with database.transaction() as session:
                batch = await reseal_batch(session, each, after)
            if batch is None:
                break
            after, done = batch.last, done + batch.size
            yield done


async def retire_older_keys(session: AsyncSession) -> int:
    """Once nothing is left under them, older keys are not asked for any more. Returns how many values are left."""
    left = await count_under_older_keys(session)
    if not left:
        keyring = _keyring(session)
        await session.execute(
            delete(LookupKey).where(LookupKey.name.startswith(PROBE), LookupKey.name != PROBE + keyring.first)
        )
    return left


def _is_older(session: AsyncSession, each: SealedColumn) -> Any:
    raw = type_coerce(each.column, Text)
    beginning = _keyring(session).beginning
    probes = LookupKey.__table__
    older = raw.is_not(None) & (func.substr(raw, 1, len(beginning)) != beginning)
    # a probe says that its own key has been used, and so stays under that one
    return older & ~each.table.c["name"].startswith(PROBE) if each.table is probes else older


def _keyring(session: AsyncSession) -> Keyring:
    return keyring_of(session.get_bind().dialect)
