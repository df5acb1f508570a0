"""The acts of ideas, on either database."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from domain.idea_changes import change_idea, set_products
from domain.idea_parts import MOST_TAGS, NOTES_LENGTH, NoSuchIdea
from domain.idea_views import MOST_TAGS as MOST_IN_LIST
from domain.idea_views import WantedIdeas
from domain.ideas import add_idea, delete_idea, find_by_public_id, find_idea, hold_idea, move_idea
from kit.errors import Invalid
from store.database import Database
from store.models import Creator, Event, Idea, IdeaMove, IdeaProduct, IdeaStage, IdeaTag, Priority

NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


async def creators(database: Database) -> tuple[int, int]:
    async with database.transaction() as session:
        both = [
            Creator(slug=slug, name=slug, currency="usd", time_zone="UTC", created_at=NOW) for slug in ("ada", "bob")
        ]
        session.add_all(both)
        await session.flush()
        return both[0].id, both[1].id


async def test_a_number_is_never_given_twice_also_when_the_last_idea_is_deleted(database: Database):
    one, _ = await creators(database)
    async with database.transaction() as session:
        first = await add_idea(session, creator_id=one, title="One", now=NOW)
        second = await add_idea(session, creator_id=one, title="Two", now=NOW)
        await delete_idea(session, second, now=LATER)
        # twice is once
        await delete_idea(session, second, now=LATER)
        third = await add_idea(session, creator_id=one, title="Three", now=NOW)
        assert [first.number, second.number, third.number] == [1, 2, 3]
    async with database.reading() as session:
        assert await find_idea(session, one, 2) is None
        told = select(Event.name).where(Event.name == "idea.deleted")
        assert (await session.scalars(told)).all() == ["idea.deleted"]


async def test_the_same_public_id_at_once_is_one_idea(database: Database):
    one, two = await creators(database)
    public_id = uuid4()

    async def add() -> int:
        async with database.transaction() as session:
            return (await add_idea(session, creator_id=one, title="Once", public_id=public_id, now=NOW)).id

    assert len(set(await asyncio.gather(*(add() for _ in range(6))))) == 1
    async with database.transaction() as session:
        found = await find_by_public_id(session, one, public_id)
        assert found is not None
        assert await find_by_public_id(session, two, public_id) is None
        for creator, number in ((two, found.number), (one, 0), (one, -1), (one, 2**63), (one, 10**300)):
            assert await find_idea(session, creator, number) is None
            with pytest.raises(NoSuchIdea):
                await hold_idea(session, creator, number=number)


async def test_a_move_is_kept_with_its_history_and_the_same_stage_again_is_none(database: Database):
    one, _ = await creators(database)
    async with database.transaction() as session:
        idea = await add_idea(session, creator_id=one, title="Studio tour", now=NOW)

    async def move(stage: IdeaStage) -> bool:
        async with database.transaction() as session:
            return await move_idea(session, await hold_idea(session, one, number=1), stage, now=LATER)

    # of several who make the same move one makes it
    assert sorted(await asyncio.gather(*(move(IdeaStage.PUBLISHED) for _ in range(4)))) == [False, False, False, True]
    assert await move(IdeaStage.DRAFT)
    async with database.reading() as session:
        moves = await session.execute(select(IdeaMove.before, IdeaMove.stage).order_by(IdeaMove.id))
        assert moves.all() == [(IdeaStage.IDEA, IdeaStage.PUBLISHED), (IdeaStage.PUBLISHED, IdeaStage.DRAFT)]
        kept = await session.get_one(Idea, idea.id)
        assert (kept.stage, kept.stage_place, kept.stage_at, kept.published_at) == (IdeaStage.DRAFT, 2, LATER, LATER)
        assert len((await session.scalars(select(Event.id).where(Event.name == "idea.moved"))).all()) == 2


async def test_only_what_is_named_changes_and_what_it_is_found_by_follows(database: Database):
    one, _ = await creators(database)
    async with database.transaction() as session:
        idea = await add_idea(
            session, creator_id=one, title="Crème brûlée", tags=("a", "b"), due_date=date(2031, 6, 1), now=NOW
        )
        idea.due_noted_at = NOW
        await change_idea(session, idea, {}, now=LATER)
        assert idea.updated_at == NOW
        await change_idea(session, idea, {"tags": ["B", "#c"], "priority": Priority.HIGH}, now=LATER)
        assert (idea.due_noted_at, idea.updated_at, idea.priority_place) == (NOW, LATER, 0)
        await change_idea(session, idea, {"title": "Apfel", "notes": "Zimt", "due_date": None}, now=LATER)
        assert (idea.due_date, idea.due_noted_at, idea.title_key) == (None, None, "apfel")
        tags = await session.scalars(select(IdeaTag.tag).where(IdeaTag.idea_id == idea.id).order_by(IdeaTag.tag))
        assert tags.all() == idea.tags == ["b", "c"]
        words = "SELECT count(*) FROM idea_search"
        assert await session.scalar(text(words)) == 1
        for wrong in ({"title": " "}, {"notes": "x" * (NOTES_LENGTH + 1)}, {"tags": map(str, range(MOST_TAGS + 1))}):
            with pytest.raises(Invalid):
                await change_idea(session, idea, wrong, now=LATER)
        with pytest.raises(Invalid):
            await change_idea(session, idea, {"link_id": 1}, now=LATER)
        # a funnel that is there no longer: it stays, and cannot be chosen
        idea.funnel_key = "gone"
        await change_idea(session, idea, {"title": "Birne", "funnel_key": "gone"}, now=LATER)
        assert (idea.title, idea.funnel_key) == ("Birne", "gone")
        with pytest.raises(Invalid):
            await change_idea(session, idea, {"funnel_key": "other"}, now=LATER)
        with pytest.raises(Invalid):
            await set_products(session, idea, [1], now=LATER)
        await set_products(session, idea, [], now=LATER)
        await delete_idea(session, idea, now=LATER)
        assert await session.scalar(text(words)) == 0
        assert (
            (await session.scalars(select(IdeaProduct))).all() == (await session.scalars(select(IdeaTag))).all() == []
        )


async def test_what_happens_to_an_idea_is_about_its_id_and_tells_its_number(database: Database):
    one, two = await creators(database)
    async with database.transaction() as session:
        await add_idea(session, creator_id=two, title="Another's", now=NOW)
        idea = await add_idea(session, creator_id=one, title="Tour", now=NOW)
        await change_idea(session, idea, {"title": "Studio tour"}, now=NOW)
        await move_idea(session, idea, IdeaStage.DRAFT, now=NOW)
        await delete_idea(session, idea, now=NOW)
        # SQLite gives its row again
        again = await add_idea(session, creator_id=one, title="Another", now=NOW)
        told = await session.execute(
            select(Event.name, Event.subject, Event.data).where(Event.creator_id == one).order_by(Event.id)
        )
    about = f"idea:{idea.public_id}"
    assert [tuple(each) for each in told] == [
        ("idea.added", about, {"idea": 1}),
        ("idea.changed", about, {"idea": 1, "fields": ["title"]}),
        ("idea.moved", about, {"idea": 1, "before": "idea", "stage": "draft"}),
        ("idea.deleted", about, {"idea": 1}),
        ("idea.added", f"idea:{again.public_id}", {"idea": 2}),
    ]


def test_a_list_is_narrowed_down_to_as_many_tags_as_it_can_be_read_with():
    wanted = WantedIdeas()
    for number in range(MOST_IN_LIST):
        wanted = wanted.with_tag(f"tag {number}")
    assert WantedIdeas.model_validate_json(wanted.model_dump_json()) == wanted
    with pytest.raises(Invalid):
        wanted.with_tag("one more")
    assert len(wanted.with_tag("tag 3").with_tag("one more").tags) == MOST_IN_LIST


async def test_two_who_change_an_idea_at_once_both_have_their_way(database: Database):
    one, _ = await creators(database)
    async with database.transaction() as session:
        await add_idea(session, creator_id=one, title="Tour", now=NOW)

    async def change(**changes: Any) -> None:
        async with database.transaction() as session:
            idea = await find_idea(session, one, 1)
            assert idea is not None
            # what was read before is read again, and held
            await change_idea(session, idea, changes, now=LATER)  # type: ignore[arg-type]

    await asyncio.gather(
        change(title="Studio tour"), change(notes="Lights"), change(tags=("a",)), change(priority=Priority.LOW)
    )
    async with database.reading() as session:
        idea = await find_idea(session, one, 1)
        assert idea is not None
        assert (idea.title, idea.notes, idea.tags, idea.priority) == ("Studio tour", "Lights", ["a"], Priority.LOW)
        fields = await session.scalars(select(Event.data).where(Event.name == "idea.changed"))
        assert sorted(each["fields"] for each in fields) == [["notes"], ["priority"], ["tags"], ["title"]]


async def test_whoever_changes_or_moves_an_idea_that_was_deleted_meanwhile_is_told(database: Database):
    one, _ = await creators(database)
    async with database.transaction() as session:
        idea = await add_idea(session, creator_id=one, title="Tour", now=NOW)
    async with database.transaction() as session:
        await delete_idea(session, await hold_idea(session, one, number=1), now=NOW)
    async with database.transaction() as session:
        with pytest.raises(NoSuchIdea):
            await change_idea(session, idea, {"title": "Too late"}, now=LATER)
        with pytest.raises(NoSuchIdea):
            await move_idea(session, idea, IdeaStage.DRAFT, now=LATER)
