"""Ideas whose day has come, and what their creators are reminded of."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from stage import BOT, Stage
from stores import DATA_KEYS
from timed import BERLIN, HELLO, at, creator_chat, notices, opened, start, tagged

from automations.happenings import tell
from automations.idea_digests import IdeaDigests
from domain.creators import add_creator
from domain.idea_changes import change_idea
from domain.idea_posted import note_unposted
from domain.ideas import add_idea, move_idea
from domain.ideas_due import AT_ONCE, next_idea_due
from domain.setups import CreatorSetup
from kit.clock import MovableClock
from store.database import Database
from store.models import (
    Account,
    Creator,
    Event,
    Idea,
    IdeaDigest,
    IdeaPost,
    IdeaStage,
    Membership,
    OutboxMessage,
    Person,
    PostState,
    Priority,
    Profile,
    Right,
    Role,
)

DAY = date(2026, 11, 10)


async def an_idea(stage: Stage, title: str = "Studio <tour>", due: date | None = DAY, **more: Priority) -> Idea:
    async with stage.database.transaction() as session:
        return await add_idea(
            session, creator_id=stage.creator_id, title=title, due_date=due, now=stage.clock(), **more
        )


async def moved(stage: Stage, idea: Idea, to: IdeaStage, instant: str) -> None:
    async with stage.database.transaction() as session:
        await move_idea(session, await session.get_one(Idea, idea.id), to, now=at(instant))


async def due_on(stage: Stage, idea: Idea, day: date | None, instant: str) -> None:
    async with stage.database.transaction() as session:
        await change_idea(session, await session.get_one(Idea, idea.id), {"due_date": day}, now=at(instant))


async def look(stage: Stage, instant: str, database: Database | None = None) -> int:
    """How many were looked at by then."""
    done = 0
    while count := await digests(stage, instant, database).note_due():
        done += count
    return done


def digests(stage: Stage, instant: str, database: Database | None = None) -> IdeaDigests:
    return IdeaDigests(database or stage.database, MovableClock(frozen_at=at(instant)), stage.published)


async def heard(stage: Stage, instant: str) -> list[str]:
    """What the creator is told by then that they had not been told before."""
    before = len(await notices(stage))
    while await digests(stage, instant).run():
        pass
    return list(await notices(stage))[before:]


async def following(stage: Stage, instant: str) -> datetime | None:
    async with stage.database.reading() as session:
        return await digests(stage, instant).next_due(session, after=at(instant))


async def told(stage: Stage) -> list[Mapping[str, object]]:
    """What a trigger can ask of each, and which one it is about."""
    async with stage.database.reading() as session:
        events = await session.scalars(select(Event).where(Event.name == "idea.due").order_by(Event.id))
        return [{**tell(each), "about": each.subject} for each in events]


def another(stage: Stage) -> Database:
    """The same store, as another process has it."""
    url = stage.database.url.render_as_string(hide_password=False).replace("+asyncpg", "").replace("+aiosqlite", "")
    return Database(url, data_keys=DATA_KEYS)


@pytest.fixture
async def studio(stage: Stage) -> Stage:
    await opened(stage, BERLIN)
    await creator_chat(stage)
    return stage


async def test_an_idea_is_told_in_the_morning_of_its_day_by_the_creators_clock_and_once(studio: Stage):
    async with studio.database.transaction() as session:
        other = (await add_creator(session, name="Bob", slug="bob", now=studio.clock())).creator
        # rows are numbered otherwise than ideas are
        await add_idea(session, creator_id=other.id, title="Theirs", now=studio.clock())
    idea = await an_idea(studio)
    await an_idea(studio, "Some day", due=None)
    # nine o'clock in Berlin
    assert (await look(studio, "2026-11-10T07:59"), await heard(studio, "2026-11-10T07:59")) == (0, [])
    assert await look(studio, "2026-11-10T08:00") == 1
    assert await heard(studio, "2026-11-10T08:00") == ["💡 <b>Due today</b>\n1. Studio &lt;tour&gt;"]
    assert (await look(studio, "2026-11-10T22:00"), await heard(studio, "2026-11-10T22:00")) == (0, [])
    # by the number that stands in the chat, and by the id that the API knows it by
    once = [{"idea": 1, "due": "2026-11-10", "about": f"idea:{idea.public_id}"}]
    assert await told(studio) == once
    # and again each morning, until it is published or has another day
    assert await heard(studio, "2026-11-11T08:00") == ["⏰ <b>Overdue</b>\n1. Studio &lt;tour&gt;, since yesterday"]
    await moved(studio, idea, IdeaStage.PUBLISHED, "2026-11-11T12:00")
    assert await heard(studio, "2026-11-12T08:00") == []
    assert await told(studio) == once


async def test_one_message_lists_what_is_due_and_what_is_overdue_the_most_important_first(studio: Stage):
    await an_idea(studio, "Late")
    await an_idea(studio, "Later", priority=Priority.HIGH)
    await an_idea(studio, "Low", due=DAY + timedelta(days=3), priority=Priority.LOW)
    for number in range(11):
        await an_idea(studio, f"No. {number}", due=DAY + timedelta(days=3))
    # after downtime too it is one
    (said,) = await heard(studio, "2026-11-13T12:00")
    due, overdue = said.split("\n\n")
    assert due.splitlines()[:2] == ["💡 <b>Due today</b>", "4. No. 0"]
    assert due.splitlines()[-1] == "… and 2 more: /idea"
    assert overdue.splitlines() == ["⏰ <b>Overdue</b>", "2. Later !high, for 3 days", "1. Late, for 3 days"]
    # whoever wants none of it hears none
    async with studio.database.transaction() as session:
        account = (await session.scalars(select(Account).join(Membership))).first()
        assert account is not None
        session.add(
            Profile(account_id=account.id, preferences={"notices": {"ideas": False}}, updated_at=studio.clock())
        )
    assert await heard(studio, "2026-11-14T12:00") == []


async def test_what_is_published_by_then_is_no_news(studio: Stage):
    idea = await an_idea(studio)
    await moved(studio, idea, IdeaStage.PUBLISHED, "2026-11-09T08:00")
    assert await look(studio, "2026-11-10T08:00") == 1
    assert (await told(studio), await heard(studio, "2026-11-10T08:00")) == ([], [])


async def test_another_day_is_another_time(studio: Stage):
    idea = await an_idea(studio)
    await look(studio, "2026-11-10T08:00")
    await due_on(studio, idea, DAY + timedelta(days=1), "2026-11-10T09:00")
    assert await look(studio, "2026-11-11T08:00") == 1
    assert len(await told(studio)) == 2


async def test_two_processes_that_look_at_once_tell_it_once(studio: Stage):
    for number in range(10):
        await an_idea(studio, f"Idea {number}")
    other = another(studio)
    both = (studio.database, other)
    await asyncio.gather(*(look(studio, "2026-11-10T08:00", each) for each in both))
    await asyncio.gather(*(digests(studio, "2026-11-10T08:00", each).run() for each in both))
    await other.close()
    assert sorted(str(each["due"]) + str(each["idea"]) for each in await told(studio)) == sorted(
        f"{DAY}{number + 1}" for number in range(10)
    )
    assert len(await notices(studio)) == 1


async def test_a_crowd_goes_batch_by_batch_and_who_has_nothing_due_is_asked_nothing(studio: Stage):
    async with studio.database.transaction() as session:
        others = [
            (await add_creator(session, name=f"{number}", slug=f"c{number}", now=studio.clock())).creator.id
            for number in range(8)
        ]
        far, closed = others[:2]
        (await session.get_one(Creator, closed)).closed_at = studio.clock()
        for creator_id in (far, closed):
            await add_idea(session, creator_id=creator_id, title="Far", due_date=DAY, now=studio.clock())
        for number in range(AT_ONCE + 1):
            await add_idea(session, creator_id=studio.creator_id, title=f"{number}", due_date=DAY, now=studio.clock())
    # nowhere is it morning earlier
    studio.published.setups[far] = CreatorSetup(time_zone="Pacific/Kiritimati")
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "INSERT")):
            asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    assert await look(studio, "2026-11-09T18:59") == 0
    event.remove(Engine, "before_cursor_execute", note)
    ((statement, parameters),) = asked
    if studio.database.is_sqlite:
        async with studio.database.reading() as session:
            plan = await (await session.connection()).exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            assert "SEARCH idea USING INDEX ix_idea_due (due_date>? AND due_date<?)" in plan.scalars("detail")
    assert await look(studio, "2026-11-09T19:00") == 1
    assert await digests(studio, "2026-11-10T08:00").note_due() == AT_ONCE
    assert await look(studio, "2026-11-10T08:00") == 1
    assert await look(studio, "2026-11-12T08:00") == 0
    assert len(await told(studio)) == AT_ONCE + 2


@pytest.mark.parametrize(
    ("eve", "mornings"),
    [
        # the clock of Berlin is put forward in the night to 29 March, and back in the night to 25 October
        ("2026-03-28", ["2026-03-28T08:00", "2026-03-29T07:00", "2026-03-30T07:00"]),
        ("2026-10-24", ["2026-10-24T07:00", "2026-10-25T08:00", "2026-10-26T08:00"]),
    ],
)
async def test_reminders_come_at_nine_where_the_clock_changes_once_a_day(studio: Stage, eve: str, mornings: list[str]):
    first = date.fromisoformat(eve)
    idea = await an_idea(studio, due=first)
    for number, morning in enumerate(mornings):
        await due_on(studio, idea, first + timedelta(days=number), morning)
        just_before = (at(morning) - timedelta(minutes=1)).isoformat()[:16]
        assert await following(studio, just_before) == at(morning)
        assert await heard(studio, just_before) == []
        assert await heard(studio, morning) == ["💡 <b>Due today</b>\n1. Studio &lt;tour&gt;"]
        # the hour that comes twice tells it once
        assert await heard(studio, (at(morning) + timedelta(hours=1)).isoformat()[:16]) == []


async def test_the_next_day_of_an_idea_is_known_beforehand_also_where_the_clock_changes(studio: Stage):
    await an_idea(studio, due=date(2026, 3, 29))
    await an_idea(studio, due=date(2026, 3, 28))

    async def next_day(instant: str) -> object:
        async with studio.database.reading() as session:
            return await next_idea_due(session, studio.published, after=at(instant))

    assert await next_day("2026-03-01T00:00") == at("2026-03-28T08:00")
    assert await next_day("2026-03-28T08:00") == at("2026-03-29T07:00")
    assert await next_day("2026-03-29T07:00") is None
    # what is overdue is told each morning
    assert await following(studio, "2026-03-29T07:00") == at("2026-03-30T07:00")


async def test_a_creator_who_moves_to_another_zone_is_told_once_a_day_of_theirs(studio: Stage):
    await an_idea(studio, due=DAY)

    def move(zone: str) -> None:
        studio.published.setups[studio.creator_id] = CreatorSetup(time_zone=zone)

    assert len(await heard(studio, "2026-11-10T08:00")) == 1
    # it is nine there later on the same day
    move("America/New_York")
    assert await heard(studio, "2026-11-10T14:00") == []
    assert len(await heard(studio, "2026-11-11T14:00")) == 1
    # and there the next day's nine has come by then
    move("Asia/Tokyo")
    assert len(await heard(studio, "2026-11-12T00:00")) == 1
    assert await heard(studio, "2026-11-12T14:00") == []


async def test_of_ideas_they_alone_are_told_who_may_look_at_them(studio: Stage):
    idea = await an_idea(studio)
    await moved(studio, idea, IdeaStage.DRAFT, "2026-11-10T08:00")
    async with studio.database.transaction() as session:
        answers = Person(bot_id=BOT, telegram_id=901, first_name="Su", language="en", created_at=studio.clock())
        answers.seen_at = studio.clock()
        session.add(answers)
        await session.flush()
        theirs = Account(email=None, name="Su", role=Role.BUYER, person_id=answers.id, created_at=studio.clock())
        session.add(theirs)
        await session.flush()
        support = {"owner": False, "rights": [Right.SUPPORT]}
        session.add(Membership(account_id=theirs.id, creator_id=studio.creator_id, **support))
        post = IdeaPost(creator_id=studio.creator_id, idea_id=idea.id, state=PostState.POSTING)
        post.created_at = post.updated_at = studio.clock()
        session.add(post)
        await session.flush()
        await note_unposted(session, post.id, "no channel", now=studio.clock())
    # the reminder and the week
    assert len(await heard(studio, "2026-11-16T08:00")) == 2
    async with studio.database.reading() as session:
        told = await session.scalars(select(OutboxMessage.person_id).order_by(OutboxMessage.id))
        assert len(set(told.all())) == 1


async def test_each_monday_tells_what_moved_and_what_is_stuck_and_nothing_where_nothing_was(studio: Stage):
    # a Tuesday: nobody has had a week yet
    assert await heard(studio, "2026-11-03T12:00") == []
    assert await heard(studio, "2026-11-09T08:00") == []
    tour, light, old = [await an_idea(studio, title, due=None) for title in ("Tour", "Light", "Old")]
    await moved(studio, old, IdeaStage.DRAFT, "2026-11-01T12:00")
    await moved(studio, tour, IdeaStage.OUTLINE, "2026-11-10T12:00")
    await moved(studio, tour, IdeaStage.DRAFT, "2026-11-11T12:00")
    # there and back is no move
    await moved(studio, light, IdeaStage.DRAFT, "2026-11-11T12:00")
    await moved(studio, light, IdeaStage.IDEA, "2026-11-12T12:00")
    assert await following(studio, "2026-11-12T12:00") == at("2026-11-16T08:00")
    assert await heard(studio, "2026-11-16T07:59") == []
    (said,) = await heard(studio, "2026-11-16T08:00")
    assert said.splitlines() == [
        "💡 <b>Your ideas since 9 Nov</b>" if "9 Nov" in said else "💡 <b>Your ideas since Nov 9</b>",
        "",
        "➡️ <b>Moved</b>",
        "1. Tour: idea → draft",
        "",
        "🧊 <b>Stuck for two weeks or more</b>",
        "3. Old",
    ]
    # once, by whichever process
    other = another(studio)
    for each in (studio.database, other):
        await digests(studio, "2026-11-16T20:00", each).run()
    await other.close()
    assert len(await notices(studio)) == 1
    await moved(studio, old, IdeaStage.PUBLISHED, "2026-11-17T12:00")
    # late after downtime, and then of all the time since the last
    (said,) = await heard(studio, "2026-12-03T12:00")
    assert "3. Old: draft → published" in said
    assert "1. Tour" in said.partition("Stuck")[2]
    async with studio.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(IdeaDigest)) == 1


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
