"""An unexpected fault concerns one lead, one conversation or one segment: that comes later, and all others go on."""

from typing import cast

import pytest
from sqlalchemy import select, text, update
from stage import Stage, follow_up
from timed import tagged

from automations.flows import run_flows
from automations.routing import Routing
from automations.segment_watch import SegmentWatches
from domain.definitions import publish
from domain.flows.beginning import begin_flow
from domain.flows.definition import Flow
from domain.flows.talk import Talk
from domain.setups import CreatorSetup
from store.models import Event, FlowRun, FlowRunState, Lead, Person

# its data are asked for: what is no mapping cannot be told
ABOUT_THREE = {"trigger": {"event": "order.paid", "data": {"product": 3}}, "steps": follow_up()["steps"]}


async def spoil(stage: Stage, event_id: int, data: str) -> None:
    async with stage.database.transaction() as session:
        spoilt = text("UPDATE event SET data = :data WHERE id = :id")
        if not stage.database.is_sqlite:
            spoilt = text("UPDATE event SET data = CAST(:data AS JSONB) WHERE id = :id")
        await session.execute(spoilt, {"id": event_id, "data": data})


async def unrouted(stage: Stage) -> list[int | None]:
    async with stage.database.reading() as session:
        asked = select(Event.lead_id).where(Event.routed_at.is_(None)).order_by(Event.id)
        return list(await session.scalars(asked))


async def all_routed(routing: Routing) -> int:
    done = 0
    while count := await routing.run():
        done += count
    return done


async def test_an_event_that_cannot_be_routed_keeps_its_lead_waiting_and_nobody_else(stage: Stage):
    await stage.open(welcome=follow_up(), paid=ABOUT_THREE)
    routing = Routing(stage.database, stage.clock, stage.published)
    leads = [await stage.lead(100 + number) for number in range(3)]
    assert await all_routed(routing) == 3
    for lead in leads:
        await stage.happens(lead, "order.paid")
    await stage.happens(leads[1], "custom.later")
    await spoil(stage, 5, "[7]")
    assert await all_routed(routing) == 2
    assert routing.waits
    # in their order: what happened to them later waits too
    assert await unrouted(stage) == [leads[1].id] * 2
    await stage.lead(200)
    await stage.happens(leads[0], "order.paid")
    assert await all_routed(routing) == 2

    # it is tried again after a while, then after twice that
    for seconds in (10, 20, 40):
        stage.clock.pass_time(seconds=seconds - 1)
        assert await all_routed(routing) == 0
        stage.clock.pass_time(seconds=2)
        assert await all_routed(routing) == 0
        assert await unrouted(stage) == [leads[1].id] * 2
    await spoil(stage, 5, '{"product": 3}')
    stage.clock.pass_time(seconds=90)
    assert await all_routed(routing) == 2
    assert await unrouted(stage) == []
    assert not routing.waits
    assert [each.lead_id for each in await stage.enrollments() if each.funnel_key == "paid"] == [leads[1].id]


async def test_where_everything_fails_it_is_said_and_nothing_is_put_aside_without_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("automations.routing.MOST_ASIDE", 2)
    await stage.open(paid=ABOUT_THREE)
    routing = Routing(stage.database, stage.clock, stage.published)
    for number in (1, 2):
        await paid_and_spoilt(stage, number)
    assert await all_routed(routing) == 0
    await paid_and_spoilt(stage, 3)
    with pytest.raises(TypeError):
        await routing.run()
    assert len(await unrouted(stage)) == 6


async def paid_and_spoilt(stage: Stage, number: int) -> None:
    await stage.happens(await stage.lead(number), "order.paid")
    await spoil(stage, 2 * number, "[7]")


async def test_a_conversation_that_cannot_go_on_is_put_off_and_the_others_go_on(stage: Stage):
    await stage.open()
    nodes = [{"key": "rest", "do": "wait", "time": "1d"}, {"key": "after", "do": "say", "text": "After"}]
    flow = {"first": Flow.model_validate({"nodes": nodes})}
    setups = {"studio": CreatorSetup(flows=frozenset(flow))}
    async with stage.database.transaction() as session:
        published = await publish(session, {"studio": flow}, {}, setups=setups, now=stage.clock())
    current = published.flow(stage.creator_id, "first")
    assert current is not None
    for number in range(3):
        lead = await stage.lead(100 + number)
        async with stage.database.transaction() as session:
            held = await session.get_one(Lead, lead.id)
            talk = Talk(held, await session.get_one(Person, held.person_id), published)
            await begin_flow(session, talk, current, now=stage.clock())
    await stage.route()
    async with stage.database.transaction() as session:
        await session.execute(update(FlowRun).where(FlowRun.id == 2).values(asked=7))
    stage.clock.pass_time(days=1)
    assert await run_flows(stage.database, stage.clock, published) == 3
    assert await states(stage) == [FlowRunState.DONE, FlowRunState.WAITING, FlowRunState.DONE]
    assert await run_flows(stage.database, stage.clock, published) == 0
    async with stage.database.transaction() as session:
        await session.execute(update(FlowRun).where(FlowRun.id == 2).values(asked=[]))
    stage.clock.pass_time(hours=1)
    await stage.route()
    assert await run_flows(stage.database, stage.clock, published) == 1
    assert await states(stage) == [FlowRunState.DONE] * 3


async def states(stage: Stage) -> list[FlowRunState]:
    async with stage.database.reading() as session:
        return list(await session.scalars(select(FlowRun.state).order_by(FlowRun.id)))


async def test_a_segment_that_cannot_be_watched_keeps_no_other_from_it(stage: Stage):
    fans = {"trigger": {"enters": "tag:fan"}, "steps": follow_up()["steps"]}
    await stage.open(fans=fans)
    funnels = stage.published.funnels[stage.creator_id]
    other = await Stage(stage.database).open_beside(stage, fans=fans)
    # a fault of ours with the first creator
    stage.published.funnels[stage.creator_id] = funnels
    stage.published.setups[stage.creator_id] = cast("CreatorSetup", None)
    watches = SegmentWatches(stage.database, stage.clock, stage.published)
    lead = await other.lead()
    assert await watches.check() == 0
    await tagged(other, lead)
    assert await watches.check() == 1
    assert [each.lead_id for each in await stage.enrollments()] == [lead.id]
