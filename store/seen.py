import sqlite3
from collections.abc import Iterable


class Seen:
    """Which row of the file said it first. It stands on disk, so that a long file costs no more memory."""

    def __init__(self) -> None:
        # without a name SQLite keeps it in a file of its own, which goes when it is closed:
        # https://www.sqlite.org/inmemorydb.html#temp_db
        self._store = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._store.execute("PRAGMA journal_mode = OFF")
        self._store.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, row INTEGER) WITHOUT ROWID")

    def first(self, keys: Iterable[str], row: int) -> tuple[str, int] | None:
        """The key that an earlier row had, and that row; None when they are all new, and this row's from now on."""
        wanted = list(keys)
        for key in wanted:
            found = self._store.execute("SELECT row FROM seen WHERE key = ?", (key,)).fetchone()
            if found is not None:
                return key, int(found[0])
        self._store.executemany("INSERT INTO seen VALUES (?, ?)", [(key, row) for key in wanted])
        return None

    def close(self) -> None:
        self._store.close()
