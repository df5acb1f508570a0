from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import Creator, OrderLine, Product, Review, ReviewState


async def list_reviews(
    session: AsyncSession, product_id: int, paging: Paging, *, hidden: bool, lead_id: int | None
) -> Page[Review]:
    """The newest first. Without `hidden`, of those out of sight only what this lead wrote."""
    which: list[ColumnElement[bool]] = [Review.product_id == product_id]
    if not hidden:
        shown = Review.state != ReviewState.HIDDEN
        which.append(shown if lead_id is None else shown | (Review.lead_id == lead_id))
    total = await session.scalar(select(func.count()).select_from(Review).where(*which))
    query = select(Review).where(*which).order_by(Review.id.desc()).limit(paging.limit).offset(paging.offset)
    return Page((await session.scalars(query)).all(), total or 0, paging)


async def list_reported(session: AsyncSession, paging: Paging) -> Page[Review]:
    """Everybody's that wait for an administrator, the longest waiting first."""
    which = Review.state == ReviewState.REPORTED
    total = await session.scalar(select(func.count()).select_from(Review).where(which))
    query = select(Review).where(which).order_by(Review.reported_at, Review.id)
    found = await session.scalars(query.limit(paging.limit).offset(paging.offset))
    return Page(found.all(), total or 0, paging)


async def find_review(session: AsyncSession, lead_id: int, product_id: int) -> Review | None:
    """What this lead has said of it."""
    return await session.scalar(select(Review).where(Review.lead_id == lead_id, Review.product_id == product_id))


async def unreviewed_in(session: AsyncSession, order_id: int, lead_id: int) -> Sequence[int]:
    """The products of an order that this lead has said nothing of, in the order of its lines."""
    said = exists().where(Review.lead_id == lead_id, Review.product_id == OrderLine.product_id)
    lines = select(OrderLine.product_id).where(OrderLine.order_id == order_id, ~said).order_by(OrderLine.id)
    return (await session.scalars(lines)).all()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review with what it is about."""

    review: Review
    title: str
    creator: str


async def page_of_reviews(session: AsyncSession, paging: Paging, *which: ColumnElement[bool]) -> Page[Reviewed]:
    """The newest first."""
    total = await session.scalar(select(func.count()).select_from(Review).where(*which))
    return Page(await _told(session, paging, Review.id.desc(), which=which), total or 0, paging)


async def page_of_reported(session: AsyncSession, paging: Paging) -> Page[Reviewed]:
    """Everybody's that wait to be looked at, the longest waiting first."""
    which = (Review.state == ReviewState.REPORTED,)
    total = await session.scalar(select(func.count()).select_from(Review).where(*which))
    return Page(await _told(session, paging, Review.reported_at, Review.id, which=which), total or 0, paging)


async def reviewed(session: AsyncSession, review_id: int) -> Reviewed:
    """That one, which has to be there."""
    return (await _told(session, Paging(1, 0), Review.id, which=(Review.id == review_id,)))[0]


async def _told(
    session: AsyncSession, paging: Paging, *order: Any, which: Sequence[ColumnElement[bool]]
) -> Sequence[Reviewed]:
    rows = await session.execute(
        select(Review, Product.title, Creator.slug)
        .join(Product, Product.id == Review.product_id)
        .join(Creator, Creator.id == Review.creator_id)
        .where(*which)
        .order_by(*order)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return [Reviewed(row.Review, row.title, row.slug) for row in rows]
