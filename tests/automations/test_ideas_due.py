"""Ideas whose day has come."""

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from stage import Stage
from stores import DATA_KEYS
from timed import BERLIN, HELLO, at, creator_chat, notices, opened, start, tagged

from domain.ideas import add_idea
from domain.ideas_due import AT_ONCE, next_idea_due, note_due_ideas
from store.database import Database
from store.models import Event, Idea, IdeaStage

DAY = date(2026, 11, 10)


async def an_idea(stage: Stage, title: str = "Studio <tour>", due: date | None = DAY) -> Idea:
    async with stage.database.transaction() as session:
        return await add_idea(session, creator_id=stage.creator_id, title=title, due_date=due, now=stage.clock())


async def look(stage: Stage, instant: str, database: Database | None = None) -> int:
    """How many were looked at by then."""
    done = 0
    count = 1
    while count:
        async with (database or stage.database).transaction() as session:
            count = await note_due_ideas(session, stage.published, now=at(instant))
        done += count
    return done


async def told(stage: Stage) -> list[str]:
    async with stage.database.reading() as session:
        return list(await session.scalars(select(Event.subject).where(Event.name == "idea.due").order_by(Event.id)))


@pytest.fixture
async def studio(stage: Stage) -> Stage:
    await opened(stage, BERLIN)
    await creator_chat(stage)
    return stage


async def test_an_idea_is_told_in_the_morning_of_its_day_by_the_creators_clock_and_once(studio: Stage):
    idea = await an_idea(studio)
    await an_idea(studio, "Some day", due=None)
    # nine o'clock in Berlin
    assert await look(studio, "2026-11-10T07:59") == 0
    assert await look(studio, "2026-11-10T08:00") == 1
    assert await look(studio, "2026-11-12T08:00") == 0
    assert await told(studio) == [f"idea:{idea.id}"]
    assert await notices(studio) == ["💡 Idea 1, <b>Studio &lt;tour&gt;</b>, is due today. /idea"]


async def test_after_downtime_it_says_how_long_ago_that_was(studio: Stage):
    await an_idea(studio)
    await an_idea(studio, "Another", due=DAY + timedelta(days=2))
    assert await look(studio, "2026-11-13T12:00") == 2
    assert await notices(studio) == [
        "💡 Idea 1, <b>Studio &lt;tour&gt;</b>, was due 3 days ago. /idea",
        "💡 Idea 2, <b>Another</b>, was due yesterday. /idea",
    ]


async def test_what_is_published_by_then_is_no_news(studio: Stage):
    idea = await an_idea(studio)
    async with studio.database.transaction() as session:
        await session.execute(update(Idea).where(Idea.id == idea.id).values(stage=IdeaStage.PUBLISHED))
    assert await look(studio, "2026-11-10T08:00") == 1
    assert (await told(studio), await notices(studio)) == ([], [])


async def test_another_day_is_another_time(studio: Stage):
    idea = await an_idea(studio)
    await look(studio, "2026-11-10T08:00")
    async with studio.database.transaction() as session:
        later = {"due_date": DAY + timedelta(days=1), "due_noted_at": None}
        await session.execute(update(Idea).where(Idea.id == idea.id).values(later))
    assert await look(studio, "2026-11-11T08:00") == 1
    assert len(await notices(studio)) == 2


async def test_two_processes_that_look_at_once_tell_it_once(studio: Stage):
    url = studio.database.url.render_as_string(hide_password=False).replace("+asyncpg", "").replace("+aiosqlite", "")
    for number in range(10):
        await an_idea(studio, f"Idea {number}")
    other = Database(url, data_keys=DATA_KEYS)
    await asyncio.gather(*(look(studio, "2026-11-10T08:00", each) for each in (studio.database, other)))
    await other.close()
    assert len(await told(studio)) == len(set(await told(studio))) == len(await notices(studio)) == 10


async def test_a_crowd_goes_batch_by_batch(studio: Stage):
    async with studio.database.transaction() as session:
        for number in range(AT_ONCE + 1):
            await add_idea(session, creator_id=studio.creator_id, title=f"{number}", due_date=DAY, now=studio.clock())
    async with studio.database.transaction() as session:
        assert await note_due_ideas(session, studio.published, now=at("2026-11-10T08:00")) == AT_ONCE
    assert await look(studio, "2026-11-10T08:00") == 1


async def test_the_next_is_known_beforehand_also_where_the_clock_changes(studio: Stage):
    await an_idea(studio, due=date(2026, 3, 29))
    await an_idea(studio, due=date(2026, 3, 28))

    async def following(instant: str) -> object:
        async with studio.database.reading() as session:
            return await next_idea_due(session, studio.published, after=at(instant))

    assert await following("2026-03-01T00:00") == at("2026-03-28T08:00")
    assert await following("2026-03-28T08:00") == at("2026-03-29T07:00")
    assert await following("2026-03-29T07:00") is None


async def test_its_day_begins_a_funnel_for_everybody_in_the_segment_of_its_trigger(stage: Stage):
    when = {"trigger": {"event": "idea.due", "when": "tag:fan"}, "again": "always", "steps": [HELLO]}
    await opened(stage, BERLIN, insiders=when)
    await creator_chat(stage)
    fan = await stage.lead(1)
    await stage.lead(2)
    await tagged(stage, fan)
    await stage.route()
    await an_idea(stage)
    await look(stage, "2026-11-10T08:00")
    while await stage.route():
        pass
    assert await stage.enrollments() == []
    await start(stage)
    async with stage.database.reading() as session:
        event_id = await session.scalar(select(Event.id).where(Event.name == "idea.due"))
    assert [(each.lead_id, each.begun_by) for each in await stage.enrollments()] == [(fan.id, f"event:{event_id}")]
    assert "▶️ “insiders”: one lead has begun, of 1 in the segment." in await notices(stage)
