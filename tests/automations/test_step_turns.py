"""Whose turn it is when many are due at once: nobody is left out, waits in a circle, or keeps the others waiting."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from stage import Stage, follow_up

from automations import step_batch, stepping
from automations.stepping import Planned, Stepper
from domain.enrollments import end_enrollments
from domain.holding import hold_living
from domain.lead_acts import tags_of
from domain.leads import note_answer
from domain.message_rules import Webhook
from domain.parked import try_again
from domain.setups import CreatorSetup
from kit.zones import zone_named
from store.models import (
    Enrollment,
    EnrollmentState,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    OutgoingCall,
    Person,
    Timer,
)

HELLO = {"key": "hello", "do": "send", "text": "Hi"}
MARK = {"key": "mark", "do": "tag", "add": ["vip"]}
A_DAY = {"key": "a-day", "do": "wait", "time": "1d"}
CALL = {"key": "crm", "do": "webhook", "webhook": "crm"}


def funnel(*steps: dict[str, Any], event: str = "lead.captured", **more: Any) -> dict[str, Any]:
    return {"trigger": {"event": event}, "steps": list(steps), **more}


async def some_leads(stage: Stage, count: int) -> list[Lead]:
    """They have begun, and gone as far as their first wait."""
    leads = [await stage.lead(1000 + number) for number in range(count)]
    while await stage.route():
        pass
    await stage.step_all()
    return leads


async def state_of(stage: Stage, funnel_key: str = "welcome") -> list[EnrollmentState]:
    return [each.state for each in await stage.enrollments() if each.funnel_key == funnel_key]


async def follow_ups(stage: Stage) -> list[str | None]:
    return [each.step for each in await stage.outbox() if each.kind == OutboxKind.FUNNEL]


async def all_is_sent(stage: Stage) -> None:
    async with stage.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(state=OutboxState.SENT))


def on_postgresql(stage: Stage) -> None:
    if stage.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")


# lateness


@pytest.mark.parametrize("late", ["skip", "once"])
async def test_whoever_only_waited_for_their_turn_is_told_whatever_late_says(stage: Stage, late: str):
    await stage.open(welcome=follow_up() | {"late": late})
    await some_leads(stage, 8)
    stage.clock.pass_time(days=1)
    for _ in range(8):
        # a process that has just been started knows it too
        stepper = Stepper(stage.published, ahead=1)
        while await stepper.run(stage.database, stage.clock):
            pass
        await all_is_sent(stage)
        stage.clock.pass_time(minutes=3)
    assert await follow_ups(stage) == ["hello"] * 8


async def test_whoever_fell_due_while_nobody_looked_is_left_out_also_when_their_turn_comes_later(stage: Stage):
    await stage.open(welcome=follow_up() | {"late": "skip"})
    await some_leads(stage, 3)
    stage.clock.pass_time(hours=12)
    await some_leads(stage, 1)
    late = await stage.lead(5000)
    while await stage.route():
        pass
    # down meanwhile; one who fell due shortly before it is up again is not late
    stage.clock.pass_time(hours=12, minutes=20)
    stepper = Stepper(stage.published, ahead=1000, batch=2)
    assert await stepper.run(stage.database, stage.clock) == 2
    stage.clock.pass_time(minutes=30)
    while await stepper.run(stage.database, stage.clock):
        pass
    assert await follow_ups(stage) == []
    stage.clock.pass_time(hours=11, minutes=10)
    while await stepper.run(stage.database, stage.clock):
        pass
    assert [each.lead_id for each in await stage.outbox()] == [late.id]


# what fails


async def test_what_stands_before_a_step_that_fails_is_said_once_and_it_goes_on_from_that_step(stage: Stage):
    more = {"key": "more", "do": "send", "text": "More"}
    await stage.open(welcome=funnel(HELLO, CALL, more, retry={"times": 1, "wait": "10m"}))
    await some_leads(stage, 1)
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.step, enrollment.attempts) == (EnrollmentState.ACTIVE, "crm", 1)
    assert await follow_ups(stage) == ["hello"]
    stage.clock.pass_time(minutes=10)
    await stage.step_all()
    assert await state_of(stage) == [EnrollmentState.PARKED]
    stage.published.setups[stage.creator_id] = CreatorSetup(webhooks={"crm": Webhook(url="https://crm.example/hook")})
    async with stage.database.transaction() as session:
        assert await try_again(session, stage.creator_id, enrollment.id, now=stage.clock())
    await stage.step_all()
    assert await follow_ups(stage) == ["hello", "more"]
    assert await stage.count(OutgoingCall) == 1
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.attempts, enrollment.undone) == (EnrollmentState.DONE, 0, False)


async def test_an_arm_taken_before_a_step_that_fails_is_kept_and_an_event_before_it_is_not_heard_again(stage: Stage):
    listens = {"key": "w", "do": "wait", "event": "lead.tagged", "time": "2d"}
    split = {"key": "ab", "do": "split", "arms": {"a": {"weight": 1}, "b": {"weight": 1}}}
    await stage.open(welcome=funnel(listens, split, CALL, retry={"times": 0, "wait": "10m"}))
    (lead,) = await some_leads(stage, 1)
    await stage.happens(lead, "lead.tagged")
    await stage.route()
    await stage.step_all()
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.step, enrollment.undone) == (EnrollmentState.PARKED, "crm", True)
    assert (set(enrollment.arms), enrollment.happened, enrollment.waits_for) == ({"ab"}, False, None)


async def a_message_in_the_way(stage: Stage, enrollment: Enrollment) -> None:
    """One of this number is there already, which nothing of ours can bring about: its whole batch fails."""
    async with stage.database.transaction() as session:
        lead = await session.get_one(Lead, enrollment.lead_id)
        session.add(
            OutboxMessage(
                key=f"strange:{enrollment.id}",
                creator_id=lead.creator_id,
                person_id=lead.person_id,
                lead_id=lead.id,
                enrollment_id=enrollment.id,
                seq=0,
                message={"text": "?"},
                state=OutboxState.SENT,
                due_at=stage.clock(),
                created_at=stage.clock(),
            )
        )


async def test_one_that_breaks_a_batch_behind_the_backlog_of_another_creator_keeps_nobody_waiting(stage: Stage):
    await stage.open(welcome=follow_up())
    await some_leads(stage, 4)
    small = Stage(stage.database, clock=stage.clock)
    await small.open_beside(stage, welcome=follow_up())
    stage.clock.pass_time(minutes=1)
    await some_leads(small, 3)
    broken = next(each for each in await stage.enrollments() if each.creator_id == small.creator_id)
    await a_message_in_the_way(stage, broken)
    stage.clock.pass_time(days=1)
    stepper = Stepper(small.published, ahead=2, batch=10)
    while await stepper.run(stage.database, stage.clock):
        pass
    states = {each.id: each.state for each in await stage.enrollments() if each.creator_id == small.creator_id}
    assert states.pop(broken.id) == EnrollmentState.PARKED
    assert list(states.values()) == [EnrollmentState.DONE] * 2


async def test_where_another_takes_the_one_that_breaks_a_batch_no_innocent_one_is_parked(stage: Stage):
    on_postgresql(stage)
    await stage.open(welcome=follow_up())
    await some_leads(stage, 3)
    broken = (await stage.enrollments())[0]
    await a_message_in_the_way(stage, broken)
    stage.clock.pass_time(days=1)
    async with stage.database.transaction() as other:

        class Overtaken(Stepper):
            async def plan(self, session: AsyncSession, **more: Any) -> Planned:
                try:
                    return await super().plan(session, **more)
                except Exception:
                    if more.get("most") == 1:
                        await session.rollback()
                        await other.execute(select(Timer).where(Timer.enrollment_id == broken.id).with_for_update())
                    raise

        await Overtaken(stage.published).run(stage.database, stage.clock)
        states = {each.id: each.state for each in await stage.enrollments()}
        assert states.pop(broken.id) == EnrollmentState.ACTIVE
        assert set(states.values()) == {EnrollmentState.DONE}


# many acts


async def test_so_many_acts_are_one_transaction_and_the_others_come_in_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(step_batch, "MOST_ACTS", 5)
    monkeypatch.setattr(stepping, "MOST_ACTS", 5)
    await stage.open(welcome=funnel(A_DAY, MARK, HELLO), plain=funnel(A_DAY, HELLO))
    leads = await some_leads(stage, 12)
    stage.clock.pass_time(days=1)
    stepper = Stepper(stage.published, ahead=1000)
    told = [await stepper.run(stage.database, stage.clock) for _ in range(4)]
    # those who only speak are not kept waiting
    assert told == [12 + 5, 5, 2, 0]
    async with stage.database.reading() as session:
        assert [await tags_of(session, lead.id) for lead in leads] == [["vip"]] * 12
    assert Counter(await follow_ups(stage)) == {"hello": 24}
    assert await stage.count(Timer) == 0


# zones


@pytest.mark.parametrize(
    ("zone", "phone", "hour"),
    [(None, "+12125550123", 14), (None, None, 8), ("Europe/London", "+12125550123", 9), ("Middle/Earth", None, 8)],
)
async def test_a_wait_goes_by_the_zone_that_the_lead_names_else_their_numbers_else_the_creators(
    stage: Stage, zone: str | None, phone: str | None, hour: int
):
    await stage.open(welcome=funnel({"key": "w", "do": "wait", "at": "09:00"}, HELLO))
    stage.published.setups[stage.creator_id] = CreatorSetup(time_zone="Europe/Berlin")
    lead = await stage.lead()
    async with stage.database.transaction() as session:
        known = await session.get_one(Lead, lead.id)
        known.time_zone = zone
        if phone is not None:
            await note_answer(session, known, "phone", phone, spec=None, now=stage.clock())
    while await stage.route():
        pass
    await stage.step_all()
    async with stage.database.reading() as session:
        (timer,) = await session.scalars(select(Timer))
    assert timer.due_at.astimezone(zone_named("UTC")).hour == hour


# who waits for whom


@pytest.mark.parametrize("step", [{"do": "set", "score": "+5"}, {"do": "set", "stage": "customer"}])
async def test_a_step_that_changes_a_lead_waits_for_nobody_who_holds_them_and_wants_its_timer(
    stage: Stage, step: dict[str, Any]
):
    on_postgresql(stage)
    await stage.open(welcome=funnel(A_DAY, {"key": "change", **step}, HELLO))
    (lead,) = await some_leads(stage, 1)
    stage.clock.pass_time(days=1)
    (enrollment,) = await stage.enrollments()
    async with stage.database.transaction() as session:
        await hold_living(session, await session.get_one(Lead, lead.id))
        assert await asyncio.wait_for(stage.step(), 5) == 0
        await end_enrollments(session, [enrollment.id], "left", now=stage.clock())
    assert await state_of(stage) == [EnrollmentState.STOPPED]


async def test_a_step_that_sets_the_language_waits_for_nobody_who_holds_the_person(stage: Stage):
    on_postgresql(stage)
    await stage.open(welcome=funnel(A_DAY, {"key": "speak", "do": "set", "language": "de"}, HELLO))
    (lead,) = await some_leads(stage, 1)
    stage.clock.pass_time(days=1)
    async with stage.database.transaction() as session:
        await session.execute(update(Person).where(Person.id == lead.person_id).values(seen_at=stage.clock()))
        assert await asyncio.wait_for(stage.step(), 5) == 0
    await stage.step_all()
    assert await state_of(stage) == [EnrollmentState.DONE]
    assert (await stage.person(lead)).language_chosen == "de"


async def test_a_funnel_is_left_once_another_planner_has_it_no_more_in_hand(stage: Stage):
    on_postgresql(stage)
    await stage.open(
        welcome=funnel(A_DAY, {"key": "out", "do": "leave", "funnel": "other"}, HELLO),
        other=funnel(A_DAY | {"time": "2d"}),
    )
    await some_leads(stage, 1)
    stage.clock.pass_time(days=1)
    async with stage.database.transaction() as session:
        theirs = select(Enrollment).where(Enrollment.funnel_key == "other")
        await session.execute(theirs.with_for_update())
        assert await asyncio.wait_for(stage.step(), 5) == 1
    assert (await state_of(stage), await state_of(stage, "other")) == ([EnrollmentState.ACTIVE],) * 2
    stage.clock.pass_time(seconds=1)
    await stage.step_all()
    assert await state_of(stage) == [EnrollmentState.DONE]
    assert await state_of(stage, "other") == [EnrollmentState.STOPPED]
    assert await follow_ups(stage) == ["hello"]


async def test_two_who_plan_the_same_leads_the_other_way_round_both_get_through(stage: Stage):
    points = {"key": "points", "do": "set", "score": "+1"}
    await stage.open(one=funnel(A_DAY, points), two=funnel(A_DAY, points))
    leads = await some_leads(stage, 12)
    async with stage.database.transaction() as session:
        for each in await session.scalars(select(Enrollment)):
            order = each.lead_id if each.funnel_key == "one" else -each.lead_id
            due = stage.clock() + timedelta(days=1, seconds=order)
            await session.execute(update(Timer).where(Timer.enrollment_id == each.id).values(due_at=due))
    stage.clock.pass_time(days=1, minutes=5)

    async def work() -> None:
        stepper = Stepper(stage.published, ahead=1000, batch=12)
        while await stage.count(Timer):
            await stage.route()
            await stepper.run(stage.database, stage.clock)

    async with asyncio.timeout(20):
        await asyncio.gather(*(work() for _ in range(2)))
    async with stage.database.reading() as session:
        assert [(await session.get_one(Lead, lead.id)).score for lead in leads] == [2] * 12
