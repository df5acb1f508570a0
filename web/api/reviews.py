"""`/api/v1/reviews`: what owners say of products, what the creator answers, and what is looked at."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from domain.access import Act
from domain.account_leads import leads_of_account
from domain.account_reviews import AlreadyReviewed, OwnersOnly, change_own_review, remove_own_review, review_as
from domain.holding import LeadGone
from domain.open_shops import is_public
from domain.products import NoSuchProduct
from domain.reviews import (
    LONGEST,
    MOST_STARS,
    BadReview,
    NoSuchReview,
    OwnBusiness,
    answer_review,
    hide_review,
    report_review,
    show_review,
)
from store.models import Product, Review, ReviewState
from store.queries.reviews import Reviewed, list_reviews, page_of_reported, page_of_reviews, reviewed
from web.api.lists import ListAnswer
from web.api.product_answers import acts_for
from web.api.query import ListQuery, Printable, Whole
from web.api.route import Call, NoBody, NoQuery, Plain, Route

Words = Annotated[str, Printable, Field(min_length=1, max_length=LONGEST)]
_LARGEST_ID = 2**63 - 1


class NewReview(BaseModel):
    """One to five stars, and words if one likes. Where a review is changed, words that are left out stay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rating: Annotated[StrictInt, Field(ge=1, le=MOST_STARS)]
    text: Words | None = None


class NewAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Words


class SaidQuery(ListQuery):
    state: ReviewState | None = None
    product_id: Annotated[Whole, Field(ge=1, le=_LARGEST_ID)] | None = None


class PublicReview(BaseModel):
    """Who wrote it is nobody's business but the creator's. `answer` is the creator's."""

    id: int
    product_id: int
    rating: int
    text: str
    answer: str | None
    created_at: datetime
    edited_at: datetime | None
    answered_at: datetime | None

    @classmethod
    def of(cls, review: Review) -> "PublicReview":
        return cls(**{name: getattr(review, name) for name in PublicReview.model_fields})


class OwnReviewItem(PublicReview):
    """`creator` by slug. What is `hidden` its author alone still sees."""

    product_title: str
    creator: str
    state: ReviewState

    @classmethod
    def of_row(cls, row: Reviewed) -> "OwnReviewItem":
        said = PublicReview.of(row.review).model_dump()
        return cls(**said, product_title=row.title, creator=row.creator, state=row.review.state)


class SaidReview(OwnReviewItem):
    """For whoever acts for the creator, or looks after the instance."""

    lead_id: int
    reported_at: datetime | None

    @classmethod
    def of_row(cls, row: Reviewed) -> "SaidReview":
        said = OwnReviewItem.of_row(row).model_dump()
        return cls(**said, lead_id=row.review.lead_id, reported_at=row.review.reported_at)


async def show_public(call: Call[ListQuery, NoBody]) -> ListAnswer[PublicReview]:
    """Of a product that is not on sale they are shown to those alone who act for its creator."""
    product = await call.session.get(Product, call.number("product_id"))
    if product is None or not (
        acts_for(call, product.creator_id) or await is_public(call.session, product, now=call.tools.clock())
    ):
        raise NoSuchProduct("there is no such product")
    page = await list_reviews(call.session, product.id, call.query.paging(), hidden=False, lead_id=None)
    return ListAnswer[PublicReview].of(page, PublicReview.of)


async def write_review(call: Call[NoQuery, NewReview]) -> OwnReviewItem:
    """Only who owns the product, by having bought it or been given it, and once."""
    new, product_id = call.body, call.number("product_id")
    review = await review_as(call.session, call.account, product_id, new.rating, words=new.text, now=call.tools.clock())
    return OwnReviewItem.of_row(await reviewed(call.session, review.id))


async def show_own(call: Call[ListQuery, NoBody]) -> ListAnswer[OwnReviewItem]:
    leads = [lead.id for lead in await leads_of_account(call.session, call.account)]
    page = await page_of_reviews(call.session, call.query.paging(), Review.lead_id.in_(leads))
    return ListAnswer[OwnReviewItem].of(page, OwnReviewItem.of_row)


async def change_review(call: Call[NoQuery, NewReview]) -> OwnReviewItem:
    new, review_id = call.body, call.number("review_id")
    review = await change_own_review(
        call.session, call.account, review_id, new.rating, words=new.text, now=call.tools.clock()
    )
    return OwnReviewItem.of_row(await reviewed(call.session, review.id))


async def remove_review(call: Plain) -> None:
    await remove_own_review(call.session, call.account, call.number("review_id"), now=call.tools.clock())


async def show_said(call: Call[SaidQuery, NoBody]) -> ListAnswer[SaidReview]:
    wanted = [Review.creator_id == call.creator_id]
    if call.query.state is not None:
        wanted.append(Review.state == call.query.state)
    if call.query.product_id is not None:
        wanted.append(Review.product_id == call.query.product_id)
    page = await page_of_reviews(call.session, call.query.paging(), *wanted)
    return ListAnswer[SaidReview].of(page, SaidReview.of_row)


async def answer(call: Call[NoQuery, NewAnswer]) -> SaidReview:
    """It stands under the review; another one takes its place. Its author is told in their chat."""
    review = await _of_creator(call)
    await answer_review(call.session, review, call.body.text, now=call.tools.clock())
    return await _told(call, review)


async def report(call: Plain) -> SaidReview:
    """Those who look after the instance are asked to look at it; until they have, it stays in sight.

    What they have looked at is reported again only once its author has changed it.
    """
    review = await _of_creator(call)
    await report_review(call.session, review, None, now=call.tools.clock())
    return await _told(call, review)


async def show_reported(call: Call[ListQuery, NoBody]) -> ListAnswer[SaidReview]:
    return ListAnswer[SaidReview].of(await page_of_reported(call.session, call.query.paging()), SaidReview.of_row)


async def hide(call: Plain) -> SaidReview:
    """Out of sight and of the average."""
    review = await _any(call)
    await hide_review(call.session, review, now=call.tools.clock())
    return await _told(call, review)


async def show(call: Plain) -> SaidReview:
    """In sight again, or left there."""
    review = await _any(call)
    await show_review(call.session, review, now=call.tools.clock())
    return await _told(call, review)


async def _any(call: Call[Any, Any]) -> Review:
    review = await call.session.get(Review, call.number("review_id"))
    if review is None:
        raise NoSuchReview("there is no such review")
    return review


async def _of_creator(call: Call[Any, Any]) -> Review:
    review = await _any(call)
    if review.creator_id != call.creator_id:
        raise NoSuchReview("there is no such review")
    return review


async def _told(call: Call[Any, Any], review: Review) -> SaidReview:
    return SaidReview.of_row(await reviewed(call.session, review.id))


_GOOD = {"rating": 5, "text": "Warm and quick."}
_OWN = ("test_api_reviews.py::test_an_owner_says_it_once_changes_it_and_takes_it_back",)
_REFUSED = ("test_api_reviews.py::test_who_does_not_own_it_says_nothing",)
_BOTH_SIDES = ("test_api_reviews.py::test_the_creator_answers_and_reports_and_the_instance_decides",)
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/products/{product_id}/reviews",
        Act.BROWSE_SHOP,
        show_public,
        "What owners say of a product, newest first",
        {200: ListAnswer[PublicReview]},
        query=ListQuery,
        refuses=(NoSuchProduct,),
        rate="public",
        proves=("test_api_reviews.py::test_everybody_reads_what_is_in_sight_and_nobody_who_wrote_it",),
    ),
    Route(
        "POST",
        "/products/{product_id}/reviews",
        Act.REVIEW,
        write_review,
        "Says what a product is like",
        {201: OwnReviewItem},
        session="write",
        body=NewReview,
        refuses=(NoSuchProduct, OwnersOnly, OwnBusiness, AlreadyReviewed, BadReview, LeadGone),
        repeatable=True,
        example=_GOOD,
        proves=_OWN + _REFUSED,
    ),
    Route(
        "GET",
        "/reviews/mine",
        Act.REVIEW,
        show_own,
        "What one has said oneself, newest first",
        {200: ListAnswer[OwnReviewItem]},
        query=ListQuery,
        proves=_OWN,
    ),
    Route(
        "GET",
        "/reviews/reported",
        Act.LOOK_AFTER_INSTANCE,
        show_reported,
        "Everybody's that wait to be looked at, the longest waiting first",
        {200: ListAnswer[SaidReview]},
        query=ListQuery,
        proves=_BOTH_SIDES,
    ),
    Route(
        "GET",
        "/reviews",
        Act.SEE_PRODUCTS,
        show_said,
        "What is said of the creator's products, newest first",
        {200: ListAnswer[SaidReview]},
        query=SaidQuery,
        proves=_BOTH_SIDES,
    ),
    Route(
        "PUT",
        "/reviews/{review_id}",
        Act.REVIEW,
        change_review,
        "Changes one's own",
        {200: OwnReviewItem},
        session="write",
        body=NewReview,
        refuses=(NoSuchReview, OwnersOnly, OwnBusiness, BadReview, LeadGone),
        example=_GOOD,
        proves=_OWN + _REFUSED,
    ),
    Route(
        "DELETE",
        "/reviews/{review_id}",
        Act.REVIEW,
        remove_review,
        "Takes one's own back",
        {204: None},
        session="write",
        refuses=(NoSuchReview, LeadGone),
        proves=_OWN + _REFUSED,
    ),
    Route(
        "POST",
        "/reviews/{review_id}/answer",
        Act.ANSWER_REVIEWS,
        answer,
        "Answers what somebody has said",
        {200: SaidReview},
        session="write",
        body=NewAnswer,
        refuses=(NoSuchReview, BadReview),
        example={"text": "Thank you!"},
        proves=_BOTH_SIDES,
    ),
    Route(
        "POST",
        "/reviews/{review_id}/report",
        Act.ANSWER_REVIEWS,
        report,
        "Asks that somebody looks at it",
        {200: SaidReview},
        session="write",
        refuses=(NoSuchReview,),
        proves=_BOTH_SIDES,
    ),
    Route(
        "POST",
        "/reviews/{review_id}/hide",
        Act.LOOK_AFTER_INSTANCE,
        hide,
        "Takes a review out of sight",
        {200: SaidReview},
        session="write",
        refuses=(NoSuchReview,),
        proves=_BOTH_SIDES,
    ),
    Route(
        "POST",
        "/reviews/{review_id}/show",
        Act.LOOK_AFTER_INSTANCE,
        show,
        "Leaves a review in sight, or puts it there again",
        {200: SaidReview},
        session="write",
        refuses=(NoSuchReview,),
        proves=_BOTH_SIDES,
    ),
)
