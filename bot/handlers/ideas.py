import re
from datetime import date

from bot.turn import Turn
from domain.ideas import add_idea
from domain.messages.plain import Message
from kit.paging import Paging
from store.models import Idea, Priority
from store.queries.ideas import IdeaFilter, list_ideas

_MARK = re.compile(r"^(?:#(?P<tag>[\w-]+)|!(?P<priority>high|medium|low)|due:(?P<due>\S+))$", re.IGNORECASE)
SHOWN = 20


async def idea(turn: Turn, arguments: str) -> None:
    """`/idea add TITLE #tag !priority due:DATE`; `/idea` and `/idea list` show the newest."""
    creator = await turn.as_creator()
    verb, _, rest = arguments.strip().partition(" ")
    match verb.lower():
        case "add":
            added = await _add(turn, creator.id, rest)
            turn.say("idea-added", number=added.number, title=added.title, details=_details(added))
        case "" | "list":
            await _list(turn, creator.id)
        case _:
            raise turn.refusal("idea-form")


async def _add(turn: Turn, creator_id: int, text: str) -> Idea:
    title: list[str] = []
    tags: list[str] = []
    priority, due = Priority.MEDIUM, None
    for word in text.split():
        mark = _MARK.match(word)
        if mark is None:
            title.append(word)
        elif mark["tag"]:
            tags.append(mark["tag"])
        elif mark["priority"]:
            priority = Priority(mark["priority"].lower())
        else:
            due = _read_date(turn, mark["due"])
    if not title:
        raise turn.refusal("idea-form")
    return await add_idea(
        turn.session,
        creator_id=creator_id,
        title=" ".join(title),
        tags=tuple(tags),
        priority=priority,
        due_date=due,
        now=turn.now,
    )


async def _list(turn: Turn, creator_id: int) -> None:
    page = await list_ideas(turn.session, creator_id, IdeaFilter(), Paging(limit=SHOWN))
    if not page.items:
        turn.say("idea-none")
        return
    lines = [
        turn.words("idea-line", number=each.number, title=each.title, stage=each.stage, details=_details(each))
        for each in page.items
    ]
    turn.send(Message(text="\n".join([turn.words("idea-list"), *lines, "", turn.words("idea-form")])))


def _details(each: Idea) -> str:
    marks = [f"#{tag}" for tag in each.tags]
    if each.priority != Priority.MEDIUM:
        marks.append(f"!{each.priority}")
    if each.due_date is not None:
        marks.append(f"due {each.due_date.isoformat()}")
    return " " + " ".join(marks) if marks else ""


def _read_date(turn: Turn, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise turn.refusal("idea-form") from None
