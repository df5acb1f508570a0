"""The board of ideas: how many are at each stage, and the lists behind that, all in one message."""

from bot.handlers.idea_access import today_of
from bot.handlers.idea_card import idea_line, priority_told, stage_told
from bot.handlers.idea_results import data_of_all
from bot.handlers.lead_screens import mark_of
from bot.turn import Turn
from domain.idea_views import WantedIdeas, change_idea_view, wanted_ideas
from domain.messages.plain import Button, Message
from kit.paging import Paging
from kit.text import shorten
from store.models import Creator, IdeaStage, IdeaView, Priority
from store.queries.idea_card import count_idea_tags, count_stages
from store.queries.ideas import IdeaSort, last_number, list_ideas

PAGE = 10
IN_A_ROW = 5
MOST_TAGS = 20
LABEL_LENGTH = 30
SEARCH_SHOWN = 60
Row = tuple[Button, ...]


async def board_screen(turn: Turn, creator: Creator, view: IdeaView) -> Message:
    """Each stage is a button with its count."""
    counts = await count_stages(turn.session, creator.id)
    total = sum(counts.values())
    lines = [turn.words("idea-board" if total else "idea-none", creator=creator.name, total=total)]
    lines += [f"{stage_told(turn, stage)}: {count}" for stage, count in counts.items()] if total else []
    stages = [
        Button(text=f"{stage_told(turn, stage)} · {count}", data=f"ideas:{view.id}:stage:{stage.value}")
        for stage, count in counts.items()
    ]
    rows: list[Row] = [tuple(stages[at : at + 2]) for at in range(0, len(stages), 2)] if total else []
    if total:
        all_of_them = Button(text=turn.words("idea-button-all", total=total), data=f"ideas:{view.id}:stage:all")
        rows.append((all_of_them, _button(turn, view, "search"), _button(turn, view, "filter")))
    results = Button(text=turn.words("ideabrought-button-one"), data=data_of_all(creator.id))
    rows.append((_button(turn, view, "new"), *([results] if total else [])))
    return Message(text="\n".join(lines), buttons=tuple(rows))


async def list_screen(turn: Turn, creator: Creator, view: IdeaView, page: int) -> Message:
    """A page of lines, each number a button that opens the card."""
    wanted = wanted_ideas(view)
    if not page:
        wanted = wanted.model_copy(update={"up_to": await last_number(turn.session, creator.id)})
        await change_idea_view(turn.session, view, wanted)
    found = await list_ideas(turn.session, creator.id, wanted.filter(), Paging(PAGE, page * PAGE))
    if page and not found.items:
        # ideas may have gone since the button was shown
        page = max(found.total - 1, 0) // PAGE
        found = await list_ideas(turn.session, creator.id, wanted.filter(), Paging(PAGE, page * PAGE))
    today = today_of(turn, creator.id)
    named = turn.words("idea-all") if wanted.stage is None else stage_told(turn, wanted.stage)
    lines = [turn.words("idea-list", stage=named, total=found.total), *_told(turn, wanted), ""]
    lines += [idea_line(turn, each, today, stage=wanted.stage is None) for each in found.items]
    if not found.items:
        lines.append(turn.words("idea-none-fit" if wanted.narrowed else "idea-none-here"))
    where = f"{view.id}:{page}"
    numbers = [
        Button(text=str(each.number), data=f"idea:{creator.id}:{each.number}:show:{where}") for each in found.items
    ]
    rows: list[Row] = [tuple(numbers[at : at + IN_A_ROW]) for at in range(0, len(numbers), IN_A_ROW)]
    steps = [Button(text="‹", data=f"ideas:{view.id}:{page - 1}")] if page else []
    if found.has_more:
        steps.append(Button(text="›", data=f"ideas:{view.id}:{page + 1}"))
    rows += [tuple(steps)] if steps else []
    rows.append((_button(turn, view, "filter"), _button(turn, view, "sort"), _button(turn, view, "search")))
    last = [_button(turn, view, "board"), _button(turn, view, "new")]
    if wanted.narrowed:
        last.insert(1, _button(turn, view, "clear"))
    return Message(text="\n".join(lines), buttons=(*rows, tuple(last)))


async def filter_screen(turn: Turn, creator: Creator, view: IdeaView) -> Message:
    """By priority, and by the most frequent tags, of which any will do."""
    wanted = wanted_ideas(view)
    priorities = [
        Button(
            text=_marked(priority_told(turn, each), on=each == wanted.priority),
            data=f"ideas:{view.id}:priority:{each.value}",
        )
        for each in Priority
    ]
    tags = [
        Button(
            text=_marked(f"#{shorten(tag, LABEL_LENGTH)}", on=tag in wanted.tags),
            data=f"ideas:{view.id}:tag:{mark_of(tag)}",
        )
        for tag in await offered_tags(turn, creator, wanted)
    ]
    rows: list[Row] = [tuple(priorities), *(tuple(tags[at : at + 2]) for at in range(0, len(tags), 2))]
    last = [Button(text=turn.words("idea-button-done"), data=f"ideas:{view.id}:0")]
    if wanted.narrowed:
        last.append(_button(turn, view, "clear"))
    lines = [turn.words("idea-filter"), *_told(turn, wanted)]
    return Message(text="\n".join(lines), buttons=(*rows, tuple(last)))


async def offered_tags(turn: Turn, creator: Creator, wanted: WantedIdeas) -> list[str]:
    frequent = await count_idea_tags(turn.session, creator.id, limit=MOST_TAGS)
    return list(dict.fromkeys([*wanted.tags, *frequent]))


def sort_screen(turn: Turn, view: IdeaView) -> Message:
    """The order with a mark is the present one; another tap on it turns it round."""
    wanted = wanted_ideas(view)
    buttons = [
        Button(
            text=_marked(turn.words(f"idea-sort-{each.value}"), on=each is wanted.sort)
            + ((" ↓" if wanted.descending else " ↑") if each is wanted.sort else ""),
            data=f"ideas:{view.id}:sort:{each.value}",
        )
        for each in IdeaSort
    ]
    rows = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    done = Button(text=turn.words("idea-button-done"), data=f"ideas:{view.id}:0")
    return Message(text=turn.words("idea-sort"), buttons=(*rows, (done,)))


def ask_screen(turn: Turn, view: IdeaView, what: str) -> Message:
    """The list's message while something is awaited that is typed."""
    back = Button(text=turn.words("button-back"), data=f"ideas:{view.id}:back")
    return Message(text=turn.words(f"idea-ask-{what}"), buttons=((back,),))


def stage_named(text: str) -> IdeaStage | None:
    """`all` is None. Raises ValueError."""
    return None if text == "all" else IdeaStage(text)


def _told(turn: Turn, wanted: WantedIdeas) -> list[str]:
    """What the list is narrowed to."""
    told = []
    if wanted.search:
        told.append(turn.words("idea-searched", text=shorten(wanted.search, SEARCH_SHOWN)))
    if wanted.priority is not None:
        told.append(turn.words("idea-of-priority", priority=priority_told(turn, wanted.priority)))
    if wanted.tags:
        told.append(turn.words("idea-of-tags", tags=" ".join(f"#{shorten(tag, LABEL_LENGTH)}" for tag in wanted.tags)))
    return told


def _marked(label: str, *, on: bool) -> str:
    return f"✓ {label}" if on else label


def _button(turn: Turn, view: IdeaView, act: str) -> Button:
    return Button(text=turn.words(f"idea-list-{act}"), data=f"ideas:{view.id}:{act}")
