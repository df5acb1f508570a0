"""The engine alone as a process: `python -m bench.engine_worker idle URL TIMES`, `work URL JOURNAL RATE`, or
`live URL FROM TO`, through so much of its own time (seconds since 1970) and until all is said.
"""

import asyncio
import json
import os
import resource
import signal
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import quantiles

from automations.engine import Engine
from automations.gateway import Gateway
from automations.pace import Pace
from automations.ticks import Ticks
from bench.engine_store import BEGINNING, BOT, opened
from domain.definitions import Published, publish
from domain.messages.plain import Message
from kit.clock import Clock, MovableClock, SystemClock
from kit.log import set_up
from store.database import Database
from store.queries.leases import clear_leases

WARM = 20
QUIET = BEGINNING - timedelta(hours=1)
NO_LIMIT = 1_000_000
# seconds in which what is due is said, or it failed
OVERTIME = 120.0


class Nobody:
    """Nothing is sent."""

    async def send(self, telegram_id: int, message: Message) -> int:
        raise AssertionError("nothing is due")


class AtOnce:
    """A Telegram with no limit and no distance."""

    def __init__(self) -> None:
        self._count = 0

    async def send(self, telegram_id: int, message: Message) -> int:
        self._count += 1
        return self._count


class Journal:
    """Each message becomes a line of who said it when and to whom, written at once."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._count = 0

    async def send(self, telegram_id: int, message: Message) -> int:
        os.write(self._file, f"{os.getpid()} {time.time():.4f} {telegram_id}\n".encode())
        self._count += 1
        return self._count


def build(database: Database, published: Published, gateway: Gateway, pace: Pace, clock: Clock) -> Engine:
    ticks = Ticks()
    database.on_commit(ticks.wake)
    return Engine(
        database=database,
        clock=clock,
        gateway=gateway,
        pace=pace,
        published=published,
        holder=uuid.uuid4().hex,
        keep_updates=timedelta(days=7),
        keep_decisions=timedelta(days=90),
        ticks=ticks,
        bot_id=BOT,
    )


async def _begin(engine: Engine) -> None:
    """As `spark run` does: on SQLite nobody else can hold what a process before this one held."""
    alone = engine.database.is_sqlite
    if alone:
        async with engine.database.transaction() as session:
            await clear_leases(session)
    await engine.start(alone=alone)


async def idle(url: str, times: int) -> None:
    async with opened(url) as database:
        # the first connection and the code are there in any program
        async with database.transaction() as session:
            published = await publish(session, {}, {}, now=QUIET)
        began = time.perf_counter()
        async with database.transaction() as session:
            published = await publish(session, {}, {}, now=QUIET)
        engine = build(database, published, Nobody(), Pace(), lambda: QUIET)
        await _begin(engine)
        await engine.stepper.run(database, lambda: QUIET)
        start = time.perf_counter() - began
        planning = await _timed(lambda: engine.stepper.run(database, lambda: QUIET), times)
        everything = await _timed(engine.ticks.run_all, max(times // 10, 5))
        await engine.stop(within=1)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"planning_p50": planning[49], "planning_p99": planning[98], "all_ticks_p50": everything[49]}
    print(json.dumps({**told, "start": start * 1000, "memory": memory}))


async def _timed(work: Callable[[], Awaitable[object]], times: int) -> list[float]:
    """Percentiles in milliseconds."""
    taken = []
    for _ in range(WARM + times):
        began = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - began) * 1000)
    return quantiles(taken[WARM:], n=100, method="inclusive")


async def work(url: str, journal: str, rate: float) -> None:
    """Until SIGTERM, as a worker beside others."""
    async with opened(url) as database:
        async with database.transaction() as session:
            published = await publish(session, {}, {}, now=datetime.now(UTC))
        engine = build(database, published, Journal(journal), Pace(in_all=rate), SystemClock())
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        await _begin(engine)
        engine.ticks.start()
        print("ready", flush=True)
        await ended.wait()
        await engine.ticks.stop()
        await engine.stop(within=3)


async def live(url: str, since: float, until: float) -> None:
    ends_at = datetime.fromtimestamp(until, UTC)
    async with opened(url) as database:
        async with database.transaction() as session:
            published = await publish(session, {}, {}, now=QUIET)
        clock = MovableClock(offset=datetime.fromtimestamp(since, UTC) - datetime.now(UTC))
        pace = Pace(in_all=NO_LIMIT, to_one_chat=NO_LIMIT)
        engine = build(database, published, AtOnce(), pace, clock)
        await _begin(engine)
        engine.ticks.start()
        async with asyncio.timeout((ends_at - clock()).total_seconds() + OVERTIME):
            while clock() < ends_at or not await engine.is_settled():  # noqa: ASYNC110 - rows and the clock bring it about
                await asyncio.sleep(0.5)
        await engine.ticks.stop()
        await engine.stop(within=3)


if __name__ == "__main__":
    set_up(level="WARNING", stream=sys.stderr)
    match sys.argv[1:]:
        case "idle", url, times:
            asyncio.run(idle(url, int(times)))
        case "work", url, journal, rate:
            asyncio.run(work(url, journal, float(rate)))
        case "live", url, since, until:
            asyncio.run(live(url, float(since), float(until)))
