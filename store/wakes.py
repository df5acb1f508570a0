"""What one process has saved wakes the others that work on the same PostgreSQL, by LISTEN and NOTIFY.

https://www.postgresql.org/docs/current/sql-notify.html; on SQLite there is no other process.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import cast

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kit.log import get_logger
from store.database import Database, Topic

CHANNEL = "spark_wakes"
# what is told within so short a time is told in one go
_GATHERED_SECONDS = 0.02
# after so long without a word it is asked whether there still is a connection: one that was cut says nothing
_SILENT_SECONDS = 10.0
_ANSWERED_SECONDS = 5.0
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 15.0
_log = get_logger(__name__)


class Wakes:
    """Tells the other processes which topics were woken here, and hears from them.

    It is told after the commit and on a connection of its own, which is kept up for as long as it takes. A wake that is
    lost on the way costs nothing but time: each tick comes round by itself too.
    """

    def __init__(self, database: Database, heard: Callable[[frozenset[Topic]], None]) -> None:
        self._database = database
        self._heard = heard
        self._topics: set[Topic] = set()
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.listens = asyncio.Event()

    def start(self) -> None:
        if self._database.is_sqlite:
            return
        self._database.on_commit(self._pass_on)
        self._task = asyncio.create_task(self._keep_up(), name="wakes")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _pass_on(self, topics: frozenset[Topic]) -> None:
        self._topics |= topics
        self._due.set()

    async def _keep_up(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                async with self._listening() as connection:
                    wait = _FIRST_WAIT
                    await self._tell(connection)
            except Exception as error:  # noqa: BLE001 - it goes on listening, whatever has come between
                _log.warning("wakes of other processes are not heard", reason=type(error).__name__)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        named = {"server_settings": {"application_name": CHANNEL}}
        engine = create_async_engine(self._database.url, poolclass=NullPool, connect_args=named)
        async with engine.connect() as held:
            raw = await held.get_raw_connection()
            connection = cast("asyncpg.Connection[asyncpg.Record]", raw.driver_connection)
            # it is lost while nothing is asked of it
            connection.add_termination_listener(lambda _: self._due.set())
            await connection.add_listener(CHANNEL, self._hear)
            self.listens.set()
            try:
                yield connection
            finally:
                self.listens.clear()
                # closed for good: it is nobody else's, and who knows what is still on its way to it
                await held.invalidate()

    async def _tell(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Until the connection is lost."""
        while True:
            with suppress(TimeoutError):
                # not wait_for: what comes at the moment of a cancellation makes it forget the cancellation
                async with asyncio.timeout(_SILENT_SECONDS):
                    await self._due.wait()
            self._due.clear()
            topics, self._topics = self._topics, set()
            try:
                async with asyncio.timeout(_ANSWERED_SECONDS):
                    if topics:
                        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, "\n".join(sorted(topics)))
                    else:
                        await connection.execute("SELECT 1")
            except BaseException:
                self._topics |= topics
                raise
            await asyncio.sleep(_GATHERED_SECONDS)

    def _hear(self, connection: object, sender: int, _channel: str, told: object) -> None:
        own = cast("asyncpg.Connection[asyncpg.Record]", connection).get_server_pid()
        if sender != own:
            self._heard(frozenset(str(told).split("\n")))
