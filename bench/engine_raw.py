"""The baseline of the planner: the same rows and commits by the driver alone, which decides nothing."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from automations.same_ways import DECIDED, MESSAGE, QUEUED, TIMER
from domain.step_counts import Measure
from store.hot_statements import Shape, statement_for
from store.models import Decision, Enrollment, OutboxMessage, StepCount, Timer

BATCH = 1000
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_DAY = timedelta(days=1)
_DUE = """
SELECT t.due_at, e.id, e.creator_id, e.lead_id, e.version_id, e.seq, l.person_id
FROM timer t JOIN enrollment e ON e.id = t.enrollment_id JOIN lead l ON l.id = e.lead_id
WHERE t.due_at <= {now} ORDER BY t.due_at, t.enrollment_id LIMIT {most} {lock}
"""
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON")
_MOVED = ("step", "seq")
_COUNTED = ("creator_id", "about", "step", "arm", "measure", "count")


def sqlite_seconds(path: str, now: datetime) -> tuple[int, float]:
    """How many steps there were and how long they took, `synchronous=FULL` as in Spark."""
    raw = sqlite3.connect(path, isolation_level=None)
    for pragma in _PRAGMAS:
        raw.execute(f"PRAGMA {pragma}")
    orders = _orders(sqlite.dialect())
    at, day = (now - _EPOCH) // timedelta(microseconds=1), _DAY // timedelta(microseconds=1)
    query = _DUE.format(now="?", most="?", lock="")
    began, done = time.perf_counter(), 0
    while True:
        raw.execute("BEGIN IMMEDIATE")
        due = raw.execute(query, (at, BATCH)).fetchall()
        for sql, rows in zip(orders, _rows(due, at, day), strict=True):
            raw.executemany(sql, rows)
        raw.execute("COMMIT")
        if not due:
            break
        done += len(due)
    seconds = time.perf_counter() - began
    raw.close()
    return done, seconds


async def postgresql_seconds(url: str, now: datetime) -> tuple[int, float]:
    connection = await connect(url)
    orders = _orders(postgresql.asyncpg.dialect())  # type: ignore[no-untyped-call] - SQLAlchemy gives it no types
    query = _DUE.format(now="$1", most="$2", lock="FOR UPDATE OF t, e SKIP LOCKED")
    began, done = time.perf_counter(), 0
    while True:
        async with connection.transaction():
            due = await connection.fetch(query, now, BATCH)
            for sql, rows in zip(orders, _rows(due, now, _DAY), strict=True):
                if rows:
                    await connection.execute(sql, *map(list, zip(*rows, strict=True)))
        if not due:
            break
        done += len(due)
    seconds = time.perf_counter() - began
    await connection.close()
    return done, seconds


async def bulk_insert_per_second(url: str, rows: int, *, connections: int = 4) -> float:
    """COPY of so many messages, each with its decision and timer, into tables with the same indexes."""
    links = [await connect(url) for _ in range(connections)]
    for name in _COPIED:
        await links[0].execute(f"CREATE TABLE copied_{name} (LIKE {name} INCLUDING DEFAULTS INCLUDING INDEXES)")
    share = rows // connections
    began = time.perf_counter()
    await asyncio.gather(*(_copy(link, number * share, share) for number, link in enumerate(links)))
    seconds = time.perf_counter() - began
    for name in _COPIED:
        await links[0].execute(f"DROP TABLE copied_{name}")
    for link in links:
        await link.close()
    return share * connections / seconds


_COPIED = ("outbox_message", "decision", "timer")
_MESSAGE_COLUMNS = (
    *("id", "key", "creator_id", "person_id", "lead_id", "enrollment_id", "seq", "step", "due_at", "created_at"),
    *("kind", "urgency", "state", "attempts", "uncertain"),
)


async def _copy(link: "asyncpg.Connection[Any]", first: int, count: int) -> None:
    now = _EPOCH
    for place in range(first, first + count, BATCH):
        ids = range(place, min(place + BATCH, first + count))
        messages = [(n, f"funnel:{n}:0", 1, n, n, n, 0, "hello", now, now, "funnel", 2, "queued", 0, 0) for n in ids]
        decided = [(n, 1, n, now, "funnel:nurture", 1, n, '[["hello", "said"]]') for n in ids]
        async with link.transaction():
            await link.copy_records_to_table("copied_outbox_message", records=messages, columns=_MESSAGE_COLUMNS)
            await link.copy_records_to_table("copied_decision", records=decided, columns=("id", *DECIDED))
            await link.copy_records_to_table("copied_timer", records=[(now, n) for n in ids], columns=TIMER)


async def connect(url: str) -> "asyncpg.Connection[Any]":
    parsed = make_url(url)
    host = parsed.query.get("host", parsed.host)
    connection: asyncpg.Connection[Any] = await asyncpg.connect(
        host=host, port=parsed.port, user=parsed.username, database=parsed.database
    )
    return connection


def _orders(dialect: Dialect) -> list[str]:
    """In the words in which Spark asks for them, so that the rows are the same."""
    asked: list[tuple[Any, Shape]] = [
        (Timer, Shape("delete", TIMER)),
        (OutboxMessage, Shape("insert", MESSAGE, tuple(QUEUED.items()))),
        (Enrollment, Shape("update", _MOVED, (("state", "active"),))),
        (Timer, Shape("insert", TIMER)),
        (Decision, Shape("insert", DECIDED)),
        (StepCount, Shape("add", _COUNTED)),
    ]
    return [statement_for(model, shape, dialect).sql for model, shape in asked]


def _rows(due: Sequence[Any], now: Any, day: Any) -> list[list[tuple[Any, ...]]]:
    trace = '[["hello","said"],["a-day","waits",1795262400]]'
    counted = [(1, "funnel:nurture", step, "", str(Measure.REACHED), len(due)) for step in ("hello", "a-day")]
    return [
        [(each[0], each[1]) for each in due],
        [(f"funnel:{e}:{seq}", c, p, lead, e, seq, "hello", now, now) for _, e, c, lead, _, seq, p in due],
        [("a-day", seq + 1, e) for _, e, _, _, _, seq, _ in due],
        [(at + day, e) for at, e, *_ in due],
        [(c, lead, now, "funnel:nurture", v, e, trace) for _, e, c, lead, v, _, _ in due],
        counted if due else [],
    ]
