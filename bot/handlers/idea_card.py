"""An idea as lines of text: one line of a list, and all that is known about it."""

from collections.abc import Iterator
from datetime import date

from babel.dates import format_skeleton

from bot.handlers.idea_access import today_of, zone_of_ideas
from bot.handlers.idea_results import sums_told
from bot.turn import Turn
from kit.money import language_of
from kit.text import TEXT_LIMIT, escape, shorten, visible_length
from store.models import Idea, IdeaStage, Priority
from store.queries.idea_card import FEW, IdeaCard

TITLE_SHOWN = 80
NAMED = 60
NOTES_SHOWN = 1200
TAGS_SHOWN = 100
MOST_NAMED = 5
_HEADS = {
    IdeaStage.IDEA: "💡",
    IdeaStage.OUTLINE: "🧭",
    IdeaStage.DRAFT: "📝",
    IdeaStage.PUBLISHED: "📣",
}


def stage_told(turn: Turn, stage: IdeaStage) -> str:
    return f"{_HEADS[stage]} {turn.words(f'idea-stage-{stage.value}')}"


def priority_told(turn: Turn, priority: Priority) -> str:
    return turn.words(f"idea-priority-{priority.value}")


def day_told(turn: Turn, day: date, today: date) -> str:
    """As it stands in a calendar, and how far away it is: `Fri, Dec 4, 2026 (in 3 days)`."""
    days = (day - today).days
    near = turn.words("idea-day-ahead", days=days) if days >= 0 else turn.words("idea-day-ago", days=-days)
    return f"{_day(turn, day)} ({near})"


def idea_line(turn: Turn, idea: Idea, today: date, *, stage: bool) -> str:
    """In a list: its number, title, and what marks it out; `stage` where the list is of several."""
    marks = [turn.words(f"idea-stage-{idea.stage.value}")] if stage else []
    if idea.priority != Priority.MEDIUM:
        marks.append(f"!{priority_told(turn, idea.priority)}")
    if idea.due_date is not None:
        late = idea.due_date < today and idea.stage != IdeaStage.PUBLISHED
        marks.append(("⏰ " if late else "") + _day(turn, idea.due_date))
    if idea.tags:
        marks.append(shorten(" ".join(f"#{tag}" for tag in idea.tags), TAGS_SHOWN))
    told = "".join(f" · {each}" for each in marks)
    return turn.words("idea-line", number=idea.number, title=shorten(idea.title, TITLE_SHOWN), marks=told)


def added_line(turn: Turn, idea: Idea) -> str:
    """What was kept, as it was understood."""
    marks = [f"#{tag}" for tag in idea.tags]
    if idea.priority != Priority.MEDIUM:
        marks.append(f"!{priority_told(turn, idea.priority)}")
    if idea.due_date is not None:
        marks.append(turn.words("idea-added-due", day=idea.due_date.isoformat()))
    details = " " + " ".join(marks) if marks else ""
    return turn.words("idea-added", number=idea.number, title=idea.title, details=details)


def card_text(turn: Turn, card: IdeaCard) -> str:
    """Telegram HTML that fits one message; long notes are cut, and stand whole behind their button."""
    lines = [*_head(turn, card), *_hanging(turn, card), *_history(turn, card)]
    if card.idea.notes:
        left = TEXT_LIMIT - visible_length("\n".join(lines)) - NAMED
        lines += ["", escape(shorten(card.idea.notes, min(NOTES_SHOWN, max(left, NAMED))))]
    return "\n".join(lines)


def _head(turn: Turn, card: IdeaCard) -> Iterator[str]:
    idea = card.idea
    yield turn.words("idea-card-title", number=idea.number, title=idea.title)
    priority = priority_told(turn, idea.priority)
    yield turn.words("idea-card-stage", stage=stage_told(turn, idea.stage), priority=priority)
    if idea.tags:
        yield escape(" ".join(f"#{tag}" for tag in idea.tags))
    if idea.due_date is not None:
        today = today_of(turn, idea.creator_id)
        late = idea.due_date < today and idea.stage != IdeaStage.PUBLISHED
        day = day_told(turn, idea.due_date, today)
        yield turn.words("idea-card-late" if late else "idea-card-due", day=day)


def _hanging(turn: Turn, card: IdeaCard) -> Iterator[str]:
    if card.checks:
        yield turn.words("idea-card-checks", done=card.checked, total=card.checks)
    if card.attached:
        kinds = [
            turn.words(f"idea-file-{kind.value}") + (f" × {count}" if count > 1 else "")
            for kind, count in card.attached.items()
        ]
        yield turn.words("idea-card-attached", kinds=", ".join(kinds))
    if card.products:
        titles = [shorten(each.title, NAMED) for each in card.products[:MOST_NAMED]]
        rest = len(card.products) - len(titles)
        yield turn.words("idea-card-products", titles=", ".join(titles) + (f" + {rest}" if rest else ""))
    if card.idea.funnel_key is not None:
        yield turn.words("idea-card-funnel", funnel=card.idea.funnel_key)
    if card.link is not None:
        yield turn.words("idea-card-link", url=f"{turn.facts.link()}?start={card.link.key}")
    if card.post is not None:
        state = turn.words(f"idea-post-is-{card.post.state.value}")
        yield turn.words("idea-card-post", state=state)
    if card.brought is not None:
        bought = card.brought.first
        sums = sums_told(bought, turn.person.speaks)
        yield turn.words("ideabrought-card", leads=card.brought.leads, orders=bought.orders, sums=sums)
    elif card.idea.stage == IdeaStage.PUBLISHED:
        yield turn.words("ideabrought-card-many", most=FEW)


def _history(turn: Turn, card: IdeaCard) -> Iterator[str]:
    """The last moves in one line: `idea → outline (Nov 3) → draft (Nov 5)`."""
    if not card.moves:
        return
    zone = zone_of_ideas(turn, card.idea.creator_id)
    steps = [turn.words(f"idea-stage-{card.moves[0].before.value}")]
    for each in card.moves:
        day = format_skeleton("MMMd", each.at.astimezone(zone).date(), locale=language_of(turn.person.speaks))
        steps.append(f"{turn.words(f'idea-stage-{each.stage.value}')} ({day})")
    yield turn.words("idea-card-moves", moves=" → ".join(steps))


def _day(turn: Turn, day: date) -> str:
    return format_skeleton("yMMMEd", day, locale=language_of(turn.person.speaks))
