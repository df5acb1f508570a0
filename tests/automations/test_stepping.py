from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import exists, false, update
from stage import Stage, follow_up

import store.queries.outbox
import store.queries.timers
from automations.stepping import BATCH
from domain.consent import unsubscribe
from domain.orders import open_order
from domain.people import note_block
from domain.pricing import Wish
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import Enrollment, EnrollmentState, Event, Lead, OutboxState, Timer

REMINDER = follow_up(event="order.opened", stop=["order.paid"], text="Your order waits")


async def begin(stage: Stage) -> None:
    """Whatever has happened begins its funnels, which go as far as their first wait."""
    await stage.route()
    await stage.step_all()


async def test_a_step_is_taken_when_its_time_comes_and_not_before(stage: Stage):
    await stage.open(welcome=follow_up(text="Hi {{ lead.first_name }} of {{ creator.name }}"))
    await stage.lead()
    await begin(stage)
    stage.clock.pass_time(hours=23, minutes=59)
    assert await stage.step() == 0
    stage.clock.pass_time(minutes=1)
    assert await stage.step() == 1
    (message,) = await stage.outbox()
    assert message.message["text"].startswith("Hi Lena of Studio")
    assert "/stop" in message.message["text"]
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.ended_at) == (EnrollmentState.DONE, stage.clock())
    assert await stage.step() == 0


async def test_several_messages_without_a_wait_between_them_go_out_in_their_order(stage: Stage):
    many = follow_up()
    many["steps"] += [{"key": f"more-{number}", "do": "send", "text": f"More {number}"} for number in range(3)]
    await stage.open(welcome=many)
    await stage.lead()
    await begin(stage)
    stage.clock.pass_time(days=1)
    await stage.step()
    await stage.send_all()
    assert [text.splitlines()[0] for _, text in stage.gateway.sent] == ["Hi there", "More 0", "More 1", "More 2"]


async def test_many_that_fall_due_at_once_are_taken_in_batches_each_once(stage: Stage):
    await stage.open(welcome=follow_up())
    for number in range(BATCH + 5):
        await stage.lead(1000 + number)
    while await stage.route():
        pass
    await stage.step_all()
    stage.clock.pass_time(days=2)
    assert [await stage.step(), await stage.step(), await stage.step()] == [BATCH, 5, 0]
    assert len({message.person_id for message in await stage.outbox()}) == BATCH + 5
    assert {each.state for each in await stage.enrollments()} == {EnrollmentState.DONE}


async def test_one_that_cannot_be_filled_in_is_parked_alone_with_its_reason(stage: Stage):
    await stage.open(welcome=follow_up(text="{{ order.nope.x }}"), good=follow_up())
    await stage.lead()
    await begin(stage)
    stage.clock.pass_time(days=1)
    assert await stage.step() == 2
    states = {each.funnel_key: each for each in await stage.enrollments()}
    assert states["good"].state == EnrollmentState.DONE
    assert states["welcome"].state == EnrollmentState.PARKED
    assert "cannot be filled in" in (states["welcome"].reason or "")
    assert len(await stage.outbox()) == 1
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


async def test_a_reminder_that_is_queued_already_is_not_sent_after_the_payment(stage: Stage):
    lead = await an_unpaid_order(stage)
    stage.clock.pass_time(days=1)
    assert await stage.step() == 1
    await stage.happens(lead, "order.paid", "order:1")
    assert await stage.send() == 0
    await stage.route()
    assert await stage.send() == 0
    assert [message.state for message in await stage.outbox()] == [OutboxState.CANCELLED]


async def test_without_that_guard_the_reminder_goes_to_somebody_who_has_paid(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    lead = await an_unpaid_order(stage)
    stage.clock.pass_time(days=1)
    await stage.happens(lead, "order.paid", "order:1")
    blind_to_events(monkeypatch)
    assert await stage.step() == 1
    assert await stage.send() == 1
    assert "Your order waits" in stage.gateway.sent[0][1]


def blind_to_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes the look at unrouted events out of both queries."""

    class Blind:
        def __call__(self, *_: Any) -> "Blind":
            return self

        def where(self, *conditions: Any) -> Any:
            about_events = any("event" in str(condition) for condition in conditions)
            return false() if about_events else exists().where(*conditions)

    monkeypatch.setattr(automations.timers, "exists", Blind())
    monkeypatch.setattr(store.queries.outbox, "exists", Blind())
