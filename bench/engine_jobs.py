"""The baselines of a scheduler: a job for each lead in a job store, and a queue without an index on the due time."""

import asyncio
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bench.engine_raw import connect

# of the whole, a hundredth: each job is three transactions
BASELINE_JOBS, BASELINE_DUE = 10_000, 1_000
# the leads whose jobs are done: the scheduler calls a function by its name
_done: list[int] = []
_STORE = "CREATE TABLE message (id INTEGER PRIMARY KEY, lead INTEGER, text TEXT)"


def step(path: str, lead: int) -> None:
    """One lead's message, written down as promised; the scheduler takes the job away behind it."""
    store = sqlite3.connect(path, isolation_level=None)
    store.execute("PRAGMA synchronous = FULL")
    store.execute("INSERT INTO message (lead, text) VALUES (?, 'hello')", (lead,))
    store.close()
    _done.append(lead)


async def one_job_each(folder: Path, *, enrolled: int, due: int) -> tuple[float, float]:
    """Jobs a second, and for how many seconds the loop stood still at most. `due` of them are due as it starts."""
    _done.clear()
    path = str(folder / "messages.db")
    with sqlite3.connect(path) as store:
        store.execute(_STORE)
    jobs = SQLAlchemyJobStore(url=f"sqlite:///{folder / 'jobs.db'}")
    scheduler = AsyncIOScheduler(
        jobstores={"default": jobs}, timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True}
    )
    scheduler.start(paused=True)
    now = datetime.now(UTC)
    for lead in range(enrolled):
        at = now if lead < due else now + timedelta(days=30)
        scheduler.add_job(step, "date", run_date=at, args=(path, lead), id=f"lead-{lead}")
    longest, last = 0.0, time.perf_counter()
    began = last
    scheduler.resume()
    while len(_done) < due:
        await asyncio.sleep(0.001)
        here = time.perf_counter()
        longest, last = max(longest, here - last), here
    seconds = time.perf_counter() - began
    scheduler.shutdown(wait=False)
    return due / seconds, longest


_QUEUE = (
    "CREATE TABLE job (id BIGSERIAL PRIMARY KEY, state TEXT NOT NULL, scheduled_at TIMESTAMPTZ NOT NULL, args JSONB)",
    "CREATE INDEX ix_job_todo ON job (id) WHERE state = 'todo'",
)
_FETCH = """
UPDATE job SET state = 'doing' WHERE id = (
    SELECT id FROM job WHERE state = 'todo' AND scheduled_at <= now() ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id
"""


async def a_queue(url: str, *, enrolled: int, due: int, seconds: float) -> float:
    """Jobs a second of a queue that takes the next one by its number, with the future ones in front of those due."""
    link = await connect(url)
    for sql in _QUEUE:
        await link.execute(sql)
    make = "INSERT INTO job (state, scheduled_at, args) SELECT 'todo', now() + $1 * interval '1 day', '{}' "
    make += "FROM generate_series(1, $2)"
    await link.execute(make, 30, enrolled - due)
    await link.execute(make, -1, due)
    await link.execute("ANALYZE job")
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds and (found := await link.fetchval(_FETCH)):
        await link.execute("UPDATE job SET state = 'done' WHERE id = $1", found)
        done += 1
    taken = time.perf_counter() - began
    await link.execute("DROP TABLE job")
    await link.close()
    return done / taken
