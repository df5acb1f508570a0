"""Brings the store to a schema version, on either database."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from store.database import Database

# any number of Spark's own: whoever holds it migrates, the others wait
_ADVISORY_LOCK = 7_270_518


async def migrate(database: Database, *, target: str = "head") -> None:
    """Up to the newest schema, or to `target` (a revision, or `base`). Several processes at once take turns."""
    async with database.schema_change() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        await connection.run_sync(_move, target)


async def is_current(database: Database) -> bool:
    """True when the store has the newest schema."""
    async with database.schema_change() as connection:
        held = await connection.run_sync(_revision)
    return held == _revisions()[0]


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _move(connection: Connection, target: str) -> None:
    config, known, held = _config(connection), _revisions(), _revision(connection)
    if target == "head" and held == known[0]:
        return
    if target == "base" or (target in known and held in known and known.index(target) > known.index(held or "")):
        command.downgrade(config, target)
    else:
        command.upgrade(config, target)


@cache
def _revisions() -> tuple[str, ...]:
    """The newest first; looking them all up takes longer than asking the store which one it has."""
    return tuple(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions("base", "heads"))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
