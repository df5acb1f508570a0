"""Runs that wait, make room, are reminded and end: nothing of it lost, doubled, or left where nobody moves it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from conversing import Conversation, a_conversation, ask, choose, say
from folk import NOW, a_person, events, promised
from sqlalchemy import select, update

from domain.consent import unsubscribe
from domain.flows.answering import answer_flow
from domain.flows.answers import Tapped, Typed
from domain.flows.runs import active_run
from domain.people import note_block
from store.database import Database
from store.models import FlowRun, FlowRunState, OutboxKind, OutboxMessage, OutboxState
from store.queries.outbox import held_back

A_DAY = {"key": "wait", "do": "wait", "time": "1d"}
FOR_PAYMENT = {"key": "wait", "do": "wait", "event": "order.paid", "time": "2d", "otherwise": "late"}
BUYING = [
    say("hi", "Hi"),
    FOR_PAYMENT,
    say("paid", "Paid!", next="end"),
    say("late", "Too late"),
    {"key": "end", "do": "end"},
]


@pytest_asyncio.fixture
async def chat(database: Database) -> Conversation:
    return await a_conversation(database)


def by_source(*nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"trigger": {"source": "ad"}, "nodes": list(nodes), **more}


def by_event(event: str, *nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"trigger": {"event": event}, "nodes": list(nodes), **more}


async def test_a_wait_goes_on_by_itself_when_its_time_has_come(chat: Conversation):
    await chat.publish({"first": [say("hi", "Hi"), A_DAY, say("next", "A day later"), ask("name")]})
    assert await chat.begin() == ["Hi"]
    assert (await chat.run("first")).state == FlowRunState.WAITING
    assert await chat.later(hours=23) == []
    assert await chat.later(hours=1) == ["A day later", "name?"]
    assert await chat.timers() == 0
    assert await chat.later(days=3) == []
    await chat.answer("Ann")
    assert (await chat.run("first")).state == FlowRunState.DONE


async def test_the_event_waited_for_wakes_it_once(chat: Conversation):
    await chat.publish({"first": BUYING})
    await chat.begin()
    await chat.happens("order.opened")
    assert await chat.later(hours=1) == []
    await chat.happens("order.paid")
    await chat.happens("order.paid")
    assert await chat.later() == ["Paid!"]
    assert await chat.later(days=3) == []


async def test_without_the_event_the_time_out_leads_elsewhere(chat: Conversation):
    await chat.publish({"first": BUYING})
    await chat.begin()
    assert await chat.later(days=2) == ["Too late"]
    await chat.happens("order.paid")
    assert await chat.later() == []


async def test_an_event_that_came_in_time_goes_before_a_time_out_of_the_same_instant(chat: Conversation):
    await chat.publish({"first": BUYING})
    await chat.begin()
    chat.now += timedelta(days=2)
    await chat.happens("order.paid")
    assert await chat.later() == ["Paid!"]


async def test_what_had_happened_before_the_wait_is_not_what_is_waited_for(chat: Conversation):
    wait = {"key": "wait", "do": "wait", "event": "lead.answered", "time": "1d"}
    await chat.publish({"first": [ask("name"), wait, say("end", "Answered")]})
    await chat.begin()
    await chat.answer("Ann")
    assert await chat.later(hours=1) == []
    await chat.happens("lead.answered")
    assert await chat.later() == ["Answered"]


async def test_a_flow_that_an_event_begins_waits_its_turn_behind_an_open_question(chat: Conversation):
    await chat.publish({"first": [ask("name")], "thanks": by_event("order.fulfilled", say("t", "Thanks"), ask("note"))})
    await chat.begin()
    await chat.happens("order.fulfilled")
    assert await chat.later(hours=1) == []
    assert (await chat.run("thanks")).state == FlowRunState.PAUSED
    assert await chat.answer("Ann") == ["Thanks", "note?"]
    assert await chat.answer("fine") == []
    assert await chat.states() == {"first": "done", "thanks": "done"}


async def test_a_flow_that_an_event_begins_speaks_unasked_when_nothing_is_open(chat: Conversation):
    await chat.publish({"thanks": by_event("order.fulfilled", say("t", "Thanks"), ask("note"))})
    await chat.happens("order.fulfilled", "order:7")
    await chat.happens("order.fulfilled", "order:8")
    assert await chat.later() == ["Thanks", "note?"]
    assert len(await chat.runs()) == 1
    assert await chat.screen() == ["note?"]


async def test_a_flow_begun_by_its_own_end_comes_to_rest(chat: Conversation):
    await chat.publish({"loop": by_event("flow.finished", say("t", "Again")), "first": [say("a", "A")]})
    await chat.begin()
    assert await chat.later() == ["Again"]


async def test_two_flows_that_begin_each_other_come_to_rest(chat: Conversation):
    tag, untag = {"key": "t", "do": "tag", "add": ["vip"]}, {"key": "t", "do": "tag", "remove": ["vip"]}
    await chat.publish({"on": by_event("lead.untagged", tag), "off": by_event("lead.tagged", untag), "first": [tag]})
    await chat.begin()
    await chat.later()
    assert 3 <= len(await chat.runs()) < 30


@pytest.mark.parametrize("why", ["unsubscribed_at", "banned_at"])
async def test_no_event_begins_a_flow_for_whoever_wants_none(chat: Conversation, why: str):
    await chat.publish({"thanks": by_event("order.fulfilled", say("t", "Thanks"))})
    await chat.change(**{why: NOW})
    await chat.happens("order.fulfilled")
    assert await chat.later() == []
    assert await chat.runs() == []


async def test_a_woken_run_waits_its_turn_behind_an_open_question(chat: Conversation):
    await chat.publish({"first": [A_DAY, say("t", "Woken"), ask("note")], "second": by_source(ask("name"))})
    await chat.begin()
    await chat.begin("second")
    assert await chat.later(days=1) == []
    assert await chat.states() == {"first": "paused", "second": "active"}
    assert await chat.answer("Ann") == ["Woken", "note?"]


async def test_beginning_another_flow_pauses_the_first_which_is_offered_afterwards(chat: Conversation):
    await chat.publish({"first": [ask("name"), ask("note")], "second": by_source(choose("interest", "a"))})
    await chat.begin()
    await chat.answer("Ann")
    assert await chat.begin("second") == ["interest?"]
    assert await chat.states() == {"first": "paused", "second": "active"}
    (offer,) = await chat.tap(0)
    assert "go on" in offer
    assert await chat.go_on(await chat.run("first")) == ["note?"]
    await chat.answer("x")
    assert await chat.known() == {"name": "Ann", "interest": "a", "note": "x"}
    assert await chat.states() == {"first": "done", "second": "done"}


async def test_a_button_of_the_paused_question_takes_it_up_again_with_the_answer(chat: Conversation):
    await chat.publish({"first": [choose("interest", "a", "b"), ask("note")], "second": by_source(ask("name"))})
    await chat.begin()
    run = await chat.run("first")
    await chat.begin("second")
    answered = await chat.answered(Tapped(run.id, run.turn, 1), run_id=run.id)
    assert [message.text for message in answered.messages][-1] == "note?"
    assert await chat.states() == {"first": "active", "second": "paused"}
    assert (await chat.known())["interest"] == "b"


async def test_cancelling_ends_what_is_open_and_offers_what_was_interrupted(chat: Conversation):
    await chat.publish({"first": {"title": "Welcome", "nodes": [ask("name")]}, "second": by_source(ask("note"))})
    await chat.begin()
    await chat.begin("second")
    (offer,) = await chat.cancel()
    assert "Welcome" in offer
    assert await chat.cancel() == []
    assert await chat.states() == {"first": "cancelled", "second": "cancelled"}


async def test_start_shows_where_the_lead_is_then_what_they_left_then_who_is_back(chat: Conversation):
    back = {"trigger": "returning", "nodes": [say("back", "Good to see you again")]}
    await chat.publish({"first": [ask("name")], "second": by_source(ask("note")), "back": back})
    assert await chat.start() == ["name?"]
    assert await chat.start() == ["name?"]
    await chat.begin("second")
    assert await chat.start() == ["note?"]
    async with chat.database.transaction() as session:
        await session.execute(
            update(FlowRun).where(FlowRun.flow_key == "second").values(state=FlowRunState.EXPIRED, ended_at=NOW)
        )
    assert await chat.start() == ["name?"]
    await chat.answer("Ann")
    assert await chat.start() == ["Good to see you again"]


async def test_a_paused_run_keeps_the_version_it_began_with(chat: Conversation):
    await chat.publish({"first": [ask("name"), ask("note")], "second": by_source(ask("age", kind="number"))})
    await chat.begin()
    await chat.begin("second")
    await chat.publish({"first": [ask("email", kind="email")], "second": by_source(ask("age", kind="number"))})
    await chat.answer("41")
    assert await chat.go_on(await chat.run("first")) == ["name?"]
    assert await chat.answer("Ann") == ["note?"]


async def test_an_idle_question_is_reminded_of_once_and_then_ended(chat: Conversation):
    idle = {"remind_after": "1h", "reminder": "Still there?", "end_after": "1d", "goodbye": "Bye then"}
    await chat.publish({"first": {"idle": idle, "nodes": [ask("name"), ask("note")]}})
    await chat.begin()
    await chat.later(minutes=50)
    assert await chat.answer("Ann") == ["note?"]
    assert await chat.later(minutes=50) == []
    assert await chat.later(minutes=10) == ["Still there?", "note?"]
    assert await chat.later(hours=22) == []
    assert await chat.later(hours=1) == ["Bye then"]
    assert (await chat.run("first")).state == FlowRunState.EXPIRED
    async with chat.database.reading() as session:
        assert await events(session, "flow.expired") == ["flow.expired"]
    # and it can be begun again, without being asked what is known
    assert await chat.start() == ["note?"]


async def test_the_next_question_is_reminded_of_anew(chat: Conversation):
    await chat.publish({"first": {"idle": {"remind_after": "1h"}, "nodes": [ask("name"), ask("note")]}})
    await chat.begin()
    assert len(await chat.later(hours=1)) == 2
    await chat.answer("Ann")
    assert (await chat.later(hours=1))[-1] == "note?"
    assert await chat.later(days=30) == []
    assert (await chat.run("first")).state == FlowRunState.ACTIVE


async def test_what_was_interrupted_is_offered_when_the_other_is_left_idle(chat: Conversation):
    second = by_source(ask("note"), idle={"end_after": "1h"})
    await chat.publish({"first": [ask("name")], "second": second})
    await chat.begin()
    await chat.begin("second")
    (offer,) = await chat.later(hours=1)
    assert "go on" in offer


async def test_nothing_is_said_unasked_to_whoever_has_unsubscribed_and_it_ends_all_the_same(chat: Conversation):
    idle = {"remind_after": "1h", "end_after": "1d", "goodbye": "Bye"}
    await chat.publish({"first": {"idle": idle, "nodes": [ask("name")]}, "second": by_source(A_DAY, say("t", "Woken"))})
    await chat.begin("second")
    await chat.begin()
    async with chat.database.transaction() as session:
        await unsubscribe(session, (await chat.talk(session)).lead, now=chat.now)
    assert await chat.later(hours=1) == []
    assert await chat.later(days=3) == []
    assert await chat.states() == {"first": "expired", "second": "done"}


async def test_what_is_queued_is_taken_back_when_the_lead_unsubscribes(chat: Conversation):
    await chat.publish({"first": [A_DAY, say("t", "Woken")]})
    await chat.begin()
    assert await chat.later(days=1) == ["Woken"]
    async with chat.database.transaction() as session:
        await unsubscribe(session, (await chat.talk(session)).lead, now=chat.now)
        (message,) = await promised(session, OutboxKind.FLOW)
        assert message.state == OutboxState.CANCELLED


async def test_whoever_has_blocked_the_bot_is_not_written_to(chat: Conversation):
    await chat.publish({"first": [A_DAY, say("t", "Woken")]})
    await chat.begin()
    async with chat.database.transaction() as session:
        await note_block(session, chat.person_id, now=chat.now)
    assert await chat.later(days=1) == []
    assert (await chat.run("first")).state == FlowRunState.DONE


async def test_while_a_person_writes_in_the_chat_nothing_goes_on_or_reminds(chat: Conversation):
    first = {"idle": {"remind_after": "1h"}, "nodes": [ask("name")]}
    await chat.publish({"first": first, "second": by_source(A_DAY, say("t", "Woken"), ask("note"))})
    await chat.begin("second")
    await chat.begin()
    await chat.change(taken_over_at=NOW)
    assert await chat.later(hours=20) == []
    assert await chat.later(hours=10) == []
    await chat.change(taken_over_at=None)
    assert (await chat.later(hours=2))[-1] == "name?"
    assert await chat.answer("Ann") == ["Woken", "note?"]


async def test_the_words_that_hand_a_chat_over_are_told_apart_from_what_has_to_wait_for_its_return(chat: Conversation):
    await chat.publish({"first": [A_DAY, say("t", "Woken"), {"key": "h", "do": "handover", "text": "A person comes"}]})
    await chat.begin()
    assert await chat.later(days=1) == ["Woken", "A person comes"]
    async with chat.database.reading() as session:
        told = select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.FLOW, ~held_back(OutboxMessage))
        assert len((await session.scalars(told)).all()) == 2


async def test_a_run_whose_wording_can_no_longer_be_read_ends_and_makes_room(chat: Conversation):
    await chat.publish({"first": [ask("name")]})
    await chat.begin()
    async with chat.database.transaction() as session:
        await session.execute(update(FlowRun).values(node="gone"))
    assert await chat.screen() == []
    assert (await chat.run("first")).state == FlowRunState.CANCELLED
    assert await chat.start() == ["name?"]


async def test_a_wait_that_time_and_event_end_at_once_goes_on_once(chat: Conversation):
    await chat.publish({"first": BUYING})
    await chat.begin()
    await chat.happens("order.paid")
    chat.now += timedelta(days=2)
    await asyncio.gather(*(chat.tick() for _ in range(4)))
    while await chat.tick():
        pass
    assert await chat.unasked() == ["Paid!"]


async def test_an_answer_and_a_waking_of_the_same_instant_never_open_two_questions(chat: Conversation):
    await chat.publish({"first": [A_DAY, ask("note")], "second": by_source(ask("name"), ask("interest"))})
    await chat.begin()
    await chat.begin("second")
    chat.now += timedelta(days=1)

    came: list[str] = []

    async def answer(text: str) -> None:
        async with chat.database.transaction() as session:
            # as an update does: the person's row is held from the first moment
            await a_person(session)
            came.append(text)
            run = await active_run(session, chat.lead_id)
            assert run is not None
            await answer_flow(session, await chat.talk(session), run, Typed(text), now=chat.now)

    await asyncio.gather(answer("Ann"), chat.tick(), answer("x"), chat.tick())
    while await chat.tick():
        pass
    active = [run for run in await chat.runs() if run.state == FlowRunState.ACTIVE]
    assert len(active) == 1
    assert (await chat.known())["name"] == came[0]


async def test_time_that_is_up_while_the_lead_answers_is_looked_at_after_the_answer(chat: Conversation):
    """Else each would see the other's question as open: both would make room, and nobody would speak."""
    await chat.publish({"first": [A_DAY, ask("note")], "second": by_source(ask("name"))})
    await chat.begin()
    await chat.begin("second")
    chat.now += timedelta(days=1)
    async with chat.database.transaction() as session:
        await a_person(session)
        run = await active_run(session, chat.lead_id)
        assert run is not None
        await answer_flow(session, await chat.talk(session), run, Typed("Ann"), now=chat.now)
        ticking = asyncio.create_task(chat.tick())
        # one store lets the tick pass by the lead, the other lets it wait for the end of this
        await asyncio.wait({ticking}, timeout=0.5)
    await ticking
    while await chat.tick():
        pass
    assert await chat.unasked() == ["note?"]
