"""The creator's list of leads: `/leads`, and the buttons under it."""

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.leads_screen import KINDS, Option, condition_of, filter_screen, list_screen, options, options_screen
from bot.handlers.transfers import export_leads
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.lead_views import Wanted, change_view, find_view, newest_view, open_view, wanted_by
from domain.messages.plain import Message
from domain.prompts import ask_next
from domain.segments import drop_segment, save_segment
from store.models import Creator, LeadView
from store.queries.leads import count_leads, saved_segments
from store.segments.checking import check_question
from store.segments.parts import parts_of
from store.segments.question import BadSegment
from store.segments.sounding import sounds_like_question

SEARCH_LENGTH = 200


async def leads(turn: Turn, arguments: str) -> None:
    """`/leads`, `/leads anna`, `/leads tag:vip and spent>=50usd`, `/leads save NAME QUESTION`, `/leads drop NAME`."""
    creator = await turn.as_creator()
    words = arguments.split(maxsplit=2)
    match [words[0].lower(), *words[1:]] if words else []:
        case ["save", name, *question]:
            await _save(turn, creator, name, question[0] if question else "")
        case ["drop", name]:
            await drop_segment(turn.session, creator.id, turn.facts.published.setup(creator.id), name.lower())
            turn.say("leads-dropped", name=name.lower())
        case ["save" | "drop"]:
            raise turn.refusal("leads-form")
        case _:
            await show_leads(turn, creator, await read_wanted(turn, creator, arguments.strip()))


async def show_leads(turn: Turn, creator: Creator, wanted: Wanted) -> None:
    """A list of its own, as a new message."""
    view = await open_view(turn.session, creator.id, turn.person.id, wanted, now=turn.now)
    turn.send(await list_screen(turn, creator, view, 0))


async def read_wanted(turn: Turn, creator: Creator, text: str) -> Wanted:
    """A question in the segment language where it can be read as one, else a name to look for. Raises BadSegment."""
    if not text:
        return Wanted()
    known = turn.facts.published.setup(creator.id).known(await saved_segments(turn.session, creator.id))
    try:
        check_question(text, known)
    except BadSegment:
        if sounds_like_question(text):
            raise
        return Wanted(search=text[:SEARCH_LENGTH])
    return Wanted(conditions=parts_of(text))


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`leads:open`, or `leads:VIEW:` and a page, `filter`, `search`, `clear`, `export`, a kind of filter, an option."""
    if arguments == ["open"]:
        creator = await turn.as_creator()
        turn.replies.append(TapReply(query_id=query.id))
        await show_leads(turn, creator, Wanted())
        return
    number, *rest = arguments
    view, creator = await own_view(turn, read_id(number))
    turn.replies.append(TapReply(query_id=query.id))
    match rest:
        case ["filter"]:
            edit(turn, query, filter_screen(turn, creator, view))
        case ["search"]:
            await ask_next(turn.session, turn.person.id, "search", {"view": view.id}, now=turn.now)
            turn.send(Message(text=turn.words("leads-ask-search")))
        case ["export"]:
            await export_leads(turn, creator, wanted_by(view).question)
        case ["clear"]:
            await change_view(turn.session, view, Wanted())
            edit(turn, query, await list_screen(turn, creator, view, 0))
        case [kind] if kind in KINDS:
            edit(turn, query, await options_screen(turn, creator, view, kind))
        case [kind, mark] if kind in KINDS:
            await _toggle(turn, creator, view, kind, mark)
            edit(turn, query, await options_screen(turn, creator, view, kind))
        case [page]:
            edit(turn, query, await list_screen(turn, creator, view, read_id(page)))
        case _:
            raise turn.refusal("not-understood")


async def search_view(turn: Turn, view_id: int, text: str) -> None:
    """What was typed after the button Search: the list shows those whom it finds, its filters kept."""
    view, creator = await own_view(turn, view_id)
    wanted = wanted_by(view).model_copy(update={"search": " ".join(text.split())[:SEARCH_LENGTH]})
    await show_leads(turn, creator, wanted)


async def own_view(turn: Turn, view_id: int) -> tuple[LeadView, Creator]:
    view = await find_view(turn.session, view_id, turn.person.id)
    if not await turn.allowed(view.creator_id):
        raise turn.refusal("creators-only")
    return view, await turn.session.get_one(Creator, view.creator_id)


async def _toggle(turn: Turn, creator: Creator, view: LeadView, kind: str, mark: str) -> None:
    wanted = wanted_by(view)
    offered = [each.condition for each in await options(turn, creator, kind)]
    for condition in (*offered, *wanted.conditions):
        if Option(condition, "").mark == mark:
            await change_view(turn.session, view, wanted.toggled(condition))
            return
    raise turn.refusal("not-understood")


async def _save(turn: Turn, creator: Creator, name: str, question: str) -> None:
    """The question given, else what the newest list shows."""
    if not question:
        view = await newest_view(turn.session, creator.id, turn.person.id)
        wanted = wanted_by(view) if view is not None else Wanted()
        if wanted.search:
            raise turn.refusal("leads-save-search")
        question = wanted.question
    if not question:
        raise turn.refusal("leads-form")
    setup = turn.facts.published.setup(creator.id)
    saved = await save_segment(turn.session, creator.id, setup, name.lower(), question, now=turn.now)
    condition = await condition_of(turn, creator, Wanted(conditions=(f"segment:{saved}",)))
    turn.say("leads-saved", name=saved, total=await count_leads(turn.session, creator.id, condition))
