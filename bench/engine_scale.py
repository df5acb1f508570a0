"""What does not grow with the number of enrolled: an idle tick, a start, memory."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.engine_store import bytes_of
from bench.report import Report

GOAL_RATIO, GOAL_P99, GOAL_START = 1.2, 2.0, 50.0


@dataclass(frozen=True)
class Idle:
    """Milliseconds, and megabytes."""

    planning_p50: float
    planning_p99: float
    all_ticks_p50: float
    start: float
    memory: float
    # of the store, with its log of changes
    disk: float = 0.0


async def idle_in(url: str, *, times: int) -> Idle:
    """An engine with nothing to do, in a process of its own, three times; the medians."""
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
    return Idle(**{key: median(run[key] for run in runs) for key in runs[0]}, disk=await bytes_of(url) / 1e6)


def report(found: dict[str, list[tuple[int, Idle]]]) -> Report:
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
                    f"{idle.disk:,.0f}",
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
            "Everybody is in one funnel, and nobody is due for an hour. In a process of its own: the funnels are read "
            "and the engine begins (leases, the look for what a dead process left, a first round of planning), then "
            "the planner's tick finds nothing to do, five hundred times, and all ticks of the engine together fifty "
            "times. Memory is the greatest of the process until then."
        ),
        columns=[
            *("store", "enrolled", "idle tick p50 ms", "p99 ms", "of the smallest", "all ticks p50 ms"),
            *("start ms", "memory MB", "on disk MB"),
        ],
        rows=rows,
        notes=[
            "Medians of three processes each.",
            "Goals: " + ", ".join(f"{what}: {'kept' if held else 'NOT kept'}" for what, held in kept) + ".",
        ],
    )
