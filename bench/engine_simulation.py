"""A million steps simulated: by the planner alone, and by the whole engine in a store of its own."""

import tempfile
import time
from datetime import timedelta
from pathlib import Path

from automations.planner import walk
from automations.simulated import MOST_LEADS, Wish
from automations.simulating import simulate
from automations.walks import Facts, Standing, Walk
from bench.engine_store import BEGINNING, Sizes, Stores, fill, opened, read
from bench.report import Report
from domain.funnels.definition import Funnel
from domain.funnels.heads import save_funnel
from domain.step_counts import Measure
from store.models import Kept

STEPS, QUICK_STEPS = 1_000_000, 50_000
# of the engine a tenth: what one simulation does at most is a fifth
SIMULATED, QUICK_SIMULATED = 100_000, 4_000
GOAL = 10.0
SPEAKS = "random 10%"
# twice a day, and one in ten is told something each time
ROUND = Funnel.model_validate(
    {
        "again": "always",
        "steps": [
            {"key": "half-a-day", "do": "wait", "time": "12h"},
            {"key": "who", "do": "branch", "cases": [{"when": SPEAKS, "to": "hello"}], "next": "half-a-day"},
            {"key": "hello", "do": "send", "text": "Hello {{ lead.name }}", "next": "half-a-day"},
        ],
    }
)
STEPS_A_DAY = 2 * (2 + 0.1)


async def run(*, quick: bool) -> Report:
    walked, simulated = (QUICK_STEPS, QUICK_SIMULATED) if quick else (STEPS, SIMULATED)
    leads = MOST_LEADS
    days = int(simulated / leads / STEPS_A_DAY) + 1
    rows, kept = [_row("the planner alone", "", *_by_the_planner(leads, walked))], True
    with tempfile.TemporaryDirectory() as name:
        stores = Stores(Path(name))
        try:
            for store, url in stores.urls():
                steps, seconds = await _by_the_engine(url, leads, days)
                rows.append(_row("`spark simulate`", store, steps, seconds))
                kept = kept and seconds * STEPS / steps <= GOAL
        finally:
            stores.close()
    return Report(
        title="Simulating a million steps",
        what_ran=(
            f"{leads:,} leads, the most that one simulation takes, are in a funnel that waits half a day, asks a "
            f"question of each, and tells one in ten something, over and over. The planner alone "
            f"walks them from wait to wait and keeps nothing; `spark simulate`, {days} days of it, is the engine in a "
            "store in memory, which the leads are copied into first, and keeps everything: timers, messages with "
            "their words, decisions, counts."
        ),
        columns=["what", "copied from", "steps", "s", "steps/s", "s for a million"],
        rows=rows,
        notes=[
            "The last column is reckoned from the steps a second.",
            f"Goal: a million steps within ten seconds: {'kept' if kept else 'NOT kept'} by `spark simulate`.",
        ],
    )


def _row(what: str, store: str, steps: int, seconds: float) -> list[str]:
    speed = steps / seconds
    return [what, store, f"{steps:,}", f"{seconds:.1f}", f"{speed:,.0f}", f"**{1_000_000 / speed:.1f}**"]


def _by_the_planner(leads: int, wanted: int) -> tuple[int, float]:
    """How many steps, and seconds."""
    standings = [Standing(number, "round", "half-a-day", BEGINNING) for number in range(leads)]
    facts = [Facts(answers={SPEAKS: number % 10 == 0}) for number in range(leads)]
    steps, began = 0, time.perf_counter()
    while steps < wanted:
        for place, standing in enumerate(standings):
            found = walk(ROUND, standing, facts[place], now=standing.due_at, late=ROUND.late)
            assert isinstance(found, Walk)
            assert found.due_at is not None
            steps += len(found.trace)
            standings[place] = Standing(standing.lead_id, "round", found.step, found.due_at)
    return steps, time.perf_counter() - began


async def _by_the_engine(url: str, leads: int, days: int) -> tuple[int, float]:
    sizes = Sizes(enrolled=leads)
    async with opened(url) as database:
        published = await fill(database, sizes)
        (creator_id,) = published.funnels
        async with database.transaction() as session:
            await save_funnel(session, creator_id, "round", ROUND, kept=Kept.API, now=BEGINNING)
        published = await read(database, sizes)
        wish = Wish(creator_id, "round", sample=leads, days=days, most_decisions=10 * STEPS)
        began = time.perf_counter()
        simulation = await simulate(database, published, wish, now=BEGINNING + timedelta(hours=1))
        seconds = time.perf_counter() - began
    if simulation.begun != leads or simulation.cut_at is not None:
        raise RuntimeError(f"{simulation.begun} began, up to {simulation.cut_at}")
    reached = (count for counted, count in simulation.counts.items() if counted.measure is Measure.REACHED)
    return sum(reached), seconds
