"""Posting an idea into a channel: the buttons of its post, and what is typed or sent after these have asked for it."""

from datetime import datetime

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from automations.settling import settle_post
from bot.handlers.edits import edit
from bot.handlers.idea_access import held_idea, own_idea, zone_of_ideas
from bot.handlers.idea_post_screens import (
    ask_screen,
    channels_screen,
    data,
    now_screen,
    post_screen,
    same_minute_screen,
    scheduled_screen,
    seen_of,
)
from bot.handlers.idea_prompts import show_answer
from bot.handlers.idea_taps import message_of as message_to_edit
from bot.numbers import read_id
from bot.replies import TapReply
from bot.sent_files import keep_sent
from bot.turn import Turn
from domain.idea_links import link_of_idea
from domain.idea_post_content import PostChanges, Written, message_of, names_link, read_buttons
from domain.idea_post_times import read_moment
from domain.idea_posts import SameMinute, call_off, find_post, post_now, schedule_post, write_post
from domain.messages.plain import Message
from domain.messages.refusing import say_refusal
from domain.prompts import Prompted, ask_next, drop_prompt
from store.models import Creator, Idea, PostState

ACTS = frozenset({"ipost-write", "ipost-buttons", "ipost-when"})
_TYPED = frozenset({"write", "buttons", "when"})
# what changes nothing, and what holds a row of the outbox before the idea's
_NOT_HELD = _TYPED | {"preview", "channel", "cancel", "drop", "there", "missing"}


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`ipost:CREATOR:NUMBER` shows it; behind that stand what is to be done, and with what."""
    creator_id, number, *words = arguments
    asked = (turn, read_id(creator_id), read_id(number))
    _, idea = await (own_idea(*asked) if not words or words[0] in _NOT_HELD else held_idea(*asked))
    turn.replies.append(TapReply(query_id=query.id))
    if len(words) == 1 and words[0] in _TYPED:
        about = {"creator": idea.creator_id, "idea": idea.number, **message_to_edit(query)}
        await ask_next(turn.session, turn.person.id, f"ipost-{words[0]}", about, now=turn.now)
        screen: Message | None = ask_screen(turn, idea, words[0])
    else:
        screen = await _screen(turn, idea, words)
    if screen is not None:
        edit(turn, query, screen)


async def _screen(turn: Turn, idea: Idea, words: list[str]) -> Message | None:
    """What the message becomes; None where it stays as it is."""
    match words:
        case ["preview"]:
            await _preview(turn, idea)
            return None
        case ["channel"]:
            return await channels_screen(turn, idea)
        case ["now", *seen]:
            post = await find_post(turn.session, idea)
            if post is not None and post.channel_id is None:
                return await channels_screen(turn, idea)
            if post is not None and seen != seen_of(post).split(":"):
                # not asked yet, or it says something else by now, or elsewhere
                return await now_screen(turn, idea, post)
            await post_now(turn.session, idea, now=turn.now)
        case ["keep", moment]:
            local = datetime.strptime(str(read_id(moment)), "%Y%m%d%H%M")  # noqa: DTZ007 - local by design: schedule_post adds the creator's zone
            return await _schedule(turn, idea, local, keep=True)
        case ["to", channel_id, *keep] if keep in ([], ["keep"]):
            return await _move(turn, idea, read_id(channel_id), keep=bool(keep))
        case []:
            # back from what was asked for
            await drop_prompt(turn.session, turn.person.id)
        case _:
            await _do(turn, idea, words)
    return await post_screen(turn, idea)


async def _do(turn: Turn, idea: Idea, words: list[str]) -> None:
    match words:
        case ["silent" | "loud" as how]:
            await _write(turn, idea, PostChanges(silent=how == "silent"))
        case ["again"]:
            # under an old notice too: what has been scheduled or drafted since is only shown
            post = await find_post(turn.session, idea)
            if post is not None and post.state is PostState.FAILED:
                await post_now(turn.session, idea, now=turn.now)
        case ["cancel" | "drop" as how]:
            await call_off(turn.session, idea, now=turn.now, drop=how == "drop")
        case ["there" | "missing" as how]:
            await settle_post(turn.session, idea, stands=how == "there", now=turn.now)
        case _:
            raise turn.refusal("not-understood")


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    creator, idea = await held_idea(turn, int(asked.data["creator"]), int(asked.data["idea"]))
    if asked.act == "ipost-write":
        await _write(turn, idea, PostChanges(written=await _written(turn, creator, message)))
        show_answer(turn, asked, await post_screen(turn, idea))
        return
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("prompt-needs-text")
    if asked.act == "ipost-buttons":
        link = await _address(turn, idea) if names_link(text) else None
        await _write(turn, idea, PostChanges(buttons=read_buttons(text, link)))
        screen = await post_screen(turn, idea)
    else:
        screen = await _schedule(turn, idea, read_moment(text, turn.now, zone_of_ideas(turn, idea.creator_id)))
    show_answer(turn, asked, screen)


async def _schedule(turn: Turn, idea: Idea, local: datetime, *, keep: bool = False) -> Message:
    zone = zone_of_ideas(turn, idea.creator_id)
    try:
        _, meant = await schedule_post(turn.session, idea, local, zone, now=turn.now, keep=keep)
    except SameMinute as refusal:
        why = say_refusal(refusal, turn.person.speaks)
        return same_minute_screen(turn, idea, data(idea, "keep", f"{local:%Y%m%d%H%M}"), why)
    return await scheduled_screen(turn, idea, meant)


async def _move(turn: Turn, idea: Idea, channel_id: int, *, keep: bool) -> Message:
    try:
        await write_post(turn.session, idea, PostChanges(channel_id=channel_id), now=turn.now, keep=keep)
    except SameMinute as refusal:
        why = say_refusal(refusal, turn.person.speaks)
        return same_minute_screen(turn, idea, data(idea, "to", f"{channel_id}:keep"), why)
    return await post_screen(turn, idea)


async def _preview(turn: Turn, idea: Idea) -> None:
    """The very message that the channel is to get."""
    post = await find_post(turn.session, idea)
    message = None if post is None else message_of(post)
    if message is None:
        raise turn.refusal("refused-post-nothing")
    turn.send(message)


async def _write(turn: Turn, idea: Idea, changes: PostChanges) -> None:
    await write_post(turn.session, idea, changes, now=turn.now)


async def _written(turn: Turn, creator: Creator, message: TelegramMessage) -> Written:
    """One message as it was formatted: words, or a picture, film or file with words under it."""
    if message.media_group_id is not None:
        raise turn.refusal("ipost-no-albums")
    if message.text is not None:
        return Written(message.text_html)
    file = await keep_sent(turn, creator, message)
    if file is None:
        raise turn.refusal("prompt-needs-message")
    return Written(message.caption_html or "", file.id)


async def _address(turn: Turn, idea: Idea) -> str:
    setup = turn.facts.published.setup(idea.creator_id)
    link = await link_of_idea(turn.session, idea, setup, now=turn.now)
    return f"{turn.facts.link()}?start={link.key}"
