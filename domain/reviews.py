"""What owners say of a product: each of them once, with one to five stars and words if they like.

`rating_sum` and `rating_count` of a product are over its reviews that are not hidden. Whoever changes a review holds
the product's row first, so that the two move with it and no two who change the same one count it twice.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from babel.numbers import format_decimal
from sqlalchemy import ColumnElement, case, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import NotOwned
from domain.entitlements import owns
from domain.events import record_event
from domain.products import hold_product, hold_products
from domain.review_givers import marks_of
from domain.review_words import tell_of_answer, tell_of_report, tell_of_review
from kit.errors import Conflict, Invalid, NotFound, Reason
from kit.money import language_of
from store.database import count_changed, insert_once
from store.models import (
    REVIEW_MOVES,
    Account,
    Entitlement,
    Lead,
    Membership,
    OrderLine,
    Product,
    Review,
    ReviewState,
)

MOST_STARS = 5
# with its answer it fits a message, and some of it a list
LONGEST = 1000
_BY_CORE = {"synchronize_session": False}


class NoSuchReview(NotFound):
    code = "no_such_review"


class BadReview(Invalid):
    code = "bad_review"


class OwnReview(Conflict):
    code = "own_review"


class OwnBusiness(Conflict):
    """Nobody's stars count for what they sell themselves."""

    code = "own_business"


def rating_of(product: Product) -> tuple[Decimal, int] | None:
    """The average to one decimal place, and of how many; None while there are none."""
    if not product.rating_count:
        return None
    average = Decimal(product.rating_sum) / product.rating_count
    return average.quantize(Decimal("0.1")), product.rating_count


def average_shown(average: Decimal, language: str) -> str:
    """`4.5`, or `4,5` where people write it so."""
    return str(format_decimal(average, format="0.0", locale=language_of(language)))


async def may_review(session: AsyncSession, lead_id: int, product_id: int) -> bool:
    """Whether they own it; of a bundle, whether they own something by having bought it."""
    if await owns(session, lead_id, product_id):
        return True
    by_order = (
        exists()
        .where(Entitlement.lead_id == lead_id, Entitlement.revoked_at.is_(None))
        .where(OrderLine.order_id == Entitlement.order_id, OrderLine.product_id == product_id)
    )
    return bool(await session.scalar(select(by_order)))


async def check_reviewer(session: AsyncSession, lead: Lead) -> None:
    """Raises OwnBusiness for whoever acts for it, as the account that bought or by their chat."""
    theirs = [Account.id == lead.account_id] if lead.account_id is not None else []
    if lead.person_id is not None:
        theirs.append(Account.person_id == lead.person_id)
    member = exists().where(Membership.creator_id == lead.creator_id, Membership.account_id == Account.id)
    if theirs and await session.scalar(select(Account.id).where(or_(*theirs), member).limit(1)) is not None:
        raise OwnBusiness("whoever acts for a business does not review what it sells")


async def review_product(
    session: AsyncSession, lead: Lead, product_id: int, rating: int, *, words: str | None = None, now: datetime
) -> Review:
    """Their one review of it, made or changed; without `words` those it has stay. The same again changes nothing.

    Raises NotOwned, OwnBusiness, or BadReview with what is wrong.
    """
    words = _checked(rating, words)
    await hold_product(session, product_id)
    product = await session.get(Product, product_id)
    if product is None or not await may_review(session, lead.id, product_id):
        raise NotOwned("only those who own it review it")
    await check_reviewer(session, lead)
    values = {
        "creator_id": product.creator_id,
        "lead_id": lead.id,
        "product_id": product_id,
        "rating": rating,
        "text": words or "",
        "created_at": now,
    }
    review_id = await insert_once(session, Review, values)
    if review_id is None:
        known = await _latest(session, Review.lead_id == lead.id, Review.product_id == product_id)
        return await _change(session, known, product, rating, words, now=now)
    await _count(session, product_id, stars=rating, reviews=1)
    # the stars that stayed when they were removed give way
    await forget_kept_stars(
        session, Review.product_id == product_id, person_id=lead.person_id, account_id=lead.account_id
    )
    review = await _latest(session, Review.id == review_id)
    await _record(session, "review.published", review, lead_id=lead.id, now=now, rating=rating)
    await tell_of_review(session, review, product.title, key=f"review:{review_id}", now=now)
    return review


async def add_words(session: AsyncSession, lead: Lead, product_id: int, words: str, *, now: datetime) -> Review:
    """The words to the stars that they have given. Raises NoSuchReview, NotOwned or BadReview."""
    await hold_product(session, product_id)
    known = await session.scalar(
        select(Review.rating).where(Review.lead_id == lead.id, Review.product_id == product_id)
    )
    if known is None:
        raise NoSuchReview("there is no such review")
    return await review_product(session, lead, product_id, known, words=words, now=now)


async def answer_review(session: AsyncSession, review: Review, answer: str, *, now: datetime) -> None:
    """The creator's word on it, which stands under it; another one takes its place. Its author is told.

    Raises BadReview.
    """
    answer = _checked(review.rating, answer) or ""
    changed = (
        update(Review)
        .where(Review.id == review.id, Review.answer.is_distinct_from(answer))
        .values(answer=answer, answered_at=now)
    )
    if not await count_changed(session, changed):
        return
    await session.refresh(review)
    await _record(session, "review.answered", review, lead_id=review.lead_id, now=now)
    product = await session.get_one(Product, review.product_id)
    await tell_of_answer(session, review, product.title, key=f"review-answer:{review.id}:{now.timestamp()}", now=now)


async def report_review(session: AsyncSession, review: Review, by: Lead | None, *, now: datetime) -> bool:
    """A lead minds it, or (None) the creator: administrators are told, and it stays in sight until they have looked.

    What they have looked at is reported again only once its author has changed it. Raises OwnReview.
    """
    if by is not None and by.id == review.lead_id:
        raise OwnReview("this review is your own: change it instead")
    fresh = Review.reported_at.is_(None) | (Review.edited_at > Review.reported_at)
    if not await _move(session, review, ReviewState.REPORTED, fresh, reported_at=now):
        return False
    await _record(session, "review.reported", review, lead_id=review.lead_id if by is None else by.id, now=now)
    product = await session.get_one(Product, review.product_id)
    await tell_of_report(session, review, product.title, key=f"review-reported:{review.id}:{now.timestamp()}", now=now)
    return True


async def hide_review(session: AsyncSession, review: Review, *, now: datetime) -> bool:
    """Out of sight and of the average; its author still sees it. Twice is a no-op and answers False.

    An administrator's to decide: creators would hide what they do not like to hear.
    """
    await hold_product(session, review.product_id)
    if not await _move(session, review, ReviewState.HIDDEN):
        return False
    await _count(session, review.product_id, stars=-review.rating, reviews=-1)
    await _record(session, "review.hidden", review, lead_id=review.lead_id, now=now)
    return True


async def show_review(session: AsyncSession, review: Review, *, now: datetime) -> bool:
    """In sight again after it was hidden, or left there after it was reported. Twice is a no-op and answers False."""
    await hold_product(session, review.product_id)
    await session.refresh(review)
    was_hidden = review.state == ReviewState.HIDDEN
    if not await _move(session, review, ReviewState.SHOWN):
        return False
    if was_hidden:
        await _count(session, review.product_id, stars=review.rating, reviews=1)
    await _record(session, "review.shown", review, lead_id=review.lead_id, now=now)
    return True


async def remove_review(session: AsyncSession, review: Review, *, now: datetime) -> bool:
    """Its author takes it back, with its stars. Twice is a no-op and answers False."""
    await hold_product(session, review.product_id)
    if not await _delete(session, Review.id == review.id):
        return False
    await _record(session, "review.removed", review, lead_id=review.lead_id, now=now)
    return True


async def forget_reviews(session: AsyncSession, lead_ids: Sequence[int], *, keep_stars: bool = False) -> None:
    """What these leads have said goes, and its stars with it unless they are kept: no seller mends an average so.

    Stars that are kept still know whose they are: who reviews again, or asks to be forgotten, takes them along.
    """
    await _hold_reviewed(session, lead_ids)
    query = select(Lead.id, Lead.creator_id, Lead.person_id, Lead.account_id).where(Lead.id.in_(lead_ids))
    for lead in (await session.execute(query.order_by(Lead.id))).all():
        whose = {"person_id": lead.person_id, "account_id": lead.account_id}
        if keep_stars:
            wordless = {"text": "", "answer": None, "answered_at": None}
            giver = next(iter(await marks_of(session, **whose)), None)
            theirs = update(Review).where(Review.lead_id == lead.id).values(**wordless, giver=giver)
            await session.execute(theirs, execution_options=_BY_CORE)
        else:
            await _delete(session, Review.lead_id == lead.id)
            await forget_kept_stars(session, Review.creator_id == lead.creator_id, **whose)


async def forget_kept_stars(
    session: AsyncSession, *which: ColumnElement[bool], person_id: int | None, account_id: int | None
) -> None:
    """Stars that stayed when a seller removed them go: of these, `which`."""
    marks = await marks_of(session, person_id=person_id, account_id=account_id)
    theirs = (Review.giver.in_(marks), *which)
    await hold_products(session, await session.scalars(select(Review.product_id).where(*theirs)))
    await _delete(session, *theirs)


async def move_reviews(session: AsyncSession, into: Lead, other: Lead) -> None:
    """What `other` has said is `into`'s from now on; of what both have reviewed, the word of `into` stays."""
    await _hold_reviewed(session, [into.id, other.id])
    both = select(Review.product_id).where(Review.lead_id == into.id)
    await _delete(session, Review.lead_id == other.id, Review.product_id.in_(both))
    await session.execute(
        update(Review).where(Review.lead_id == other.id).values(lead_id=into.id), execution_options=_BY_CORE
    )


def _checked(rating: int, words: str | None) -> str | None:
    if not 1 <= rating <= MOST_STARS:
        raise BadReview("a review has one to five stars", why=Reason("refused-review-stars", most=MOST_STARS))
    if words is None:
        return None
    words = words.strip()
    if not 1 <= len(words) <= LONGEST:
        why = Reason("refused-review-words", most=LONGEST)
        raise BadReview(f"a review has 1 to {LONGEST} characters", fields={"text": str(len(words))}, why=why)
    return words


async def _change(
    session: AsyncSession, known: Review, product: Product, rating: int, words: str | None, *, now: datetime
) -> Review:
    """The caller holds the product."""
    words = known.text if words is None else words
    if (known.rating, known.text) == (rating, words):
        return known
    more = rating - known.rating
    await session.execute(
        update(Review).where(Review.id == known.id).values(rating=rating, text=words, edited_at=now),
        execution_options=_BY_CORE,
    )
    if known.state != ReviewState.HIDDEN:
        await _count(session, product.id, stars=more, reviews=0)
    await session.refresh(known)
    await _record(session, "review.changed", known, lead_id=known.lead_id, now=now, rating=rating)
    # however often somebody changes their mind, one message a day
    await tell_of_review(session, known, product.title, key=f"review:{known.id}:{now:%Y-%m-%d}", now=now)
    return known


async def _latest(session: AsyncSession, *which: ColumnElement[bool]) -> Review:
    found = await session.scalars(
        select(Review).where(*which),
        execution_options={"populate_existing": True},
    )
    return found.one()


async def _hold_reviewed(session: AsyncSession, lead_ids: Sequence[int]) -> None:
    """The products that these have reviewed, one after the other by their ids."""
    reviewed = await session.scalars(select(Review.product_id).where(Review.lead_id.in_(lead_ids)).distinct())
    for product_id in sorted(reviewed):
        await hold_product(session, product_id)


async def _delete(session: AsyncSession, *which: ColumnElement[bool]) -> int:
    gone = await session.execute(
        delete(Review).where(*which).returning(Review.product_id, Review.rating, Review.state),
        execution_options=_BY_CORE,
    )
    rows = gone.all()
    for row in rows:
        if row.state != ReviewState.HIDDEN:
            await _count(session, row.product_id, stars=-row.rating, reviews=-1)
    return len(rows)


async def _move(
    session: AsyncSession, review: Review, state: ReviewState, *also: ColumnElement[bool], **values: object
) -> bool:
    move = (
        update(Review)
        .where(Review.id == review.id, Review.state.in_(REVIEW_MOVES.sources(state)), *also)
        .values(state=state, **values)
    )
    moved = await count_changed(session, move)
    await session.refresh(review)
    return bool(moved)


async def _count(session: AsyncSession, product_id: int, *, stars: int, reviews: int) -> None:
    """Its mean in thousandths moves with them: lists are sorted by it."""
    total, count = Product.rating_sum + stars, Product.rating_count + reviews
    await session.execute(
        update(Product)
        .where(Product.id == product_id)
        .values(rating_sum=total, rating_count=count, rating_milli=case((count > 0, total * 1000 // count), else_=0))
    )


async def _record(
    session: AsyncSession, name: str, review: Review, *, lead_id: int, now: datetime, **data: object
) -> None:
    await record_event(
        session,
        name,
        creator_id=review.creator_id,
        lead_id=lead_id,
        subject=f"review:{review.id}",
        now=now,
        product_id=review.product_id,
        **data,
    )
