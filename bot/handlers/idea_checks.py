"""An idea's checklist in the chat: `ideacheck:CREATOR:NUMBER:VIEW:PAGE…`, one line a button."""

from collections.abc import Sequence

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers.edits import edit
from bot.handlers.idea_access import Place, held_idea, own_idea
from bot.numbers import read_id
from bot.replies import EditReply, TapReply
from bot.turn import Turn
from domain.idea_checks import add_checks, list_checks, remove_check, tick_check
from domain.messages.plain import Button, Message
from domain.prompts import Prompted, ask_next, drop_prompt
from kit.text import shorten
from store.models import Idea, IdeaCheck

ACTS = frozenset({"idea-check"})
PAGE = 10
LABEL_LENGTH = 60
Row = tuple[Button, ...]


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`…` alone, `page:N` or `sort:N` (to take lines away) shows it; `on`, `off` and `drop` are `:LINE:PAGE`."""
    creator_id, number, *rest = arguments
    place, act = Place.read(rest), rest[2:]
    match act:
        case [] | ["back"] | ["page" | "sort", _]:
            _, idea = await own_idea(turn, read_id(creator_id), read_id(number))
            if act == ["back"]:
                await drop_prompt(turn.session, turn.person.id)
            page = read_id(act[1]) if len(act) > 1 else 0
            screen = await checks_screen(turn, idea, place, page, removing=act[:1] == ["sort"])
        case ["add"]:
            _, idea = await own_idea(turn, read_id(creator_id), read_id(number))
            screen = await _ask(turn, query, idea, place)
        case ["on" | "off" as which, check, page]:
            _, idea = await held_idea(turn, read_id(creator_id), read_id(number))
            await tick_check(turn.session, idea, read_id(check), done=which == "on", now=turn.now)
            screen = await checks_screen(turn, idea, place, read_id(page))
        case ["drop", check, page]:
            _, idea = await held_idea(turn, read_id(creator_id), read_id(number))
            await remove_check(turn.session, idea, read_id(check), now=turn.now)
            screen = await checks_screen(turn, idea, place, read_id(page), removing=True)
        case _:
            raise turn.refusal("not-understood")
    turn.replies.append(TapReply(query_id=query.id))
    edit(turn, query, screen)


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    """Each line that was typed is one of the checklist; the message that asked for them shows it."""
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("prompt-needs-text")
    _, idea = await held_idea(turn, int(asked.data["creator"]), int(asked.data["idea"]))
    await add_checks(turn.session, idea, text.splitlines(), now=turn.now)
    place = Place(int(asked.data["view"]), int(asked.data["page"]))
    last = (len(await list_checks(turn.session, idea.id)) - 1) // PAGE
    screen = await checks_screen(turn, idea, place, last)
    if asked.data["card"]:
        buttons = turn.offered(screen.buttons)
        turn.replies.append(EditReply(message_id=int(asked.data["card"]), text=screen.text, buttons=buttons))
    else:
        turn.send(screen)


async def checks_screen(turn: Turn, idea: Idea, place: Place, page: int = 0, *, removing: bool = False) -> Message:
    """A tap on a line ticks it off, or says that it is to be done again; or takes it away."""
    checks = await list_checks(turn.session, idea.id)
    page = min(page, max(len(checks) - 1, 0) // PAGE)
    lines = [turn.words("idea-checklist", number=idea.number, title=idea.title)]
    done = sum(each.done_at is not None for each in checks)
    lines.append(
        turn.words("idea-checks-done", done=done, count=len(checks)) if checks else turn.words("idea-no-checks")
    )
    if removing and checks:
        lines.append(turn.words("idea-checks-remove"))
    return Message(text="\n".join(lines), buttons=tuple(_rows(turn, idea, place, checks, page, removing=removing)))


def data_of(idea: Idea, place: Place, act: str = "") -> str:
    told = f"ideacheck:{idea.creator_id}:{idea.number}:{place.view}:{place.page}"
    return f"{told}:{act}" if act else told


def _rows(turn: Turn, idea: Idea, place: Place, checks: Sequence[IdeaCheck], page: int, *, removing: bool) -> list[Row]:
    first = page * PAGE
    rows: list[Row] = []
    for each in checks[first : first + PAGE]:
        done = each.done_at is not None
        act = "drop" if removing else "off" if done else "on"
        sign = "🗑" if removing else "☑" if done else "☐"
        text = f"{sign} {shorten(each.what, LABEL_LENGTH)}"
        rows.append((Button(text=text, data=data_of(idea, place, f"{act}:{each.id}:{page}")),))
    look = "sort" if removing else "page"
    steps = [Button(text="‹", data=data_of(idea, place, f"{look}:{page - 1}"))] if page else []
    if first + PAGE < len(checks):
        steps.append(Button(text="›", data=data_of(idea, place, f"{look}:{page + 1}")))
    rows += [tuple(steps)] if steps else []
    if removing:
        return [*rows, (Button(text=turn.words("button-back"), data=data_of(idea, place, f"page:{page}")),)]
    change = [Button(text=turn.words("button-idea-check-add"), data=data_of(idea, place, "add"))]
    if checks:
        change.append(Button(text=turn.words("button-idea-check-drop"), data=data_of(idea, place, f"sort:{page}")))
    card = Button(text=turn.words("button-idea-card"), data=place.data("show", idea))
    return [*rows, tuple(change), (card,)]


async def _ask(turn: Turn, query: CallbackQuery, idea: Idea, place: Place) -> Message:
    card = query.message.message_id if isinstance(query.message, TelegramMessage) else 0
    told = {"creator": idea.creator_id, "idea": idea.number, "view": place.view, "page": place.page, "card": card}
    await ask_next(turn.session, turn.person.id, "idea-check", told, now=turn.now)
    back = Button(text=turn.words("button-back"), data=data_of(idea, place, "back"))
    return Message(text=turn.words("idea-ask-check", number=idea.number, title=idea.title), buttons=((back,),))
