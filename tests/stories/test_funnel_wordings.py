"""A funnel of the file is reworded, gets a mistake, is mended and taken out: what those under way and new ones get."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio
from sqlalchemy import select
from world import World, a_world, begin_studio

from app.settings import load
from domain.funnels.asked_moves import ask_to_move
from domain.funnels.heads import find_funnel
from domain.funnels.moving import Policy
from store.models import Creator

CONFIG = """\
creators:
  studio:
    name: Studio
    flows:
      hello: {{nodes: [{{key: hi, do: say, text: Welcome}}]}}
    funnels:
      other:
        trigger: {{event: lead.captured}}
        steps: [{{key: rest, do: wait, time: 2d}}, {{key: also, do: send, text: And another thing}}]
{care}
telegram: {{default_creator: studio}}
"""
CARE = """\
      care:
        trigger: {{event: lead.captured}}
        steps: [{{key: rest, do: wait, time: {time}}}, {{key: ask, do: send, text: "{text}"}}]
"""
FIRST = CARE.format(time="1d", text="How are you?")


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, CONFIG.format(care=FIRST)) as world:
        await begin_studio(world)
        yield world


async def restart_with(world: World, folder: Path, care: str) -> None:
    """The file is changed, and Spark started anew."""
    path = folder / "config.yaml"
    path.write_text(CONFIG.format(care=care))
    read = load(path, {})
    settings = world.loaded.settings.model_copy(update={"creators": read.settings.creators})
    world.loaded = replace(world.loaded, settings=settings, disabled=read.disabled, places=read.places)
    await world.restart()


async def test_those_under_way_keep_their_wording_and_new_ones_take_the_new(world: World, tmp_path: Path):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("Welcome")
    await world.settle()
    await restart_with(world, tmp_path, CARE.format(time="3d", text="All well?"))
    max_ = await world.person("Max")
    await max_.say("/start")
    await max_.hears("Welcome")
    await world.skip(days=4)
    assert (await lena.count("How are you?"), await lena.count("All well?")) == (1, 0)
    assert (await max_.count("How are you?"), await max_.count("All well?")) == (0, 1)


async def test_one_bad_funnel_is_switched_off_alone_and_its_creator_told_once(world: World, tmp_path: Path):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("Welcome")
    await world.settle()
    for _ in range(2):
        await restart_with(world, tmp_path, CARE.format(time="soon", text="All well?"))
        await world.settle()
    said = await world.creator.hears("Your funnel “care” has a mistake")
    assert "steps.0.time: write a duration as a number and a unit" in said.text
    assert await world.creator.count("Your funnel “care” has a mistake") == 1
    max_ = await world.person("Max")
    await max_.say("/start")
    await max_.hears("Welcome")
    await world.skip(days=3)
    # the others run, and whoever had begun goes on
    assert (await lena.count("How are you?"), await lena.count("And another thing")) == (1, 1)
    assert (await max_.count("How are you?"), await max_.count("And another thing")) == (0, 1)
    await restart_with(world, tmp_path, CARE.format(time="1d", text="All well?"))
    mia = await world.person("Mia")
    await mia.say("/start")
    await mia.hears("Welcome")
    await world.skip(days=2)
    assert await mia.count("All well?") == 1


async def test_a_funnel_that_is_taken_out_is_begun_no_more_and_ends_by_itself(world: World, tmp_path: Path):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("Welcome")
    await world.settle()
    await restart_with(world, tmp_path, "")
    max_ = await world.person("Max")
    await max_.say("/start")
    await max_.hears("Welcome")
    await world.skip(days=3)
    assert (await lena.count("How are you?"), await max_.count("How are you?")) == (1, 0)


async def test_those_under_way_go_over_into_the_new_wording_when_that_is_asked_for(world: World, tmp_path: Path):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("Welcome")
    await world.settle()
    await restart_with(world, tmp_path, CARE.format(time="3d", text="All well?"))
    async with world.spark.database.transaction() as session:
        creator_id = await session.scalar(select(Creator.id).where(Creator.slug == "studio"))
        head = await find_funnel(session, creator_id or 0, "care")
        await ask_to_move(session, head, Policy.MOVE, now=world.clock())
    await world.settle()
    assert await world.creator.count("“care”: one person was taken over into the new wording.") == 1
    await world.skip(days=2)
    assert (await lena.count("How are you?"), await lena.count("All well?")) == (0, 0)
    await world.skip(days=2)
    assert (await lena.count("How are you?"), await lena.count("All well?")) == (0, 1)
