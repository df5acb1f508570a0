import asyncio
import random

import pytest
from chaos_check import count_duplicates, find_faults, report
from chaos_client import Client
from chaos_facts import gather_facts, settled
from chaos_stage import TERM_SECONDS, Process, Stage
from chaos_tour import ACTS, CREATOR, Progress, fill_shop, tour_together

STOCK = 1000


async def stop_in_the_middle(
    spark: Process, progress: Progress, *, times: int, people: int, dice: random.Random
) -> list[tuple[int, float]]:
    """Ends Spark politely at moments of the tours and starts it again; each exit code, and the seconds it took."""
    ends = []
    for moment in sorted(dice.sample(range(people, people * ACTS - people), times)):
        await progress.reach(moment)
        await spark.ready()
        await progress.reach(progress.acts + 1)
        ends.append(await spark.terminate())
        spark.start()
    return ends


async def tour_through_stops(
    stage: Stage, client: Client, *, people: int, times: int, over: float, patience: float, dice: random.Random
) -> None:
    await stage.add_creator("Studio North", "studio", CREATOR)
    spark = stage.spark()
    spark.start()
    await spark.ready()
    await fill_shop(client, stock=STOCK)
    progress = Progress()
    async with asyncio.TaskGroup() as group:
        tours = group.create_task(
            tour_together(client, progress, people=people, over=over, patience=patience, dice=dice)
        )
        stopped = group.create_task(stop_in_the_middle(spark, progress, times=times, people=people, dice=dice))
    await spark.ready()
    await settled(stage.store_url, client, within=patience)
    ends = [*stopped.result(), await spark.terminate()]
    assert [code for code, _ in ends] == [0] * (times + 1), spark.last_words()
    assert max(seconds for _, seconds in ends) < TERM_SECONDS, ends
    facts = await gather_facts(client, stage.store_url, tours.result(), stock=STOCK, kills=0)
    facts.errors += spark.complaints()
    print(f"{report(facts)}; stopped in {[round(seconds, 1) for _, seconds in ends]} s")  # noqa: T201 - the figures
    faults = find_faults(facts)
    assert not faults, "\n".join(faults)
    assert len(facts.paid) == people
    # whoever is asked to stop finishes what is in hand, and leaves nothing to be said a second time
    assert count_duplicates(facts) == 0


async def test_sigterm_under_load_ends_within_ten_seconds_and_loses_nothing(staged, dice):
    stage, client = await staged()
    await tour_through_stops(stage, client, people=12, times=2, over=2, patience=60, dice=dice)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("intake", ["polling", "webhook"])
async def test_sigterm_again_and_again_during_a_hundred_tours_loses_nothing(staged, dice, intake):
    stage, client = await staged(webhook=intake == "webhook")
    await tour_through_stops(stage, client, people=100, times=10, over=30, patience=300, dice=dice)
