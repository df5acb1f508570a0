import asyncio
import random
import time

import pytest
from chaos_check import find_faults, report
from chaos_client import Client
from chaos_facts import gather_facts, settled
from chaos_kills import kill_at_random
from chaos_stage import TERM_SECONDS, Process, Stage
from chaos_tour import CREATOR, Progress, fill_shop, tour_together

STOCK = 1000


async def tour_through_kills(
    stage: Stage,
    client: Client,
    running: list[Process],
    *,
    killed: list[Process],
    people: int,
    kills: int,
    dice: random.Random,
    over: float,
    patience: float,
) -> None:
    """Everybody's tour while the processes in `killed` die and come back; then nothing may be lost or doubled."""
    begun = time.monotonic()
    for process in running:
        process.start()
        await process.ready()
    await fill_shop(client, stock=STOCK)
    progress = Progress()
    async with asyncio.TaskGroup() as group:
        tours = group.create_task(
            tour_together(client, progress, people=people, over=over, patience=patience, dice=dice)
        )
        struck = group.create_task(kill_at_random(killed, progress, kills=kills, people=people, dice=dice))
    for process in running:
        await process.ready()
    await settled(stage.store_url, client, within=patience)
    for process in running:
        code, seconds = await process.terminate()
        assert (code, seconds < TERM_SECONDS) == (0, True), process.last_words()
    facts = await gather_facts(client, stage.store_url, tours.result(), stock=STOCK, kills=struck.result())
    facts.errors += [line for process in running for line in process.complaints()]
    print(f"{report(facts)}, {time.monotonic() - begun:.0f} s")  # noqa: T201 - the figures of a nightly run
    faults = find_faults(facts)
    assert not faults, "\n".join(faults)
    assert len(facts.paid) == people


@pytest.mark.parametrize("intake", [pytest.param("polling", marks=pytest.mark.nightly), "webhook"])
async def test_twelve_people_finish_their_tours_through_five_kills(staged, dice, intake):
    stage, client = await staged(webhook=intake == "webhook")
    await stage.add_creator("Studio North", "studio", CREATOR)
    spark = stage.spark()
    await tour_through_kills(stage, client, [spark], killed=[spark], people=12, kills=5, dice=dice, over=3, patience=60)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("intake", ["polling", "webhook"])
async def test_a_hundred_people_finish_their_tours_through_fifty_kills(staged, dice, intake):
    stage, client = await staged(webhook=intake == "webhook")
    await stage.add_creator("Studio North", "studio", CREATOR)
    spark = stage.spark()
    await tour_through_kills(
        stage, client, [spark], killed=[spark], people=100, kills=50, dice=dice, over=120, patience=300
    )


@pytest.mark.nightly
@pytest.mark.timeout(1800)
async def test_two_workers_on_postgresql_are_killed_in_turns_and_nothing_is_lost(staged, dice, postgresql_url):
    stage, client = await staged(store_url=postgresql_url)
    await stage.add_creator("Studio North", "studio", CREATOR)
    workers = [stage.spark("worker", number=number) for number in (1, 2)]
    # a dead poller's lease has to run out before the other worker goes on: 40 s
    await tour_through_kills(
        stage,
        client,
        [stage.spark("web"), *workers],
        killed=workers,
        people=30,
        kills=8,
        dice=dice,
        over=20,
        patience=300,
    )
