"""Whoever leaves in the middle: what they asked for is done without a word to them, and the creator always hears."""

from typing import Any

import pytest
import pytest_asyncio
from conversing import Conversation, a_conversation, ask, say
from folk import notices
from sqlalchemy import select

from domain.consent import unsubscribe
from domain.flows.answers import Tapped
from domain.flows.beginning import Cancelled, cancel_flow
from domain.flows.given import YES
from domain.flows.runs import AlreadyAnswered
from domain.lead_acts import ban_lead, give_back, tags_of
from domain.people import choose_language, note_block
from store.database import Database
from store.models import Consent, FlowRun, FlowRunState

WAITING = {"key": "wait", "do": "wait", "event": "order.paid", "time": "1h", "otherwise": "late"}
BOOKING: list[dict[str, Any]] = [
    ask("name"),
    WAITING,
    say("paid", "Thank you", next="talk"),
    {"key": "late", "do": "tag", "add": ["vip"]},
    {"key": "talk", "do": "handover", "text": "One of us will write"},
    {"key": "bye", "do": "end", "text": "All settled"},
]
ASIDE = {"trigger": {"source": "ad"}, "nodes": [ask("note", again=True)]}


@pytest_asyncio.fixture
async def chat(database: Database) -> Conversation:
    return await a_conversation(database)


async def _leaves(chat: Conversation, how: str) -> None:
    async with chat.database.transaction() as session:
        match how:
            case "stop":
                await unsubscribe(session, (await chat.talk(session)).lead, now=chat.now)
            case "block":
                await note_block(session, chat.person_id, now=chat.now)
            case "ban":
                await ban_lead(session, (await chat.talk(session)).lead, now=chat.now)


async def _gives_back(chat: Conversation) -> None:
    async with chat.database.transaction() as session:
        assert await give_back(session, (await chat.talk(session)).lead, now=chat.now)


async def _told(chat: Conversation, words: str) -> list[str]:
    async with chat.database.reading() as session:
        return [text for text in await notices(session) if words in text]


async def _asked(chat: Conversation, flow: Any = BOOKING, answer: str = "Ann") -> None:
    await chat.publish({"first": flow, "second": ASIDE})
    await chat.begin()
    await chat.answer(answer)
    assert (await chat.run("first")).state == FlowRunState.WAITING


@pytest.mark.parametrize("how", ["stop", "block"])
@pytest.mark.parametrize("paid", [False, True])
async def test_what_a_lead_asked_for_reaches_the_creator_although_the_lead_has_left(
    chat: Conversation, how: str, *, paid: bool
):
    await _asked(chat)
    await _leaves(chat, how)
    if paid:
        await chat.happens("order.paid")
    assert await chat.later(hours=1) == []
    assert len(await _told(chat, "waits for a person")) == 1
    assert (await chat.lead()).taken_over_at is not None
    async with chat.database.reading() as session:
        assert list(await tags_of(session, chat.lead_id)) == ([] if paid else ["vip"])
    await _gives_back(chat)
    assert await chat.later() == []
    assert (await chat.run("first")).state == FlowRunState.DONE
    (told,) = await _told(chat, "name: Ann")
    assert "New lead" in told
    # and nothing of it keeps the next one from beginning
    assert await chat.begin() == []
    assert len([run for run in await chat.runs() if run.flow_key == "first"]) == 2


async def test_a_lead_who_has_left_is_not_kept_waiting_behind_a_question_that_stays_open(chat: Conversation):
    await _asked(chat)
    await chat.begin("second")
    await _leaves(chat, "block")
    assert await chat.later(hours=1) == []
    assert len(await _told(chat, "waits for a person")) == 1
    assert (await chat.run("second")).state == FlowRunState.ACTIVE


async def test_what_waits_behind_a_question_goes_on_once_the_lead_blocks_the_bot(chat: Conversation):
    await _asked(chat)
    await chat.begin("second")
    assert await chat.later(hours=1) == []
    assert await _told(chat, "waits for a person") == []
    await _leaves(chat, "block")
    assert await chat.later() == []
    assert len(await _told(chat, "waits for a person")) == 1


@pytest.mark.parametrize("how", ["stop", "block"])
async def test_a_question_that_nobody_would_read_is_asked_when_the_lead_is_back(chat: Conversation, how: str):
    await _asked(chat, [ask("name"), WAITING, say("paid", "Thank you"), say("late", "Well"), ask("note")])
    await _leaves(chat, how)
    assert await chat.later(hours=1) == []
    (told,) = await _told(chat, "has not got to the end of “first”")
    assert "name: Ann" in told
    assert await chat.begin() == ["note?"]
    await chat.answer("fine")
    assert (await chat.run("first")).state == FlowRunState.DONE
    assert len(await _told(chat, "name: Ann")) == 2


async def test_a_conversation_of_somebody_banned_ends_and_the_creator_is_told(chat: Conversation):
    await _asked(chat)
    await _leaves(chat, "ban")
    assert await chat.later(hours=1) == []
    assert (await chat.run("first")).state == FlowRunState.CANCELLED
    assert len(await _told(chat, "name: Ann")) == 1
    assert await _told(chat, "waits for a person") == []


async def test_cancelling_ends_one_that_waits_with_its_timer_and_tells_the_creator_once(chat: Conversation):
    await _asked(chat)
    assert await chat.timers() == 1
    assert await chat.cancel() == []
    assert await chat.timers() == 0
    await chat.happens("order.paid")
    assert await chat.later(hours=2) == []
    assert (await chat.run("first")).state == FlowRunState.CANCELLED
    (told,) = await _told(chat, "name: Ann")
    assert "has not got to the end of “first”" in told


async def test_cancelling_ends_what_asks_before_what_waits_and_says_which(chat: Conversation):
    titled = ASIDE | {"title": "Feedback"}
    await chat.publish({"first": BOOKING, "second": titled})
    await chat.begin()
    await chat.answer("Ann")
    await chat.begin("second")
    cancelled = []
    for _ in range(3):
        async with chat.database.transaction() as session:
            cancelled.append(await cancel_flow(session, await chat.talk(session), now=chat.now))
    assert cancelled == [Cancelled("Feedback", waits=True), Cancelled("first", waits=False), None]
    # of the one nothing was answered
    assert len(await _told(chat, "has not got to the end")) == 1


async def test_one_that_nobody_goes_on_with_is_told_when_it_has_answers(chat: Conversation):
    idle = {"end_after": "1d"}
    await chat.publish({"first": {"idle": idle, "nodes": [ask("name"), ask("note")]}})
    await chat.begin()
    await chat.later(days=1)
    assert (await chat.run("first")).state == FlowRunState.EXPIRED
    assert await _told(chat, "has not got to the end") == []
    await chat.begin()
    await chat.answer("Ann")
    await chat.later(days=1)
    (told,) = await _told(chat, "has not got to the end")
    assert "name: Ann" in told


async def test_beginning_anew_while_the_first_one_waits_tells_of_what_was_answered_there(chat: Conversation):
    await _asked(chat)
    await chat.begin()
    assert [run.state for run in await chat.runs()] == [FlowRunState.CANCELLED, FlowRunState.WAITING]
    assert len(await _told(chat, "name: Ann")) == 1


CONSENT: dict[str, Any] = {
    "key": "c",
    "do": "consent",
    "version": "v1",
    "text": {"en": "May we write to you, {{ lead.name }}?", "de": "Dürfen wir dir schreiben, {{ lead.name }}?"},
}


async def _consents(chat: Conversation) -> list[str]:
    async with chat.database.reading() as session:
        return list(await session.scalars(select(Consent.text)))


async def _speaks(chat: Conversation, language: str) -> None:
    async with chat.database.transaction() as session:
        await choose_language(session, (await chat.talk(session)).person, language)


async def test_a_yes_below_words_of_another_language_is_no_consent_to_these(chat: Conversation):
    await chat.publish({"first": [ask("name"), CONSENT, say("end", "bye")]})
    await _speaks(chat, "de")
    await chat.begin()
    assert await chat.answer("Ann") == ["Dürfen wir dir schreiben, Ann?"]
    german = await chat.active()
    await _speaks(chat, "en")
    # as /language does, and the German buttons are over with that
    assert await chat.screen() == ["May we write to you, Ann?"]
    with pytest.raises(AlreadyAnswered):
        await chat.answered(Tapped(german.id, german.turn, YES))
    assert await _consents(chat) == []
    assert await chat.tap(YES) == ["bye"]
    assert await _consents(chat) == ["May we write to you, Ann?"]


@pytest.mark.parametrize("typed", [False, True])
async def test_words_that_read_otherwise_by_now_are_asked_again(chat: Conversation, *, typed: bool):
    await chat.publish({"first": [ask("name"), CONSENT, say("end", "bye")]})
    await chat.begin()
    await chat.answer("Ann")
    before = await chat.active()
    # whoever changes the language of Telegram itself is shown nothing anew
    await _speaks(chat, "de")
    answered = await chat.answered("ja" if typed else Tapped(before.id, before.turn, YES))
    assert [each.text for each in answered.messages] == ["Dürfen wir dir schreiben, Ann?"]
    assert answered.closed is None
    assert await _consents(chat) == []
    with pytest.raises(AlreadyAnswered):
        await chat.answered(Tapped(before.id, before.turn, YES))
    assert await chat.answer("ja") == ["bye"]
    assert await _consents(chat) == ["Dürfen wir dir schreiben, Ann?"]


async def test_a_tap_on_a_consent_that_stood_aside_counts_for_the_words_above_it_only(chat: Conversation):
    await chat.publish({"first": [ask("name"), CONSENT, say("end", "bye")], "second": ASIDE})
    await chat.begin()
    await chat.answer("Ann")
    asked = await chat.active()
    await chat.begin("second")
    await _speaks(chat, "de")
    answered = await chat.answered(Tapped(asked.id, asked.turn, YES), run_id=asked.id)
    assert [each.text for each in answered.messages] == ["Dürfen wir dir schreiben, Ann?"]
    assert await _consents(chat) == []


async def test_the_words_themselves_do_not_stand_in_the_run(chat: Conversation):
    await chat.publish({"first": [ask("name"), CONSENT, say("end", "bye")]})
    await chat.begin()
    await chat.answer("Ann")
    async with chat.database.reading() as session:
        (marked,) = await session.scalars(select(FlowRun.marked))
    assert len(marked) == 1
    assert "Ann" not in marked[0]
