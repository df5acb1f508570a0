"""How Spark opens its databases: drivers, pools, and what each connection is told first."""

import asyncio
import math
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import aiosqlite
import orjson
from sqlalchemy import event
from sqlalchemy.engine import URL, AdaptedConnection, Connection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

BUSY_TIMEOUT_MS = 10_000
# a process that is stopped in the middle of a transaction keeps the others waiting for no longer than this
STANDS_STILL_SECONDS = 10.0
_SWITCH_EVERY_MS = 10
# bytes of a file that readers may have mapped: no memory of their own (https://www.sqlite.org/mmap.html)
_MAPPED = 2**30
# a connection that was not used for longer is asked whether it still is one
_RESTED_SECONDS = 5.0
_RESTS_SINCE = "rests since"
# statements that a connection keeps ready: about as many as Spark has
_KEPT_READY = 500


def postgresql_engine(url: URL, *, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,  # what a connection has prepared serves again
        hide_parameters=True,  # what people wrote never stands in an error or a log
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        isolation_level="READ COMMITTED",
        connect_args={
            "server_settings": {
                # https://www.postgresql.org/docs/current/runtime-config-client.html; in milliseconds
                "idle_in_transaction_session_timeout": str(int(STANDS_STILL_SECONDS * 1000)),
                # no turning disk: by the usual 4.0 a whole table is read for a thousand rows that an index has
                # (https://www.postgresql.org/docs/current/runtime-config-query.html)
                "random_page_cost": "1.1",
                # to compile a question takes longer than to answer it
                "jit": "off",
            },
            "prepared_statement_cache_size": _KEPT_READY,
        },
    )
    _ask_who_has_rested(engine)
    return engine


def _ask_who_has_rested(engine: AsyncEngine) -> None:
    """To ask each time whether a connection is still one takes four turns of the wire, more than most transactions.

    The driver knows of one that was closed; what else broke a moment ago fails one use, as `is_unavailable` tells.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def _rest(_connection: Any, record: Any) -> None:
        record.info[_RESTS_SINCE] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _ask(connection: Any, record: Any, _proxy: Any) -> None:
        has_rested = record.info.get(_RESTS_SINCE, math.inf) < time.monotonic() - _RESTED_SECONDS
        try:
            if connection.driver_connection.is_closed() or (has_rested and not engine.dialect.do_ping(connection)):
                raise InvalidatePoolError
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def sqlite_engine(
    url: URL,
    connect: Callable[[str], Awaitable[aiosqlite.Connection]],
    *,
    pool_size: int,
    begin: str,
    query_only: bool = False,
) -> AsyncEngine:
    path = url.database or ":memory:"
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        pool_use_lifo=True,  # what a connection has read and made ready serves again
        hide_parameters=True,  # what people wrote never stands in an error or a log
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        async_creator=lambda: connect(path),
    )
    pragmas: Iterable[str] = (
        "synchronous = FULL",  # a committed claim survives power loss
        "foreign_keys = ON",
        "secure_delete = ON",  # whatever goes leaves nothing in the file's free pages
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        f"query_only = {'ON' if query_only else 'OFF'}",
        f"mmap_size = {_MAPPED if query_only else 0}",  # pages are read where the system keeps them, and not copied
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # the driver's own habit of opening transactions late is off: we say BEGIN ourselves
        connection.isolation_level = None
        cursor = connection.cursor()
        _switch_to_wal(connection, cursor)
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _switch_to_wal(connection: AdaptedConnection, cursor: Any) -> None:
    """Waits its turn: of several that open a new file at once all but one are told at once that it is locked.

    SQLite asks no busy handler where two that read would both write: https://www.sqlite.org/c3ref/busy_handler.html
    """
    for left in reversed(range(BUSY_TIMEOUT_MS // _SWITCH_EVERY_MS)):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not left:
                raise
            connection.run_async(lambda _: asyncio.sleep(_SWITCH_EVERY_MS / 1000))
        else:
            return


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()
