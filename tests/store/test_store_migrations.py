import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from stores import DATA_KEYS

from store.database import Database
from store.models import Base
from store.schema import is_current, migrate


def _is_of_a_model(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not (name or "").startswith("idea_search")


def _differences(connection: Connection) -> list[object]:
    opts = {"compare_type": True, "render_as_batch": True, "include_name": _is_of_a_model}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, Base.metadata))


def _tables(connection: Connection) -> set[str]:
    """Without those of full-text search: each database has its own, and no model."""
    return {table for table in inspect(connection).get_table_names() if not table.startswith("idea_search")}


async def test_the_schema_goes_up_down_and_up_again_and_is_what_the_models_say(empty_store_url: str):
    database = Database(empty_store_url, data_keys=DATA_KEYS)
    try:
        assert not await is_current(database)
        for _ in range(2):
            await migrate(database)
            assert await is_current(database)
            async with database.engine.connect() as connection:
                assert await connection.run_sync(_differences) == []
                assert await connection.run_sync(_tables) == {*Base.metadata.tables, "alembic_version"}
            await migrate(database, target="base")
            assert not await is_current(database)
            async with database.engine.connect() as connection:
                assert await connection.run_sync(_tables) == {"alembic_version"}
    finally:
        await database.close()


async def test_bringing_a_new_store_to_its_newest_schema_changes_nothing(database: Database):
    await migrate(database)
    assert await is_current(database)


async def test_several_processes_that_migrate_at_once_take_turns(empty_store_url: str):
    processes = [Database(empty_store_url, data_keys=DATA_KEYS) for _ in range(4)]
    try:
        await asyncio.gather(*(migrate(each) for each in processes))
        assert await is_current(processes[0])
    finally:
        for each in processes:
            await each.close()


async def test_a_migration_that_fails_leaves_nothing_half_done(empty_store_url: str, monkeypatch: pytest.MonkeyPatch):
    database = Database(empty_store_url, data_keys=DATA_KEYS)

    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    try:
        with monkeypatch.context() as patch:
            patch.setattr("alembic.operations.Operations.create_index", breaks)
            patch.setattr("alembic.operations.BatchOperations.create_index", breaks)
            with pytest.raises(ZeroDivisionError):
                await migrate(database)
        async with database.engine.connect() as connection:
            assert await connection.run_sync(_tables) == set()
        await migrate(database)
        assert await is_current(database)
    finally:
        await database.close()


async def test_several_processes_may_open_a_new_file_at_the_same_moment(tmp_path: Path):
    for number in range(40):
        processes = [Database(f"sqlite:///{tmp_path}/{number}.db") for _ in range(4)]
        assert await asyncio.gather(*(is_current(each) for each in processes)) == [False] * 4
        for each in processes:
            await each.close()
