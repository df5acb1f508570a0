"""The connections on which a process writes to SQLite, and reads from it."""

import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")
# a question that is not answered by then is asked anew in the driver's thread
_ON_THE_LOOP_SECONDS = 0.002
# what was given up once goes to the thread at once so many times more, before it is tried on the loop again
_SLOW_FOR = 100
_MOST_SLOW = 500
# statements that a connection keeps ready: about as many as Spark has
_KEPT_READY = 500
# steps of SQLite's machine between two looks at the time; a thousand of them take some 20 µs
_STEPS = 1_000


async def connect_writer(path: str) -> aiosqlite.Connection:
    """A connection for transactions of short statements, one transaction at a time."""
    return await Writer(lambda: _open(path), iter_chunk_size=64)


async def connect_reader(path: str) -> aiosqlite.Connection:
    """A connection that only reads: short questions right where they are asked, long ones in the driver's thread."""
    return await Reader(lambda: _open(path), iter_chunk_size=64)


def _open(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, check_same_thread=False, cached_statements=_KEPT_READY)


class _Visited(aiosqlite.Connection):
    """Knows whether the driver's thread has something to do: then nobody else may be at the connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # a process that ends without closing its store must not wait for this thread
        self._thread.daemon = True
        # calls handed to the thread, counted by the loop, and calls it has ended, counted by the thread
        self._handed = self._ended = 0

    def _is_at_rest(self) -> bool:
        # who asked may be gone, cancelled, while the thread is still at it: both at once would end the process
        return self._handed == self._ended and bool(self._running)

    async def _hand(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._handed += 1
        # aiosqlite gives this method of its own no types
        return await super()._execute(self._in_thread, fn, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _in_thread(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        finally:
            self._ended += 1


class Reader(_Visited):
    """What is quickly answered never leaves the loop; what is not is given up there, and asked anew in the thread.

    A question changes nothing, so that asking it twice does no harm: https://www.sqlite.org/c3ref/progress_handler.html
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._give_up_at: float | None = None
        self._watched = False
        # what each cursor was asked last: rows may still have to be found when it is read
        self._asked: tuple[sqlite3.Cursor, tuple[Any, ...]] | None = None
        # statements that took too long, and how many times more they go to the thread at once
        self._slow: dict[str, int] = {}

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        connection = self._conn
        if not self._is_at_rest() or fn == connection.close:
            return await self._hand(fn, *args, **kwargs)
        if not self._watched:
            connection.set_progress_handler(self._too_long, _STEPS)
            self._watched = True
        cursor, name = getattr(fn, "__self__", None), getattr(fn, "__name__", "")
        if isinstance(cursor, sqlite3.Cursor):
            if name == "execute":
                self._asked = (cursor, args)
                if self._is_slow(args[0]):
                    return await self._hand(fn, *args, **kwargs)
            elif name in {"fetchone", "fetchmany"}:
                # of rows that are read by and by, some are read already: that cannot be asked anew
                return await self._hand(fn, *args, **kwargs)
            elif name == "fetchall" and self._asked is not None and self._asked[1][0] in self._slow:
                return await self._hand(fn, *args, **kwargs)
        self._give_up_at = time.perf_counter() + _ON_THE_LOOP_SECONDS
        try:
            return fn(*args, **kwargs)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT or self._asked is None or cursor != self._asked[0]:
                raise
            asked = self._asked
            self._note_slow(asked[1][0])
        finally:
            self._give_up_at = None
        return await self._hand(_ask_anew, *asked, fn if name == "fetchall" else None)

    def _is_slow(self, statement: str) -> bool:
        left = self._slow.pop(statement, 0)
        if left > 1:
            self._slow[statement] = left - 1
        return left > 0

    def _note_slow(self, statement: str) -> None:
        while len(self._slow) >= _MOST_SLOW:
            self._slow.pop(next(iter(self._slow)))
        self._slow[statement] = _SLOW_FOR

    def _too_long(self) -> int:
        return self._give_up_at is not None and time.perf_counter() > self._give_up_at


def _ask_anew(cursor: sqlite3.Cursor, question: tuple[Any, ...], read: Callable[[], Any] | None) -> Any:
    asked = cursor.execute(*question)
    return asked if read is None else read()


class Writer(_Visited):
    """Statements of a transaction under way run right where they are asked for.

    A visit to the driver's thread costs ten times what a statement by key does, and a statement takes four of
    them (bench/RESULTS.md). What can wait goes there all the same: BEGIN for another process's lock, COMMIT for
    the disk.
    """

    async def visit(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Does many statements of the transaction under way in one visit to the driver's thread."""
        done: T = await self._hand(work, self._conn)
        return done

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        connection = self._conn
        if self._is_at_rest():
            if connection.in_transaction:
                here = fn not in {connection.commit, connection.rollback, connection.close}
            else:
                # the pool rolls back whatever comes home to it, and there is nothing to roll back
                here = fn in {connection.cursor, connection.rollback}
            if here:
                return fn(*args, **kwargs)
        return await self._hand(fn, *args, **kwargs)
