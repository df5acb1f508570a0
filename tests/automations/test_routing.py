from datetime import timedelta

from sqlalchemy import select, update
from stage import Stage, follow_up

from domain.consent import unsubscribe
from domain.people import note_block
from store.models import EnrollmentState, Event, Lead, OutboxKind, OutboxState, Timer


async def test_an_event_begins_each_funnel_that_it_starts_and_no_other(stage: Stage):
    await stage.open(welcome=follow_up(), other=follow_up(event="order.opened"), second=follow_up())
    lead = await stage.lead()
    assert await stage.route() == 1
    begun = await stage.enrollments()
    assert sorted(each.funnel_key for each in begun) == ["second", "welcome"]
    assert {each.lead_id for each in begun} == {lead.id}
    assert {each.step for each in begun} == {"a-day"}
    assert await stage.count(Timer) == 2
    assert await stage.route() == 0


async def test_the_same_event_routed_again_changes_nothing(stage: Stage):
    await stage.open(welcome=follow_up())
    await stage.lead()
    await stage.route()
    async with stage.database.transaction() as session:
        await session.execute(update(Event).values(routed_at=None))
    assert await stage.route() == 1
    assert len(await stage.enrollments()) == 1
    assert await stage.count(Timer) == 1


async def test_a_funnel_is_begun_once_for_each_lead_and_subject(stage: Stage):
    await stage.open(reminder=follow_up(event="order.opened"))
    lena, anna = await stage.lead(100, "Lena"), await stage.lead(200, "Anna")
    for lead, subject in ((lena, "order:1"), (lena, "order:1"), (lena, "order:2"), (anna, "order:1")):
        await stage.happens(lead, "order.opened", subject)
    await stage.route()
    assert sorted((each.lead_id, each.subject) for each in await stage.enrollments()) == [
        (lena.id, "order:1"),
        (lena.id, "order:2"),
        (anna.id, "order:1"),
    ]


async def test_the_lead_of_another_creator_is_left_alone(stage: Stage):
    await stage.open(welcome=follow_up())
    stage.published.funnels[stage.creator_id + 1] = stage.published.funnels.pop(stage.creator_id)
    await stage.lead()
    await stage.route()
    assert await stage.enrollments() == []


async def test_what_is_due_at_once_goes_through_the_timers_too(stage: Stage):
    at_once = follow_up()
    at_once["steps"] = [{"key": "now", "do": "send", "text": "Welcome"}, *at_once["steps"]]
    await stage.open(welcome=at_once)
    await stage.lead()
    await stage.route()
    assert await stage.step() == 1
    assert [message.key for message in await stage.outbox()] == ["funnel:1:now"]
    assert (await stage.enrollments())[0].step == "a-day"


async def test_a_stop_ends_the_funnel_about_the_same_subject_only_and_says_why(stage: Stage):
    await stage.open(reminder=follow_up(event="order.opened", stop=["order.paid"]))
    lead = await stage.lead()
    await stage.happens(lead, "order.opened", "order:1")
    await stage.happens(lead, "order.opened", "order:2")
    await stage.route()
    await stage.happens(lead, "order.paid", "order:1")
    await stage.route()
    first, second = await stage.enrollments()
    assert (first.state, first.reason) == (EnrollmentState.STOPPED, "order.paid")
    assert second.state == EnrollmentState.ACTIVE
    assert await stage.count(Timer) == 1


async def test_a_stop_cancels_what_was_queued_and_not_yet_sent(stage: Stage):
    await stage.open(reminder=follow_up(event="order.opened", stop=["order.paid"]))
    lead = await stage.lead()
    await stage.happens(lead, "order.opened", "")
    await stage.route()
    (enrollment,) = await stage.enrollments()
    await stage.promise(lead, "nudge", OutboxKind.FUNNEL, enrollment_id=enrollment.id)
    await stage.promise(lead, "a file", OutboxKind.DELIVERY)
    await stage.happens(lead, "order.paid", "")
    await stage.route()
    assert [message.state for message in await stage.outbox()] == [OutboxState.CANCELLED, OutboxState.QUEUED]
    await stage.send_all()
    assert stage.gateway.sent == [(100, "a file")]


async def test_a_stop_that_comes_before_its_start_in_one_batch_does_not_end_what_begins_later(stage: Stage):
    await stage.open(reminder=follow_up(event="order.opened", stop=["order.paid"]))
    lead = await stage.lead()
    await stage.happens(lead, "order.paid", "order:1")
    await stage.happens(lead, "order.opened", "order:2")
    await stage.route()
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.ACTIVE]


async def test_whoever_said_stop_is_enrolled_in_nothing_and_leaves_what_they_were_in(stage: Stage):
    await stage.open(welcome=follow_up(), reminder=follow_up(event="order.opened"))
    lead = await stage.lead()
    await stage.route()
    async with stage.database.transaction() as session:
        await unsubscribe(session, await session.get_one(Lead, lead.id), now=stage.clock())
    await stage.happens(lead, "order.opened", "order:1")
    await stage.route()
    assert [(each.funnel_key, each.state) for each in await stage.enrollments()] == [
        ("welcome", EnrollmentState.STOPPED)
    ]


async def test_a_block_ends_every_funnel_of_theirs(stage: Stage):
    await stage.open(welcome=follow_up())
    lena, anna = await stage.lead(100), await stage.lead(200, "Anna")
    await stage.route()
    async with stage.database.transaction() as session:
        await note_block(session, lena.person_id or 0, now=stage.clock())
    await stage.route()
    states = {each.lead_id: (each.state, each.reason) for each in await stage.enrollments()}
    assert states == {
        lena.id: (EnrollmentState.STOPPED, "lead.blocked"),
        anna.id: (EnrollmentState.ACTIVE, None),
    }


async def test_a_changed_funnel_is_for_those_who_begin_afterwards(stage: Stage):
    await stage.open(welcome=follow_up(text="Old words"))
    await stage.lead(100, "Lena")
    await stage.route()
    await stage.publish(welcome=follow_up(text="New words"))
    await stage.lead(200, "Anna")
    await stage.route()
    stage.clock.pass_time(days=1)
    await stage.step()
    texts = [message.message["text"].splitlines()[0] for message in await stage.outbox()]
    assert texts == ["Old words", "New words"]


async def test_events_of_a_long_backlog_are_routed_in_the_order_in_which_they_happened(stage: Stage):
    await stage.open(reminder=follow_up(event="order.opened", stop=["order.paid"]))
    lead = await stage.lead()
    for number in range(150):
        await stage.happens(lead, "order.opened", f"order:{number}")
        await stage.happens(lead, "order.paid", f"order:{number}")
    while await stage.route():
        pass
    assert {each.state for each in await stage.enrollments()} == {EnrollmentState.STOPPED}
    assert await stage.count(Timer) == 0


async def test_a_waiting_enrollment_counts_from_when_the_event_happened(stage: Stage):
    await stage.open(welcome=follow_up())
    await stage.lead()
    stage.clock.pass_time(hours=5)
    await stage.route()
    async with stage.database.reading() as session:
        due = (await session.scalars(select(Timer.due_at))).one()
    assert due == stage.clock() - timedelta(hours=5) + timedelta(days=1)
