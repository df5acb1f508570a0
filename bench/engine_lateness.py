"""How late a step is when very many fall due within one minute, one after the other."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import quantiles

from sqlalchemy import select

from bench.engine_store import FIRST_WAIT, Sizes, opened
from bench.report import Report
from store.models import OutboxMessage, OutboxState, Timer

# the engine is at work before the first is due
_BEFORE = timedelta(seconds=3)


@dataclass(frozen=True)
class Lateness:
    """Percentiles in milliseconds: from when a step was due to the batch that did it, and to its message's answer."""

    steps: int
    planned: list[float]
    said: list[float]


async def late_by(url: str, sizes: Sizes, group: int) -> Lateness:
    """The whole engine lives through that minute in a process of its own; told from what it has written."""
    until = sizes.group_at(group)
    since = until - sizes.within - _BEFORE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.engine_worker", "live", url, str(since.timestamp()), str(until.timestamp())),
        cwd=Path(__file__).parent.parent,
    )
    if await process.wait():
        raise RuntimeError(f"the engine ended with {process.returncode}")
    asked = (
        select(OutboxMessage.created_at, OutboxMessage.closed_at, Timer.due_at)
        .join(Timer, Timer.enrollment_id == OutboxMessage.enrollment_id)
        .where(OutboxMessage.state == OutboxState.SENT)
    )
    async with opened(url) as database, database.reading() as session:
        rows = (await session.execute(asked)).all()
    if len(rows) != sizes.due:
        raise RuntimeError(f"{len(rows)} steps were done where {sizes.due} were due")
    # a wait counts from when the step before it was due
    planned = [(row.created_at - row.due_at + FIRST_WAIT) / timedelta(milliseconds=1) for row in rows]
    said = [(row.closed_at - row.due_at + FIRST_WAIT) / timedelta(milliseconds=1) for row in rows]
    return Lateness(len(rows), *(quantiles(each, n=100, method="inclusive") for each in (planned, said)))


def report(found: dict[str, Lateness], sizes: Sizes) -> Report:
    rows = []
    for store, one in found.items():
        for what, cuts in (("planned", one.planned), ("said", one.said)):
            rows.append([what, store, f"{one.steps:,}", f"{cuts[49]:,.0f}", f"{cuts[98]:,.0f}"])
    seconds = sizes.within.total_seconds()
    return Report(
        title=f"Lateness of {sizes.due:,} steps that fall due within {seconds:.0f} s",
        what_ran=(
            f"The whole engine as in `spark run`, in a process of its own on the store of {sizes.enrolled:,} enrolled, "
            "with a Telegram that answers at once and has no limit; both databases at the same time, on the same two "
            "cores. Planned: from when a step was due to the beginning of the transaction that did it. Said: to the "
            "answer to its message."
        ),
        columns=["until it was", "store", "steps", "p50 ms", "p99 ms"],
        rows=rows,
        notes=["The planner looks once a second, and goes on without a pause while it finds something."],
    )
