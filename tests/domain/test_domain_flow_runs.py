import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from folk import NOW, a_creator, a_lead, a_product, count, events, notices, promised
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published, publish
from domain.flows.answering import answer_flow
from domain.flows.answers import Given, SharedContact, Skipped, Tapped, Typed, Unreadable
from domain.flows.beginning import begin_flow, cancel_flow
from domain.flows.definition import Flow
from domain.flows.paused import current_screen
from domain.flows.runs import AlreadyAnswered, active_run, has_met
from domain.flows.talk import Talk
from domain.leads import known_answers, note_answer
from domain.messages.plain import Message
from store.database import Database
from store.models import Creator, Entitlement, FlowRun, FlowRunState, Lead, OutboxKind, Person, Product

WELCOME: list[dict[str, Any]] = [
    {"key": "hello", "do": "say", "text": "Hello {{ lead.first_name }}"},
    {"key": "name", "do": "ask", "kind": "text", "field": "name", "text": "Your name?"},
    {
        "key": "phone",
        "do": "ask",
        "kind": "phone",
        "field": "phone",
        "text": "Phone, {{ lead.name }}?",
        "optional": True,
    },
    {
        "key": "pick",
        "do": "choose",
        "field": "interest",
        "text": "Which?",
        "options": [{"value": "video", "label": "Video!"}, {"value": "photo", "label": "Photo"}],
    },
    {"key": "gift", "do": "give", "product": "preset-pack", "text": "Here, {{ lead.name }}: {{ lead.interest }}"},
]


@dataclass
class Chat:
    """One lead in the welcome flow, each act in a transaction of its own."""

    database: Database
    creator_id: int
    lead_id: int
    person_id: int

    published: Published = field(default_factory=Published)

    async def talk(self, session: AsyncSession) -> Talk:
        lead, person = await session.get_one(Lead, self.lead_id), await session.get_one(Person, self.person_id)
        return Talk(lead, person, self.published)

    async def begin(self, *nodes: dict[str, Any]) -> list[Message]:
        async with self.database.transaction() as session:
            creator = await session.get_one(Creator, self.creator_id)
            flow = Flow.model_validate({"nodes": list(nodes or WELCOME)})
            self.published = await publish(session, {creator.slug: {"welcome": flow}}, {}, now=NOW)
            started = self.published.start_flow(creator.id)
            assert started is not None
            return await begin_flow(session, await self.talk(session), started, now=NOW)

    async def answer(self, given: Given | str, run: FlowRun | None = None) -> list[str]:
        """With a `run` that was read before: as another process would, which has not seen what came between."""
        async with self.database.transaction() as session:
            held = run or await active_run(session, self.lead_id)
            assert held is not None
            if run is not None:
                held = await session.merge(run, load=False)
            answer = Typed(given) if isinstance(given, str) else given
            answered = await answer_flow(session, await self.talk(session), held, answer, now=NOW)
        return [message.text for message in answered.messages]

    async def run(self) -> FlowRun:
        async with self.database.reading() as session:
            return (await session.scalars(select(FlowRun).order_by(FlowRun.id.desc()).limit(1))).one()

    async def screen(self) -> list[str]:
        async with self.database.reading() as session:
            return [message.text for message in await current_screen(session, await self.talk(session), now=NOW)]

    async def known(self) -> dict[str, str]:
        async with self.database.reading() as session:
            return await known_answers(session, await session.get_one(Lead, self.lead_id))

    async def tap(self, option: int) -> list[str]:
        run = await self.run()
        return await self.answer(Tapped(run.id, run.turn, option))


@pytest_asyncio.fixture
async def chat(database: Database) -> Chat:
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, person = await a_lead(session, creator, first_name="<Lena>")
        await a_product(session, creator, price=0)
    return Chat(database, creator.id, lead.id, person.id)


async def test_a_flow_is_walked_from_its_first_word_to_its_gift(chat: Chat):
    assert [message.text for message in await chat.begin()] == ["Hello &lt;Lena&gt;", "Your name?"]
    assert await chat.answer("Tom & <b>Jerry</b>") == ["Phone, Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;?"]
    assert await chat.answer(SharedContact("4915123456789", own=True)) == ["Thank you!", "Which?"]
    assert await chat.tap(1) == ["Here, Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;: Photo"]
    assert await chat.known() == {"name": "Tom & <b>Jerry</b>", "phone": "+4915123456789", "interest": "photo"}
    async with chat.database.reading() as session:
        assert await has_met(session, chat.lead_id, "welcome")
        assert await events(session, "flow.finished") == ["flow.finished"]
        assert len(await promised(session, OutboxKind.DELIVERY)) == 1
        (told,) = await notices(session)
        assert "name: Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;" in told
        assert "source ad42" in told
    assert (await chat.run()).state == FlowRunState.DONE


async def test_a_wrong_answer_is_told_why_and_asked_again_with_its_keys(chat: Chat):
    await chat.begin()
    await chat.answer("Lena")
    for wrong in (SharedContact("+4915123456789", own=False), Unreadable(), Typed("0151")):
        before = (await chat.run()).turn
        (why,) = await chat.answer(wrong)
        assert "contact" in why or "phone number" in why
        assert (await chat.run()).turn == before
    assert await chat.known() == {"name": "Lena"}
    assert await chat.screen() == ["Phone, Lena?"]


@pytest.mark.parametrize("word", [Typed("Skip"), Typed(" /SKIP "), Skipped()])
async def test_what_is_optional_may_be_left_out(chat: Chat, word: Given):
    await chat.begin()
    await chat.answer("Lena")
    assert (await chat.answer(word))[-1] == "Which?"
    assert await chat.known() == {"name": "Lena"}


async def test_what_is_not_optional_takes_skip_for_an_answer(chat: Chat):
    await chat.begin()
    await chat.answer("skip")
    assert await chat.known() == {"name": "skip"}


@pytest.mark.parametrize("typed", ["video", " VIDEO! ", "Video!"])
async def test_a_choice_may_be_typed_as_its_label_or_its_value(chat: Chat, typed: str):
    await chat.begin(WELCOME[3])
    await chat.answer(typed)
    assert await chat.known() == {"interest": "video"}


@pytest.mark.parametrize("given", [Typed("neither"), Unreadable(), SharedContact("+491512345678", own=True)])
async def test_a_choice_that_is_not_there_is_asked_again(chat: Chat, given: Given):
    await chat.begin(WELCOME[3])
    assert await chat.answer(given) == ["Please press one of the buttons.\n\nWhich?"]
    assert await chat.known() == {}


@pytest.mark.parametrize("option", [-1, 2, 10**30])
async def test_a_button_that_was_never_shown_chooses_nothing(chat: Chat, option: int):
    await chat.begin(WELCOME[3])
    assert await chat.tap(option) == ["Please press one of the buttons.\n\nWhich?"]


async def test_a_button_of_an_earlier_question_or_run_is_answered_already(chat: Chat):
    await chat.begin(WELCOME[3], WELCOME[1])
    run = await chat.run()
    await chat.tap(0)
    for tapped in (Tapped(run.id, run.turn, 1), Tapped(run.id + 1, run.turn + 1, 1)):
        with pytest.raises(AlreadyAnswered):
            await chat.answer(tapped)
    assert await chat.known() == {"interest": "video"}


async def test_of_two_answers_at_once_to_one_question_exactly_one_wins(chat: Chat):
    await chat.begin()
    run = await chat.run()

    async def answer(text: str) -> str | None:
        try:
            await chat.answer(text, run)
        except AlreadyAnswered:
            return None
        return text

    answers = [f"name {number}" for number in range(6)]
    won = [text for text in await asyncio.gather(*(answer(text) for text in answers)) if text is not None]
    assert len(won) == 1
    assert await chat.known() == {"name": won[0]}
    after = await chat.run()
    assert (after.node, after.turn) == ("phone", run.turn + 1)


async def test_an_answer_that_comes_after_the_end_changes_nothing(chat: Chat):
    await chat.begin()
    run = await chat.run()
    async with chat.database.transaction() as session:
        assert await cancel_flow(session, await chat.talk(session), now=NOW) is not None
        assert await cancel_flow(session, await chat.talk(session), now=NOW) is None
    with pytest.raises(AlreadyAnswered):
        await chat.answer("Lena", run)
    assert (await chat.run()).state == FlowRunState.CANCELLED
    assert (await chat.known(), await chat.screen()) == ({}, [])


async def test_beginning_again_in_the_middle_shows_the_open_question(chat: Chat):
    await chat.begin()
    await chat.answer("Lena")
    assert [message.text for message in await chat.begin()] == ["Phone, Lena?"]
    async with chat.database.reading() as session:
        assert await count(session, FlowRun) == 1


async def test_ten_beginnings_at_once_are_one_run(chat: Chat):
    await chat.begin()
    async with chat.database.transaction() as session:
        await cancel_flow(session, await chat.talk(session), now=NOW)
    await asyncio.gather(*(chat.begin() for _ in range(10)))
    async with chat.database.reading() as session:
        assert await count(session, FlowRun, FlowRun.state == FlowRunState.ACTIVE) == 1


async def test_whoever_began_with_a_version_ends_with_it(chat: Chat):
    await chat.begin()
    changed = [{"key": "email", "do": "ask", "kind": "email", "field": "email", "text": "E-mail?"}]
    assert [message.text for message in await chat.begin(*changed)] == ["Your name?"]
    assert await chat.answer("Lena") == ["Phone, Lena?"]
    await chat.answer(Skipped())
    await chat.tap(0)
    assert [message.text for message in await chat.begin(*changed)] == ["E-mail?"]


async def test_what_is_known_already_is_not_asked_again(chat: Chat):
    async with chat.database.transaction() as session:
        lead = await session.get_one(Lead, chat.lead_id)
        await note_answer(session, lead, "name", "Lena", spec=None, now=NOW)
        await note_answer(session, lead, "interest", "video", spec=None, now=NOW)
    assert [message.text for message in await chat.begin()] == ["Hello &lt;Lena&gt;", "Phone, Lena?"]
    assert await chat.answer(Skipped()) == ["Here, Lena: Video!"]


async def test_only_what_is_free_and_on_sale_is_given(chat: Chat):
    async with chat.database.transaction() as session:
        (await session.scalars(select(Product))).one().price_minor = 100
    await chat.begin(WELCOME[4])
    async with chat.database.reading() as session:
        assert await count(session, Entitlement) == 0


async def test_a_gift_is_given_once_however_often_its_flow_is_walked(chat: Chat):
    for _ in range(2):
        await chat.begin(WELCOME[4])
    async with chat.database.reading() as session:
        assert (await count(session, FlowRun), await count(session, Entitlement)) == (2, 1)
