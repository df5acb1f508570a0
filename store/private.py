"""A store of one's own, in memory: a copy of some leads and of what they depend on, in which anything may happen."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, cast

import aiosqlite
from sqlalchemy import JSON, Column, ColumnElement, MetaData, Table, Text, insert, select, text, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.types import TypeEngine

from store.database import Database
from store.models import Base
from store.models.sealed import Sealed, SealedJson, keyring_of, use_keyring

# what matters to nothing that is decided or said: other people's words, jobs of their own, and the past's traces
_LEFT_OUT = frozenset(
    {
        *(
            "lease",
            "rail_cursor",
            "telegram_update",
            "provider_event",
            "bind_token",
            "prompt",
            "lead_view",
            "idea_view",
        ),
        *("transfer", "transfer_problem", "decision", "step_count"),
        # how people and programs sign in, how they show themselves, and who is told of events
        *("external_identity", "sign_in", "refresh_token", "one_time_code", "api_key", "invitation"),
        *("rate_count", "repeatable", "profile", "creator_profile", "creator_platform"),
        *("hook", "hook_message", "hook_try"),
    }
)
# everybody's: what sealed things are looked up by, and since when whoever is due has been dealt with
_SHARED = frozenset({"lookup_key", "planning_span"})
# a lead's or the creator's own
_EITHERS = frozenset({"stored_file"})
# who is behind a lead, or acts for a creator: asked for by themselves
_PEOPLE = frozenset({"person", "account"})
_LEADS_AT_ONCE = 500
# what is asked only of a store that grows for years
_UNASKED = ("ix_decision_lead", "ix_decision_at", "ix_enrollment_version")
# what is searched by words is no table of the models; nothing is looked for here
_WORDS_OF_IDEAS = text("CREATE TABLE idea_search (words TEXT)")


class PrivateStore(Database):
    """Everything is there for one user alone, and gone when it is closed; nothing of it reaches the real store."""

    def __init__(self, beside: Database) -> None:
        super().__init__("sqlite:///:memory:")
        # what is sealed is copied as it is, and read by the same keys
        use_keyring(self.engine.dialect, keyring_of(beside.engine.dialect))
        # a second connection would be a second, empty store
        self._reading = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)

    async def open(self) -> None:
        async with self.schema_change() as connection:
            await connection.run_sync(lambda sync: Base.metadata.create_all(sync, checkfirst=False))
            await connection.execute(_WORDS_OF_IDEAS)
        async with self.engine.connect() as connection:
            raw = cast("aiosqlite.Connection", (await connection.get_raw_connection()).driver_connection)
            # of what a row points at, only that is here which matters
            await raw.execute("PRAGMA foreign_keys = OFF")
            # it goes as a whole, and leaves nothing anywhere
            await raw.execute("PRAGMA secure_delete = OFF")
            for index in _UNASKED:
                await raw.execute(f"DROP INDEX {index}")


@asynccontextmanager
async def private_store(beside: Database) -> AsyncIterator[PrivateStore]:
    store = PrivateStore(beside)
    try:
        await store.open()
        yield store
    finally:
        await store.close()


async def copy_creator(
    source: AsyncSession, target: AsyncSession, creator_id: int, lead_ids: Sequence[int] = ()
) -> None:
    """What belongs to a creator, and of the leads only these with all that is theirs. The source is only read.

    Rows are copied as they stand, sealed columns unopened.
    """
    for table in _copies().tables.values():
        if table.name in _PEOPLE:
            continue
        await _copy(source, target, table, _of_creator(table, creator_id))
        for place in range(0, len(lead_ids), _LEADS_AT_ONCE):
            await _copy(source, target, table, _of_leads(table, lead_ids[place : place + _LEADS_AT_ONCE]))
    await _copy_people(source, target, creator_id, lead_ids)


async def _copy(source: AsyncSession, target: AsyncSession, table: Table, which: ColumnElement[bool] | None) -> None:
    if which is None:
        return
    rows = (await source.execute(select(table).where(which))).mappings().all()
    if rows:
        await target.execute(insert(table), [dict(row) for row in rows])


async def _copy_people(source: AsyncSession, target: AsyncSession, creator_id: int, lead_ids: Sequence[int]) -> None:
    """Those behind the leads, and those who act for the creator: a lead may be one of them."""
    tables = _copies().tables
    lead, account, membership, person = (tables[name] for name in ("lead", "account", "membership", "person"))
    acting = select(membership.c.account_id).where(membership.c.creator_id == creator_id)
    accounts = account.c.id.in_(acting)
    await _copy(source, target, account, accounts)
    people = set(await source.scalars(select(account.c.person_id).where(accounts)))
    for place in range(0, len(lead_ids), _LEADS_AT_ONCE):
        some = lead_ids[place : place + _LEADS_AT_ONCE]
        people |= set(await source.scalars(select(lead.c.person_id).where(lead.c.id.in_(some))))
    wanted = sorted(each for each in people if each is not None)
    for place in range(0, len(wanted), _LEADS_AT_ONCE):
        await _copy(source, target, person, person.c.id.in_(wanted[place : place + _LEADS_AT_ONCE]))


@cache
def _copies() -> MetaData:
    """The tables with what is sealed in them as plain text, so that it passes through as it stands."""
    copies = MetaData()
    for table in Base.metadata.sorted_tables:
        if table.name not in _LEFT_OUT:
            Table(table.name, copies, *_columns(table))
    return copies


def _columns(table: Table) -> Iterator[Column[Any]]:
    for column in table.columns:
        match column.type:
            case Sealed() | SealedJson():
                kind: TypeEngine[Any] = Text()
            case JSON():
                # what is nothing stays nothing, and does not become the JSON for it
                kind = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
            case other:
                kind = other
        yield Column(column.name, kind, primary_key=column.primary_key)


def _of_leads(table: Table, lead_ids: Sequence[int]) -> ColumnElement[bool] | None:
    """Which of its rows are these leads'; None for a table that is no lead's."""
    if table.name == "lead":
        return table.c.id.in_(lead_ids)
    if "lead_id" in table.c:
        return table.c.lead_id.in_(lead_ids)
    return _through(table, lambda parent: _of_leads(parent, lead_ids))


def _of_creator(table: Table, creator_id: int) -> ColumnElement[bool] | None:
    """Which of its rows are the creator's and no lead's."""
    if table.name == "creator":
        return table.c.id == creator_id
    if table.name in _SHARED:
        return true()
    if table.name in _EITHERS:
        return table.c.lead_id.is_(None) & (table.c.creator_id == creator_id)
    if _of_leads(table, ()) is not None:
        return None
    if "creator_id" in table.c:
        return table.c.creator_id == creator_id
    return _through(table, lambda parent: _of_creator(parent, creator_id))


def _through(table: Table, which: Callable[[Table], ColumnElement[bool] | None]) -> ColumnElement[bool] | None:
    """By the first row that it points at and that is among those."""
    for column in Base.metadata.tables[table.name].columns:
        for key in column.foreign_keys:
            parent = _copies().tables.get(key.column.table.name)
            if parent is None or parent is table or parent.name in _PEOPLE:
                continue
            found = which(parent)
            if found is not None:
                return table.c[column.name].in_(select(parent.c[key.column.name]).where(found))
    return None
