"""What makes a store quick enough for thousands of tests, in this process alone."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.util import LRUCache

from store.database import Database
from store.models.sealed import keyring_of, use_keyring

# for who asks what is promised where power may be cut
AS_SHIPPED = Database.__init__


def not_to_survive_power_cuts(patch: pytest.MonkeyPatch) -> None:
    """A test's SQLite waits for no disk, as its PostgreSQL does not; what a process that is killed saved is there."""
    before = Database.__init__

    def init(self: Database, *args: Any, **options: Any) -> None:
        before(self, *args, **options)
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _wait_for_no_disk)

    patch.setattr(Database, "__init__", init)


def _wait_for_no_disk(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.close()


def share_compiled(patch: pytest.MonkeyPatch) -> None:
    """What one test's store has compiled serves the next one's: compiling anew takes a sixth of the suite's time.

    SQLAlchemy keeps what it has compiled by engine and dialect: those of one kind and keys get the first one's.
    """
    plain = Database.__init__
    first: dict[tuple[str, tuple[str, ...]], tuple[Any, Any]] = {}

    def init(self: Database, url: str, *, data_keys: Any = (), **options: Any) -> None:
        plain(self, url, data_keys=data_keys, **options)
        if not data_keys:
            # a store beside another is handed that one's keys later, and both are open at once
            return
        for role in ("engine", "_read_engine"):
            engine = getattr(self, role).sync_engine
            kind = (f"{role} of {engine.dialect.name}", tuple(data_keys))
            # one that has never connected does not know yet which version it speaks to
            if kind in first and first[kind][0].server_version_info is not None:
                keyring = keyring_of(engine.dialect)
                engine.dialect, engine._compiled_cache = first[kind]
                engine.pool._dialect = engine.dialect
                # another store has another key to find values by
                use_keyring(engine.dialect, keyring)
            elif kind not in first:
                engine._compiled_cache = LRUCache(5000)
                first[kind] = engine.dialect, engine._compiled_cache

    patch.setattr(Database, "__init__", init)
