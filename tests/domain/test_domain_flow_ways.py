"""The ways around a question: back, skip, marks beyond the most. None of them is a wrong answer."""

import pytest
import pytest_asyncio
from conversing import Conversation, a_conversation, ask, choose, say

from domain.flows.given import BACK, DONE, SKIP, Back, Given, Skipped, Typed
from store.database import Database
from store.models import FlowRunState

CONSENT = {"key": "may", "do": "consent", "version": "1", "text": "May we?"}
NONE_BEFORE = "There is no question before this one"
NO_WAY_BACK = "From this question there is no way back"
NO_SKIP = "This one cannot be skipped"


@pytest_asyncio.fixture
async def chat(database: Database) -> Conversation:
    return await a_conversation(database)


async def told_often(chat: Conversation, given: Given, why: str) -> str:
    """Far more often than tries are taken."""
    said = ""
    for _ in range(25):
        (said,) = await chat.answer(given)
        assert said.startswith(why)
    run = await chat.active()
    assert (run.tries, run.state) == (0, FlowRunState.ACTIVE)
    return said


async def test_back_at_the_first_question_is_told_and_spends_no_try(chat: Conversation):
    await chat.publish({"first": [choose("interest", "video", "photo"), say("end", "bye")]})
    await chat.begin()
    assert (await told_often(chat, Back(), NONE_BEFORE)).endswith("interest?")
    await told_often(chat, Typed("Back"), NONE_BEFORE)
    assert await chat.tap(0) == ["bye"]


async def test_back_and_skip_where_they_are_not_allowed_are_told_apart_and_spend_no_try(chat: Conversation):
    await chat.publish(
        {"first": [ask("note"), choose("interest", "video", "photo"), CONSENT, ask("age", kind="number")]}
    )
    await chat.begin()
    await chat.answer("x")
    await told_often(chat, Back(), NO_WAY_BACK)
    await told_often(chat, Skipped(), NO_SKIP)
    await told_often(chat, Typed("/skip"), NO_SKIP)
    await chat.tap(0)
    await told_often(chat, Back(), NO_WAY_BACK)
    await told_often(chat, Typed("skip"), NO_SKIP)
    assert await chat.answer("yes") == ["age?"]
    assert await told_often(chat, Back(), NO_WAY_BACK) == f"{NO_WAY_BACK}. Please answer it, or end with /cancel."


async def test_a_word_that_may_be_the_answer_is_one(chat: Conversation):
    await chat.publish({"first": [ask("note"), choose("interest", "back", "skip"), say("end", "bye")]})
    await chat.begin()
    await chat.answer("back")
    assert await chat.answer("Back") == ["bye"]
    assert await chat.known() == {"note": "back", "interest": "back"}


@pytest.mark.parametrize("option", [BACK, SKIP])
async def test_a_key_that_the_question_never_had_is_no_answer(chat: Conversation, option: int):
    await chat.publish({"first": [choose("interest", "video", "photo"), say("end", "bye")]})
    await chat.begin()
    assert await chat.tap(option) == ["Please press one of the buttons.\n\ninterest?"]


async def test_a_mark_beyond_the_most_is_refused_by_the_tap_alone(chat: Conversation):
    await chat.publish({"first": [choose("topics", "a", "b", "c", many=True, most=2, tries=1), say("end", "bye")]})
    await chat.begin()
    await chat.tapped(0)
    await chat.tapped(1)
    for _ in range(5):
        beyond = await chat.tapped(2)
        assert (beyond.told, beyond.messages, beyond.redrawn) == ("Please leave at most 2 marks.", [], None)
    run = await chat.active()
    assert (run.marked, run.tries) == (["a", "b"], 0)
    assert (await chat.tapped(0)).redrawn is not None
    assert (await chat.tapped(2)).told is None
    assert await chat.tap(DONE) == ["bye"]
    assert await chat.known() == {"topics": "b, c"}


async def test_done_with_too_few_is_told_by_the_tap_and_leaves_the_question_as_it_stands(chat: Conversation):
    await chat.publish({"first": [choose("topics", "a", "b", many=True, least=2, tries=1), say("end", "bye")]})
    await chat.begin()
    await chat.tapped(1)
    for _ in range(5):
        few = await chat.tapped(DONE)
        assert (few.told, few.messages, few.closed) == ("Please mark at least 2.", [], None)
    assert ((await chat.active()).marked, (await chat.active()).tries) == (["b"], 0)
    await chat.tapped(0)
    assert await chat.tap(DONE) == ["bye"]


async def test_a_question_with_buttons_is_asked_again_whole_below_the_reason(chat: Conversation):
    await chat.publish({"first": [choose("topics", "a", "b", many=True), ask("email", kind="email")]})
    await chat.begin()
    await chat.tapped(0)
    assert await chat.answer("neither") == [
        "Please mark what fits with the buttons, then press Done.\n\ntopics?",
    ]
    # its buttons go on with the marks that were made above
    assert (await chat.active()).marked == ["a"]
    assert await chat.tap(DONE) == ["email?"]
    (why,) = await chat.answer("none")
    assert why.startswith("That does not look like an e-mail address")
    assert "email?" not in why


async def test_whoever_gets_it_wrong_too_often_has_not_cancelled(chat: Conversation):
    await chat.publish({"first": [ask("age", kind="number", tries=1)]})
    await chat.begin()
    await chat.answer("x")
    await chat.answer("y")
    assert await chat.states() == {"first": "expired"}
