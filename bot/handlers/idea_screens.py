"""The card of an idea as a message with buttons, and the screens behind these, all in the same message."""

from collections.abc import Sequence
from datetime import date

from bot.handlers import idea_checks, idea_files, idea_results
from bot.handlers.idea_access import NOWHERE, Place, today_of
from bot.handlers.idea_card import added_line, card_text, day_told, priority_told, stage_told
from bot.handlers.lead_screens import mark_of
from bot.turn import Turn
from domain.idea_words import read_day
from domain.messages.plain import Button, Message
from kit.paging import Paging
from kit.text import escape, shorten
from store.models import Creator, Idea, IdeaStage, Priority
from store.queries.catalogue import list_products
from store.queries.idea_card import count_idea_tags, idea_card, products_of
from store.queries.links import link_result

LABEL_LENGTH = 40
MOST_OPTIONS = 30
PRODUCTS_A_PAGE = 10
# of any characters, which are two units each at most
NOTES_A_PAGE = 1800
_DAYS = {"today": "today", "tomorrow": "tomorrow", "week": "next week"}
# what is typed after its button
ASKED = frozenset({"title", "notes", "tags", "due"})
Row = tuple[Button, ...]


async def card_screen(turn: Turn, idea: Idea, place: Place = NOWHERE) -> Message:
    text = card_text(turn, await idea_card(turn.session, idea))
    return Message(text=text, buttons=_card_rows(turn, idea, place))


def added_screen(turn: Turn, idea: Idea, place: Place = NOWHERE) -> Message:
    """What was just kept, in one line, with the buttons of its card."""
    return Message(text=added_line(turn, idea), buttons=_card_rows(turn, idea, place))


def _card_rows(turn: Turn, idea: Idea, place: Place) -> tuple[Row, ...]:
    def button(act: str) -> Button:
        return Button(text=turn.words(f"idea-button-{act}"), data=place.data(act, idea))

    title = Button(text=turn.words("idea-button-title"), data=place.data("ask", idea, "title"))
    rows: list[Row] = [
        (button("move"), button("priority"), button("due")),
        (button("tags"), button("notes"), title),
        (
            Button(text=turn.words("idea-button-checks"), data=idea_checks.data_of(idea, place)),
            Button(text=turn.words("idea-button-files"), data=idea_files.data_of(idea, place)),
        ),
        (button("link"), Button(text=turn.words("ipost-button-show"), data=f"ipost:{idea.creator_id}:{idea.number}")),
        (
            Button(text=turn.words("ideabrought-button-one"), data=idea_results.data_of(idea, place)),
            button("delete"),
        ),
    ]
    if place.view:
        rows.append((Button(text=turn.words("idea-button-list"), data=f"ideas:{place.view}:{place.page}"),))
    return tuple(rows)


def stages_screen(turn: Turn, idea: Idea, place: Place) -> Message:
    choices = [(stage.value, stage_told(turn, stage), stage == idea.stage) for stage in IdeaStage]
    return _menu(turn, idea, place, _choices(idea, place, "move", choices))


def priorities_screen(turn: Turn, idea: Idea, place: Place) -> Message:
    choices = [(each.value, priority_told(turn, each), each == idea.priority) for each in Priority]
    return _menu(turn, idea, place, _choices(idea, place, "priority", choices))


def due_screen(turn: Turn, idea: Idea, place: Place) -> Message:
    """The days that are asked for most; any other is typed."""
    choices = [(key, turn.words(f"idea-due-{key}"), day == idea.due_date) for key, day in days_of(turn, idea).items()]
    buttons = _choices(idea, place, "due", choices)
    buttons.append(Button(text=turn.words("idea-due-other"), data=place.data("ask", idea, "due")))
    if idea.due_date is not None:
        buttons.append(Button(text=turn.words("idea-due-none"), data=place.data("due", idea, "none")))
    lines = []
    if idea.due_date is not None:
        day = day_told(turn, idea.due_date, today_of(turn, idea.creator_id))
        lines.append(turn.words("idea-card-due", day=day))
    return _menu(turn, idea, place, buttons, *lines)


def days_of(turn: Turn, idea: Idea) -> dict[str, date | None]:
    """What the buttons mean at this instant, by the creator's clock."""
    today = today_of(turn, idea.creator_id)
    return {key: read_day(words, today) for key, words in _DAYS.items()}


async def tags_screen(turn: Turn, idea: Idea, place: Place) -> Message:
    """The idea's tags and the most frequent ones; each is a button that gives it or takes it away."""
    choices = [(mark_of(tag), f"#{shorten(tag, LABEL_LENGTH)}", tag in idea.tags) for tag in await offered(turn, idea)]
    buttons = _choices(idea, place, "tags", choices)
    new = Button(text=turn.words("idea-button-new-tag"), data=place.data("ask", idea, "tags"))
    return _menu(turn, idea, place, [*buttons, new])


async def offered(turn: Turn, idea: Idea) -> list[str]:
    frequent = await count_idea_tags(turn.session, idea.creator_id, limit=MOST_OPTIONS)
    return list(dict.fromkeys([*idea.tags, *frequent]))[:MOST_OPTIONS]


def notes_screen(turn: Turn, idea: Idea, place: Place, page: int = 0) -> Message:
    """All of the notes, page by page where they are long."""
    most = max(len(idea.notes) - 1, 0) // NOTES_A_PAGE
    page = min(page, most)
    shown = idea.notes[page * NOTES_A_PAGE : (page + 1) * NOTES_A_PAGE]
    change = [Button(text=turn.words("idea-button-write"), data=place.data("ask", idea, "notes"))]
    if idea.notes:
        change.append(Button(text=turn.words("idea-button-empty"), data=place.data("notes", idea, "none")))
    steps = [Button(text="‹", data=place.data("notes", idea, page - 1))] if page else []
    if page < most:
        steps.append(Button(text="›", data=place.data("notes", idea, page + 1)))
    rows = (*((tuple(steps),) if steps else ()), tuple(change), (_back(turn, idea, place),))
    return Message(text=f"{_head(turn, idea)}\n\n{escape(shown) or turn.words('idea-no-notes')}", buttons=rows)


async def link_screen(turn: Turn, idea: Idea, place: Place) -> Message:
    """What leads to the idea and from it: its tracked deep link, its products and its funnel."""
    card = await idea_card(turn.session, idea)
    lines = []
    rows: list[Row] = []
    if card.link is not None and card.link.archived_at is None:
        result = await link_result(turn.session, card.link.id)
        lines.append(turn.words("idea-link", url=f"{turn.facts.link()}?start={card.link.key}"))
        people = result.touched_leads
        lines.append(turn.words("link-result", leads=result.first_leads, touches=result.touches, people=people))
    else:
        lines.append(turn.words("idea-no-link"))
        rows.append((Button(text=turn.words("idea-button-make-link"), data=place.data("link", idea, "make")),))
    titles = ", ".join(shorten(each.title, LABEL_LENGTH) for each in card.products[:MOST_OPTIONS])
    lines.append(turn.words("idea-card-products", titles=titles or "—"))
    lines.append(turn.words("idea-card-funnel", funnel=idea.funnel_key or "—"))
    rows.append(
        (
            Button(text=turn.words("idea-button-products"), data=place.data("products", idea, 0)),
            Button(text=turn.words("idea-button-funnel"), data=place.data("funnel", idea)),
        )
    )
    return Message(text="\n".join([_head(turn, idea), *lines]), buttons=(*rows, (_back(turn, idea, place),)))


async def products_screen(turn: Turn, creator: Creator, idea: Idea, place: Place, page: int) -> Message:
    """The creator's products, with a mark at those that the idea is to sell; a tap puts one in or takes it out."""
    found = await list_products(
        turn.session, creator.id, Paging(PRODUCTS_A_PAGE, page * PRODUCTS_A_PAGE), archived=False
    )
    held = {each.id for each in await products_of(turn.session, idea.id)}
    rows: list[Row] = [
        (
            Button(
                text=("✓ " if each.id in held else "") + shorten(each.title, LABEL_LENGTH),
                data=place.data("product", idea, f"{page}:{each.id}"),
            ),
        )
        for each in found.items
    ]
    steps = [Button(text="‹", data=place.data("products", idea, page - 1))] if page else []
    if found.has_more:
        steps.append(Button(text="›", data=place.data("products", idea, page + 1)))
    rows += [tuple(steps)] if steps else []
    rows.append((_to_links(turn, idea, place),))
    words = turn.words("idea-choose-product" if found.items else "idea-no-products")
    return Message(text=f"{_head(turn, idea)}\n{words}", buttons=tuple(rows))


def funnels_screen(turn: Turn, idea: Idea, place: Place) -> Message:
    """Those of the creator's, the idea's with a mark; a tap on that one takes it away."""
    funnels = funnels_of(turn, idea)
    choices = [(mark_of(key), shorten(key, LABEL_LENGTH), key == idea.funnel_key) for key in funnels]
    buttons = _choices(idea, place, "funnel", choices)
    words = turn.words("idea-choose-funnel" if funnels else "idea-no-funnels")
    rows = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    return Message(text=f"{_head(turn, idea)}\n{words}", buttons=(*rows, (_to_links(turn, idea, place),)))


def funnels_of(turn: Turn, idea: Idea) -> list[str]:
    known = sorted(turn.facts.published.setup(idea.creator_id).funnels)
    return list(dict.fromkeys([*([idea.funnel_key] if idea.funnel_key else []), *known]))[:MOST_OPTIONS]


def delete_screen(turn: Turn, idea: Idea, place: Place) -> Message:
    """Asks before it is done: there is no way back."""
    yes = Button(text=turn.words("idea-button-delete-yes"), data=place.data("delete", idea, "yes"))
    words = turn.words("idea-delete-asked", number=idea.number, title=idea.title)
    return Message(text=words, buttons=((yes,), (_back(turn, idea, place),)))


def deleted_screen(turn: Turn, idea: Idea, place: Place) -> Message:
    where = f"ideas:{place.view}:{place.page}" if place.view else f"ideas:open:{idea.creator_id}"
    back = Button(text=turn.words("idea-button-list"), data=where)
    return Message(text=turn.words("idea-deleted", number=idea.number), buttons=((back,),))


def ask_screen(turn: Turn, idea: Idea, place: Place, part: str) -> Message:
    """The card's message while something is awaited that is typed."""
    words = turn.words(f"idea-ask-{part}")
    back = Button(text=turn.words("idea-button-card"), data=place.data("back", idea))
    return Message(text=f"{_head(turn, idea)}\n{words}", buttons=((back,),))


def _head(turn: Turn, idea: Idea) -> str:
    return turn.words("idea-card-title", number=idea.number, title=idea.title)


def _choices(idea: Idea, place: Place, act: str, choices: Sequence[tuple[str, str, bool]]) -> list[Button]:
    return [Button(text=("✓ " if now else "") + label, data=place.data(act, idea, key)) for key, label, now in choices]


def _menu(turn: Turn, idea: Idea, place: Place, buttons: Sequence[Button], *lines: str) -> Message:
    """Two a row, and the way back to the card."""
    rows = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    return Message(text="\n".join([_head(turn, idea), *lines]), buttons=(*rows, (_back(turn, idea, place),)))


def _to_links(turn: Turn, idea: Idea, place: Place) -> Button:
    return Button(text=turn.words("button-back"), data=place.data("link", idea))


def _back(turn: Turn, idea: Idea, place: Place) -> Button:
    return Button(text=turn.words("idea-button-card"), data=place.data("show", idea))
