"""The buttons under an idea's card: `idea:CREATOR:NUMBER:ACT:VIEW:PAGE`, and what was chosen."""

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers.edits import edit
from bot.handlers.idea_access import Place, held_idea, own_idea
from bot.handlers.idea_screens import (
    ASKED,
    ask_screen,
    card_screen,
    days_of,
    delete_screen,
    deleted_screen,
    due_screen,
    funnels_of,
    funnels_screen,
    link_screen,
    notes_screen,
    offered,
    priorities_screen,
    products_screen,
    stages_screen,
    tags_screen,
)
from bot.handlers.lead_screens import mark_of
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.idea_changes import IdeaChanges, change_idea, check_funnel, set_products
from domain.idea_links import link_of_idea
from domain.ideas import delete_idea, move_idea
from domain.messages.plain import Message
from domain.prompts import ask_next, drop_prompt
from store.models import Creator, Idea, IdeaStage, Priority
from store.queries.idea_card import products_of


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    creator_id, number, act, *rest = arguments
    place, chosen = Place.read(rest), rest[2:]
    # what only shows makes nobody wait, and what is deleted holds its rows of the outbox first
    find = own_idea if not chosen or act == "delete" else held_idea
    creator, idea = await find(turn, read_id(creator_id), read_id(number))
    turn.replies.append(TapReply(query_id=query.id))
    match chosen:
        case [] if act == "back":
            # what is typed from now on is for nothing
            await drop_prompt(turn.session, turn.person.id)
            screen = await card_screen(turn, idea, place)
        case []:
            screen = await _show(turn, idea, place, act)
        case [part] if act == "ask" and part in ASKED:
            screen = await _ask(turn, query, idea, place, part)
        case _:
            screen = await _choose(turn, creator, idea, place, [act, *chosen])
    edit(turn, query, screen)


async def _show(turn: Turn, idea: Idea, place: Place, what: str) -> Message:
    match what:
        case "show":
            return await card_screen(turn, idea, place)
        case "move":
            return stages_screen(turn, idea, place)
        case "priority":
            return priorities_screen(turn, idea, place)
        case "due":
            return due_screen(turn, idea, place)
        case "tags":
            return await tags_screen(turn, idea, place)
        case "notes":
            return notes_screen(turn, idea, place)
        case "link":
            return await link_screen(turn, idea, place)
        case "funnel":
            return funnels_screen(turn, idea, place)
        case "delete":
            return delete_screen(turn, idea, place)
        case _:
            raise turn.refusal("not-understood")


async def _choose(turn: Turn, creator: Creator, idea: Idea, place: Place, words: list[str]) -> Message:
    """One of what a screen offered."""
    match words:
        case ["move", stage]:
            await move_idea(turn.session, idea, IdeaStage(stage), now=turn.now)
        case ["priority", priority]:
            await change_idea(turn.session, idea, {"priority": Priority(priority)}, now=turn.now)
        case ["due", "none"]:
            await change_idea(turn.session, idea, {"due_date": None}, now=turn.now)
        case ["due", key] if (day := days_of(turn, idea).get(key)) is not None:
            await change_idea(turn.session, idea, {"due_date": day}, now=turn.now)
        case ["notes", "none"]:
            await change_idea(turn.session, idea, {"notes": ""}, now=turn.now)
        case ["notes", page]:
            return notes_screen(turn, idea, place, read_id(page))
        case ["tags", mark]:
            await _toggle_tag(turn, idea, mark)
            return await tags_screen(turn, idea, place)
        case ["delete", "yes"]:
            await delete_idea(turn.session, idea, now=turn.now)
            return deleted_screen(turn, idea, place)
        case ["link" | "funnel" | "products" | "product", *_]:
            return await _connect(turn, creator, idea, place, words)
        case _:
            raise turn.refusal("not-understood")
    return await card_screen(turn, idea, place)


async def _connect(turn: Turn, creator: Creator, idea: Idea, place: Place, words: list[str]) -> Message:
    """Its link, its funnel, its products."""
    match words:
        case ["link", "make"]:
            await link_of_idea(turn.session, idea, turn.facts.published.setup(idea.creator_id), now=turn.now)
            return await link_screen(turn, idea, place)
        case ["funnel", mark]:
            await _toggle_funnel(turn, idea, mark)
            return await link_screen(turn, idea, place)
        case ["products", page]:
            return await products_screen(turn, creator, idea, place, read_id(page))
        case ["product", page, number]:
            held = {each.id for each in await products_of(turn.session, idea.id)}
            # in, or out when it was in
            await set_products(turn.session, idea, sorted(held ^ {read_id(number)}), now=turn.now)
            return await products_screen(turn, creator, idea, place, read_id(page))
        case _:
            raise turn.refusal("not-understood")


async def _toggle_tag(turn: Turn, idea: Idea, mark: str) -> None:
    tag = next((each for each in await offered(turn, idea) if mark_of(each) == mark), None)
    if tag is None:
        raise turn.refusal("not-understood")
    tags = [each for each in idea.tags if each != tag] if tag in idea.tags else [*idea.tags, tag]
    await change_idea(turn.session, idea, {"tags": tags}, now=turn.now)


async def _toggle_funnel(turn: Turn, idea: Idea, mark: str) -> None:
    key = next((each for each in funnels_of(turn, idea) if mark_of(each) == mark), None)
    if key is None:
        raise turn.refusal("not-understood")
    changes: IdeaChanges = {"funnel_key": None}
    if key != idea.funnel_key:
        changes = {"funnel_key": check_funnel(turn.facts.published.setup(idea.creator_id), key)}
    await change_idea(turn.session, idea, changes, now=turn.now)


async def _ask(turn: Turn, query: CallbackQuery, idea: Idea, place: Place, part: str) -> Message:
    """What is typed next is for this, and the message that was tapped becomes the card again."""
    about = {"creator": idea.creator_id, "idea": idea.number, "view": place.view, "page": place.page}
    about |= message_of(query)
    await ask_next(turn.session, turn.person.id, f"idea-{part}", about, now=turn.now)
    return ask_screen(turn, idea, place, part)


def message_of(query: CallbackQuery) -> dict[str, int]:
    """The message to edit once the answer is there; none where Telegram no longer tells it."""
    is_told = isinstance(query.message, TelegramMessage) and query.message.text is not None
    return {"message": query.message.message_id} if is_told and query.message is not None else {}
