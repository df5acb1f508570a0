"""Posts whose minute has come go to the outbox, and what was changed of those that stand in a channel follows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.gateway import NotNow, SendFailure, SlowDown, Uncertain
from domain.idea_post_content import message_of
from domain.idea_posted import draft_again, note_unedited, note_unposted
from domain.idea_posts import TOPIC, hand_over, must_have_channel
from domain.messages.plain import Message
from kit.clock import Clock
from kit.errors import Refusal
from kit.log import get_logger
from store.database import Database, is_unavailable, wake
from store.models import Channel, Creator, IdeaPost, PostState
from store.models.base import spelled

AT_ONCE = 50
# whoever edits has so long; after that, another may
EDITED_WITHIN = timedelta(minutes=2)
AGAIN_AFTER = timedelta(seconds=30)
_log = get_logger(__name__)


class ChannelMessages(Protocol):
    async def edit_post(self, chat_id: int, message_id: int, message: Message) -> None:
        """It says that from now on. Raises a SendFailure; that it says so already is no failure."""


@dataclass(frozen=True, slots=True)
class Edit:
    post_id: int
    revision: int
    chat_id: int
    message_id: int
    message: Message
    # whose it is ends then
    until: datetime


@dataclass
class IdeaPosting:
    database: Database
    clock: Clock
    messages: ChannelMessages

    async def work(self) -> int:
        """Returns how many posts it dealt with."""
        now = self.clock()
        async with self.database.reading() as session:
            due, changed = [await session.scalar(select(exists().where(*which(now)))) for which in (_due, _changed)]
        posted = 0
        if due:
            async with self.database.transaction() as session:
                posted = await post_due(session, now=now)
        return posted + (await self._edit() if changed else 0)

    async def _edit(self) -> int:
        async with self.database.transaction() as session:
            edits, looked_at = await take_edits(session, now=self.clock())
        for each in edits:
            try:
                await self._say(each)
            except Exception as error:
                if is_unavailable(error):
                    raise
                # a fault of ours about this one: the others follow, and it is tried again once its time is over
                _log.exception("a post cannot be edited", post=each.post_id)
        return looked_at

    async def _say(self, edit: Edit) -> None:
        failure: SendFailure | None = None
        try:
            await self.messages.edit_post(edit.chat_id, edit.message_id, edit.message)
        except SendFailure as error:
            failure = error
            _log.warning("a post is not edited", post=edit.post_id, reason=str(error))
        async with self.database.transaction() as session:
            await close_edit(session, edit, failure, now=self.clock())


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (IdeaPost.state == spelled(PostState.SCHEDULED), IdeaPost.due_at <= now)


def _changed(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (IdeaPost.edit_at.is_not(None), IdeaPost.edit_at <= now)


async def post_due(session: AsyncSession, *, now: datetime) -> int:
    """Those whose minute has come are promised to the outbox, each once, whoever else is at it.

    One whose idea is gone is called off, one whose business is closed is a draft again, and one that has no channel
    any more has failed.
    """
    due = (
        select(IdeaPost)
        .where(*_due(now))
        .order_by(IdeaPost.due_at, IdeaPost.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    posts = (await session.scalars(due.execution_options(populate_existing=True))).all()
    for post in posts:
        creator = await session.get_one(Creator, post.creator_id)
        if post.idea_id is None or creator.closed_at is not None:
            draft_again(post, now=now)
            await session.flush()
            continue
        try:
            await must_have_channel(session, post)
            await hand_over(session, post, now=now)
        except Refusal as refusal:
            await note_unposted(session, post.id, str(refusal), now=now)
    return len(posts)


async def take_edits(session: AsyncSession, *, now: datetime) -> tuple[list[Edit], int]:
    """What this process is to edit, and nobody else for EDITED_WITHIN; and how many posts were looked at."""
    due = select(IdeaPost).where(*_changed(now)).order_by(IdeaPost.edit_at)
    due = due.limit(AT_ONCE).with_for_update(skip_locked=True).execution_options(populate_existing=True)
    posts = (await session.scalars(due)).all()
    edits = []
    for post in posts:
        channel = None if post.channel_id is None else await session.get(Channel, post.channel_id)
        message = message_of(post)
        if channel is None or message is None or post.telegram_message_id is None:
            await note_unedited(session, post, "the channel is known no longer", now=now)
            continue
        post.edit_at = until = now + EDITED_WITHIN
        edits.append(Edit(post.id, post.revision, channel.chat_id, post.telegram_message_id, message, until))
    await session.flush()
    return edits, len(posts)


async def close_edit(session: AsyncSession, edit: Edit, failure: SendFailure | None, *, now: datetime) -> None:
    """One that was changed again meanwhile is edited again: what it said before may have landed last."""
    held = select(IdeaPost).where(IdeaPost.id == edit.post_id).with_for_update()
    post = await session.scalar(held.execution_options(populate_existing=True))
    if post is None:
        return
    if post.revision != edit.revision:
        post.edit_at = now + AGAIN_AFTER if isinstance(failure, Uncertain) else now
        await session.flush()
        wake(session, TOPIC)
        return
    match failure:
        case None:
            post.error = None
            # not where an older one was heard of since, and the same has to be said again
            post.edit_at = None if post.edit_at == edit.until else post.edit_at
        case SlowDown(seconds=seconds):
            post.edit_at = now + timedelta(seconds=seconds)
        case NotNow() | Uncertain():
            # to say the same twice does no harm
            post.edit_at = now + AGAIN_AFTER
        case _:
            await note_unedited(session, post, str(failure), now=now)
    await session.flush()
