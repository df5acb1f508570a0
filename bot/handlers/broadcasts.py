"""`/broadcast`: one message to a segment, in one line or by buttons."""

from datetime import timedelta

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers.broadcast_drafts import change_draft, own_broadcast, schedule, send_trials
from bot.handlers.broadcast_lines import read_line, read_when
from bot.handlers.broadcast_screens import cancel_screen, card, confirm_screen, line_screen, list_screen, zone_of
from bot.handlers.edits import edit
from bot.numbers import is_id, read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.broadcasts.acts import (
    ShownIn,
    cancel_broadcast,
    copy_broadcast,
    discard_broadcast,
    draft_broadcast,
    pause_broadcast,
    resume_broadcast,
    start_broadcast,
    unschedule_broadcast,
)
from domain.broadcasts.audience import audience_of
from domain.broadcasts.checking import check_time
from domain.broadcasts.definition import Content, Variant, Wording
from domain.messages.plain import Message
from domain.prompts import ask_next
from store.models import Broadcast, BroadcastState, Creator

# a line that nobody has said yes to
LINE_GOOD_FOR = timedelta(days=1)
_NOT_BEGUN = frozenset({BroadcastState.DRAFT, BroadcastState.SCHEDULED})
_ENDED = frozenset({BroadcastState.DONE, BroadcastState.CANCELLED})


async def broadcast(turn: Turn, arguments: str) -> None:
    """`/broadcast`, `/broadcast 12`, `/broadcast all Hello`, `/broadcast "tag:vip" at="2026-12-01 10:00" Hello`."""
    told = arguments.strip()
    if is_id(told):
        turn.send(await card(turn, *await own_broadcast(turn, read_id(told))))
        return
    creator = await turn.as_creator()
    match told.lower():
        case "" | "list":
            turn.send(await list_screen(turn, creator))
        case "new":
            await _ask_for_message(turn, creator)
        case _:
            await _from_line(turn, creator, told)


async def _from_line(turn: Turn, creator: Creator, text: str) -> None:
    """A draft and the question whether it is to go out: nothing is sent by a line alone."""
    zone = zone_of(turn, creator)
    line = read_line(turn, text, zone)
    # a mistake in the time or the question is told at once, and no draft is left of it
    if line.when is not None:
        check_time(line.when.at, now=turn.now)
    setup = turn.facts.published.setup(creator.id)
    await audience_of(turn.session, creator.id, line.question, setup, now=turn.now)
    content = Content(variants=(Variant(wordings={setup.language: Wording(text=line.text)}),))
    drafted = await draft_broadcast(
        turn.session,
        creator.id,
        turn.person.id,
        content,
        segment=line.question,
        setup=setup,
        lapses_at=turn.now + LINE_GOOD_FOR,
        now=turn.now,
    )
    if line.when is None:
        turn.send(await confirm_screen(turn, drafted))
    else:
        turn.send(await line_screen(turn, drafted, line.when.at, line.when.local_at, zone))


async def _ask_for_message(turn: Turn, creator: Creator) -> None:
    await ask_next(turn.session, turn.person.id, "bc-new", {"creator": creator.id}, now=turn.now)
    turn.say("broadcast-ask-message")


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`bc:list:CREATOR:PAGE`, `bc:new:CREATOR`, or `bc:ID:` and what is to be done with it."""
    match arguments:
        case ["list", creator_id, *page]:
            creator = await turn.as_creator(read_id(creator_id))
            edit(turn, query, await list_screen(turn, creator, read_id(page[0]) if page else 0))
        case ["new", creator_id]:
            await _ask_for_message(turn, await turn.as_creator(read_id(creator_id)))
        case [number, what, *rest]:
            creator, found = await own_broadcast(turn, read_id(number))
            if _is_late(found, what):
                edit(turn, query, await card(turn, creator, found))
            elif not await _settle(turn, query, found, what, rest):
                await _show(turn, query, creator, found, (what, rest))
        case _:
            raise turn.refusal("not-understood")
    turn.replies.append(TapReply(query_id=query.id))


def _is_late(found: Broadcast, what: str) -> bool:
    """The button stood there while the broadcast went on: what is to be done has begun, or is over."""
    match what:
        case "go":
            return found.state not in _NOT_BEGUN
        case "cancel" | "stop":
            return found.state in _ENDED
        case _:
            return False


async def _settle(turn: Turn, query: CallbackQuery, found: Broadcast, what: str, rest: list[str]) -> bool:
    """Starts it, lets it pause, go on or end. True when it was that.

    The message that was tapped is changed from then on by whoever shows the progress, and by nobody else.
    """
    shown_in = _shown_in(turn, query)
    match what, rest:
        case "yes", [revision]:
            setup = turn.facts.published.setup(found.creator_id)
            await start_broadcast(
                turn.session, found, setup=setup, revision=read_id(revision), shown_in=shown_in, now=turn.now
            )
        case "pause", []:
            await pause_broadcast(turn.session, found, shown_in=shown_in, now=turn.now)
        case "resume", []:
            await resume_broadcast(turn.session, found, shown_in=shown_in, now=turn.now)
        case "stop", []:
            await cancel_broadcast(turn.session, found, now=turn.now)
            edit(turn, query, Message(text=turn.words("broadcast-cancelled", title=found.title)))
        case _:
            return False
    return True


async def _show(
    turn: Turn, query: CallbackQuery, creator: Creator, found: Broadcast, asked: tuple[str, list[str]]
) -> None:
    match asked:
        case "show" | "refresh", []:
            edit(turn, query, await card(turn, creator, found))
        case "go", []:
            edit(turn, query, await confirm_screen(turn, found))
        case "cancel", []:
            turn.send(cancel_screen(turn, found))
        case "at", [revision, local, day_and_hour, minute]:
            when = read_when(turn, f"{day_and_hour}:{minute} {'local' if local == '1' else ''}", zone_of(turn, creator))
            await schedule(turn, found, when, revision=read_id(revision), shown_in=_shown_in(turn, query))
            edit(turn, query, await card(turn, creator, found))
        case "unschedule", []:
            await unschedule_broadcast(turn.session, found)
            edit(turn, query, await card(turn, creator, found))
        case "discard", []:
            await discard_broadcast(turn.session, found, now=turn.now)
            edit(turn, query, await list_screen(turn, creator))
        case "copy", []:
            copied = await copy_broadcast(turn.session, found, turn.person.id, now=turn.now)
            turn.send(await card(turn, creator, copied))
        case "test", []:
            await send_trials(turn, query, found)
        case _:
            await change_draft(turn, query, creator, found, asked)


def _shown_in(turn: Turn, query: CallbackQuery) -> ShownIn | None:
    return ShownIn(turn.person.id, query.message.message_id) if isinstance(query.message, TelegramMessage) else None
