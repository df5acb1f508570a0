"""The connection on which a process writes to SQLite."""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")


async def connect_writer(path: str) -> aiosqlite.Connection:
    """A connection for transactions of short statements, one transaction at a time."""
    return await Writer(lambda: sqlite3.connect(path, check_same_thread=False), iter_chunk_size=64)


class Writer(aiosqlite.Connection):
    """Statements of a transaction under way run right where they are asked for.

    A visit to the driver's thread costs ten times what a statement by key does, and a statement takes four of
    them (bench/RESULTS.md). What can wait goes there all the same: BEGIN for another process's lock, COMMIT for
    the disk.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # a process that ends without closing its store must not wait for this thread
        self._thread.daemon = True
        # calls handed to the thread, counted by the loop, and calls it has ended, counted by the thread
        self._handed = self._ended = 0

    async def visit(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Does many statements of the transaction under way in one visit to the driver's thread."""
        done: T = await self._hand(work, self._conn)
        return done

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        connection = self._conn
        # who asked may be gone, cancelled, while the thread is still at it: both at once would end the process
        if self._handed == self._ended and self._running:
            if connection.in_transaction:
                here = fn not in {connection.commit, connection.rollback, connection.close}
            else:
                # the pool rolls back whatever comes home to it, and there is nothing to roll back
                here = fn in {connection.cursor, connection.rollback}
            if here:
                return fn(*args, **kwargs)
        return await self._hand(fn, *args, **kwargs)

    async def _hand(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._handed += 1
        # aiosqlite gives this method of its own no types
        return await super()._execute(self._in_thread, fn, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _in_thread(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        finally:
            self._ended += 1
