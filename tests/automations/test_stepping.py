import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from stage import Stage, follow_up

from automations.stepping import Stepper
from domain.consent import unsubscribe
from domain.orders import open_order
from domain.people import note_block
from domain.pricing import Wish
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import (
    Decision,
    Enrollment,
    EnrollmentState,
    Event,
    FunnelVersion,
    Lead,
    OutboxMessage,
    OutboxState,
    Timer,
)
from store.queries import timers

REMINDER = follow_up(event="order.opened", stop=["order.paid"], text="Your order waits")


async def begin(stage: Stage) -> None:
    """Whatever has happened begins its funnels, which go as far as their first wait."""
    while await stage.route():
        pass
    await stage.step_all()


async def decisions(stage: Stage) -> list[list[Any]]:
    async with stage.database.reading() as session:
        all_of_them = await session.scalars(select(Decision.trace).order_by(Decision.id))
        return [trace for trace in all_of_them if trace[0][1] != "begun"]


async def test_a_step_is_taken_when_its_time_comes_and_not_before(stage: Stage):
    await stage.open(welcome=follow_up())
    lead = await stage.lead()
    await begin(stage)
    stage.clock.pass_time(hours=23, minutes=59)
    assert await stage.step() == 0
    stage.clock.pass_time(minutes=1)
    assert await stage.step() == 1
    (message,) = await stage.outbox()
    (enrollment,) = await stage.enrollments()
    assert (message.key, message.step, message.seq) == (f"funnel:{enrollment.id}:0", "hello", 0)
    assert (message.lead_id, message.person_id, message.enrollment_id) == (lead.id, lead.person_id, enrollment.id)
    # what it says is decided when it is said
    assert (message.message, message.urgency, message.state) == (None, 2, OutboxState.QUEUED)
    assert (enrollment.state, enrollment.ended_at, enrollment.seq) == (EnrollmentState.DONE, stage.clock(), 1)
    assert await stage.step() == 0
    assert await decisions(stage) == [
        [["a-day", "waits", int(stage.clock().timestamp())]],
        [["hello", "said"], ["hello", "end"]],
    ]


async def test_several_messages_without_a_wait_between_them_go_out_in_their_order(stage: Stage):
    many = follow_up()
    many["steps"] += [{"key": f"more-{number}", "do": "send", "text": f"More {number}"} for number in range(3)]
    await stage.open(welcome=many)
    await stage.lead()
    await begin(stage)
    stage.clock.pass_time(days=1)
    await stage.step_all()
    assert [(each.step, each.seq) for each in await stage.outbox()] == [
        ("hello", 0),
        ("more-0", 1),
        ("more-1", 2),
        ("more-2", 3),
    ]


async def test_many_that_fall_due_at_once_are_taken_in_batches_each_once(stage: Stage):
    await stage.open(welcome=follow_up())
    for number in range(25):
        await stage.lead(1000 + number)
    await begin(stage)
    stage.clock.pass_time(days=1)
    stepper = Stepper(stage.published, ahead=1000, batch=10)
    assert [await stepper.run(stage.database, stage.clock) for _ in range(4)] == [10, 10, 5, 0]
    assert len({message.person_id for message in await stage.outbox()}) == 25
    assert {each.state for each in await stage.enrollments()} == {EnrollmentState.DONE}
    assert await stage.count(Timer) == 0


async def test_a_step_that_its_version_does_not_have_parks_the_enrollment(stage: Stage):
    await stage.open(welcome=follow_up())
    await stage.lead()
    await begin(stage)
    async with stage.database.transaction() as session:
        await session.execute(update(Enrollment).values(step="gone"))
    stage.clock.pass_time(days=1)
    await stage.step()
    (enrollment,) = await stage.enrollments()
    assert enrollment.state == EnrollmentState.PARKED
    assert "gone" in (enrollment.reason or "")
    assert await stage.count(Timer) == 0


async def test_a_wording_that_cannot_be_read_any_more_parks_its_own_alone(stage: Stage):
    await stage.open(welcome=follow_up(), good=follow_up())
    await stage.lead()
    await begin(stage)
    async with stage.database.transaction() as session:
        await session.execute(update(FunnelVersion).where(FunnelVersion.key == "welcome").values(definition={"x": 1}))
    stage.clock.pass_time(days=1)
    await stage.step_all()
    states = {each.funnel_key: each.state for each in await stage.enrollments()}
    assert states == {"welcome": EnrollmentState.PARKED, "good": EnrollmentState.DONE}


@pytest.mark.parametrize("how", ["unsubscribed", "blocked"])
async def test_whoever_cannot_be_written_to_any_more_is_stopped_at_the_step_at_the_latest(stage: Stage, how: str):
    await stage.open(welcome=follow_up())
    lead = await stage.lead()
    await begin(stage)
    async with stage.database.transaction() as session:
        if how == "unsubscribed":
            await unsubscribe(session, await session.get_one(Lead, lead.id), now=stage.clock())
        else:
            await note_block(session, lead.person_id or 0, now=stage.clock())
        # as if the event had been routed and had stopped nothing
        await session.execute(update(Event).values(routed_at=stage.clock()))
    stage.clock.pass_time(days=1)
    await stage.step()
    (enrollment,) = await stage.enrollments()
    assert enrollment.state == EnrollmentState.STOPPED
    assert await stage.outbox() == []


async def test_where_consent_is_asked_for_nothing_is_said_to_whoever_has_given_none(stage: Stage):
    await stage.open(welcome=follow_up())
    await stage.lead()
    stage.published.setups[stage.creator_id] = CreatorSetup(consent_required=True)
    await begin(stage)
    stage.clock.pass_time(days=1)
    await stage.step_all()
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.STOPPED]
    assert await stage.outbox() == []


async def an_unpaid_order(stage: Stage) -> Lead:
    await stage.open(reminder=REMINDER)
    lead = await stage.lead()
    async with stage.database.transaction() as session:
        product = await add_product(
            session, creator_id=stage.creator_id, title="Pack", price=Money(1900, "usd"), now=stage.clock()
        )
        known = await session.get_one(Lead, lead.id)
        await open_order(
            session, known, Wish(product), now=stage.clock(), good_for=timedelta(days=1), setup=CreatorSetup()
        )
    await begin(stage)
    return lead


async def test_paid_but_not_yet_routed_no_reminder_is_decided(stage: Stage):
    lead = await an_unpaid_order(stage)
    stage.clock.pass_time(days=1)
    await stage.happens(lead, "order.paid", "order:1")
    assert await stage.step() == 0
    assert await stage.outbox() == []
    await stage.route()
    assert await stage.step() == 0
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.STOPPED]


async def test_without_that_guard_the_reminder_is_decided_all_the_same(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    lead = await an_unpaid_order(stage)
    stage.clock.pass_time(days=1)
    await stage.happens(lead, "order.paid", "order:1")
    monkeypatch.setattr(timers, "_HEAD", timers._DUE)
    assert await stage.step() == 1
    assert len(await stage.outbox()) == 1


async def test_one_that_was_ended_is_not_planned_though_its_timer_was_left(stage: Stage):
    await stage.open(welcome=follow_up())
    await stage.lead()
    await begin(stage)
    async with stage.database.transaction() as session:
        await session.execute(update(Enrollment).values(state=EnrollmentState.STOPPED))
    stage.clock.pass_time(days=1)
    assert await stage.step() == 1
    assert await stage.outbox() == []
    assert await stage.count(Timer) == 0


async def test_only_so_much_is_queued_as_can_be_said_soon_and_the_rest_waits_in_the_timers(stage: Stage):
    await stage.open(welcome=follow_up())
    for number in range(30):
        await stage.lead(1000 + number)
    await begin(stage)
    stage.clock.pass_time(days=1)
    stepper = Stepper(stage.published, ahead=7, batch=10)
    while await stepper.run(stage.database, stage.clock):
        pass
    assert len(await stage.outbox()) == 7
    assert await stage.count(Timer) == 23
    async with stage.database.transaction() as session:
        some = select(OutboxMessage.id).order_by(OutboxMessage.id).limit(3)
        await session.execute(update(OutboxMessage).where(OutboxMessage.id.in_(some)).values(state=OutboxState.SENT))
    while await stepper.run(stage.database, stage.clock):
        pass
    assert len(await stage.outbox()) == 10


async def test_nobody_waits_behind_the_backlog_of_another_creator(stage: Stage):
    await stage.open(welcome=follow_up())
    for number in range(40):
        await stage.lead(1000 + number)
    await begin(stage)
    small = Stage(stage.database, clock=stage.clock)
    await small.open_beside(stage, welcome=follow_up())
    await small.lead(5000)
    await begin(small)
    stage.clock.pass_time(days=1)
    stepper = Stepper(small.published, ahead=5, batch=10)
    while await stepper.run(stage.database, stage.clock):
        pass
    queued = Counter(message.creator_id for message in await stage.outbox())
    assert queued == {stage.creator_id: 5, small.creator_id: 1}


async def test_two_at_once_take_each_enrollment_once(stage: Stage):
    await stage.open(welcome=follow_up())
    for number in range(60):
        await stage.lead(1000 + number)
    await begin(stage)
    stage.clock.pass_time(days=1)

    async def work() -> int:
        stepper, done = Stepper(stage.published, ahead=1000, batch=7), 0
        while count := await stepper.run(stage.database, stage.clock):
            done += count
        return done

    assert sum(await asyncio.gather(*(work() for _ in range(4)))) == 60
    assert len(await stage.outbox()) == 60
    async with stage.database.reading() as session:
        most = select(func.count()).select_from(OutboxMessage).group_by(OutboxMessage.enrollment_id)
        assert set(await session.scalars(most)) == {1}


async def test_one_that_breaks_a_whole_batch_is_parked_and_the_others_go_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    await stage.open(welcome=follow_up())
    for number in range(6):
        await stage.lead(1000 + number)
    await begin(stage)
    broken = (await stage.enrollments())[2].id
    async with stage.database.transaction() as session:
        # a message of this number is there already, which nothing of ours can bring about
        lead = await session.get_one(Lead, 3)
        session.add(
            OutboxMessage(
                key="strange",
                creator_id=stage.creator_id,
                person_id=lead.person_id,
                lead_id=lead.id,
                enrollment_id=broken,
                seq=0,
                message={"text": "?"},
                state=OutboxState.SENT,
                due_at=stage.clock(),
                created_at=stage.clock(),
            )
        )
    stage.clock.pass_time(days=1)
    await stage.step_all()
    states = {each.id: each.state for each in await stage.enrollments()}
    assert states.pop(broken) == EnrollmentState.PARKED
    assert set(states.values()) == {EnrollmentState.DONE}


async def heads_taken_at_once(stage: Stage) -> list[int]:
    """How many two transactions take that are open side by side."""
    async with stage.database.transaction() as one, stage.database.transaction() as other:
        return [len(await timers.take_due(each, now=stage.clock(), most=10)) for each in (one, other)]


async def due_on_postgresql(stage: Stage) -> None:
    if stage.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    await stage.open(welcome=follow_up())
    for number in range(5):
        await stage.lead(1000 + number)
    await begin(stage)
    stage.clock.pass_time(days=1)


async def test_what_one_has_taken_another_passes_over_without_waiting(stage: Stage):
    await due_on_postgresql(stage)
    assert await heads_taken_at_once(stage) == [5, 0]


async def test_without_that_lock_both_take_the_same(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    await due_on_postgresql(stage)
    monkeypatch.setattr(timers, "_HEAD", timers._UNHELD)
    assert await heads_taken_at_once(stage) == [5, 5]


async def test_one_that_is_being_ended_is_passed_over_and_nobody_waits(stage: Stage):
    await due_on_postgresql(stage)
    async with stage.database.transaction() as session:
        first = (await stage.enrollments())[0].id
        ends = update(Enrollment).where(Enrollment.id == first).values(state=EnrollmentState.STOPPED)
        await session.execute(ends)
        assert await stage.step() == 4
    assert await stage.step() == 1
    assert len(await stage.outbox()) == 4
