"""The engine alone as a process: it plans and says what is due in a store, until it is killed.

Telegram is a file that every process appends to: what stands in it has reached a chat, whatever becomes of the
process that wrote it and of the answer that it waits for.
"""

import asyncio
import os
import random
import signal
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

import automations.outcomes
from automations.engine import Engine
from automations.funnel_heads import FunnelHeads
from automations.pace import Pace
from automations.ticks import Tick, Ticks
from domain.definitions import Published, publish
from domain.funnels.heads import TOPIC
from domain.messages.plain import Message
from kit.clock import SystemClock
from kit.log import set_up
from store.database import Database
from store.queries.leases import clear_leases


@dataclass(frozen=True)
class Task:
    """Which store and which Telegram, how many messages a second, and how long one takes at most, either way."""

    store: str
    key: str
    journal: Path
    log: Path
    rate: float
    answer_seconds: float
    guarded: bool
    # what it is told arrives, and no answer ever comes
    silent: bool


class Journal:
    """The first line of each message is a line; it arrives at once or a moment later, and so does its answer."""

    def __init__(self, path: Path, answer_seconds: float, *, silent: bool) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._seconds = answer_seconds
        self._silent = silent
        self._count = 0

    async def send(self, telegram_id: int, message: Message) -> int:
        await asyncio.sleep(random.uniform(0, self._seconds))
        first, *_ = message.text.splitlines()
        # one write: a line is there whole or not at all
        os.write(self._file, f"{telegram_id}\t{first}\n".encode())
        if self._silent:
            await asyncio.Event().wait()
        await asyncio.sleep(random.uniform(0, self._seconds))
        self._count += 1
        return self._count


async def _again(session: AsyncSession, row: Any, reason: str, *, again_at: Any, now: Any) -> None:
    """What a process without the guard does with what a dead one left in the middle: it says it again."""
    await automations.outcomes._put_back(session, row, now, again_at, reason)


async def _work(task: Task, ready: Callable[[], None]) -> None:
    if not task.guarded:
        automations.outcomes._mark_uncertain = _again
    database, clock, ticks = Database(task.store, data_keys=(task.key,)), SystemClock(), Ticks()
    database.on_commit(ticks.wake)
    alone = database.is_sqlite
    async with database.transaction() as session:
        if alone:
            await clear_leases(session)
        published: Published = await publish(session, {}, {}, now=clock())
    engine = Engine(
        database=database,
        clock=clock,
        gateway=Journal(task.journal, task.answer_seconds, silent=task.silent),
        pace=Pace(in_all=task.rate, to_one_chat=10_000),
        published=published,
        holder=uuid.uuid4().hex,
        keep_updates=timedelta(days=7),
        keep_decisions=timedelta(days=90),
        ticks=ticks,
    )
    heads = FunnelHeads(database, clock, published)
    ticks.add(Tick("funnel heads", heads.refresh, every=2, topics=frozenset({TOPIC})))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await engine.start(alone=alone)
    ticks.start()
    ready()
    await ended.wait()
    await ticks.stop()
    await engine.stop(within=5)
    await database.close()


def run(task: Task, told: "Connection[None, None]") -> None:
    """In a process of its own: until it is killed, or told to end. Tells once when it works."""
    # it is a copy of another process, dice and all
    random.seed()
    with task.log.open("a", buffering=1) as words:
        os.dup2(words.fileno(), 2)
        set_up(level="WARNING", stream=words)
        asyncio.run(_work(task, lambda: told.send(None)))
