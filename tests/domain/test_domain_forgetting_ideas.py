"""Whoever is forgotten is forgotten in the ideas that came from their messages too."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from folk import NOW, a_creator, a_lead, a_person
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.forgetting import forget_lead, forget_person
from domain.idea_attachments import Sent, attach, capture_idea
from domain.idea_changes import change_idea
from domain.idea_titles import told_title
from domain.ideas import add_idea
from domain.leads import add_lead
from domain.merging import merge_leads
from domain.messages.plain import Message
from domain.my_data import everything_about
from domain.outbox import tell_creator
from domain.raw_words import finish_forgetting
from kit.paging import Paging
from store.database import Database
from store.models import AttachmentKind, Creator, Event, Idea, IdeaAttachment, Link, LinkTarget, OutboxMessage, Person
from store.queries.ideas import IdeaFilter, list_ideas

LATER = NOW + timedelta(hours=1)
LENA, ANNA = 2001, 2002
WORDS = "I am ill\nand cannot pay: https://example.com/lena"


def passed_on(number: int, origin: int, name: str = "Lena", *, file_name: str | None = None) -> Sent:
    """From the creator's own chat; a file comes without a word."""
    return Sent(
        AttachmentKind.DOCUMENT if file_name else AttachmentKind.TEXT,
        telegram_file_id=f"handle {number}" if file_name else None,
        file_name=file_name,
        words=None if file_name else WORDS,
        forwarded_from=name,
        origin=origin,
        links=() if file_name else ("https://example.com/lena",),
        chat_id=1001,
        message_id=number,
    )


async def captured(session: AsyncSession, creator: Creator, sent: Sent) -> Idea:
    title = told_title(sent.words, sent.file_name) or "?"
    found = await capture_idea(session, sent, creator_id=creator.id, title=title, public_id=uuid4(), now=NOW)
    return found.idea


async def left(session: AsyncSession, idea: Idea) -> list[tuple[str | None, ...]]:
    rows = select(IdeaAttachment).where(IdeaAttachment.idea_id == idea.id).order_by(IdeaAttachment.id)
    held = await session.scalars(rows.execution_options(populate_existing=True))
    return [(each.words, each.forwarded_from, each.file_name, each.telegram_file_id) for each in held]


NOTHING = (None, None, None, None)


@pytest.mark.parametrize("by", ["the lead", "one that was merged into it"])
async def test_what_a_creator_passed_on_of_a_lead_goes_with_them(database: Database, by: str):
    async with database.transaction() as session:
        creator, other = await a_creator(session), await a_creator(session, "sued", telegram_id=1002)
        await session.execute(update(Person).where(Person.telegram_id == 1001).values(language_chosen="de"))
        lead, person = await a_lead(session, creator, LENA)
        merged = await add_lead(session, creator.id, name="Ada", email="ada@example.com", now=NOW)
        await merge_leads(session, lead, merged, now=NOW)
        told = await captured(session, creator, passed_on(1, LENA))
        file = await captured(session, creator, passed_on(2, LENA, file_name="lena sommer.pdf"))
        renamed = await captured(session, creator, passed_on(3, LENA))
        await change_idea(session, renamed, {"title": "Money talks"}, now=NOW)
        added_to = await add_idea(session, creator_id=creator.id, title="Tour", now=NOW)
        await attach(session, added_to, passed_on(4, LENA), now=NOW)
        of_anna = await captured(session, creator, passed_on(5, ANNA, "Anna"))
        elsewhere = await captured(session, other, passed_on(6, LENA))

        led = {"creator_id": creator.id, "target": LinkTarget.IDEA, "name": str(told.number), "created_at": NOW}
        session.add_all(Link(key=title[:4], title=title, **led) for title in ("I am ill", "Story of May"))

        def due(_language: str) -> Message:
            return Message(text="Due today: I am ill")

        await tell_creator(session, due, key=f"ideas-due:{creator.id}:1", creator_id=creator.id, now=NOW)
        await tell_creator(session, due, key=f"ideas-due:{other.id}:1", creator_id=other.id, now=NOW)
        await session.execute(update(OutboxMessage).values(closed_at=NOW))
        known = json.loads(await everything_about(session, person))["creators"][0]["passed_on_for_ideas"]
        assert [each["words"] for each in known][:3] == [WORDS, "https://example.com/lena", None]
        assert {each["forwarded_from"] for each in known} == {"Lena", None}
        assert len(known) == 7
    async with database.transaction() as session:
        again = await session.get_one(type(lead), lead.id if by == "the lead" else merged.id)
        await forget_lead(session, again, now=LATER)
        await forget_lead(session, again, now=LATER)
    async with database.reading() as session:
        titles = {each.id: each.title for each in await session.scalars(select(Idea))}
        assert (titles[renamed.id], titles[added_to.id], titles[of_anna.id]) == ("Money talks", "Tour", "I am ill")
        assert titles[told.id].startswith("Notiz vom ")
        assert titles[file.id].startswith("Datei vom ")
        for each in (told, renamed, added_to):
            assert await left(session, each) == [NOTHING] * 2
        assert await left(session, file) == [NOTHING]
        for each in (of_anna, elsewhere):
            assert (await left(session, each))[0][0] == WORDS
        assert titles[elsewhere.id] == "I am ill"
        found = await list_ideas(session, creator.id, IdeaFilter(search="ill"), Paging())
        assert [each.id for each in found.items] == [of_anna.id]
        assert (await list_ideas(session, creator.id, IdeaFilter(search="sommer"), Paging())).total == 0
        links = set(await session.scalars(select(Link.title).where(Link.target == LinkTarget.IDEA)))
        assert links == {titles[told.id], "Story of May"}
        keys = await session.scalars(select(OutboxMessage.key).where(OutboxMessage.key.like("ideas-due:%")))
        assert [each.split(":")[1] for each in keys] == [str(other.id)]
        changed = select(func.count()).where(Event.name == "idea.changed", Event.occurred_at == LATER)
        assert await session.scalar(changed) == len([told, file])


async def test_who_is_forgotten_by_all_is_forgotten_by_those_too_who_only_passed_them_on(database: Database):
    async with database.transaction() as session:
        creator, other = await a_creator(session), await a_creator(session, "sued", telegram_id=1002)
        lead, person = await a_lead(session, creator, LENA)
        anna = await a_person(session, ANNA, first_name="Anna")
        elsewhere = await captured(session, other, passed_on(1, LENA))
        of_anna = await captured(session, other, passed_on(2, ANNA, "Anna"))
        await forget_person(session, anna, now=NOW)
        assert (await left(session, of_anna))[0] == NOTHING
        await forget_lead(session, lead, now=NOW)
        assert (await left(session, elsewhere))[0][0] == WORDS
    async with database.transaction() as session:
        # nobody knows them any more
        assert await finish_forgetting(session, now=LATER) == 2
        assert await left(session, elsewhere) == [NOTHING] * 2
        assert (await session.get_one(Person, person.id)).telegram_id < 0
