"""Steps claimed, decided and written per second among a million enrolled, beside what else could do it."""

import asyncio
import contextlib
import gc
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median

from sqlalchemy.engine import make_url

from automations.stepping import Stepper
from bench.engine_jobs import BASELINE_DUE, BASELINE_JOBS
from bench.engine_raw import bulk_insert_per_second, postgresql_seconds, sqlite_seconds
from bench.engine_store import Sizes, opened, read
from bench.report import Report
from domain.definitions import Published
from store.database import Database

ROUNDS = 3
# Spark and the driver by turns, and at the end one group for four planners at once
GROUPS = 2 * ROUNDS + 1
PLANNERS = 4
GOAL_OF_RAW, GOAL_OF_JOBS, GOAL_OF_BULK, GOAL_STALL = 0.8, 100.0, 0.2, 0.010
_BEAT = 0.001


@dataclass
class Found:
    """Per second each, and seconds that the loop stood still at most, by round."""

    spark: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    stalls: list[float] = field(default_factory=list)
    together: float = 0.0
    bulk: float = 0.0
    jobs: float = 0.0
    jobs_stall: float = 0.0
    queue: float = 0.0

    @property
    def of_raw(self) -> float:
        return median(mine / theirs for mine, theirs in zip(self.spark, self.raw, strict=True))


@dataclass
class Heartbeat:
    """How long nobody else had a turn, at most."""

    longest: float = 0.0

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Heartbeat"]:
        beating = asyncio.create_task(self._beat())
        try:
            yield self
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        last = time.perf_counter()
        while True:
            # a beat that takes every turn would take the processor from what it listens to
            await asyncio.sleep(_BEAT)
            here = time.perf_counter()
            self.longest = max(self.longest, here - last - _BEAT)
            last = here


async def plan_all(database: Database, published: Published, now: datetime) -> tuple[int, float]:
    """All that is due is planned, however much waits to be said; how many steps, and seconds."""
    stepper, done = Stepper(published, ahead=None), 0
    began = time.perf_counter()
    while count := await stepper.run(database, lambda: now):
        done += count
    return done, time.perf_counter() - began


async def measure(url: str, sizes: Sizes, first: int) -> Found:
    """Spark and the driver by turns, from that group of the store on."""
    found = Found()
    async with opened(url) as database:
        published = await read(database, sizes)
        # as `spark run` does when it begins
        gc.collect()
        gc.freeze()
        for number in range(first, first + 2 * ROUNDS, 2):
            heart = Heartbeat()
            async with heart.listening():
                done, seconds = await plan_all(database, published, sizes.group_at(number))
            _check(done, sizes)
            found.spark.append(done / seconds)
            found.stalls.append(heart.longest)
            at = sizes.group_at(number + 1)
            if database.is_sqlite:
                done, seconds = await asyncio.to_thread(sqlite_seconds, make_url(url).database or "", at)
            else:
                done, seconds = await postgresql_seconds(url, at)
            _check(done, sizes)
            found.raw.append(done / seconds)
    if not url.startswith("sqlite"):
        found.together = await _together(url, sizes, first + 2 * ROUNDS)
        found.bulk = await bulk_insert_per_second(url, sizes.due)
    return found


def _check(done: int, sizes: Sizes) -> None:
    if done != sizes.due:
        raise RuntimeError(f"{done} steps were done where {sizes.due} are due")


async def _together(url: str, sizes: Sizes, group: int) -> float:
    """Processes that plan at once, each with one connection, begun at the same instant."""
    at = str(sizes.group_at(group).timestamp())
    begin_at = str(time.time() + 6)
    command = [sys.executable, "-m", "bench.engine_planner", url, at, begin_at]
    processes = [
        await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parent.parent)
        for _ in range(PLANNERS)
    ]
    told = [json.loads((await process.communicate())[0]) for process in processes]
    _check(sum(each["done"] for each in told), sizes)
    seconds: float = max(each["ended"] for each in told) - min(each["began"] for each in told)
    return sizes.due / seconds


def report(found: dict[str, Found], sizes: Sizes) -> Report:
    sqlite, postgresql = found["SQLite"], found["PostgreSQL"]
    rows = []
    for store, one in found.items():
        ratios = [mine / theirs for mine, theirs in zip(one.spark, one.raw, strict=True)]
        share = f"**{median(ratios):.0%}** ({min(ratios):.0%}–{max(ratios):.0%})"
        rows.append(["the driver alone", store, f"{median(one.raw):,.0f}", "", ""])
        rows.append(["Spark", store, f"{median(one.spark):,.0f}", f"{share} of the driver", _ms(max(one.stalls))])
    times = median(sqlite.spark) / sqlite.jobs
    rows.append(["one APScheduler job each", "SQLite", f"{sqlite.jobs:,.0f}", "", _ms(sqlite.jobs_stall)])
    rows.append(["Spark", "SQLite", f"{median(sqlite.spark):,.0f}", f"**{times:,.0f}×** the jobs", ""])
    share = f"**{postgresql.together / postgresql.bulk:.0%}** of the bulk insert"
    rows.append([f"bulk insert, {PLANNERS} connections", "PostgreSQL", f"{postgresql.bulk:,.0f}", "", ""])
    rows.append([f"Spark, {PLANNERS} planners", "PostgreSQL", f"{postgresql.together:,.0f}", share, ""])
    rows.append(["queue without an index on the due time", "PostgreSQL", f"{postgresql.queue:,.0f}", "", ""])
    kept = [
        ("80% of the driver, SQLite", sqlite.of_raw >= GOAL_OF_RAW),
        ("80% of the driver, PostgreSQL", postgresql.of_raw >= GOAL_OF_RAW),
        ("100 times one job each", times >= GOAL_OF_JOBS),
        ("20% of the bulk insert", postgresql.together >= GOAL_OF_BULK * postgresql.bulk),
        ("no stall over 10 ms", max(sqlite.stalls + postgresql.stalls) <= GOAL_STALL),
    ]
    return Report(
        title=f"Planning: steps a second with {sizes.enrolled:,} enrolled",
        what_ran=(
            f"{sizes.enrolled:,} leads are in one funnel, {sizes.due:,} of them due in random order. A step is a due "
            "timer taken, decided, deleted and made anew, a message queued, the enrollment moved, the decision and "
            f"the counts kept; {1000} steps to a transaction, on disk before the next. The driver alone does the same "
            "statements with the same rows and commits, and decides nothing; it and Spark by turns, "
            f"{ROUNDS} times each, in the same store."
        ),
        columns=["what", "store", "steps/s", "beside", "the loop stood still, at most"],
        rows=rows,
        notes=[
            "Figures are medians; ratios are the median of each round's, with their range.",
            "Goals: " + ", ".join(f"{what}: {'kept' if held else 'NOT kept'}" for what, held in kept) + ".",
            "One job each, at a smaller size than the others, since at theirs it would take an hour: APScheduler's "
            f"SQLAlchemyJobStore with {BASELINE_JOBS:,} jobs of which {BASELINE_DUE:,} are due; each writes one row "
            "and is taken away, nothing more. On SQLite alone, since it speaks to no asyncio driver.",
            "Bulk insert: COPY of one message, one decision and one timer for each step, 1000 to a transaction, "
            "into tables with the same indexes and without foreign keys; one asyncio process writes them all.",
            "procrastinate is not among the requirements and was not run. The queue stands for its kind: one row at a "
            "time by FOR UPDATE SKIP LOCKED in the order of their numbers, with all future jobs in front of those due.",
        ],
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"
