"""An unexpected fault concerns one lead, one conversation or one segment: that comes later, and all others go on."""

from typing import cast

import pytest
import structlog
from sqlalchemy import select, text, update
from stage import Stage, follow_up
from timed import tagged

from automations.flows import run_flows
from automations.routing import Routing
from automations.segment_watch import SegmentWatches
from domain.definitions import Published, publish
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
    await all_routed(routing)
    assert routing.aside == {leads[1].id}
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
    assert not routing.aside
    assert [each.lead_id for each in await stage.enrollments() if each.funnel_key == "paid"] == [leads[1].id]


async def test_however_many_of_one_creators_leads_fail_everybody_else_goes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("automations.routing.MOST_TRIED", 2)
    await stage.open(paid=ABOUT_THREE)
    routing = Routing(stage.database, stage.clock, stage.published)
    for number in range(1, 4):
        await paid_and_spoilt(stage, number)
    await all_routed(routing)
    for number in (4, 5):
        await paid_and_spoilt(stage, number)
    funnels = stage.published.funnels[stage.creator_id]
    other = await Stage(stage.database).open_beside(stage, welcome=follow_up())
    stage.published.funnels[stage.creator_id] = funnels
    routing.published = stage.published
    lead = await other.lead(100)
    await all_routed(routing)
    assert [each.lead_id for each in await stage.enrollments()] == [lead.id]
    assert len(await unrouted(stage)) == 10
    # their time comes for all at once: of those too only some are tried in one round
    stage.clock.pass_time(hours=2)
    with structlog.testing.capture_logs() as lines:
        await routing.run()
    assert len(lines) == 2
    assert len(await unrouted(stage)) == 10


async def test_who_is_busy_when_they_are_tried_again_stays_aside_until_it_is_known_to_go(stage: Stage):
    if stage.database.is_sqlite:
        # nobody writes while somebody else does
        return
    await stage.open(paid=ABOUT_THREE)
    routing = Routing(stage.database, stage.clock, stage.published)
    await paid_and_spoilt(stage, 1)
    await all_routed(routing)
    (whose,) = routing.aside
    async with stage.database.transaction() as session:
        await session.execute(select(Lead).where(Lead.id == whose).with_for_update())
        stage.clock.pass_time(seconds=11)
        await routing.run()
        assert routing.aside == {whose}
    # right after, and not after twice as long
    stage.clock.pass_time(seconds=2)
    await spoil(stage, 2, '{"product": 3}')
    assert await routing.run() == 2
    assert not routing.aside


async def paid_and_spoilt(stage: Stage, number: int) -> None:
    await stage.happens(await stage.lead(number), "order.paid")
    await spoil(stage, 2 * number, "[7]")


async def test_a_conversation_that_cannot_go_on_is_put_off_and_the_others_go_on(stage: Stage):
    published = await resting(stage, 3)
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


async def resting(stage: Stage, leads: int) -> Published:
    """So many conversations that go on after a day."""
    await stage.open()
    nodes = [{"key": "rest", "do": "wait", "time": "1d"}, {"key": "after", "do": "say", "text": "After"}]
    flow = {"first": Flow.model_validate({"nodes": nodes})}
    setups = {"studio": CreatorSetup(flows=frozenset(flow))}
    async with stage.database.transaction() as session:
        published = await publish(session, {"studio": flow}, {}, setups=setups, now=stage.clock())
    current = published.flow(stage.creator_id, "first")
    assert current is not None
    for number in range(leads):
        lead = await stage.lead(100 + number)
        async with stage.database.transaction() as session:
            held = await session.get_one(Lead, lead.id)
            talk = Talk(held, await session.get_one(Person, held.person_id), published)
            await begin_flow(session, talk, current, now=stage.clock())
    await stage.route()
    return published


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


async def test_a_conversation_that_fails_is_met_though_many_wait_before_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("automations.flows.BATCH", 2)
    published = await resting(stage, 4)
    async with stage.database.transaction() as session:
        await session.execute(update(FlowRun).where(FlowRun.id == 3).values(asked=7))
        # they wait for what has happened to their leads
        first = (await session.scalars(select(FlowRun.lead_id).where(FlowRun.id <= 2))).all()
        await session.execute(update(Event).where(Event.lead_id.in_(first)).values(routed_at=None))
    stage.clock.pass_time(days=1)
    assert await run_flows(stage.database, stage.clock, published) == 2
    assert await states(stage) == [FlowRunState.WAITING] * 3 + [FlowRunState.DONE]


async def test_a_segment_that_cannot_be_watched_is_asked_less_and_less_often(stage: Stage):
    await stage.open(fans={"trigger": {"enters": "tag:fan"}, "steps": follow_up()["steps"]})
    stage.published.setups[stage.creator_id] = cast("CreatorSetup", None)
    watches = SegmentWatches(stage.database, stage.clock, stage.published)
    with structlog.testing.capture_logs() as lines:
        for _ in range(10):
            await watches.check()
            stage.clock.pass_time(seconds=30)
    asked = [line for line in lines if line["log_level"] == "error"]
    # at once, after 30 s, 60 s, 120 s and 240 s
    assert len(asked) == 5
