"""The buttons under the board of ideas and its lists: `ideas:open:CREATOR`, or `ideas:VIEW:…`."""

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.idea_board import (
    ask_screen,
    board_screen,
    filter_screen,
    list_screen,
    offered_tags,
    sort_screen,
    stage_named,
)
from bot.handlers.idea_taps import message_of
from bot.handlers.lead_screens import mark_of
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.idea_views import (
    WantedIdeas,
    change_idea_view,
    find_idea_view,
    open_idea_view,
    wanted_ideas,
)
from domain.messages.plain import Message
from domain.prompts import ask_next, drop_prompt
from store.models import Creator, IdeaView, Priority
from store.queries.ideas import IdeaSort


async def open_board(turn: Turn, creator: Creator) -> Message:
    view = await open_idea_view(turn.session, creator.id, turn.person.id, WantedIdeas(), now=turn.now)
    return await board_screen(turn, creator, view)


async def open_list(turn: Turn, creator: Creator, wanted: WantedIdeas) -> Message:
    view = await open_idea_view(turn.session, creator.id, turn.person.id, wanted, now=turn.now)
    return await list_screen(turn, creator, view, 0)


async def own_view(turn: Turn, view_id: int) -> tuple[IdeaView, Creator]:
    """Raises IdeaViewGone, Said and NoSuchRight."""
    await turn.some_creator()
    view = await find_idea_view(turn.session, view_id, turn.person.id)
    return view, await turn.as_creator(view.creator_id)


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    number, *rest = arguments
    if number == "open":
        (creator_id,) = rest
        screen = await open_board(turn, await turn.as_creator(read_id(creator_id)))
    else:
        view, creator = await own_view(turn, read_id(number))
        screen = await _do(turn, query, creator, view, rest)
    turn.replies.append(TapReply(query_id=query.id))
    edit(turn, query, screen)


async def _do(turn: Turn, query: CallbackQuery, creator: Creator, view: IdeaView, words: list[str]) -> Message:
    match words:
        case ["back"]:
            # what is typed from now on is for nothing
            await drop_prompt(turn.session, turn.person.id)
            return await list_screen(turn, creator, view, 0)
        case ["board"]:
            await change_idea_view(turn.session, view, WantedIdeas())
            return await board_screen(turn, creator, view)
        case ["filter"]:
            return await filter_screen(turn, creator, view)
        case ["sort"]:
            return sort_screen(turn, view)
        case ["search" | "new" as what]:
            about = {"creator": creator.id, "view": view.id, "page": 0, **message_of(query)}
            await ask_next(turn.session, turn.person.id, f"idea-{what}", about, now=turn.now)
            return ask_screen(turn, view, what)
        case [page]:
            if page != "clear":
                return await list_screen(turn, creator, view, read_id(page))
            await change_idea_view(turn.session, view, wanted_ideas(view).cleared())
            return await list_screen(turn, creator, view, 0)
        case [kind, chosen]:
            return await _change(turn, creator, view, kind, chosen)
        case _:
            raise turn.refusal("not-understood")


async def _change(turn: Turn, creator: Creator, view: IdeaView, kind: str, chosen: str) -> Message:
    """Another stage is another list; a filter and an order stay on their screens, where the next tap is."""
    wanted = wanted_ideas(view)
    match kind:
        case "stage":
            await change_idea_view(turn.session, view, wanted.of_stage(stage_named(chosen)))
            return await list_screen(turn, creator, view, 0)
        case "priority":
            await change_idea_view(turn.session, view, wanted.of_priority(Priority(chosen)))
        case "tag":
            tag = next((each for each in await offered_tags(turn, creator, wanted) if mark_of(each) == chosen), None)
            if tag is None:
                raise turn.refusal("not-understood")
            await change_idea_view(turn.session, view, wanted.with_tag(tag))
        case "sort":
            await change_idea_view(turn.session, view, wanted.sorted_by(IdeaSort(chosen)))
            return sort_screen(turn, view)
        case _:
            raise turn.refusal("not-understood")
    return await filter_screen(turn, creator, view)
