"""Reviews of whoever signs in: as the lead by whom they own what they speak of."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_leads import leads_of_account
from domain.holding import hold_living
from domain.open_shops import is_public
from domain.products import NoSuchProduct, hold_product
from domain.reviews import NoSuchReview, may_review, remove_review, review_product
from kit.errors import Conflict, NotFound
from store.models import Account, Lead, Product, Review


class AlreadyReviewed(Conflict):
    """Everybody has one word on a product, which can be changed."""

    code = "already_reviewed"

    def __init__(self, review_id: int) -> None:
        super().__init__(f"this is review {review_id}: change it instead", fields={"id": str(review_id)})


class OwnersOnly(NotFound):
    """Who owns it may say what it is like; to others it is as if there were nothing to be said."""

    code = "owners_only"


async def review_as(
    session: AsyncSession, account: Account, product_id: int, rating: int, *, words: str | None, now: datetime
) -> Review:
    """Their first word on it. Raises NoSuchProduct, OwnersOnly, AlreadyReviewed or BadReview."""
    product = await session.get(Product, product_id)
    leads = [] if product is None else await leads_of_account(session, account, product.creator_id)
    own = [lead for lead in leads if lead.banned_at is None and await may_review(session, lead.id, product_id)]
    if not own:
        if product is None or not await is_public(session, product, now=now):
            raise NoSuchProduct("there is no such product")
        raise OwnersOnly("only those who own it review it")
    # nobody is merged or forgotten meanwhile: leads come before products
    held = await hold_living(session, own[0])
    await hold_product(session, product_id)
    ids = [lead.id for lead in leads]
    known = select(Review.id).where(Review.product_id == product_id, Review.lead_id.in_(ids))
    if (review_id := await session.scalar(known.order_by(Review.id).limit(1))) is not None:
        raise AlreadyReviewed(review_id)
    return await review_product(session, held, product_id, rating, words=words, now=now)


async def change_own_review(
    session: AsyncSession, account: Account, review_id: int, rating: int, *, words: str | None, now: datetime
) -> Review:
    """Another word in its place; without `words` those it has stay. Raises NoSuchReview, OwnersOnly or BadReview."""
    review, lead = await _own(session, account, review_id)
    if lead.banned_at is not None or not await may_review(session, lead.id, review.product_id):
        raise OwnersOnly("only those who own it review it")
    return await review_product(session, lead, review.product_id, rating, words=words, now=now)


async def remove_own_review(session: AsyncSession, account: Account, review_id: int, *, now: datetime) -> None:
    """Raises NoSuchReview."""
    review, _ = await _own(session, account, review_id)
    if not await remove_review(session, review, now=now):
        raise NoSuchReview("there is no such review")


async def _own(session: AsyncSession, account: Account, review_id: int) -> tuple[Review, Lead]:
    """With its author, held. Raises NoSuchReview for one that somebody else wrote."""
    review = await session.get(Review, review_id)
    leads = [] if review is None else await leads_of_account(session, account, review.creator_id)
    author = next((lead for lead in leads if review is not None and lead.id == review.lead_id), None)
    if review is None or author is None:
        raise NoSuchReview("there is no such review")
    return review, await hold_living(session, author)
