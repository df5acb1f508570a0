"""`/funnels`: a creator's follow-ups, in one line or by buttons."""

from telegram import CallbackQuery

from automations.simulated import MOST_ASKED_LEADS, MOST_DAYS
from bot.handlers import funnel_parked
from bot.handlers.edits import edit
from bot.handlers.funnel_access import own_draft, own_funnel
from bot.handlers.funnel_files import ask_for_file, confirm_draft, send_all_yaml, send_yaml
from bot.handlers.funnel_people import ask_whom, begin_tapped, leave_line, start_line
from bot.handlers.funnel_screens import archive_screen, card, list_screen, steps_screen
from bot.numbers import is_id, read_id
from bot.replies import ResumingReply, SimulateReply, TapReply
from bot.turn import Turn
from domain.funnels.heads import (
    FunnelStands,
    archive_funnel,
    find_funnel,
    pause_funnel,
    refuse_of_file,
    resume_funnel,
    start_step,
)
from domain.funnels.naming import EVERY_ONE
from domain.messages.plain import Message
from kit.text import shorten
from store.models import Creator, EnrollmentState, FunnelHead, FunnelState, Late
from store.queries.funnel_views import count_states

_DAYS = 30
_SHOWN = 40
# what is done to one, and how it is written
_LINES = {
    "pause": "/funnels pause welcome",
    "resume": "/funnels resume welcome shift",
    "archive": "/funnels archive welcome",
    "start": "/funnels start welcome 12",
    "leave": "/funnels leave welcome 12",
    "steps": "/funnels steps welcome",
    "yaml": "/funnels yaml welcome",
    "parked": "/funnels parked welcome",
    "simulate": "/funnels simulate welcome 12 30",
}


async def funnels(turn: Turn, arguments: str) -> None:
    """`/funnels`, `/funnels welcome`, `/funnels pause welcome`, `/funnels welcome start tag:vip` and so on."""
    creator = await turn.as_creator()
    match _words(arguments):
        case [] | ["list"]:
            turn.send(await list_screen(turn, creator))
        case ["new"]:
            await ask_for_file(turn, creator)
        case ["parked"]:
            turn.send(await funnel_parked.screen(turn, creator, None, 0))
        case ["yaml"]:
            await send_all_yaml(turn, creator)
        case ["simulate", which, *rest] if which.lower() in EVERY_ONE:
            _simulate(turn, creator.id, None, " ".join(rest))
        case [verb, key, *rest] if verb in _LINES:
            head = await find_funnel(turn.session, creator.id, key.lower())
            await _do_line(turn, creator, head, verb, rest[0].strip() if rest else "")
        case [verb] if verb in _LINES:
            raise turn.refusal("funnels-line-form", form=_LINES[verb])
        case [key]:
            turn.send(await card(turn, await find_funnel(turn.session, creator.id, key.lower())))
        case [verb, *_]:
            raise turn.refusal("funnels-unknown", verb=shorten(verb, _SHOWN), verbs=", ".join(_LINES))


def _words(arguments: str) -> list[str]:
    """What is to be done in small letters, and first: `/lead 12 tag` has it second, so some write it so here."""
    words = arguments.split(maxsplit=2)
    if len(words) > 1 and words[0].lower() not in _LINES and words[1].lower() in _LINES:
        words[:2] = words[1::-1]
    return [words[0].lower(), *words[1:]] if words else []


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
            _simulate(turn, head.creator_id, head.key, told)
        case _:
            raise turn.refusal("funnels-line-form", form=_LINES[verb])


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
    """`fn:ID:` and what is to be done with that funnel, `fn:draft:NUMBER:POLICY`, `fn:park:…`, or of a creator's all.

    Each is about its own creator, whomever the chat has gone over to since.
    """
    turn.replies.append(TapReply(query_id=query.id))
    match arguments:
        case [number, what, *rest] if is_id(number):
            creator, head = await own_funnel(turn, read_id(number))
            await _tap_one(turn, query, creator, head, (what, rest))
        case ["draft", number, what]:
            await confirm_draft(turn, query, await own_draft(turn, read_id(number)), read_id(number), what)
        case ["park", *rest]:
            await funnel_parked.settle(turn, query, rest)
        case [what, number, *rest]:
            await _tap_all(turn, query, await turn.as_creator(read_id(number)), (what, rest))
        case _:
            raise turn.refusal("not-understood")


async def _tap_all(turn: Turn, query: CallbackQuery, creator: Creator, asked: tuple[str, list[str]]) -> None:
    """`fn:list:CREATOR:PAGE`, `fn:all:…`, `fn:parked:…`, `fn:new:CREATOR`, `fn:yaml:CREATOR`."""
    match asked:
        case (("list" | "all" as which), [page]):
            edit(turn, query, await list_screen(turn, creator, read_id(page), archived=which == "all"))
        case "parked", [page]:
            edit(turn, query, await funnel_parked.screen(turn, creator, None, read_id(page)))
        case "new", []:
            await ask_for_file(turn, creator)
        case "yaml", []:
            await send_all_yaml(turn, creator)
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
        case "steps", [page]:
            edit(turn, query, await steps_screen(turn, head, read_id(page)))
        case "yaml", []:
            await send_yaml(turn, head)
        case "try", []:
            _simulate(turn, head.creator_id, head.key, "")
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


def _simulate(turn: Turn, creator_id: int, key: str | None, told: str) -> None:
    """`simulate welcome`, `simulate welcome 12 90`, `simulate all sample=50 days=90`: a new lead, that one, or some."""
    unnamed, asked = iter(("lead", "days")), {"lead": 0, "sample": 0, "days": _DAYS}
    for word in told.lower().replace("#", "").split():
        name, _, value = word.rpartition("=")
        name = name or next(unnamed, "")
        if name not in asked or not is_id(value):
            raise turn.refusal("funnels-simulate-form", name=key or "all")
        asked[name] = read_id(value)
    lead, sample, days = asked["lead"], asked["sample"], asked["days"]
    if not 0 < days <= MOST_DAYS or sample > MOST_ASKED_LEADS or (lead and sample):
        raise turn.refusal("funnels-simulate-form", name=key or "all")
    turn.replies.append(
        SimulateReply(creator_id=creator_id, funnel_key=key, lead_id=lead or None, sample=sample, days=days)
    )
