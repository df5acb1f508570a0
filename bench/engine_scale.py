"""What does not grow with the number of enrolled: an idle tick, a start, memory."""

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.engine_store import Sizes, Stores, fill, opened
from bench.report import Report

SIZES = (1_000, 100_000, 1_000_000)
QUICK_SIZES = (1_000, 5_000)
GOAL_RATIO, GOAL_P99, GOAL_START = 1.2, 2.0, 50.0


@dataclass(frozen=True)
class Idle:
    """Milliseconds, and megabytes."""

    planning_p50: float
    planning_p99: float
    all_ticks_p50: float
    start: float
    memory: float


async def run(quick: bool) -> Report:  # noqa: FBT001 - every benchmark is run so
    found: dict[str, list[tuple[int, Idle]]] = {"SQLite": [], "PostgreSQL": []}
    with tempfile.TemporaryDirectory() as name:
        stores = Stores(Path(name))
        try:
            for size in QUICK_SIZES if quick else SIZES:
                for store, url in stores.urls():
                    async with opened(url) as database:
                        await fill(database, Sizes(enrolled=size))
                    found[store].append((size, await _measured(url, times=100 if quick else 1000)))
                stores.drop()
        finally:
            stores.close()
    return _report(found)


async def _measured(url: str, *, times: int) -> Idle:
    """In a process of its own, three times; the medians."""
    runs = []
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.engine_worker", "idle", url, str(times)),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )
        told, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"the idle engine ended with {process.returncode}")
        runs.append(json.loads(told.decode().splitlines()[-1]))
    return Idle(**{key: median(run[key] for run in runs) for key in runs[0]})


def _report(found: dict[str, list[tuple[int, Idle]]]) -> Report:
    rows, kept = [], []
    for store, each in found.items():
        least, most = each[0][1], each[-1][1]
        for size, idle in each:
            rows.append(
                [
                    store,
                    f"{size:,}",
                    f"{idle.planning_p50:.2f}",
                    f"{idle.planning_p99:.2f}",
                    f"**{idle.planning_p50 / least.planning_p50:.2f}×**",
                    f"{idle.all_ticks_p50:.1f}",
                    f"{idle.start:.1f}",
                    f"{idle.memory:.0f}",
                ]
            )
        kept += [
            (f"{store}: at most 1.2 times", most.planning_p50 <= GOAL_RATIO * least.planning_p50),
            (f"{store}: p99 under 2 ms", most.planning_p99 < GOAL_P99),
            (f"{store}: start under 50 ms", most.start < GOAL_START),
        ]
    return Report(
        title="What does not grow with the number of enrolled",
        what_ran=(
            "Everybody is in one funnel and due in a month. In a process of its own: the funnels are read and the "
            "engine begins (its leases, the look for what a dead process left, and a first round of planning), then "
            "the planner's tick finds nothing to do, a thousand times, and all ticks of the engine together a hundred "
            "times. Memory is the greatest of the process until then."
        ),
        columns=[
            *("store", "enrolled", "idle tick p50 ms", "p99 ms", "of the smallest", "all ticks p50 ms"),
            *("start ms", "memory MB"),
        ],
        rows=rows,
        notes=[
            "Medians of three processes each.",
            "Goals: " + ", ".join(f"{what}: {'kept' if held else 'NOT kept'}" for what, held in kept) + ".",
        ],
    )
