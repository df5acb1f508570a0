"""Reviews that somebody minds, for those who look after the instance: a list, and each whole with what to decide."""

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.messages.plain import Button, Message
from domain.review_words import TITLE_LENGTH, stars
from kit.paging import Paging
from kit.text import shorten
from store.models import Creator, Product, Review
from store.queries.reviews import list_reported

SHOWN = 5
WORDS_LENGTH = 300
Row = tuple[Button, ...]


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`reported` sends the list, `reported:PAGE` turns a page of one that is there."""
    if not await turn.looks_after_instance():
        raise turn.refusal("admins-only")
    turn.replies.append(TapReply(query_id=query.id))
    if arguments:
        (page,) = arguments
        edit(turn, query, await reported_screen(turn, read_id(page)))
    else:
        turn.send(await reported_screen(turn))


async def reported_screen(turn: Turn, page: int = 0) -> Message:
    """The longest waiting first; the number of each is a button that opens it."""
    found = await list_reported(turn.session, Paging(SHOWN, page * SHOWN))
    if page and not found.items:
        # some have been decided since the button was shown
        return await reported_screen(turn, max(found.total - 1, 0) // SHOWN)
    if not found.items:
        return Message(text=turn.words("reported-none"))
    first = page * SHOWN + 1
    parts = [turn.words("reported-title", count=found.total)]
    parts += [f"<b>{place}.</b> {await _line(turn, each)}" for place, each in enumerate(found.items, first)]
    rows: list[Row] = [
        tuple(Button(text=str(place), data=f"review:{each.id}") for place, each in enumerate(found.items, first))
    ]
    steps = [Button(text="‹", data=f"reported:{page - 1}")] if page else []
    steps += [Button(text="›", data=f"reported:{page + 1}")] if found.has_more else []
    rows += [tuple(steps)] if steps else []
    return Message(text="\n\n".join(parts), buttons=tuple(rows))


async def _line(turn: Turn, review: Review) -> str:
    product = await turn.session.get_one(Product, review.product_id)
    creator = await turn.session.get_one(Creator, review.creator_id)
    title = shorten(product.title, TITLE_LENGTH)
    day = (review.reported_at or review.created_at).date().isoformat()
    line = turn.words("reported-line", title=title, creator=creator.name, stars=stars(review.rating), day=day)
    if not review.text:
        return line
    return f"{line}\n{turn.words('review-words', words=shorten(review.text, WORDS_LENGTH))}"
