"""The planner among a million enrolled: an idle tick, a start, a minute in which much is due, and its speed."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from bench import engine_lateness, engine_scale, engine_steps
from bench.engine_jobs import BASELINE_DUE, BASELINE_JOBS, a_queue, one_job_each
from bench.engine_lateness import Lateness, late_by
from bench.engine_scale import Idle, idle_in
from bench.engine_steps import GROUPS, Found
from bench.engine_store import Sizes, Stores, fill, opened
from bench.report import Report

# one group for the lateness, before those of the speed
FULL = Sizes(enrolled=1_000_000, due=100_000, groups=1 + GROUPS)
QUICK = Sizes(enrolled=10_000, due=1_000, groups=1 + GROUPS)
SMALLER, QUICK_SMALLER = (1_000, 100_000), (1_000,)
IDLE_TIMES = 500
QUEUE_SECONDS, QUICK_QUEUE_SECONDS = 10, 2


async def run(*, quick: bool) -> Report:
    sizes, times = (QUICK, 20) if quick else (FULL, IDLE_TIMES)
    idle: dict[str, list[tuple[int, Idle]]] = {"SQLite": [], "PostgreSQL": []}
    found: dict[str, Found] = {}
    with tempfile.TemporaryDirectory() as name:
        stores = Stores(Path(name))
        try:
            for size in QUICK_SMALLER if quick else SMALLER:
                await _idle(stores, Sizes(enrolled=size), times, idle)
                stores.drop()
            urls = await _idle(stores, sizes, times, idle)
            late = await _late(urls, sizes)
            for store, url in urls.items():
                found[store] = await engine_steps.measure(url, sizes, 1)
            await _baselines(Path(name), stores, found, sizes, quick=quick)
        finally:
            stores.close()
    also = (engine_lateness.report(late, sizes), engine_scale.report(idle))
    return replace(engine_steps.report(found, sizes), also=also)


async def _idle(stores: Stores, sizes: Sizes, times: int, found: dict[str, list[tuple[int, Idle]]]) -> dict[str, str]:
    """Of a new store of each kind; their addresses."""
    urls = dict(stores.urls())
    for store, url in urls.items():
        async with opened(url) as database:
            await fill(database, sizes)
        found[store].append((sizes.enrolled, await idle_in(url, times=times)))
    return urls


async def _late(urls: dict[str, str], sizes: Sizes) -> dict[str, Lateness]:
    found = await asyncio.gather(*(late_by(url, sizes, 0) for url in urls.values()))
    return dict(zip(urls, found, strict=True))


async def _baselines(folder: Path, stores: Stores, found: dict[str, Found], sizes: Sizes, *, quick: bool) -> None:
    sqlite, postgresql = found["SQLite"], found["PostgreSQL"]
    jobs = {"enrolled": 1_000, "due": 100} if quick else {"enrolled": BASELINE_JOBS, "due": BASELINE_DUE}
    sqlite.jobs, sqlite.jobs_stall = await one_job_each(folder, **jobs)
    (_, url) = stores.urls()[1]
    seconds = QUICK_QUEUE_SECONDS if quick else QUEUE_SECONDS
    postgresql.queue = await a_queue(url, enrolled=sizes.enrolled, due=min(sizes.due, 10_000), seconds=seconds)
