"""`/funnels`: a creator's follow-ups, in one line or by buttons."""

from telegram import CallbackQuery

from bot.handlers import funnel_parked
from bot.handlers.edits import edit
from bot.handlers.funnel_files import ask_for_file, confirm_draft, send_all_yaml, send_yaml
from bot.handlers.funnel_people import ask_whom, begin_tapped, leave_line, start_line
from bot.handlers.funnel_screens import archive_screen, card, list_screen, steps_screen
from bot.numbers import is_id, read_id
from bot.replies import ResumingReply, SimulateReply, TapReply
from bot.turn import Turn
from domain.funnels.heads import (
    FunnelStands,
    NoSuchFunnel,
    archive_funnel,
    find_funnel,
    pause_funnel,
    refuse_of_file,
    resume_funnel,
    start_step,
)
from domain.messages.plain import Message
from store.models import Creator, EnrollmentState, FunnelHead, FunnelState, Late
from store.queries.funnel_views import count_states, funnel_by_id

_DAYS = 30
_MOST_DAYS = 366
_LINES = frozenset({"pause", "resume", "archive", "start", "leave", "steps", "yaml", "parked", "simulate"})


async def funnels(turn: Turn, arguments: str) -> None:
    """`/funnels`, `/funnels welcome`, `/funnels pause welcome`, `/funnels start welcome tag:vip` and so on."""
    creator = await turn.as_creator()
    words = arguments.split(maxsplit=2)
    match [words[0].lower(), *words[1:]] if words else []:
        case [] | ["list"]:
            turn.send(await list_screen(turn, creator))
        case ["new"]:
            await ask_for_file(turn, creator)
        case ["parked"]:
            turn.send(await funnel_parked.screen(turn, creator, None, 0))
        case ["yaml"]:
            await send_all_yaml(turn, creator)
        case [verb, key, *rest] if verb in _LINES:
            head = await find_funnel(turn.session, creator.id, key.lower())
            await _do_line(turn, creator, head, verb, rest[0].strip() if rest else "")
        case [key]:
            turn.send(await card(turn, await find_funnel(turn.session, creator.id, key.lower())))
        case _:
            raise turn.refusal("funnels-form")


async def _do_line(turn: Turn, creator: Creator, head: FunnelHead, verb: str, rest: str) -> None:
    match verb, rest.lower():
        case "pause" | "archive" | "steps" | "yaml", "":
            await _do_word(turn, creator, head, verb)
        case "parked", "":
            turn.send(await funnel_parked.screen(turn, creator, head, 0))
        case "resume", "":
            _show_resuming(turn, head)
        case "resume", "skip" | "once" | "shift" as late:
            await resume_funnel(turn.session, head, Late(late), now=turn.now)
            turn.send(await card(turn, head))
        case "start", _ if rest:
            await start_line(turn, creator, head, rest)
        case "leave", _ if rest:
            await leave_line(turn, creator, head, rest)
        case "simulate", told:
            _simulate(turn, head, told)
        case _:
            raise turn.refusal("funnels-form")


async def _do_word(turn: Turn, creator: Creator, head: FunnelHead, verb: str) -> None:
    match verb:
        case "pause":
            await pause_funnel(turn.session, head, now=turn.now)
            turn.send(await card(turn, head))
        case "archive":
            turn.send(await _ask_archive(turn, creator, head))
        case "steps":
            turn.send(await steps_screen(turn, head))
        case "yaml":
            await send_yaml(turn, head)


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`fn:list:PAGE`, `fn:new`, `fn:draft:NUMBER:POLICY`, `fn:park:…`, or `fn:ID:` and what is to be done with it."""
    creator = await turn.as_creator()
    turn.replies.append(TapReply(query_id=query.id))
    match arguments:
        case ["list" | "all" as which, page]:
            edit(turn, query, await list_screen(turn, creator, read_id(page), archived=which == "all"))
        case ["new"]:
            await ask_for_file(turn, creator)
        case ["yaml"]:
            await send_all_yaml(turn, creator)
        case ["parked", page]:
            edit(turn, query, await funnel_parked.screen(turn, creator, None, read_id(page)))
        case ["park", *rest]:
            await funnel_parked.settle(turn, query, creator, rest)
        case ["draft", number, what]:
            await confirm_draft(turn, query, creator, read_id(number), what)
        case [number, what, *rest] if is_id(number):
            head = await funnel_by_id(turn.session, creator.id, read_id(number))
            if head is None:
                raise NoSuchFunnel(number)
            await _tap_one(turn, query, creator, head, (what, rest))
        case _:
            raise turn.refusal("not-understood")


async def _tap_one(
    turn: Turn, query: CallbackQuery, creator: Creator, head: FunnelHead, asked: tuple[str, list[str]]
) -> None:
    match asked:
        case "show", []:
            edit(turn, query, await card(turn, head))
        case "steps", []:
            edit(turn, query, await steps_screen(turn, head))
        case "yaml", []:
            await send_yaml(turn, head)
        case "try", []:
            _simulate(turn, head, "")
        case "start" | "leave" as what, []:
            await ask_whom(turn, head, what)
        case "begin", [view]:
            await begin_tapped(turn, query, creator, head, read_id(view))
        case "parked", [page]:
            edit(turn, query, await funnel_parked.screen(turn, creator, head, read_id(page)))
        case _:
            await _change(turn, query, creator, head, asked)


async def _change(
    turn: Turn, query: CallbackQuery, creator: Creator, head: FunnelHead, asked: tuple[str, list[str]]
) -> None:
    """Its state."""
    match asked:
        case "pause", []:
            await pause_funnel(turn.session, head, now=turn.now)
            edit(turn, query, await card(turn, head))
        case "resume", []:
            _show_resuming(turn, head, query)
        case "late", [("skip" | "once" | "shift") as late]:
            await resume_funnel(turn.session, head, Late(late), now=turn.now)
            edit(turn, query, await card(turn, head))
        case "archive", []:
            edit(turn, query, await _ask_archive(turn, creator, head))
        case "archive-yes", []:
            await archive_funnel(turn.session, head, now=turn.now)
            edit(turn, query, await card(turn, head))
        case "go", [step]:
            await start_step(turn.session, head, step, now=turn.now)
            edit(turn, query, await steps_screen(turn, head))
        case _:
            raise turn.refusal("not-understood")


def _show_resuming(turn: Turn, head: FunnelHead, query: CallbackQuery | None = None) -> None:
    """What is overdue is counted first, and not in this transaction."""
    if head.state is not FunnelState.PAUSED:
        raise FunnelStands(head.key, head.state)
    shown_in = query.message.message_id if query is not None and query.message is not None else None
    turn.replies.append(ResumingReply(creator_id=head.creator_id, funnel_id=head.id, message_id=shown_in))


async def _ask_archive(turn: Turn, creator: Creator, head: FunnelHead) -> Message:
    refuse_of_file(head)
    counts = (await count_states(turn.session, creator.id, head.key))[head.key]
    return archive_screen(turn, head, counts[EnrollmentState.ACTIVE] + counts[EnrollmentState.HELD])


def _simulate(turn: Turn, head: FunnelHead, told: str) -> None:
    """`simulate welcome`, `simulate welcome 12`, `simulate welcome 12 90`: a new lead or that one, for so many days."""
    match told.replace("#", "").split():
        case []:
            lead, days = None, _DAYS
        case [number] if is_id(number):
            lead, days = read_id(number), _DAYS
        case [number, length] if is_id(number) and is_id(length) and 0 < read_id(length) <= _MOST_DAYS:
            lead, days = read_id(number), read_id(length)
        case _:
            raise turn.refusal("funnels-simulate-form", name=head.key)
    turn.replies.append(SimulateReply(creator_id=head.creator_id, funnel_key=head.key, lead_id=lead, days=days))
