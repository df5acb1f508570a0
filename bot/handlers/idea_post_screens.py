"""The post of an idea as a message with buttons: what it says, where and when, and what became of it."""

from datetime import datetime

from bot.handlers.idea_access import NOWHERE, zone_of_ideas
from bot.turn import Turn
from domain.idea_post_content import message_of
from domain.idea_post_times import Meant
from domain.idea_posts import channels_to_post, find_post
from domain.messages.plain import Button, Message, Rows
from kit.text import escape, shorten, unmarked
from store.models import Channel, Idea, IdeaPost, PostState

TEXT_SHOWN = 700
LABEL_LENGTH = 40
_OPEN = frozenset({PostState.DRAFT, PostState.SCHEDULED, PostState.FAILED})
Row = tuple[Button, ...]


def data(idea: Idea, act: str = "", extra: str | int = "") -> str:
    told = f"ipost:{idea.creator_id}:{idea.number}"
    return ":".join([told, *([act] if act else []), *([str(extra)] if extra != "" else [])])


async def post_screen(turn: Turn, idea: Idea) -> Message:
    post = await find_post(turn.session, idea)
    lines = [turn.words("ipost-head", number=idea.number, title=idea.title)]
    channels = await channels_to_post(turn.session, idea.creator_id)
    if post is None:
        lines.append(turn.words("ipost-none" if channels else "ipost-no-channels"))
        return Message(text="\n".join(lines), buttons=((_button(turn, idea, "write"),), _back(turn, idea)))
    channel = None if post.channel_id is None else await turn.session.get(Channel, post.channel_id)
    lines.append(_state(turn, post))
    if post.state is not PostState.FAILED and post.error:
        lines.append(turn.words("ipost-error", reason=post.error))
    lines.append(turn.words("ipost-channel", title="—" if channel is None else channel.title))
    if channel is None and not channels:
        lines.append(turn.words("ipost-no-channels"))
    elif channel is not None and not channel.may_post:
        lines.append(turn.words("ipost-may-not", title=channel.title))
    if post.silent:
        lines.append(turn.words("ipost-silent"))
    if (message := message_of(post)) is not None:
        if message.file is not None:
            lines.append(turn.words("ipost-file"))
        lines += ["", escape(shorten(unmarked(message.text), TEXT_SHOWN))]
        lines += [
            turn.words("ipost-button", label=each.text, url=shorten(each.url or "", TEXT_SHOWN // 4))
            for row in message.buttons
            for each in row
        ]
    return Message(text="\n".join(lines), buttons=(*_rows(turn, idea, post), _back(turn, idea)))


def _state(turn: Turn, post: IdeaPost) -> str:
    at = post.posted_at if post.state is PostState.POSTED else post.due_at
    told = "—" if at is None else told_at(turn, post.creator_id, at)
    words = "ipost-state-unknown" if _is_unknown(post) else f"ipost-state-{post.state.value}"
    return turn.words(words, at=told, zone=str(zone_of_ideas(turn, post.creator_id)), reason=post.error or "—")


def _is_unknown(post: IdeaPost) -> bool:
    """It stands in the channel as somebody has said, and nobody knows as which message: it cannot be changed here."""
    return post.state is PostState.POSTED and post.telegram_message_id is None


def told_at(turn: Turn, creator_id: int, at: datetime) -> str:
    return f"{at.astimezone(zone_of_ideas(turn, creator_id)):%Y-%m-%d %H:%M}"


def _rows(turn: Turn, idea: Idea, post: IdeaPost) -> list[Row]:
    if post.state is PostState.UNCERTAIN:
        return [(_button(turn, idea, "there"), _button(turn, idea, "missing"))]
    if post.state is PostState.POSTING:
        return [(_button(turn, idea, "cancel"), _button(turn, idea, "show"))]
    if _is_unknown(post):
        return [(_button(turn, idea, "preview"),)]
    rows: list[Row] = [(_button(turn, idea, "write"), *([_button(turn, idea, "buttons")] if post.message else []))]
    if post.state in _OPEN:
        rows.append((_button(turn, idea, "channel"), _button(turn, idea, "loud" if post.silent else "silent")))
    if post.message is not None:
        rows.append((_button(turn, idea, "preview"),))
        if post.state in _OPEN:
            again = post.state is PostState.FAILED
            rows.append((_button(turn, idea, "when"), _button(turn, idea, "again" if again else "now")))
    if post.state is PostState.SCHEDULED:
        rows.append((_button(turn, idea, "cancel"),))
    elif post.state in _OPEN:
        rows.append((_button(turn, idea, "drop"),))
    return rows


async def channels_screen(turn: Turn, idea: Idea) -> Message:
    post = await find_post(turn.session, idea)
    chosen = None if post is None else post.channel_id
    channels = await channels_to_post(turn.session, idea.creator_id)
    rows: list[Row] = [
        (
            Button(
                text=("✓ " if each.id == chosen else "") + shorten(each.title, LABEL_LENGTH),
                data=data(idea, "to", each.id),
            ),
        )
        for each in channels
    ]
    words = turn.words("ipost-choose-channel" if channels else "ipost-no-channels")
    return Message(text=f"{_head(turn, idea)}\n{words}", buttons=(*rows, *_to_post(turn, idea)))


def ask_screen(turn: Turn, idea: Idea, part: str) -> Message:
    """The message while something is awaited that is typed or sent."""
    zone = str(zone_of_ideas(turn, idea.creator_id))
    words = turn.words(f"ipost-ask-{part}", zone=zone)
    return Message(text=f"{_head(turn, idea)}\n{words}", buttons=_to_post(turn, idea))


async def now_screen(turn: Turn, idea: Idea, post: IdeaPost) -> Message:
    channel = None if post.channel_id is None else await turn.session.get(Channel, post.channel_id)
    words = turn.words("ipost-confirm-now", title="—" if channel is None else channel.title)
    yes = Button(text=turn.words("ipost-button-yes"), data=data(idea, "now", seen_of(post)))
    return Message(text=f"{_head(turn, idea)}\n{words}", buttons=((yes,), *_to_post(turn, idea)))


def seen_of(post: IdeaPost) -> str:
    """What whoever says yes has seen: this post, in these words, for that channel."""
    return f"{post.id}:{post.revision}:{post.channel_id or 0}"


def same_minute_screen(turn: Turn, idea: Idea, all_the_same: str, why: str) -> Message:
    """Another goes into the channel at that minute; a button does it all the same."""
    keep = Button(text=turn.words("ipost-button-keep"), data=all_the_same)
    other = _button(turn, idea, "when")
    return Message(text=f"{_head(turn, idea)}\n⚠️ {why}", buttons=((keep, other), *_to_post(turn, idea)))


async def scheduled_screen(turn: Turn, idea: Idea, meant: Meant) -> Message:
    """The post, and what a change of the clock makes of the time that was typed."""
    screen = await post_screen(turn, idea)
    if meant.clock == "plain":
        return screen
    offset = f"{meant.at.astimezone(zone_of_ideas(turn, idea.creator_id)):%z}"
    shown = f"{meant.local:%H:%M} (UTC{offset[:3]}:{offset[3:]})"
    note = turn.words(f"ipost-clock-{meant.clock}", at=shown)
    return screen.model_copy(update={"text": f"{note}\n\n{screen.text}"})


def _head(turn: Turn, idea: Idea) -> str:
    return turn.words("ipost-head", number=idea.number, title=idea.title)


def _button(turn: Turn, idea: Idea, act: str) -> Button:
    return Button(text=turn.words(f"ipost-button-{act}"), data=data(idea, "" if act == "show" else act))


def _to_post(turn: Turn, idea: Idea) -> Rows:
    return ((Button(text=turn.words("button-back"), data=data(idea)),),)


def _back(turn: Turn, idea: Idea) -> Row:
    return (Button(text=turn.words("ipost-button-card"), data=NOWHERE.data("show", idea)),)
