"""What came of a post, told in the transaction that closes its row of the outbox."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.events import record_event
from domain.idea_events import record_of_idea
from domain.idea_post_content import message_of
from domain.ideas import move_idea
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message, column
from domain.notices import Notice
from domain.outbox import tell_creator
from kit.text import shorten, unmarked
from store.models import POST_MOVES, Channel, Idea, IdeaPost, IdeaStage, OutboxMessage, PostState

_REASON_LENGTH = 300
_NO_TITLE = "—"
_POST_SHOWN = 80
# of these nobody else has decided since what becomes of them
_CAME_TO_NOTHING = frozenset({PostState.FAILED, PostState.UNCERTAIN})


async def note_posted(session: AsyncSession, post_id: int, message_id: int | None, *, now: datetime) -> None:
    """It stands in the channel: its idea is published. Twice is a no-op."""
    # the idea before the post, as whoever writes it does
    idea = await _idea(session, post_id, hold=True)
    post = await _held(session, post_id)
    if post is None or post.state not in POST_MOVES.sources(PostState.POSTED):
        return
    post.state, post.telegram_message_id, post.posted_at = PostState.POSTED, message_id, now
    post.error, post.updated_at = None, now
    await session.flush()
    await _record(session, "idea.posted", post, idea, now=now, post=post.id)
    about = None
    if idea is not None:
        about = Notice.IDEAS
        await move_idea(session, idea, IdeaStage.PUBLISHED, now=now)
    # whoever has deleted the idea thinks that it does not stand there: they hear of it in any case
    await _tell(session, post, "idea-posted", key=f"idea-posted:{post.id}", now=now, about=about)


async def note_unposted(
    session: AsyncSession, post_id: int, reason: str, *, now: datetime, uncertain: bool = False
) -> None:
    """It does not stand there, or nobody knows: who may see ideas hears why, and is asked what to do."""
    post = await _held(session, post_id)
    state = PostState.UNCERTAIN if uncertain else PostState.FAILED
    if post is None or post.state not in POST_MOVES.sources(state):
        return
    post.state, post.error, post.updated_at = state, shorten(reason, _REASON_LENGTH), now
    await session.flush()
    name = "idea.post_uncertain" if uncertain else "idea.post_failed"
    await _record(session, name, post, await _idea(session, post.id), now=now, reason=post.error)
    words = "idea-post-uncertain" if uncertain else "idea-post-failed"
    await _tell(session, post, words, key=f"{words}:{post.id}:{now.timestamp():.3f}", now=now)


async def may_go_again(session: AsyncSession, post_id: int, *, now: datetime) -> bool:
    """Of one that did not go out this time. It is called off where its idea was deleted meanwhile."""
    post = await _held(session, post_id)
    if post is None or post.idea_id is not None or post.state is not PostState.POSTING:
        return True
    post.state, post.updated_at = PostState.CANCELLED, now
    await session.flush()
    return False


async def note_dropped(session: AsyncSession, post_id: int, *, now: datetime) -> None:
    """Its row of the outbox goes out no more, though nobody called it off: a draft again, if it was to go out now."""
    post = await _held(session, post_id)
    if post is not None and post.state is PostState.POSTING:
        draft_again(post, now=now)
        await session.flush()


def draft_again(post: IdeaPost, *, now: datetime) -> None:
    """It goes out no more by itself: whoever may post it decides. Of an idea that is gone it is over."""
    post.state = PostState.CANCELLED if post.idea_id is None else PostState.DRAFT
    post.local_at, post.due_at, post.updated_at = None, None, now


async def said_again(session: AsyncSession, post_id: int, message_id: int) -> Message | None:
    """What it says when that row of the outbox goes out again: its words of now. The caller holds the row.

    None where something else has become of it since: it stands there, was called off, written into another plan, tried
    by another row, or its idea is gone.
    """
    post = await _held(session, post_id)
    if post is None or post.idea_id is None or post.state not in _CAME_TO_NOTHING:
        return None
    last = await session.scalar(select(func.max(OutboxMessage.id)).where(OutboxMessage.post_id == post_id))
    return message_of(post) if last == message_id else None


async def note_settled(
    session: AsyncSession, post_id: int, how: Literal["sent", "failed", "again"], *, now: datetime
) -> None:
    """As a person has said what became of it."""
    if how == "sent":
        await note_posted(session, post_id, None, now=now)
        return
    post = await _held(session, post_id)
    state = PostState.FAILED if how == "failed" else PostState.POSTING
    if post is not None and post.state in POST_MOVES.sources(state):
        post.state, post.updated_at = state, now
        await session.flush()


async def note_unedited(session: AsyncSession, post: IdeaPost, reason: str, *, now: datetime) -> None:
    """What was changed does not show in the channel, and never will."""
    post.edit_at, post.error = None, shorten(reason, _REASON_LENGTH)
    await session.flush()
    await _tell(session, post, "idea-post-unedited", key=f"idea-post-unedited:{post.id}:{post.revision}", now=now)


async def _tell(
    session: AsyncSession, post: IdeaPost, words: str, *, key: str, now: datetime, about: Notice | None = None
) -> None:
    idea = await _idea(session, post.id)
    channel = None if post.channel_id is None else await session.get(Channel, post.channel_id)
    named: dict[str, object] = {"channel": _NO_TITLE if channel is None else channel.title, "reason": post.error or ""}
    if idea is not None:
        named |= {"idea": idea.number, "title": idea.title}
    else:
        words, message = f"{words}-gone", message_of(post)
        text = "" if message is None else " ".join(unmarked(message.text).split())
        named["post"] = shorten(text, _POST_SHOWN) or _NO_TITLE
    data = None if idea is None else f"ipost:{idea.creator_id}:{idea.number}"
    told = _told(words, named, data, again=words == "idea-post-failed")
    await tell_creator(session, told, key=key, creator_id=post.creator_id, now=now, about=about, acts=(Act.SEE_IDEAS,))


def _told(words: str, named: dict[str, object], data: str | None, *, again: bool) -> Callable[[str], Message]:
    def told(language: str) -> Message:
        buttons = []
        if data is not None and again:
            buttons.append(Button(text=say("ipost-button-again", language), data=f"{data}:again"))
        if data is not None:
            buttons.append(Button(text=say("ipost-button-show", language), data=data))
        return Message(text=say(words, language, **named), buttons=column(*buttons))

    return told


async def _idea(session: AsyncSession, post_id: int, *, hold: bool = False) -> Idea | None:
    found = select(Idea).join(IdeaPost, IdeaPost.idea_id == Idea.id).where(IdeaPost.id == post_id)
    if hold:
        found = found.with_for_update(of=Idea).execution_options(populate_existing=True)
    return await session.scalar(found)


async def _held(session: AsyncSession, post_id: int) -> IdeaPost | None:
    found = select(IdeaPost).where(IdeaPost.id == post_id).with_for_update()
    return await session.scalar(found.execution_options(populate_existing=True))


async def _record(
    session: AsyncSession, name: str, of: IdeaPost, idea: Idea | None, *, now: datetime, **data: Any
) -> None:
    """About its idea, and about itself where that is gone."""
    if idea is not None:
        await record_of_idea(session, name, idea, now=now, **data)
    else:
        await record_event(session, name, creator_id=of.creator_id, subject=f"post:{of.id}", now=now, **data)
