"""Reviews in the chat: reading them under a product, giving stars and words, and what creators do about them."""

from datetime import datetime

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.access import Act
from domain.chat_standings import reader_of
from domain.leads import find_lead
from domain.messages.catalogue import word_for
from domain.messages.plain import Button, Message
from domain.open_shops import is_public
from domain.products import NoSuchProduct
from domain.prompts import Prompted, ask_next, drop_prompt
from domain.review_words import MOST_STARS, stars
from domain.reviews import (
    NoSuchReview,
    add_words,
    answer_review,
    average_shown,
    check_reviewer,
    hide_review,
    may_review,
    rating_of,
    report_review,
    review_product,
    show_review,
)
from kit.errors import Reason
from kit.paging import Paging
from kit.text import shorten
from store.models import Creator, Lead, Product, Review, ReviewState
from store.queries.reviews import find_review, list_reviews

SHOWN = 5
# what somebody types after one of these is for `take_words`
PROMPTS = frozenset({"review-words", "review-answer"})
TITLE_LENGTH = 100
# of each in a list; all of it stands behind its number
WORDS_LENGTH = 300
ANSWER_LENGTH = 200
Row = tuple[Button, ...]


async def tap_list(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`reviews:PRODUCT`, and `reviews:PRODUCT:PAGE` under a list that is there."""
    number, *rest = arguments
    lead, product = await _product(turn, read_id(number))
    if _is_banned(turn, lead, query):
        return
    standing = await reader_of(turn.session, turn.person.id, product.creator_id)
    owner = lead is not None and await may_review(turn.session, lead.id, product.id)
    if not (standing.sees_all or owner or await is_public(turn.session, product, now=turn.now)):
        raise NoSuchProduct("this is no longer for sale", why=Reason("refused-not_for_sale"))
    turn.replies.append(TapReply(query_id=query.id))
    page = read_id(rest[0]) if rest else 0
    screen = await _list(turn, lead, product, page, hidden=standing.sees_all, owner=owner)
    if rest:
        edit(turn, query, screen)
    else:
        turn.send(screen)


async def tap_stars(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`rate:PRODUCT` asks for stars, `rate:PRODUCT:STARS` gives them, `rate:PRODUCT:skip` leaves the words out."""
    number, *rest = arguments
    lead, product = await _product(turn, read_id(number))
    if _is_banned(turn, lead, query):
        return
    turn.replies.append(TapReply(query_id=query.id))
    lead = await _owner(turn, lead, product)
    title = shorten(product.title, TITLE_LENGTH)
    match rest:
        case []:
            await _ask_for_stars(turn, lead, product)
        case ["skip"]:
            await drop_prompt(turn.session, turn.person.id)
            edit(turn, query, Message(text=turn.words("review-thanks", title=title)))
        case [given]:
            review = await review_product(turn.session, lead, product.id, read_id(given), now=turn.now)
            await ask_next(turn.session, turn.person.id, "review-words", {"product": product.id}, now=turn.now)
            asked = turn.words("review-ask-words", title=title, stars=stars(review.rating))
            skip = Button(text=turn.words("button-review-skip"), data=f"rate:{product.id}:skip")
            edit(turn, query, Message(text=asked, buttons=((skip,),)))
        case _:
            raise turn.refusal("not-understood")


async def tap_review(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`review:ID` shows one whole; `review:ID:report`, of creators `answer`, and of admins `hide` and `show`."""
    number, *rest = arguments
    review = await turn.session.get(Review, read_id(number))
    if review is None:
        raise NoSuchReview("there is no such review")
    lead, product = await _product(turn, review.product_id)
    if _is_banned(turn, lead, query):
        return
    standing = await reader_of(turn.session, turn.person.id, review.creator_id)
    if review.state == ReviewState.HIDDEN and not standing.sees_all and not _wrote(lead, review):
        raise NoSuchReview("there is no such review")
    told = None
    match rest:
        case []:
            turn.send(await _one(turn, lead, product, review))
        case ["report"]:
            if lead is None and not standing.creators:
                lead, _ = await turn.lead(await turn.session.get_one(Creator, review.creator_id))
            reporter = None if standing.creators and not _wrote(lead, review) else lead
            fresh = await report_review(turn.session, review, reporter, now=turn.now)
            waits = fresh or review.state == ReviewState.REPORTED
            told = turn.words("review-reported" if waits else "review-looked-at")
        case ["answer"] if await turn.allowed(review.creator_id):
            await ask_next(turn.session, turn.person.id, "review-answer", {"review": review.id}, now=turn.now)
            turn.say("review-ask-answer")
        case ["hide"] if standing.admins:
            await hide_review(turn.session, review, now=turn.now)
            told = turn.words("review-is-hidden")
            edit(turn, query, await _one(turn, lead, product, review))
        case ["show"] if standing.admins:
            await show_review(turn.session, review, now=turn.now)
            told = turn.words("review-is-shown")
            edit(turn, query, await _one(turn, lead, product, review))
        case _:
            raise turn.refusal("not-understood")
    turn.replies.append(TapReply(query_id=query.id, text=told))


async def take_words(turn: Turn, asked: Prompted, words: str) -> None:
    """What somebody typed when they were asked for the words of a review, or for a creator's answer to one."""
    if asked.act == "review-answer":
        await _answer(turn, int(asked.data["review"]), words)
        return
    lead, product = await _product(turn, int(asked.data["product"]))
    lead = await _owner(turn, lead, product)
    review = await add_words(turn.session, lead, product.id, words, now=turn.now)
    text = turn.words("review-thanks", title=shorten(product.title, TITLE_LENGTH))
    see = Button(text=turn.words("button-review-see"), data=f"review:{review.id}")
    turn.send(Message(text=text, buttons=((see,),)))


async def _answer(turn: Turn, review_id: int, words: str) -> None:
    review = await turn.session.get(Review, review_id)
    if review is None or not await turn.allowed(review.creator_id):
        raise NoSuchReview("there is no such review")
    await answer_review(turn.session, review, words, now=turn.now)
    turn.say("review-answer-kept")


async def _ask_for_stars(turn: Turn, lead: Lead, product: Product) -> None:
    """With what they gave before, where they have."""
    title = shorten(product.title, TITLE_LENGTH)
    known = await find_review(turn.session, lead.id, product.id)
    if known is None:
        text = turn.words("review-ask-stars", title=title)
    else:
        text = turn.words("review-ask-stars-again", title=title, stars=stars(known.rating))
    buttons = tuple((Button(text=stars(each), data=f"rate:{product.id}:{each}"),) for each in range(MOST_STARS, 0, -1))
    turn.send(Message(text=text, buttons=buttons))


async def _list(turn: Turn, lead: Lead | None, product: Product, page: int, *, hidden: bool, owner: bool) -> Message:
    paging = Paging(SHOWN, page * SHOWN)
    reader = lead.id if lead else None
    found = await list_reviews(turn.session, product.id, paging, hidden=hidden, lead_id=reader)
    if page and not found.items:
        # some have gone since the button was shown
        return await _list(turn, lead, product, max(found.total - 1, 0) // SHOWN, hidden=hidden, owner=owner)
    creator = await turn.session.get_one(Creator, product.creator_id)
    title, rating = shorten(product.title, TITLE_LENGTH), rating_of(product)
    if rating is None:
        parts = [turn.words("reviews-none", title=title)]
    else:
        average = average_shown(rating[0], turn.person.speaks)
        parts = [turn.words("reviews-title", title=title, average=average, count=rating[1])]
    first = page * SHOWN + 1
    for place, review in enumerate(found.items, first):
        told = _told(turn, creator, review, words=WORDS_LENGTH, answer=ANSWER_LENGTH)
        parts.append(f"<b>{place}.</b> {told}")
    rows: list[Row] = []
    if found.items:
        rows.append(
            tuple(Button(text=str(place), data=f"review:{each.id}") for place, each in enumerate(found.items, first))
        )
    steps = [Button(text="‹", data=f"reviews:{product.id}:{page - 1}")] if page else []
    steps += [Button(text="›", data=f"reviews:{product.id}:{page + 1}")] if found.has_more else []
    if steps:
        rows.append(tuple(steps))
    if owner:
        rows.append((Button(text=turn.words("button-review-write"), data=f"rate:{product.id}"),))
    return Message(text="\n\n".join(parts), buttons=tuple(rows))


async def _one(turn: Turn, lead: Lead | None, product: Product, review: Review) -> Message:
    """All of it, with what this person can do about it."""
    creator = await turn.session.get_one(Creator, review.creator_id)
    standing = await reader_of(turn.session, turn.person.id, review.creator_id)
    title = turn.words("review-of", title=shorten(product.title, TITLE_LENGTH))
    text = f"{title}\n\n{_told(turn, creator, review)}"
    acts: list[str] = []
    if standing.may(Act.ANSWER_REVIEWS):
        acts.append("answer")
    if standing.admins:
        acts += {
            ReviewState.SHOWN: ["hide"],
            ReviewState.REPORTED: ["hide", "show"],
            ReviewState.HIDDEN: ["show"],
        }[review.state]
    elif not _wrote(lead, review) and review.state == ReviewState.SHOWN:
        acts.append("report")
    row = tuple(Button(text=turn.words(f"button-review-{act}"), data=f"review:{review.id}:{act}") for act in acts)
    rows: list[Row] = [row] if row else []
    if lead is not None and _wrote(lead, review) and await may_review(turn.session, lead.id, product.id):
        rows.append((Button(text=turn.words("button-review-change"), data=f"rate:{product.id}"),))
    return Message(text=text, buttons=tuple(rows))


def _told(turn: Turn, creator: Creator, review: Review, *, words: int | None = None, answer: int | None = None) -> str:
    """Stars and day, the words, the creator's answer; each no longer than that."""
    state = "" if review.state == ReviewState.SHOWN else word_for(f"review-is-{review.state}", "", turn.person.speaks)
    day = _day(review.edited_at or review.created_at)
    lines = [turn.words("review-head", stars=stars(review.rating), day=day, state=state).rstrip()]
    if review.text:
        lines.append(turn.words("review-words", words=review.text if words is None else shorten(review.text, words)))
    if review.answer:
        said = review.answer if answer is None else shorten(review.answer, answer)
        lines.append(turn.words("review-creator-says", creator=creator.name, answer=said))
    return "\n".join(lines)


def _day(at: datetime) -> str:
    return at.date().isoformat()


async def _product(turn: Turn, product_id: int) -> tuple[Lead | None, Product]:
    """With this person as a lead of whoever sells it, if they are one. Raises NoSuchProduct."""
    product = await turn.session.get(Product, product_id)
    if product is None:
        raise NoSuchProduct("there is no such product", why=Reason("refused-no-product"))
    return await find_lead(turn.session, product.creator_id, turn.person.id), product


async def _owner(turn: Turn, lead: Lead | None, product: Product) -> Lead:
    """Raises Said for whoever does not own it, NoSuchProduct where they may not even know of it, and OwnBusiness."""
    if lead is None or not await may_review(turn.session, lead.id, product.id):
        if not await is_public(turn.session, product, now=turn.now):
            raise NoSuchProduct("there is no such product", why=Reason("refused-no-product"))
        raise turn.refusal("review-owners-only", title=shorten(product.title, TITLE_LENGTH))
    await check_reviewer(turn.session, lead)
    return lead


def _wrote(lead: Lead | None, review: Review) -> bool:
    return lead is not None and lead.id == review.lead_id


def _is_banned(turn: Turn, lead: Lead | None, query: CallbackQuery) -> bool:
    """Whom the creator has banned may come here from another creator's chat; nothing happens for them."""
    if lead is None or lead.banned_at is None:
        return False
    turn.replies.append(TapReply(query_id=query.id))
    return True
