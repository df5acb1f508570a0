"""`/api/v1/{user_id}/ideas/{idea_id}/post`: what is said of an idea in a channel, and when; and the channels."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool
from sqlalchemy import func, select

from automations.settling import Settled, settle_post
from domain.access import Act
from domain.idea_links import link_of_idea
from domain.idea_parts import NoSuchIdea
from domain.idea_post_content import LINK, MOST_BUTTONS, BadPost, PostChanges, Written, checked_buttons, message_of
from domain.idea_post_files import NoSuchFile
from domain.idea_post_times import BadMoment, read_moment
from domain.idea_posts import (
    AlreadyPosted,
    NoChannel,
    NoSuchPost,
    PostUnderWay,
    SameMinute,
    TooLate,
    call_off,
    find_post,
    post_now,
    schedule_post,
    write_post,
)
from kit.errors import Reason
from kit.paging import Page
from kit.zones import zone_named
from store.models import Channel, Idea, IdeaPost, PostState
from web.api.ideas import found, held
from web.api.lists import ListAnswer
from web.api.product_bodies import Id
from web.api.query import ListQuery, Printable, Text
from web.api.route import Call, NoBody, NoQuery, Plain, Route


class PostButton(BaseModel):
    """`url` may be `link`: the idea's own tracked link, made where there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Text
    url: Annotated[str, Printable, Field(max_length=2048)]


class PutPost(BaseModel):
    """`text` is Telegram HTML; without a channel it is the only one.

    `file` is an upload that nothing has taken, another post's, or, for who may change products, one of a product.
    `keep`: though another post goes into that channel at the minute for which it is scheduled.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    # without its tags it is counted later
    text: Annotated[str, Printable, Field(max_length=20_000)] = ""
    file: Id | None = None
    buttons: Annotated[tuple[PostButton, ...], Field(max_length=MOST_BUTTONS)] = ()
    channel: Id | None = None
    silent: StrictBool = False
    keep: StrictBool = False


class WhenToPost(BaseModel):
    """`at` by the clock of the creator's time zone, `2026-12-01T18:00` or `fri 9`, or as an instant, with `Z` or an
    offset.

    A time that this clock skips is the first after it, one that it shows twice the first. `keep`: though another post
    goes into that channel at that minute.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Annotated[str, Printable, Field(max_length=40)]
    keep: StrictBool = False


class Settling(BaseModel):
    """What whoever has looked into the channel says: `stands`, whether the post is there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stands: StrictBool


class ChannelPost(BaseModel):
    """`local_at` is what was chosen, `due_at` the instant that it means; `error` is why it did not go out."""

    state: PostState
    text: str
    file: int | None
    buttons: list[PostButton]
    channel: int | None
    silent: bool
    local_at: str | None
    due_at: datetime | None
    posted_at: datetime | None
    message_id: int | None
    error: str | None
    updated_at: datetime

    @classmethod
    def of(cls, post: IdeaPost) -> "ChannelPost":
        message = message_of(post)
        rows = () if message is None else message.buttons
        return cls(
            state=post.state,
            text="" if message is None else message.text,
            file=None if message is None else message.file,
            buttons=[PostButton(text=each.text, url=each.url or "") for row in rows for each in row],
            channel=post.channel_id,
            silent=post.silent,
            local_at=post.local_at,
            due_at=post.due_at,
            posted_at=post.posted_at,
            message_id=post.telegram_message_id,
            error=post.error,
            updated_at=post.updated_at,
        )


class ChannelItem(BaseModel):
    """A channel or group in which the bot is, and what it may do there; `chat_id` is Telegram's number for it."""

    id: int
    chat_id: int
    title: str
    may_post: bool
    may_invite: bool
    may_remove: bool

    @classmethod
    def of(cls, channel: Channel) -> "ChannelItem":
        return cls(
            id=channel.id,
            chat_id=channel.chat_id,
            title=channel.title,
            may_post=bool(channel.may_post),
            may_invite=channel.may_invite,
            may_remove=channel.may_remove,
        )


async def show_channels(call: Call[ListQuery, NoBody]) -> ListAnswer[ChannelItem]:
    paging, theirs = call.query.paging(), Channel.creator_id == call.creator_id
    total = await call.session.scalar(select(func.count()).select_from(Channel).where(theirs)) or 0
    asked = select(Channel).where(theirs).order_by(Channel.id).limit(paging.limit).offset(paging.offset)
    return ListAnswer[ChannelItem].of(Page((await call.session.scalars(asked)).all(), total, paging), ChannelItem.of)


async def show_post(call: Plain) -> ChannelPost:
    """The one that is worked on, or was posted last."""
    post = await find_post(call.session, await found(call))
    if post is None:
        raise _no_post()
    return ChannelPost.of(post)


async def put_post(call: Call[NoQuery, PutPost]) -> ChannelPost:
    """Drafts it, or says all of it anew: one that is scheduled stays so, and what was posted is edited there."""
    idea, body = await held(call), call.body
    lines = [(each.text, each.url) for each in body.buttons]
    link = await _address(call, idea) if any(url.strip().lower() == LINK for _, url in lines) else None
    changes = PostChanges(
        written=Written(body.text, body.file),
        buttons=checked_buttons(lines, link),
        channel_id=body.channel,
        silent=body.silent,
    )
    goods, now = call.may(Act.CHANGE_PRODUCTS), call.tools.clock()
    post = await write_post(call.session, idea, changes, keep=body.keep, of_products=goods, now=now)
    return ChannelPost.of(post)


async def drop_post(call: Plain) -> None:
    """Calls it off for good. What stands in a channel stays there."""
    if await call_off(call.session, await found(call), now=call.tools.clock(), drop=True) is None:
        raise _no_post()


async def schedule(call: Call[NoQuery, WhenToPost]) -> ChannelPost:
    """Again, with another time, it goes out then."""
    zone = zone_named(call.tools.published.setup(call.creator_id).time_zone)
    idea, now = await held(call), call.tools.clock()
    try:
        at = datetime.fromisoformat(call.body.at.strip())
    except ValueError:
        at = read_moment(call.body.at, now, zone)
    post, _ = await schedule_post(call.session, idea, at, zone, now=now, keep=call.body.keep)
    return ChannelPost.of(post)


async def post_at_once(call: Plain) -> ChannelPost:
    """Also what could not be posted before; what came of it is told by `state` a moment later."""
    return ChannelPost.of(await post_now(call.session, await held(call), now=call.tools.clock()))


async def settle(call: Call[NoQuery, Settling]) -> ChannelPost:
    """One that is `uncertain`: it is posted, or has failed and can be posted again.

    What is said to stand there cannot be changed from here: nobody knows which message it is.
    """
    idea, now = await found(call), call.tools.clock()
    return ChannelPost.of(await settle_post(call.session, idea, stands=call.body.stands, now=now))


def _no_post() -> NoSuchPost:
    return NoSuchPost("there is no post of this idea yet", why=Reason("refused-post-nothing"))


async def _address(call: Call[Any, Any], idea: Idea) -> str:
    setup = call.tools.published.setup(idea.creator_id)
    link = await link_of_idea(call.session, idea, setup, now=call.tools.clock())
    return f"{call.tools.bot_link()}?start={link.key}"


_LIFE = "test_api_idea_posts.py::test_a_post_is_written_scheduled_called_off_and_posted"
_WRONG = "test_api_idea_posts.py::test_what_cannot_be_posted_is_refused_with_its_reason"
_UNCERTAIN = "test_api_idea_posts.py::test_a_post_whose_answer_got_lost_is_settled_by_who_has_looked"
_UNDER_WAY = (NoSuchIdea, PostUnderWay, AlreadyPosted)

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/channels",
        Act.SEE_IDEAS,
        show_channels,
        "Channels and groups in which the bot is",
        {200: ListAnswer[ChannelItem]},
        query=ListQuery,
        proves=(_LIFE,),
    ),
    Route(
        "GET",
        "/{user_id}/ideas/{idea_id}/post",
        Act.SEE_IDEAS,
        show_post,
        "An idea's post in a channel",
        {200: ChannelPost},
        refuses=(NoSuchIdea, NoSuchPost),
        proves=(_LIFE, _WRONG),
    ),
    Route(
        "PUT",
        "/{user_id}/ideas/{idea_id}/post",
        Act.PUBLISH_IDEAS,
        put_post,
        "Writes an idea's post, or edits it",
        {200: ChannelPost},
        session="write",
        body=PutPost,
        refuses=(*_UNDER_WAY, BadPost, NoChannel, NoSuchFile, SameMinute),
        example={"text": "See <b>the studio</b>", "buttons": [{"text": "Get the presets", "url": "link"}]},
        proves=(_LIFE, _WRONG),
    ),
    Route(
        "DELETE",
        "/{user_id}/ideas/{idea_id}/post",
        Act.PUBLISH_IDEAS,
        drop_post,
        "Calls an idea's post off",
        {204: None},
        session="write",
        refuses=(*_UNDER_WAY, NoSuchPost),
        proves=(_LIFE,),
    ),
    Route(
        "POST",
        "/{user_id}/ideas/{idea_id}/post/schedule",
        Act.PUBLISH_IDEAS,
        schedule,
        "Schedules an idea's post",
        {200: ChannelPost},
        session="write",
        body=WhenToPost,
        refuses=(*_UNDER_WAY, NoSuchPost, BadPost, NoChannel, BadMoment, TooLate, SameMinute),
        example={"at": "2032-12-01T18:00"},
        proves=(_LIFE, _WRONG),
    ),
    Route(
        "POST",
        "/{user_id}/ideas/{idea_id}/post/now",
        Act.PUBLISH_IDEAS,
        post_at_once,
        "Posts an idea now",
        {200: ChannelPost},
        session="write",
        refuses=(*_UNDER_WAY, NoSuchPost, BadPost, NoChannel),
        proves=(_LIFE, _WRONG),
    ),
    Route(
        "POST",
        "/{user_id}/ideas/{idea_id}/post/settle",
        Act.PUBLISH_IDEAS,
        settle,
        "Says whether an uncertain post stands in its channel",
        {200: ChannelPost},
        session="write",
        body=Settling,
        refuses=(NoSuchIdea, NoSuchPost, Settled),
        example={"stands": True},
        proves=(_UNCERTAIN,),
    ),
)
