"""`late` is about whoever was held or moved, and about nobody beside them who only waits for their turn."""

from typing import Any

import pytest
from sqlalchemy import select
from stage import Stage

from automations.changes import Change, foresee
from automations.holding import take_up_held
from automations.stepping import Stepper
from domain.funnels.definition import Funnel
from domain.funnels.heads import find_funnel, pause_funnel, resume_funnel, save_funnel, start_step, stop_step
from domain.funnels.moving import Policy, move_batch
from store.models import EnrollmentState, FunnelHead, FunnelState, Kept, Late, OutboxMessage

REST = {"key": "rest", "do": "wait", "time": "1d"}
HELLO = {"key": "hello", "do": "send", "text": "Hi"}
BYE = {"key": "bye", "do": "send", "text": "Bye"}


def care(*steps: dict[str, Any], late: str = "skip") -> dict[str, Any]:
    return {"trigger": {"event": "lead.captured"}, "late": late, "steps": list(steps)}


async def come(stage: Stage, count: int, *, first: int = 100) -> None:
    """They have begun, and gone as far as they can."""
    for number in range(first, first + count):
        await stage.lead(number)
    while await stage.route() or await stage.step():
        pass


async def wait_for_their_turn(stage: Stage, minutes: int) -> None:
    """There is room for no more than one message meanwhile, and nobody sends it."""
    stepper = Stepper(stage.published, ahead=1, batch=2)
    for _ in range(minutes):
        await stepper.run(stage.database, stage.clock)
        stage.clock.pass_time(minutes=1)


async def stop_and_start(stage: Stage, step: str, *, minutes: int = 0) -> None:
    async with stage.database.transaction() as session:
        await stop_step(session, await find_funnel(session, stage.creator_id, "care"), step, now=stage.clock())
    while minutes and await stage.step():
        pass
    stage.clock.pass_time(minutes=minutes)
    async with stage.database.transaction() as session:
        await start_step(session, await find_funnel(session, stage.creator_id, "care"), step, now=stage.clock())


async def move_to(stage: Stage, *steps: dict[str, Any]) -> None:
    async with stage.database.transaction() as session:
        new = Funnel.model_validate(care(*steps))
        await save_funnel(session, stage.creator_id, "care", new, kept=Kept.FILE, now=stage.clock())
    async with stage.database.transaction() as session:
        await move_batch(session, await find_funnel(session, stage.creator_id, "care"), Policy.MOVE, now=stage.clock())


async def take_up(stage: Stage) -> None:
    count = 1
    while count:
        async with stage.database.transaction() as session:
            count = await take_up_held(session, now=stage.clock())


async def said(stage: Stage) -> list[int | None]:
    return sorted(message.lead_id or 0 for message in await stage.outbox() if message.step == "hello")


@pytest.mark.parametrize("meanwhile", ["another step", "their step", "moved"])
async def test_whoever_waits_for_their_turn_is_said_whatever_becomes_of_others_meanwhile(stage: Stage, meanwhile: str):
    await stage.open(care=care(REST, HELLO, {**REST, "key": "more"}, BYE))
    await come(stage, 4)
    stage.clock.pass_time(days=1, seconds=10)
    await wait_for_their_turn(stage, 20)
    assert len(await said(stage)) == 1
    if meanwhile == "moved":
        await move_to(stage, REST, HELLO)
    else:
        await stop_and_start(stage, "bye" if meanwhile == "another step" else "hello")
    await stage.step_all()
    assert await said(stage) == [1, 2, 3, 4]


async def test_whoever_is_overdue_by_a_move_goes_by_late_and_whoever_waits_beside_them_is_said(stage: Stage):
    await stage.open(care=care(REST, HELLO))
    await come(stage, 3)
    stage.clock.pass_time(hours=12)
    await come(stage, 1, first=200)
    stage.clock.pass_time(hours=12)
    await wait_for_their_turn(stage, 20)
    new = Funnel.model_validate(care({**REST, "time": "2h"}, HELLO))
    async with stage.database.reading() as session:
        (foreseen,) = [
            each
            for each in await foresee(session, stage.published, Change(stage.creator_id, "care", new, stage.clock()))
            if each.group.step == "rest"
        ]
    assert foreseen.at_once == {"hello": 2}
    await move_to(stage, {**REST, "time": "2h"}, HELLO)
    await stage.step_all()
    # the fourth would have had half a day to go
    assert await said(stage) == [1, 2, 3]
    assert {each.state for each in await stage.enrollments()} == {EnrollmentState.DONE}


@pytest.mark.parametrize(("minutes", "hears"), [(10, True), (20, False)])
async def test_whoever_stood_at_a_stopped_step_is_overdue_by_as_long_and_not_by_the_turn_they_wait_for_afterwards(
    stage: Stage, minutes: int, *, hears: bool
):
    await stage.open(care=care(REST, HELLO))
    await come(stage, 3)
    stage.clock.pass_time(days=1)
    await stop_and_start(stage, "hello", minutes=minutes)
    await take_up(stage)
    await wait_for_their_turn(stage, 20)
    await stage.step_all()
    assert await said(stage) == ([1, 2, 3] if hears else [])
    assert {(each.state, each.held_at) for each in await stage.enrollments()} == {(EnrollmentState.DONE, None)}


async def test_what_was_chosen_for_an_earlier_pause_is_not_for_whoever_is_held_after_it(stage: Stage):
    await stage.open(care=care(REST, HELLO, late="shift"))
    async with stage.database.transaction() as session:
        await pause_funnel(session, await find_funnel(session, stage.creator_id, "care"), now=stage.clock())
    async with stage.database.transaction() as session:
        head = await find_funnel(session, stage.creator_id, "care")
        await resume_funnel(session, head, Late.SKIP, now=stage.clock())
    await take_up(stage)
    await come(stage, 1)
    stage.clock.pass_time(days=1)
    await stop_and_start(stage, "hello", minutes=60)
    await take_up(stage)
    await stage.step_all()
    assert await said(stage) == [1]


async def test_who_is_held_a_moment_after_the_resuming_goes_on_as_was_chosen_too(stage: Stage):
    if stage.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    await stage.open(care=care(HELLO, late="shift"))
    await stage.lead()
    await stage.route()
    async with stage.database.transaction() as session:
        await pause_funnel(session, await find_funnel(session, stage.creator_id, "care"), now=stage.clock())
    stage.clock.pass_time(minutes=30)
    async with stage.database.transaction() as planner:
        assert (await Stepper(stage.published).plan(planner, now=stage.clock())).count == 1
        async with stage.database.transaction() as session:
            head = await find_funnel(session, stage.creator_id, "care")
            await resume_funnel(session, head, Late.SKIP, now=stage.clock())
        await take_up(stage)
        async with stage.database.reading() as session:
            assert list(await session.scalars(select(FunnelHead.state))) == [FunnelState.ACTIVE]
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.HELD]
    await take_up(stage)
    await stage.step_all()
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.DONE]
    assert await stage.count(OutboxMessage) == 0
