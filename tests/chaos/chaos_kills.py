"""Strikes at random moments of the tours: in the middle of flows, right after a message, and during a restart."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress

from chaos_stage import Process
from chaos_tour import ACTS, Progress

# seconds after somebody's message: the receipt, the commit and the reply are all within them
DELAYS = (0.0, 0.001, 0.01, 0.05, 0.3)
DURING_RESTART = 0.15
RESTART_SECONDS = 2.0


async def kill_at_random(
    processes: Sequence[Process], progress: Progress, *, kills: int, people: int, dice: random.Random
) -> int:
    """Kills one of the processes and starts it again, so many times over the tours; returns how often it did."""
    moments = sorted(dice.sample(range(1, people * ACTS - people // 2), kills))
    for number, moment in enumerate(moments):
        await progress.reach(moment)
        process = dice.choice(processes)
        if number and dice.random() < DURING_RESTART:
            await asyncio.sleep(dice.uniform(0, RESTART_SECONDS))
        else:
            await process.ready()
            # the moment may have passed while it was down: the next thing that somebody does, then
            with suppress(TimeoutError):
                await asyncio.wait_for(progress.reach(progress.acts + 1), 1.0)
            await asyncio.sleep(dice.uniform(0, dice.choice(DELAYS)))
        process.kill()
        process.start()
    return len(moments)
