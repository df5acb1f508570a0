"""What was changed of posts that stand in their channel: the newest words stay, whatever becomes of the others."""

import asyncio
from dataclasses import dataclass, field

import pytest
from test_domain_idea_posts import LATER, NOW, Desk

from automations.idea_posts import EDITED_WITHIN, IdeaPosting
from domain.idea_post_content import PostChanges, Written
from domain.idea_posted import note_posted
from domain.idea_posts import write_post
from domain.ideas import add_idea
from domain.messages.plain import Message
from store.database import Database
from store.models import Idea, IdeaPost, PostState


@dataclass
class Line:
    """A slow way to Telegram: a call lands there when the test says so, and is answered when it says so."""

    stands: list[str]
    called: asyncio.Event = field(default_factory=asyncio.Event)
    lands: asyncio.Event = field(default_factory=asyncio.Event)
    landed: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def edit_post(self, _chat_id: int, _message_id: int, message: Message) -> None:
        self.called.set()
        await self.lands.wait()
        self.stands.append(message.text)
        self.landed.set()
        await self.answered.wait()


@dataclass
class Faulty:
    """Of some messages something of ours fails."""

    fails: dict[int, Exception]
    said: list[int] = field(default_factory=list)

    async def edit_post(self, _chat_id: int, message_id: int, _message: Message) -> None:
        if message_id in self.fails:
            raise self.fails[message_id]
        self.said.append(message_id)


@pytest.fixture
async def desk(database: Database) -> Desk:
    desk = Desk(database)
    await desk.begin()
    async with database.transaction() as session:
        (await session.get_one(IdeaPost, 1)).state = PostState.POSTING
        await session.flush()
        await note_posted(session, 1, 77, now=NOW)
    return desk


@pytest.mark.parametrize("first", ["older", "newer"])
async def test_an_older_edit_that_lands_last_does_not_stay(desk: Desk, first: str):
    stands: list[str] = []
    older, newer = Line(stands), Line(stands)
    tasks = []
    for line, text in ((older, "Second"), (newer, "Third")):
        await desk.does(write_post, PostChanges(written=Written(text)))
        tasks.append(asyncio.create_task(IdeaPosting(desk.database, lambda: NOW, line).work()))
        await line.called.wait()
    for line in (newer, older):
        line.lands.set()
        await line.landed.wait()
    both = list(zip((older, newer), tasks, strict=True))
    for line, task in both if first == "older" else reversed(both):
        line.answered.set()
        await task
    assert stands == ["Third", "Second"]
    # whichever answer came first, the newest is said again, and that is it
    posting = IdeaPosting(desk.database, lambda: NOW, newer)
    assert [await posting.work() for _ in range(2)] == [1, 0]
    posting.clock = lambda: LATER
    assert await posting.work() == 0
    assert stands == ["Third", "Second", "Third"]


async def test_a_post_that_cannot_be_edited_keeps_no_other_from_it(desk: Desk):
    async with desk.database.transaction() as session:
        idea = await add_idea(session, creator_id=desk.creator_id, title="Another", now=NOW)
        post = await write_post(session, idea, PostChanges(written=Written("Other")), now=NOW)
        post.state = PostState.POSTING
        await session.flush()
        await note_posted(session, post.id, 78, now=NOW)
    await desk.does(write_post, PostChanges(written=Written("Second")))
    async with desk.database.transaction() as session:
        await write_post(session, await session.get_one(Idea, 2), PostChanges(written=Written("Changed")), now=NOW)
    channels = Faulty({77: ValueError("ours")})
    posting = IdeaPosting(desk.database, lambda: NOW, channels)
    assert (await posting.work(), channels.said) == (2, [78])
    # it comes again later, and a store that is away is everybody's trouble
    assert await posting.work() == 0
    posting.clock = lambda: NOW + EDITED_WITHIN
    channels.fails = {77: ConnectionError("the store is away")}
    with pytest.raises(ConnectionError):
        await posting.work()
    posting.clock = lambda: LATER
    channels.fails = {}
    assert (await posting.work(), channels.said) == (1, [78, 77])
