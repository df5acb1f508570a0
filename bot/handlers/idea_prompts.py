"""What a creator types after the board or a card of ideas has asked for it: the message that asked shows the answer."""

from telegram import Message as TelegramMessage

from bot.handlers.idea_access import Place, held_idea, today_of
from bot.handlers.idea_board import list_screen
from bot.handlers.idea_lists import own_view
from bot.handlers.idea_screens import added_screen, card_screen
from bot.replies import EditReply
from bot.turn import Turn
from domain.idea_changes import change_idea
from domain.idea_parts import normal_tag
from domain.idea_views import change_idea_view, wanted_ideas
from domain.idea_words import BadDay, is_no_day, read_day, read_line
from domain.ideas import add_idea
from domain.messages.plain import Message
from domain.prompts import Prompted
from store.models import Creator, Idea, Priority

ACTS = frozenset({"idea-new", "idea-search", "idea-title", "idea-notes", "idea-tags", "idea-due"})


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("prompt-needs-text")
    place = Place(int(asked.data.get("view", 0)), int(asked.data.get("page", 0)))
    match asked.act:
        case "idea-search":
            view, creator = await own_view(turn, place.view)
            await change_idea_view(turn.session, view, wanted_ideas(view).searching(text))
            screen = await list_screen(turn, creator, view, 0)
        case "idea-new":
            creator = await turn.as_creator(int(asked.data["creator"]))
            screen = added_screen(turn, await add_in_line(turn, creator, text), place)
        case _:
            _, idea = await held_idea(turn, int(asked.data["creator"]), int(asked.data["idea"]))
            await _change(turn, idea, asked.act, text)
            screen = await card_screen(turn, idea, place)
    show_answer(turn, asked, screen)


async def add_in_line(turn: Turn, creator: Creator, text: str) -> Idea:
    """`Studio tour #video !high due:fri`. Raises BadDay, Invalid, and Said for a line without a title."""
    line = read_line(text, today_of(turn, creator.id))
    if not line.title:
        raise turn.refusal("idea-form")
    return await add_idea(
        turn.session,
        creator_id=creator.id,
        title=line.title,
        tags=line.tags,
        priority=line.priority or Priority.MEDIUM,
        due_date=line.due,
        now=turn.now,
    )


async def set_due(turn: Turn, idea: Idea, text: str) -> None:
    """A day in words, or that there is none. Raises BadDay."""
    text = text.removeprefix("due:").strip()
    day = read_day(text, today_of(turn, idea.creator_id))
    if day is None and not is_no_day(text):
        raise BadDay(text)
    await change_idea(turn.session, idea, {"due_date": day}, now=turn.now)


async def _change(turn: Turn, idea: Idea, act: str, text: str) -> None:
    match act:
        case "idea-title":
            await change_idea(turn.session, idea, {"title": text}, now=turn.now)
        case "idea-notes":
            await change_idea(turn.session, idea, {"notes": text}, now=turn.now)
        case "idea-due":
            await set_due(turn, idea, text)
        case "idea-tags":
            await add_tags(turn, idea, text.replace(",", " ").split())


async def add_tags(turn: Turn, idea: Idea, words: list[str]) -> None:
    """Besides those that it has; `-old` takes one away."""
    away = {normal_tag(each) for each in words if each.startswith("-")}
    more = [each for each in words if not each.startswith("-")]
    tags = [*(each for each in idea.tags if each not in away), *more]
    await change_idea(turn.session, idea, {"tags": tags}, now=turn.now)


def show_answer(turn: Turn, asked: Prompted, screen: Message) -> None:
    """In the message that asked; as a new one where that is not known."""
    if "message" not in asked.data:
        turn.send(screen)
        return
    buttons = turn.offered(screen.buttons)
    turn.replies.append(EditReply(message_id=int(asked.data["message"]), text=screen.text, buttons=buttons))
