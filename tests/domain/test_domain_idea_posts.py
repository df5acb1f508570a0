"""What becomes of a post, whoever else is at it at the same moment."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from automations.gateway import Refused, SlowDown, Uncertain
from automations.idea_posts import IdeaPosting, close_edit, post_due, take_edits
from automations.outcomes import Claimed, Told, close_failed, confirm, sweep
from automations.settling import settle
from domain.idea_post_content import BadPost, PostChanges, Written, checked_buttons, read_buttons
from domain.idea_post_times import BadMoment, meant_by, read_moment
from domain.idea_posted import note_posted, note_unposted
from domain.idea_posts import PostUnderWay, SameMinute, TooLate, call_off, post_now, schedule_post, write_post
from domain.ideas import add_idea, delete_idea
from domain.messages.plain import Button, Message
from store.database import Database
from store.models import (
    Account,
    Channel,
    Creator,
    Event,
    Idea,
    IdeaMove,
    IdeaPost,
    Membership,
    OutboxMessage,
    OutboxState,
    Person,
    PostState,
    Role,
)
from store.queries.due import earliest_due

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def there(text: str) -> datetime:
    """By the creator's clock."""
    return datetime.fromisoformat(text)


@dataclass
class Desk:
    """One creator's idea with a post in one channel."""

    database: Database
    creator_id: int = 0
    idea_id: int = 0

    async def begin(self) -> None:
        async with self.database.transaction() as session:
            creator = Creator(slug="ada", name="Ada", currency="usd", time_zone="Europe/Berlin", created_at=NOW)
            session.add(creator)
            await session.flush()
            may = {"may_invite": False, "may_remove": False, "may_post": True}
            where = {"bot_id": 1, "chat_id": -100, "title": "The news", "seen_at": NOW}
            session.add(Channel(creator_id=creator.id, **where, **may))
            idea = await add_idea(session, creator_id=creator.id, title="Studio tour", now=NOW)
            self.creator_id, self.idea_id = creator.id, idea.id
            await write_post(session, idea, PostChanges(written=Written("Hello")), now=NOW)

    async def does(self, act: Any, *more: Any, **named: Any) -> Any:
        async with self.database.transaction() as session:
            return await act(session, await session.get_one(Idea, self.idea_id), *more, **{"now": NOW, **named})

    async def state(self) -> PostState:
        async with self.database.reading() as session:
            return (await session.scalars(select(IdeaPost.state).order_by(IdeaPost.id.desc()).limit(1))).one()

    async def rows(self) -> list[tuple[str, OutboxState]]:
        async with self.database.reading() as session:
            asked = select(OutboxMessage).where(OutboxMessage.post_id.is_not(None)).order_by(OutboxMessage.id)
            return [(row.key, row.state) for row in await session.scalars(asked)]

    async def count(self, what: Any) -> int:
        async with self.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(what)) or 0


@pytest.fixture
async def desk(database: Database) -> Desk:
    desk = Desk(database)
    await desk.begin()
    return desk


async def test_a_scheduled_post_goes_into_no_other_channel_that_has_one_at_its_minute(desk: Desk):
    async with desk.database.transaction() as session:
        may = {"may_invite": False, "may_remove": False, "may_post": True}
        where = {"bot_id": 1, "chat_id": -200, "title": "The studio", "seen_at": NOW}
        studio = Channel(creator_id=desk.creator_id, **where, **may)
        session.add(studio)
        await session.flush()
        other = await add_idea(session, creator_id=desk.creator_id, title="Behind the lens", now=NOW)
        there_too = PostChanges(written=Written("Hello too"), channel_id=studio.id)
        await write_post(session, other, there_too, now=NOW)
        await schedule_post(session, other, there("2026-11-03 18:00"), BERLIN, now=NOW)
    # each in a channel of its own
    await desk.does(schedule_post, there("2026-11-03 18:00"), BERLIN)
    moved = PostChanges(channel_id=studio.id)
    with pytest.raises(SameMinute, match="idea 2 is posted there"):
        await desk.does(write_post, moved)
    await desk.does(schedule_post, there("2026-11-03 18:01"), BERLIN)
    assert (await desk.does(write_post, moved)).channel_id == studio.id


async def test_with_nothing_to_post_nobody_is_kept_from_writing(desk: Desk):
    posting = IdeaPosting(desk.database, lambda: NOW, Channels([], []))
    if desk.database.is_sqlite:
        # held by somebody else for as long as it looks
        async with desk.database.transaction(), asyncio.timeout(5):
            assert await posting.work() == 0
    await desk.does(schedule_post, there("2026-11-03 18:00"), BERLIN)
    assert await posting.work() == 0
    posting.clock = lambda: LATER
    assert await posting.work() == 1


async def test_two_processes_hand_a_due_post_over_once(desk: Desk):
    await desk.does(schedule_post, there("2026-11-03 18:00"), BERLIN)

    async def tick() -> int:
        async with desk.database.transaction() as session:
            return await post_due(session, now=LATER)

    assert sum(await asyncio.gather(*(tick() for _ in range(4)))) == 1
    assert await desk.rows() == [("idea-post:1:1", OutboxState.QUEUED)]
    assert await desk.state() is PostState.POSTING
    # called off while it waits, it can be posted later, as another try
    await desk.does(call_off)
    assert await desk.state() is PostState.DRAFT
    await desk.does(post_now)
    assert await desk.rows() == [("idea-post:1:1", OutboxState.CANCELLED), ("idea-post:1:2", OutboxState.QUEUED)]
    with pytest.raises(PostUnderWay):
        await desk.does(write_post, PostChanges(written=Written("Else")))


async def test_what_a_dead_process_was_posting_is_uncertain_and_settled_once_and_for_all(desk: Desk):
    await desk.does(post_now)

    async def all_are(state: OutboxState) -> int:
        async with desk.database.transaction() as session:
            row = (await session.scalars(select(OutboxMessage).where(OutboxMessage.post_id.is_not(None)))).one()
            row.state, row.claim = state, 1
            return row.id

    message_id = await all_are(OutboxState.SENDING)
    with pytest.raises(PostUnderWay):
        await desk.does(call_off)
    async with desk.database.transaction() as session:
        assert await sweep(session, now=LATER, abandoned=True) == 1
    assert (await desk.state(), await desk.rows()) == (
        PostState.UNCERTAIN,
        [("idea-post:1:1", OutboxState.UNCERTAIN)],
    )
    with pytest.raises(PostUnderWay):
        await desk.does(post_now)
    async with desk.database.transaction() as session:
        await settle(session, message_id, "again", now=LATER)
    assert (await desk.state(), await desk.rows()) == (PostState.POSTING, [("idea-post:1:1", OutboxState.QUEUED)])
    # heard twice, it is posted once, and a failure that comes late changes nothing
    for _ in range(2):
        async with desk.database.transaction() as session:
            await note_posted(session, 1, 77, now=LATER)
    async with desk.database.transaction() as session:
        await note_unposted(session, 1, "too late", now=LATER)
    assert await desk.state() is PostState.POSTED
    assert await desk.count(IdeaMove) == 1
    assert await desk.count(select(Event).where(Event.name == "idea.posted").subquery()) == 1


async def taken(desk: Desk) -> Claimed:
    """As the sender has it at Telegram."""
    async with desk.database.transaction() as session:
        row = (await session.scalars(select(OutboxMessage).where(OutboxMessage.post_id.is_not(None)))).one()
        row.state, row.claim = OutboxState.SENDING, 1
        message = Message(text="Hello")
        return Claimed(
            row.id, row.kind, desk.creator_id, 0, -100, None, message, 1, 0, None, 1, NOW, post_id=row.post_id
        )


async def notices(desk: Desk) -> list[str]:
    async with desk.database.reading() as session:
        told = select(OutboxMessage).where(OutboxMessage.post_id.is_(None)).order_by(OutboxMessage.id)
        return [str((row.message or {})["text"]) for row in await session.scalars(told)]


async def test_an_idea_that_is_deleted_takes_its_post_out_of_the_outbox(desk: Desk):
    await desk.does(post_now)
    await desk.does(delete_idea)
    assert (await desk.state(), await desk.rows()) == (
        PostState.CANCELLED,
        [("idea-post:1:1", OutboxState.CANCELLED)],
    )


async def test_what_was_at_telegram_when_its_idea_was_deleted_is_told_or_never_tried_again(desk: Desk):
    async with desk.database.transaction() as session:
        made = {"created_at": NOW}
        ada = Person(bot_id=1, telegram_id=7, first_name="Ada", language="en", seen_at=NOW, **made)
        session.add(ada)
        await session.flush()
        account = Account(email=None, name="Ada", role=Role.CREATOR, person_id=ada.id, **made)
        session.add(account)
        await session.flush()
        session.add(Membership(account_id=account.id, creator_id=desk.creator_id))
    await desk.does(post_now)
    claimed = await taken(desk)
    await desk.does(delete_idea)
    assert (await desk.state(), await desk.rows()) == (PostState.POSTING, [("idea-post:1:1", OutboxState.SENDING)])
    async with desk.database.transaction() as session:
        await confirm(session, [Told(claimed, 77, LATER)])
    assert await desk.state() is PostState.POSTED
    (told,) = await notices(desk)
    assert "an idea that you have deleted was at Telegram already: it stands in “The news” (“Hello”)" in told


async def test_what_telegram_puts_off_after_its_idea_was_deleted_does_not_go_out(desk: Desk):
    await desk.does(post_now)
    claimed = await taken(desk)
    await desk.does(delete_idea)
    async with desk.database.transaction() as session:
        await close_failed(session, claimed, SlowDown(30), now=NOW, chance=lambda: 0.0)
    assert (await desk.state(), await desk.rows()) == (
        PostState.CANCELLED,
        [("idea-post:1:1", OutboxState.CANCELLED)],
    )


@dataclass
class Channels:
    """What Telegram answers to edits, one after another."""

    answers: list[Exception | None]
    said: list[str]

    async def edit_post(self, chat_id: int, message_id: int, message: Message) -> None:
        self.said.append(f"{chat_id}:{message_id}:{message.text}")
        answer = self.answers.pop(0)
        if answer is not None:
            raise answer


async def test_an_edit_follows_once_a_revision_and_is_tried_until_it_is_known(desk: Desk):
    async with desk.database.transaction() as session:
        (await session.get_one(IdeaPost, 1)).state = PostState.POSTING
        await session.flush()
        await note_posted(session, 1, 77, now=NOW)
    at = NOW
    channels = Channels([Uncertain("no answer"), None, Refused("message to edit not found")], [])
    posting = IdeaPosting(desk.database, lambda: at, channels)
    await desk.does(write_post, PostChanges(written=Written("Hello you")))
    await posting.work()
    await posting.work()
    assert channels.said == ["-100:77:Hello you"]
    at = NOW + timedelta(minutes=1)
    await posting.work()
    await posting.work()
    assert channels.said == ["-100:77:Hello you"] * 2
    # the same words again are no change
    post = await desk.does(write_post, PostChanges(written=Written("Hello you")))
    assert (post.edit_at, post.revision) == (None, 2)
    # one that was changed while it was being edited is edited again
    await desk.does(write_post, PostChanges(buttons=((Button(text="A", url="https://a.example"),),)))
    async with desk.database.transaction() as session:
        (edit,), _ = await take_edits(session, now=at)
    await desk.does(write_post, PostChanges(written=Written("Third")))
    async with desk.database.transaction() as session:
        await close_edit(session, edit, None, now=at)
    await posting.work()
    assert channels.said[2:] == ["-100:77:Third"]
    async with desk.database.reading() as session:
        post = await session.get_one(IdeaPost, 1)
    assert (post.edit_at, post.error) == (None, "message to edit not found")


def test_times_are_read_as_they_are_said_and_mean_one_instant():
    said = {
        "tomorrow 18:00": "2026-11-04 18:00",
        "morgen um 18 Uhr": "2026-11-04 18:00",
        "fri 9": "2026-11-06 09:00",
        "fri at 9am": "2026-11-06 09:00",
        "2026-12-01 18:00": "2026-12-01 18:00",
        "2026-12-01T18:00": "2026-12-01 18:00",
        "1.12. 6:30 pm": "2026-12-01 18:30",
        "in 3 days 12am": "2026-11-06 00:00",
        "18.15": "2026-11-03 18:15",
        # by the clock there it is ten already
        "9:30": "2026-11-04 09:30",
    }
    assert {text: f"{read_moment(text, NOW, BERLIN):%Y-%m-%d %H:%M}" for text in said} == said
    for text in ("", "tomorrow", "fri 25", "2026-13-01 18:00", "soon 18:00", "13pm", "x" * 5000):
        with pytest.raises(BadMoment):
            read_moment(text, NOW, BERLIN)
    twice = meant_by(there("2026-10-25 02:30"), BERLIN)
    assert (twice.at, twice.clock) == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "twice")
    skipped = meant_by(there("2027-03-28 02:30"), BERLIN)
    assert (skipped.at, skipped.clock) == (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), "skipped")
    assert meant_by(there("2026-12-01 18:00"), BERLIN).clock == "plain"


async def test_a_time_that_is_over_is_refused(desk: Desk):
    with pytest.raises(TooLate):
        await desk.does(schedule_post, there("2026-11-03 10:00"), BERLIN)


def test_buttons_are_read_one_a_line():
    assert read_buttons("Shop – https://a.example\nPresets - link", "https://t.me/bot?start=k") == (
        (Button(text="Shop", url="https://a.example"),),
        (Button(text="Presets", url="https://t.me/bot?start=k"),),
    )
    assert read_buttons("-", None) == ()
    for text in ("Shop", "Shop - javascript:x", " - https://a.example", "A - https://a b", "A - link"):
        with pytest.raises(BadPost):
            read_buttons(text, None)
    with pytest.raises(BadPost):
        checked_buttons([("A", "https://a.example")] * 9, None)


async def test_when_the_next_post_is_due_is_known_and_a_closed_business_posts_nothing(desk: Desk):
    await desk.does(schedule_post, there("2026-11-03 18:00"), BERLIN)
    async with desk.database.reading() as session:
        assert await earliest_due(session, after=NOW) == datetime(2026, 11, 3, 17, 0, tzinfo=UTC)
    async with desk.database.transaction() as session:
        (await session.get_one(Creator, desk.creator_id)).closed_at = NOW
    async with desk.database.transaction() as session:
        assert await post_due(session, now=LATER) == 1
    assert (await desk.state(), await desk.rows()) == (PostState.DRAFT, [])
