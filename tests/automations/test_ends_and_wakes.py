"""How follow-ups end from outside, or go on because something has happened, whatever else is done to them meanwhile."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from row_locks import until_waiting
from sqlalchemy import select, update
from stage import Stage, follow_up

from automations.gateway import SlowDown
from automations.outcomes import close_failed
from automations.stepping import Stepper
from automations.stops import read_follows, show_to_follows
from domain.consent import unsubscribe
from domain.parked import try_again
from domain.people import note_block
from store.models import Enrollment, EnrollmentState, Event, Lead, OutboxState, Timer

HOUR = timedelta(hours=1)
HELLO = {"key": "hello", "do": "send", "text": "Hi"}
CAPTURED = {"trigger": {"event": "lead.captured"}}
WAITS = {"key": "w", "do": "wait", "event": "custom.x", "time": "1h"}
DAY = {"key": "day", "do": "wait", "time": "1d"}


async def the_timers(stage: Stage) -> list[tuple[int, object]]:
    async with stage.database.reading() as session:
        rows = await session.execute(select(Timer.enrollment_id, Timer.due_at).order_by(Timer.enrollment_id))
        return [(row.enrollment_id, row.due_at) for row in rows]


async def park_all(stage: Stage) -> None:
    """As the planner leaves them."""
    async with stage.database.transaction() as session:
        await session.execute(update(Enrollment).values(state=EnrollmentState.PARKED, reason="no words", step=""))
        for timer in await session.scalars(select(Timer)):
            await session.delete(timer)


async def shown_too_late(stage: Stage, lead: Lead) -> None:
    """An event is shown to what was read of the lead before a step of theirs was taken."""
    now = stage.clock()
    async with stage.database.transaction() as session:
        values = {"creator_id": stage.creator_id, "lead_id": lead.id, "subject": "", "data": {}}
        event = Event(**values, name="custom.x", occurred_at=now - timedelta(seconds=1), routed_at=now)
        session.add(event)
        await session.flush()
        follows = await read_follows(session, [lead.id])
        assert (await Stepper(stage.published, ahead=None).plan(session, now=now)).count == 1
        await show_to_follows(session, [event], follows, now=now)


async def test_what_is_waited_for_takes_no_timer_from_whoever_has_gone_on(stage: Stage):
    await stage.open(f={**CAPTURED, "steps": [WAITS, DAY, HELLO]})
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    stage.clock.pass_time(hours=1, seconds=1)
    await shown_too_late(stage, lead)
    (each,) = await stage.enrollments()
    assert (each.state, each.step, each.happened) == (EnrollmentState.ACTIVE, "day", False)
    assert await the_timers(stage) == [(each.id, stage.clock() - timedelta(seconds=1) + timedelta(days=1))]


async def test_who_has_come_to_wait_for_the_same_once_more_goes_on_at_once(stage: Stage):
    again = {**WAITS, "key": "again", "time": "7d"}
    await stage.open(f={**CAPTURED, "steps": [WAITS, again, HELLO]})
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    stage.clock.pass_time(hours=1, seconds=1)
    await shown_too_late(stage, lead)
    assert await the_timers(stage) == [(1, stage.clock() - timedelta(seconds=1))]
    await stage.step_all()
    assert [each.step for each in await stage.outbox()] == ["hello"]


async def test_an_event_that_meets_a_step_being_taken_leaves_nobody_without_a_timer(stage: Stage):
    if stage.database.is_sqlite:
        pytest.skip("one writer at a time: no step is taken while an event is routed")
    await stage.open(f={**CAPTURED, "stop": ["custom.stop"], "steps": [WAITS, DAY, HELLO]})
    lena, anna = await stage.lead(100), await stage.lead(200, "Anna")
    await stage.route()
    await stage.step_all()
    stage.clock.pass_time(hours=1, seconds=1)
    async with stage.database.transaction() as session:
        assert (await Stepper(stage.published, ahead=None).plan(session, now=stage.clock())).count == 2
        # both happen before that is saved; the first keeps the routing waiting with what it has read of the second
        await stage.happens(lena, "custom.stop")
        await stage.happens(anna, "custom.x")
        routing = asyncio.create_task(stage.route())
        await until_waiting(stage.database)
    assert await routing == 2
    first, second = await stage.enrollments()
    assert (first.state, second.state, second.step) == (EnrollmentState.STOPPED, EnrollmentState.ACTIVE, "day")
    assert [each for each, _ in await the_timers(stage)] == [second.id]


async def test_what_a_step_being_taken_says_last_is_taken_back_by_what_happens_meanwhile(stage: Stage):
    if stage.database.is_sqlite:
        pytest.skip("one writer at a time: no step is taken while an event is routed")
    await stage.open(welcome=follow_up(stop=["custom.stop"]))
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    stage.clock.pass_time(days=1)
    async with stage.database.transaction() as session:
        assert (await Stepper(stage.published, ahead=None).plan(session, now=stage.clock())).count == 1
        await stage.happens(lead, "custom.stop")
        routing = asyncio.create_task(stage.route())
        await until_waiting(stage.database)
    assert await routing == 1
    assert [each.state for each in await stage.outbox()] == [OutboxState.CANCELLED]


@pytest.mark.parametrize(
    ("event", "subject", "state", "reason"),
    [
        ("custom.stop", "", EnrollmentState.STOPPED, "custom.stop"),
        ("custom.goal", "", EnrollmentState.DONE, "goal"),
        ("order.paid", "order:1", EnrollmentState.STOPPED, "order.paid"),
        ("lead.unsubscribed", "", EnrollmentState.STOPPED, "lead.unsubscribed"),
        ("lead.blocked", "", EnrollmentState.STOPPED, "lead.blocked"),
    ],
)
async def test_who_is_parked_ends_as_anybody_does_and_does_not_try_again(
    stage: Stage, event: str, subject: str, state: EnrollmentState, reason: str
):
    await stage.open(f=follow_up(event="order.opened", stop=["custom.stop"]) | {"goal": {"event": "custom.goal"}})
    lead = await stage.lead()
    await stage.happens(lead, "order.opened", "order:1")
    await stage.route()
    await park_all(stage)
    await stage.happens(lead, event, subject)
    await stage.route()
    (each,) = await stage.enrollments()
    assert (each.state, each.reason) == (state, reason)
    async with stage.database.transaction() as session:
        assert not await try_again(session, stage.creator_id, each.id, now=stage.clock())


async def test_another_order_that_is_paid_leaves_who_is_parked(stage: Stage):
    await stage.open(f=follow_up(event="order.opened"))
    lead = await stage.lead()
    await stage.happens(lead, "order.opened", "order:1")
    await stage.route()
    await park_all(stage)
    await stage.happens(lead, "order.paid", "order:2")
    await stage.route()
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.PARKED]


@pytest.mark.parametrize("event", ["custom.stop", "custom.goal"])
@pytest.mark.parametrize("last", [True, False])
async def test_what_was_being_said_when_it_ended_is_not_said_again(stage: Stage, event: str, last: bool):  # noqa: FBT001
    ends: dict[str, Any] = {"stop": ["custom.stop"], "goal": {"event": "custom.goal"}}
    await stage.open(f={**CAPTURED, **ends, "steps": [HELLO] if last else [HELLO, DAY, {**HELLO, "key": "bye"}]})
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    (claimed,) = await stage.claim()
    await stage.happens(lead, event)
    await stage.route()
    async with stage.database.transaction() as session:
        await close_failed(session, claimed, SlowDown(1.0), now=stage.clock(), chance=lambda: 0.0)
    stage.clock.pass_time(seconds=2)
    await stage.send_all()
    assert stage.gateway.sent == []
    assert [each.state for each in await stage.outbox()] == [OutboxState.CANCELLED]


async def test_last_words_that_have_arrived_are_no_matter_of_what_happens_later(stage: Stage):
    await stage.open(f={**CAPTURED, "stop": ["custom.stop"], "steps": [HELLO]})
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    await stage.send_all()
    await stage.happens(lead, "custom.stop")
    await stage.route()
    (each,) = await stage.enrollments()
    assert (each.state, each.reason) == (EnrollmentState.DONE, None)


async def test_stop_and_block_end_what_is_held_too(stage: Stage):
    await stage.open(welcome=follow_up())
    lena, anna = await stage.lead(100), await stage.lead(200, "Anna")
    await stage.route()
    async with stage.database.transaction() as session:
        await session.execute(update(Enrollment).values(state=EnrollmentState.HELD, held_at=stage.clock()))
        await unsubscribe(session, await session.get_one(Lead, lena.id), now=stage.clock())
        await note_block(session, anna.person_id or 0, now=stage.clock())
    await stage.route()
    assert [(each.state, each.held_at) for each in await stage.enrollments()] == [(EnrollmentState.STOPPED, None)] * 2
