"""`/broadcast`: one message to a segment, in one line or by buttons."""

from zoneinfo import ZoneInfo

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers.broadcast_drafts import change_draft, send_trials
from bot.handlers.broadcast_lines import read_line, read_when
from bot.handlers.broadcast_screens import cancel_screen, card, confirm_screen, line_screen, list_screen, zone_of
from bot.handlers.edits import edit
from bot.numbers import is_id, read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.broadcasts.acts import (
    cancel_broadcast,
    copy_broadcast,
    discard_broadcast,
    draft_broadcast,
    find_broadcast,
    pause_broadcast,
    resume_broadcast,
    schedule_broadcast,
    start_broadcast,
    unschedule_broadcast,
)
from domain.broadcasts.audience import audience_of
from domain.broadcasts.definition import Content, Variant, Wording
from domain.messages.plain import Message
from domain.prompts import ask_next
from store.models import Broadcast, Creator


async def broadcast(turn: Turn, arguments: str) -> None:
    """`/broadcast`, `/broadcast 12`, `/broadcast all Hello`, `/broadcast "tag:vip" at="2026-12-01 10:00" Hello`."""
    creator = await turn.as_creator()
    told = arguments.strip()
    match told.lower():
        case "" | "list":
            turn.send(await list_screen(turn, creator))
        case "new":
            await _ask_for_message(turn, creator)
        case number if is_id(number):
            turn.send(await card(turn, creator, await find_broadcast(turn.session, creator.id, read_id(number))))
        case _:
            await _from_line(turn, creator, told)


async def _from_line(turn: Turn, creator: Creator, text: str) -> None:
    """A draft and the question whether it is to go out: nothing is sent by a line alone."""
    zone = zone_of(turn, creator)
    line = read_line(turn, text, zone)
    # a mistake in the question is told at once
    setup = turn.facts.published.setup(creator.id)
    await audience_of(turn.session, creator.id, line.question, setup, now=turn.now)
    content = Content(variants=(Variant(wordings={setup.language: Wording(text=line.text)}),))
    drafted = await draft_broadcast(
        turn.session, creator.id, turn.person.id, content, segment=line.question, now=turn.now
    )
    if line.when is None:
        turn.send(await confirm_screen(turn, drafted))
    else:
        turn.send(await line_screen(turn, drafted, line.when.at, line.when.local_at, zone))


async def _ask_for_message(turn: Turn, creator: Creator) -> None:
    await ask_next(turn.session, turn.person.id, "bc-new", {"creator": creator.id}, now=turn.now)
    turn.say("broadcast-ask-message")


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`bc:list`, `bc:new`, or `bc:ID:` and what is to be done with it."""
    creator = await turn.as_creator()
    match arguments:
        case ["list"]:
            edit(turn, query, await list_screen(turn, creator))
        case ["new"]:
            await _ask_for_message(turn, creator)
        case [number, what, *rest]:
            found = await find_broadcast(turn.session, creator.id, read_id(number))
            if not await _settle(turn, query, found, what, rest):
                await _show(turn, query, creator, found, (what, rest))
        case _:
            raise turn.refusal("not-understood")
    turn.replies.append(TapReply(query_id=query.id))


async def _settle(turn: Turn, query: CallbackQuery, found: Broadcast, what: str, rest: list[str]) -> bool:
    """Starts it, lets it pause, go on or end. True when it was that.

    The message that was tapped is changed from then on by whoever shows the progress, and by nobody else.
    """
    shown_in = _message_id(query)
    match what, rest:
        case "yes", []:
            await start_broadcast(turn.session, found, shown_in=shown_in, now=turn.now)
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
        case "at", [local, *time]:
            await _schedule(turn, creator, found, ":".join(time), local=local == "1", shown_in=_message_id(query))
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


def _message_id(query: CallbackQuery) -> int | None:
    return query.message.message_id if isinstance(query.message, TelegramMessage) else None


async def _schedule(
    turn: Turn, creator: Creator, found: Broadcast, time: str, *, local: bool, shown_in: int | None
) -> None:
    zone: ZoneInfo = zone_of(turn, creator)
    when = read_when(turn, f"{time.replace('T', ' ')} {'local' if local else ''}", zone)
    await schedule_broadcast(turn.session, found, when.at, local_at=when.local_at, shown_in=shown_in, now=turn.now)
