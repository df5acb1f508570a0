from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from stage import Stage, follow_up

from domain.consent import unsubscribe
from domain.lead_acts import tag_lead
from domain.orders import open_order
from domain.people import note_block
from domain.pricing import Wish
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import EnrollmentState, Event, Lead, OrderLine, OutboxKind, OutboxState, Product, Timer
from store.queries.unrouted import unrouted_of

HOUR = timedelta(hours=1)


async def test_an_event_begins_each_funnel_that_it_starts_and_no_other(stage: Stage):
    await stage.open(welcome=follow_up(), other=follow_up(event="order.opened"), second=follow_up())
    lead = await stage.lead()
    assert await stage.route() == 1
    begun = await stage.enrollments()
    assert sorted(each.funnel_key for each in begun) == ["second", "welcome"]
    assert {each.lead_id for each in begun} == {lead.id}
    assert {each.begun_by for each in begun} == {"event:1"}
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
    assert [message.key for message in await stage.outbox()] == ["funnel:1:0"]
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
    await stage.step()
    stage.clock.pass_time(days=1)
    await stage.step()
    await stage.send_all()
    assert [text.splitlines()[0] for _, text in stage.gateway.sent] == ["Old words", "New words"]


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
    stage.clock.pass_time(minutes=10)
    await stage.route()
    await stage.step()
    async with stage.database.reading() as session:
        due = (await session.scalars(select(Timer.due_at))).one()
    assert due == stage.clock() - timedelta(minutes=10) + timedelta(days=1)


async def test_what_is_not_in_the_events_own_data_begins_nothing(stage: Stage):
    tagged = follow_up(event="lead.tagged") | {"trigger": {"event": "lead.tagged", "data": {"tag": "vip"}}}
    await stage.open(vip=tagged)
    lead = await stage.lead()
    for tag in ("fan", "vip"):
        async with stage.database.transaction() as session:
            await tag_lead(session, await session.get_one(Lead, lead.id), tag, now=stage.clock())
    await stage.route()
    async with stage.database.reading() as session:
        tagged_vip = [each.id for each in await session.scalars(select(Event)) if each.data.get("tag") == "vip"]
    assert [each.begun_by for each in await stage.enrollments()] == [f"event:{tagged_vip[0]}"]


@pytest.mark.parametrize("named", ["by number", "by name"])
async def test_an_order_of_another_product_begins_nothing(stage: Stage, named: str):
    await stage.open()
    async with stage.database.transaction() as session:
        wanted, other = [
            await add_product(
                session, creator_id=stage.creator_id, title=title, price=Money(900, "usd"), now=stage.clock()
            )
            for title in ("Preset pack", "Sound pack")
        ]
    product = wanted.id if named == "by number" else wanted.slug
    trigger = {"event": "order.opened", "data": {"product": product}}
    await stage.publish(care=follow_up() | {"trigger": trigger})
    lead = await stage.lead()
    for sold in (other, wanted):
        async with stage.database.transaction() as session:
            found = await session.get_one(Lead, lead.id)
            wish = Wish(await session.get_one(Product, sold.id))
            await open_order(session, found, wish, good_for=HOUR, setup=CreatorSetup(), now=stage.clock())
    await stage.route()
    async with stage.database.reading() as session:
        order_id = await session.scalar(select(OrderLine.order_id).where(OrderLine.product_id == wanted.id))
    assert [each.subject for each in await stage.enrollments()] == [f"order:{order_id}"]


async def test_one_of_several_triggers_is_enough_and_two_at_once_begin_once(stage: Stage):
    several = follow_up() | {"trigger": [{"event": "lead.captured"}, {"event": "order.paid", "when": "tag:nobody"}]}
    several["trigger"].append({"event": "order.paid"})
    await stage.open(welcome=several | {"again": "always"})
    lead = await stage.lead()
    await stage.route()
    await stage.happens(lead, "order.paid")
    await stage.route()
    assert [each.round for each in await stage.enrollments()] == [0, 1]


async def test_what_happens_to_one_order_leaves_the_follow_up_about_another_alone_and_a_reply_ends_both(stage: Stage):
    await stage.open(reminder=follow_up(event="order.opened", stop=["order.refunded", "lead.wrote"]))
    lead = await stage.lead()
    for number in (1, 2):
        await stage.happens(lead, "order.opened", f"order:{number}")
    await stage.happens(lead, "order.refunded", "order:1")
    await stage.route()
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.STOPPED, EnrollmentState.ACTIVE]
    await stage.happens(lead, "lead.wrote")
    await stage.route()
    assert [each.reason for each in await stage.enrollments()] == ["order.refunded", "lead.wrote"]


async def test_the_goal_ends_it_as_done_and_takes_back_what_waits(stage: Stage):
    at_once = {"key": "now", "do": "send", "text": "Buy it"}
    aims = follow_up() | {"goal": {"event": "order.paid"}}
    await stage.open(offer=aims | {"steps": [at_once, *aims["steps"]]})
    lead = await stage.lead()
    await stage.route()
    await stage.step()
    await stage.happens(lead, "order.paid", "order:7")
    await stage.route()
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.reason) == (EnrollmentState.DONE, "goal")
    assert [message.state for message in await stage.outbox()] == [OutboxState.CANCELLED]
    assert await stage.count(Timer) == 0


def waiting(**wait: object) -> dict[str, Any]:
    steps = [
        {"key": "until", "do": "wait", "event": "order.paid", **wait},
        {"key": "thanks", "do": "send", "text": "Thanks", "next": "over"},
        {"key": "late", "do": "send", "text": "Still there?"},
        {"key": "over", "do": "end"},
    ]
    return {"trigger": {"event": "lead.captured"}, "steps": steps}


async def test_what_is_waited_for_wakes_it_at_once(stage: Stage):
    care = waiting()
    # however long that takes
    await stage.open(care=care | {"steps": [step for step in care["steps"] if step["key"] != "late"]})
    lead, other = await stage.lead(100), await stage.lead(200, "Anna")
    await stage.route()
    await stage.step_all()
    await stage.happens(lead, "order.opened", "order:1")
    await stage.happens(lead, "order.paid", "order:1")
    await stage.route()
    await stage.step_all()
    await stage.send_all()
    assert [(person, text.splitlines()[0]) for person, text in stage.gateway.sent] == [(100, "Thanks")]
    assert {each.lead_id: each.waits_for for each in await stage.enrollments()}[other.id] == "order.paid"


async def test_an_event_after_the_time_was_over_comes_too_late_however_late_it_is_all_looked_at(stage: Stage):
    await stage.open(care=waiting(time="1d", otherwise="late"))
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    stage.clock.pass_time(days=1, minutes=1)
    await stage.happens(lead, "order.paid", "order:1")
    # nobody has looked at the timer: the lead has an event that may change everything
    assert await stage.step() == 0
    await stage.route()
    await stage.step_all()
    await stage.send_all()
    assert [text.splitlines()[0] for _, text in stage.gateway.sent] == ["Still there?"]


async def test_an_event_before_the_time_is_over_counts_however_late_it_is_all_looked_at(stage: Stage):
    await stage.open(care=waiting(time="1d", otherwise="late"))
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    stage.clock.pass_time(hours=23)
    await stage.happens(lead, "order.paid", "order:1")
    stage.clock.pass_time(hours=2)
    await stage.route()
    await stage.step_all()
    await stage.send_all()
    assert [text.splitlines()[0] for _, text in stage.gateway.sent] == ["Thanks"]


async def test_what_happened_to_one_is_looked_up_and_not_searched_for(stage: Stage):
    if not stage.database.is_sqlite:
        # with a handful of rows PostgreSQL rightly reads them all
        return
    async with stage.database.reading() as session:
        connection = await session.connection()
        for whose, index in ((7, "ix_event_unrouted_lead"), (-7, "PRIMARY KEY")):
            asked = select(Event).where(unrouted_of(whose)).order_by(Event.id)
            told = asked.compile(connection.sync_connection, compile_kwargs={"literal_binds": True})
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {told}")
            assert index in "\n".join(str(row[-1]) for row in plan)
