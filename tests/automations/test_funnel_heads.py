"""What one process changes of a funnel, the others know soon."""

from dataclasses import replace
from typing import Any

from stage import Stage

from automations.flow_heads import FlowHeads
from automations.funnel_heads import FunnelHeads
from domain.clicks import Tracker
from domain.definitions import Published
from domain.flows.definition import Flow
from domain.flows.heads import save_flow
from domain.funnels.definition import Funnel
from domain.funnels.heads import archive_funnel, find_funnel, pause_funnel, resume_funnel, save_funnel
from domain.setups import CreatorSetup
from store.database import Database
from store.models import Kept, Late

HELLO = {"key": "hello", "do": "send", "text": 'Hi, <a href="https://studio.example/a">look</a>'}


async def another(stage: Stage) -> tuple[FunnelHeads, Published]:
    """A process beside the one that changes something."""
    published = Published(setups={stage.creator_id: CreatorSetup()})
    heads = FunnelHeads(stage.database, stage.clock, published)
    await heads.refresh()
    return heads, published


async def save(stage: Stage, text: str = "Hi", **more: Any) -> None:
    funnel = Funnel.model_validate({"steps": [{**HELLO, "text": text, **more}]})
    async with stage.database.transaction() as session:
        await save_funnel(session, stage.creator_id, "care", funnel, kept=Kept.CHAT, now=stage.clock())


async def test_a_funnel_runs_everywhere_from_when_it_is_saved_until_it_is_archived(database: Database):
    stage = await Stage(database).open(base={"steps": [HELLO]})
    heads, published = await another(stage)
    assert set(published.funnels[stage.creator_id]) == {"base"}
    await save(stage)
    await heads.refresh()
    version_id, funnel = published.funnels[stage.creator_id]["care"]
    await save(stage, "Good day")
    await heads.refresh()
    reworded, other = published.funnels[stage.creator_id]["care"]
    assert (reworded != version_id, funnel != other) == (True, True)
    assert published.setup(stage.creator_id).funnels == {"base", "care"}
    async with database.transaction() as session:
        await archive_funnel(session, await find_funnel(session, stage.creator_id, "care"), now=stage.clock())
    await heads.refresh()
    assert set(published.funnels[stage.creator_id]) == {"base"}
    assert published.setup(stage.creator_id).funnels == {"base"}


async def test_of_a_creator_who_came_while_a_process_ran_it_knows_what_their_texts_may_name(database: Database):
    stage = await Stage(database).open(care={"steps": [HELLO]})
    published = Published(usual=CreatorSetup(currency="eur"))
    await FunnelHeads(stage.database, stage.clock, published).refresh()
    setup = published.setup(stage.creator_id)
    assert (setup.funnels, setup.currency) == ({"care"}, "eur")


async def test_a_paused_funnel_can_be_spoken_of_and_not_begun(database: Database):
    stage = await Stage(database).open(care={"steps": [HELLO]})
    heads, published = await another(stage)
    async with database.transaction() as session:
        await pause_funnel(session, await find_funnel(session, stage.creator_id, "care"), now=stage.clock())
    await heads.refresh()
    assert published.funnels[stage.creator_id] == {}
    assert published.setup(stage.creator_id).funnels == {"care"}
    async with database.transaction() as session:
        head = await find_funnel(session, stage.creator_id, "care")
        await resume_funnel(session, head, Late.SHIFT, now=stage.clock())
    await heads.refresh()
    assert set(published.funnels[stage.creator_id]) == {"care"}


async def test_what_has_not_changed_is_not_read_again(database: Database):
    stage = await Stage(database).open(care={"steps": [HELLO]})
    heads, published = await another(stage)
    before = published.funnels[stage.creator_id]
    await heads.refresh()
    assert published.funnels[stage.creator_id] is before


async def test_the_links_of_a_new_wording_are_counted_where_clicks_are(database: Database):
    stage = await Stage(database).open()
    heads, published = await another(stage)
    setup = published.setup(stage.creator_id)
    tracker = Tracker("https://spark.example", b"key")
    published.setups[stage.creator_id] = replace(setup, tracker=tracker)
    await save(stage, 'Hi, <a href="https://studio.example/a">look</a>')
    await heads.refresh()
    counting = published.setup(stage.creator_id).tracker
    assert counting is not None
    assert set(counting.ids) == {"https://studio.example/a"}
    assert counting.through("https://studio.example/a", 1).startswith("https://spark.example/r/")
    # those of a flow that is saved while Spark runs, too
    node = {"key": "look", "do": "say", "text": 'So <a href="https://studio.example/b">look</a>'}
    flow = Flow.model_validate({"trigger": [{"command": "fair"}], "nodes": [node]})
    async with database.transaction() as session:
        await save_flow(session, stage.creator_id, {}, "fair", flow, now=stage.clock())
    told: list[str] = []

    async def changed() -> None:
        told.append("once")

    flows = FlowHeads(database, stage.clock, published, changed=changed)
    for _ in range(2):
        await flows.refresh()
    counting = published.setup(stage.creator_id).tracker
    assert counting is not None
    assert set(counting.ids) == {"https://studio.example/a", "https://studio.example/b"}
    assert told == ["once"]
