"""Posts of ideas: written, scheduled, called off, handed to the outbox. What comes of them: `domain.idea_posted`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.idea_events import record_of_idea
from domain.idea_post_content import BadPost, PostChanges, checked, message_of
from domain.idea_post_files import are_voices, let_files_go, put_file
from domain.idea_post_times import Meant, meant_by
from domain.messages.plain import Message
from domain.outbox import queue_message
from kit.errors import Conflict, Invalid, NotFound, Reason
from store.database import count_changed, wake
from store.models import (
    POST_MOVES,
    Channel,
    Idea,
    IdeaPost,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    PostState,
)
from store.models.base import spelled

# what is woken when there is something to post or to edit
TOPIC = "idea_posts"
MOST_CHANNELS = 50
_MINUTE = timedelta(minutes=1)
_TO_COME = (PostState.SCHEDULED, PostState.POSTING)
_OPEN = (PostState.DRAFT, PostState.FAILED, *_TO_COME)
# of the index that has these alone
_COMES = IdeaPost.state.in_([spelled(each) for each in _TO_COME])


class NoSuchPost(NotFound):
    code = "no_such_post"


class NoChannel(Conflict):
    """There is no channel for it, or the bot may not post there."""

    code = "post_no_channel"


class PostUnderWay(Conflict):
    """It is at Telegram at this moment, or nobody knows yet whether it is in the channel."""

    code = "post_under_way"


class AlreadyPosted(Conflict):
    code = "already_posted"


class TooLate(Invalid):
    """That time is over."""

    code = "post_in_the_past"


class SameMinute(Conflict):
    """Another post goes into that channel at that minute."""

    code = "post_same_minute"


async def channels_to_post(session: AsyncSession, creator_id: int) -> Sequence[Channel]:
    """Where the bot may post for this creator."""
    found = select(Channel).where(Channel.creator_id == creator_id, Channel.may_post.is_(True))
    return (await session.scalars(found.order_by(Channel.id).limit(MOST_CHANNELS))).all()


async def find_post(session: AsyncSession, idea: Idea) -> IdeaPost | None:
    """The one that is worked on, or was posted last."""
    found = select(IdeaPost).where(IdeaPost.idea_id == idea.id, IdeaPost.state != PostState.CANCELLED)
    return await session.scalar(found.order_by(IdeaPost.id.desc()).limit(1))


async def write_post(
    session: AsyncSession,
    idea: Idea,
    changes: PostChanges,
    *,
    now: datetime,
    keep: bool = False,
    of_products: bool = False,
) -> IdeaPost:
    """Drafts it, or changes it: one that is scheduled stays so, and one that was posted is edited in its channel.

    `keep`: as in schedule_post; `of_products`: its file may be one that a product has.

    Raises BadPost, NoChannel, NoSuchFile, PostUnderWay, AlreadyPosted, and SameMinute where one that is scheduled is to
    go into another channel.
    """
    await _hold_idea(session, idea)
    post = await _held(session, idea)
    if post is None:
        post = IdeaPost(creator_id=idea.creator_id, idea_id=idea.id, created_at=now, updated_at=now)
        session.add(post)
    elif post.state in {PostState.POSTING, PostState.UNCERTAIN}:
        raise _under_way(post)
    await _put_channel(session, post, changes.channel_id, keep=keep)
    if changes.silent is not None:
        post.silent = changes.silent
    before = message_of(post) if post.message is not None else None
    message = _changed(before, changes)
    if message is not None and message != before:
        if post.state is PostState.POSTED:
            await _must_be_editable(session, post, before, message)
            post.edit_at = now
            wake(session, TOPIC)
        if message.file != (None if before is None else before.file):
            await put_file(session, post, message.file, of_products=of_products, now=now)
        post.message = message.model_dump(mode="json", exclude_defaults=True, exclude={"silent"})
        post.revision = 1 if before is None else post.revision + 1
    post.updated_at = now
    await session.flush()
    return post


async def schedule_post(
    session: AsyncSession, idea: Idea, local: datetime, zone: ZoneInfo, *, now: datetime, keep: bool = False
) -> tuple[IdeaPost, Meant]:
    """It goes out when the clock there shows that; a time that names its own zone means that instant.

    `keep`: though another goes into the same channel at that minute.

    Raises NoSuchPost, BadPost, NoChannel, TooLate, SameMinute, PostUnderWay, AlreadyPosted.
    """
    post = await _ready(session, idea, PostState.SCHEDULED)
    meant = meant_by(local.replace(second=0, microsecond=0), zone)
    if meant.at <= now:
        raise TooLate("that time is over", fields={"at": "in the past"}, why=Reason("refused-post-past"))
    if not keep:
        await _must_be_alone(session, post, post.channel_id, meant.at)
    post.state, post.local_at, post.due_at = PostState.SCHEDULED, f"{meant.typed:%Y-%m-%dT%H:%M}", meant.at
    post.error, post.updated_at = None, now
    await session.flush()
    await record_of_idea(session, "idea.post_scheduled", idea, now=now, at=meant.at.isoformat())
    wake(session, TOPIC)
    return post, meant


async def post_now(session: AsyncSession, idea: Idea, *, now: datetime) -> IdeaPost:
    """Promises to post it at once; again after it failed. Raises as schedule_post does."""
    post = await _ready(session, idea, PostState.POSTING)
    post.local_at, post.due_at, post.updated_at = None, now, now
    await hand_over(session, post, now=now)
    return post


async def hand_over(session: AsyncSession, post: IdeaPost, *, now: datetime) -> None:
    """To the outbox, in the transaction that says so. The caller holds the post, and has looked at it."""
    message = message_of(post)
    if message is None:
        raise BadPost("there is nothing to post yet", why=Reason("refused-post-nothing"))
    tried = await session.scalar(select(func.count()).where(OutboxMessage.post_id == post.id)) or 0
    post.state, post.error = PostState.POSTING, None
    await session.flush()
    promised = False
    while not promised:
        # where rows were taken out of the outbox a number may have been given before
        tried += 1
        promised = await queue_message(
            session,
            message,
            key=f"idea-post:{post.id}:{tried}",
            kind=OutboxKind.POST,
            creator_id=post.creator_id,
            person_id=None,
            post_id=post.id,
            now=now,
        )


async def call_off(session: AsyncSession, idea: Idea, *, now: datetime, drop: bool = False) -> IdeaPost | None:
    """It goes out no more, and is a draft again; `drop`: it is none either. None where there is no post.

    Raises PostUnderWay for what is at Telegram already, or perhaps in its channel, AlreadyPosted for what stands there.
    """
    await hold_queued(session, idea)
    await _hold_idea(session, idea)
    post = await _held(session, idea)
    if post is None:
        return None
    if post.state is PostState.POSTED:
        raise AlreadyPosted("it stands in its channel", why=Reason("refused-post-posted"))
    on_its_way = post.state is PostState.POSTING and not await _take_back(session, post, now=now)
    if on_its_way or post.state is PostState.UNCERTAIN:
        raise _under_way(post)
    post.state = PostState.CANCELLED if drop else PostState.DRAFT
    post.local_at, post.due_at, post.updated_at = None, None, now
    await session.flush()
    if drop:
        await let_files_go(session, [post], now=now)
    return post


async def end_posts(session: AsyncSession, idea: Idea, *, now: datetime) -> None:
    """Before it is deleted: none goes out any more, and their files go after a day.

    What came of one that is at Telegram already is told later. Whoever holds the idea has called hold_queued before.
    """
    await hold_queued(session, idea)
    await _hold_idea(session, idea)
    found = select(IdeaPost).where(IdeaPost.idea_id == idea.id, IdeaPost.state != PostState.CANCELLED)
    found = found.order_by(IdeaPost.id).with_for_update().execution_options(populate_existing=True)
    posts = (await session.scalars(found)).all()
    for post in posts:
        on_its_way = post.state is PostState.POSTING and not await _take_back(session, post, now=now)
        if post.state in _OPEN and not on_its_way:
            post.state, post.local_at, post.due_at, post.updated_at = PostState.CANCELLED, None, None, now
    await session.flush()
    await let_files_go(session, posts, now=now)


async def hold_queued(session: AsyncSession, idea: Idea) -> None:
    """What waits in the outbox, before the idea itself is held, as the sender does."""
    theirs = select(IdeaPost.id).where(IdeaPost.idea_id == idea.id)
    waits = (OutboxMessage.post_id.in_(theirs), OutboxMessage.state == OutboxState.QUEUED)
    await session.execute(select(OutboxMessage.id).where(*waits).order_by(OutboxMessage.id).with_for_update())


async def must_have_channel(session: AsyncSession, post: IdeaPost) -> Channel:
    """Raises NoChannel."""
    if post.channel_id is None:
        raise NoChannel("choose the channel first", why=Reason("refused-post-no-channel"))
    return await _channel(session, post.creator_id, post.channel_id)


async def _ready(session: AsyncSession, idea: Idea, to: PostState) -> IdeaPost:
    """The post, held, if it may go there and has all that it needs."""
    await _hold_idea(session, idea)
    post = await _held(session, idea)
    if post is None:
        raise NoSuchPost("there is no post of this idea yet", why=Reason("refused-post-nothing"))
    if post.state is PostState.POSTED:
        raise AlreadyPosted("it stands in its channel", why=Reason("refused-post-posted"))
    if post.state is PostState.UNCERTAIN or post.state not in POST_MOVES.sources(to):
        raise _under_way(post)
    if post.message is None:
        raise BadPost("there is nothing to post yet", why=Reason("refused-post-nothing"))
    await _take_only_channel(session, post)
    await must_have_channel(session, post)
    return post


async def _take_back(session: AsyncSession, post: IdeaPost, *, now: datetime) -> bool:
    """Out of the outbox. False when it is at Telegram already."""
    waits = (OutboxMessage.post_id == post.id, OutboxMessage.state == OutboxState.QUEUED)
    cancelled = update(OutboxMessage).where(*waits)
    cancelled = cancelled.values(state=OutboxState.CANCELLED, closed_at=now, error="called off")
    return await count_changed(session, cancelled.execution_options(synchronize_session=False)) > 0


async def _hold_idea(session: AsyncSession, idea: Idea) -> None:
    """Until the end of the transaction: two who write its post take turns."""
    await session.execute(select(Idea.id).where(Idea.id == idea.id).with_for_update())


async def _held(session: AsyncSession, idea: Idea) -> IdeaPost | None:
    found = select(IdeaPost).where(IdeaPost.idea_id == idea.id, IdeaPost.state != PostState.CANCELLED)
    found = found.order_by(IdeaPost.id.desc()).limit(1).with_for_update()
    return await session.scalar(found.execution_options(populate_existing=True))


async def _channel(session: AsyncSession, creator_id: int, channel_id: int) -> Channel:
    channel = await session.scalar(select(Channel).where(Channel.id == channel_id, Channel.creator_id == creator_id))
    if channel is None:
        raise NoChannel("there is no such channel", why=Reason("refused-post-no-channel"))
    if not channel.may_post:
        raise NoChannel(
            f"the bot may not post in “{channel.title}”: make it an administrator there, with the right to post",
            why=Reason("refused-post-may-not", title=channel.title),
        )
    return channel


async def _put_channel(session: AsyncSession, post: IdeaPost, channel_id: int | None, *, keep: bool) -> None:
    """Raises as write_post does."""
    if channel_id is not None and channel_id != post.channel_id:
        if post.state is PostState.POSTED:
            raise AlreadyPosted("it stands in its channel", why=Reason("refused-post-posted"))
        channel = await _channel(session, post.creator_id, channel_id)
        if post.state is PostState.SCHEDULED and post.due_at is not None and not keep:
            await _must_be_alone(session, post, channel.id, post.due_at)
        post.channel_id = channel.id
    elif post.state is not PostState.POSTED:
        await _take_only_channel(session, post)


async def _take_only_channel(session: AsyncSession, post: IdeaPost) -> None:
    """Where there is but one, it need not be chosen."""
    if post.channel_id is None:
        channels = await channels_to_post(session, post.creator_id)
        post.channel_id = channels[0].id if len(channels) == 1 else None


async def _must_be_alone(session: AsyncSession, post: IdeaPost, channel_id: int | None, at: datetime) -> None:
    other = select(Idea.number, Idea.title).join(IdeaPost, IdeaPost.idea_id == Idea.id)
    there = (IdeaPost.channel_id == channel_id, IdeaPost.id != post.id, _COMES)
    same = other.where(*there, IdeaPost.due_at >= at, IdeaPost.due_at < at + _MINUTE).limit(1)
    found = (await session.execute(same)).one_or_none()
    if found is not None:
        raise SameMinute(
            f"idea {found.number} is posted there at that minute too",
            why=Reason("refused-post-same-minute", idea=found.number, title=found.title),
        )


def _changed(before: Message | None, changes: PostChanges) -> Message | None:
    message = before
    if changes.written is not None:
        rows = () if before is None else before.buttons
        message = Message(text=changes.written.text, file=changes.written.file, buttons=rows)
    if changes.buttons is not None:
        if message is None:
            raise BadPost("write the post first", why=Reason("refused-post-nothing"))
        message = message.model_copy(update={"buttons": changes.buttons})
    if message is None:
        return None
    silent = before.silent if before is not None else False
    return checked(message).model_copy(update={"silent": silent})


async def _must_be_editable(session: AsyncSession, post: IdeaPost, before: Message | None, message: Message) -> None:
    if post.telegram_message_id is None:
        line = "nobody knows which message in the channel it is, so it cannot be changed here: change it in Telegram"
        raise AlreadyPosted(line, why=Reason("refused-post-unknown"))
    # https://core.telegram.org/bots/api#editmessagemedia
    if before is not None and (before.file is None) != (message.file is None):
        raise AlreadyPosted(
            "Telegram lets no post change between a text and a file", why=Reason("refused-post-other-kind")
        )
    if before is not None and before.file != message.file and await are_voices(session, before.file, message.file):
        line = "Telegram lets no voice note take another's place, nor anything that of a voice note"
        raise AlreadyPosted(line, why=Reason("refused-post-voice"))


def _under_way(post: IdeaPost) -> PostUnderWay:
    if post.state is PostState.UNCERTAIN:
        line = "it may stand in the channel or not; look, and settle it first by saying whether it does"
        return PostUnderWay(line, why=Reason("refused-post-uncertain"))
    return PostUnderWay("it is being posted", why=Reason("refused-post-under-way"))
