import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

Document = dict[str, Any]


class State:
    """Keyed JSON documents and append-only journals in one SQLite file: what the stand-ins keep.

    Every write has reached the operating system when it returns, so kill -9 loses nothing; documents are
    also held in memory, so reading one costs a dictionary look-up. Without a path it lives in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS document (kind TEXT, key TEXT, body BLOB, PRIMARY KEY (kind, key))"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS entry (journal TEXT, n INTEGER, body BLOB, PRIMARY KEY (journal, n))"
        )
        self._documents: dict[str, dict[str, Document]] = {}
        self._last: dict[str, int] = dict(
            self._db.execute("SELECT journal, max(n) FROM entry GROUP BY journal").fetchall()
        )
        for kind, key, body in self._db.execute("SELECT kind, key, body FROM document ORDER BY rowid"):
            self._documents.setdefault(kind, {})[key] = orjson.loads(body)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is kept whole or not at all, should the process die. Never await inside."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def get(self, kind: str, key: object) -> Document | None:
        """The live document: after changing it, `put` it again."""
        return self._documents.get(kind, {}).get(str(key))

    def put(self, kind: str, key: object, document: Document) -> None:
        self._documents.setdefault(kind, {})[str(key)] = document
        self._db.execute(
            "INSERT INTO document VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            (kind, str(key), orjson.dumps(document)),
        )

    def delete(self, kind: str, key: object) -> None:
        self._documents.get(kind, {}).pop(str(key), None)
        self._db.execute("DELETE FROM document WHERE kind = ? AND key = ?", (kind, str(key)))

    def all(self, kind: str) -> list[Document]:
        """Every document of a kind, oldest first."""
        return list(self._documents.get(kind, {}).values())

    def next_number(self, counter: str, *, start: int = 1) -> int:
        document = self.get("counter", counter) or {"value": start - 1}
        document["value"] += 1
        self.put("counter", counter, document)
        return int(document["value"])

    def append(self, journal: str, entry: Document) -> int:
        """Adds to a journal and returns the entry's number, counted from 1."""
        n = self._last.get(journal, 0) + 1
        self._last[journal] = n
        self._db.execute("INSERT INTO entry VALUES (?, ?, ?)", (journal, n, orjson.dumps(entry)))
        return n

    def read(self, journal: str, *, after: int = 0, limit: int = 1000) -> list[tuple[int, Document]]:
        rows = self._db.execute(
            "SELECT n, body FROM entry WHERE journal = ? AND n > ? ORDER BY n LIMIT ?",
            (journal, after, limit),
        )
        return [(n, orjson.loads(body)) for n, body in rows]
