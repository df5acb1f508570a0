from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import Account, Membership, OrderLine, Review, ReviewState, Role


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is to a creator's reviews: one of the creator's own people, or whoever looks after the instance."""

    creators: bool
    admins: bool

    @property
    def sees_all(self) -> bool:
        """Also what is hidden; to hide it is for admins alone."""
        return self.creators or self.admins


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


async def is_admin(session: AsyncSession, person_id: int) -> bool:
    """Whether they look after the instance."""
    theirs = exists().where(Account.person_id == person_id, Account.role == Role.ADMIN)
    return bool(await session.scalar(select(theirs)))


async def find_review(session: AsyncSession, lead_id: int, product_id: int) -> Review | None:
    """What this lead has said of it."""
    return await session.scalar(select(Review).where(Review.lead_id == lead_id, Review.product_id == product_id))


async def unreviewed_in(session: AsyncSession, order_id: int, lead_id: int) -> Sequence[int]:
    """The products of an order that this lead has said nothing of, in the order of its lines."""
    said = exists().where(Review.lead_id == lead_id, Review.product_id == OrderLine.product_id)
    lines = select(OrderLine.product_id).where(OrderLine.order_id == order_id, ~said).order_by(OrderLine.id)
    return (await session.scalars(lines)).all()


async def standing_to(session: AsyncSession, person_id: int, creator_id: int) -> Standing:
    role = select(Account.id, Account.role).where(Account.person_id == person_id)
    account = (await session.execute(role)).one_or_none()
    if account is None:
        return Standing(creators=False, admins=False)
    acts_for = exists().where(Membership.account_id == account.id, Membership.creator_id == creator_id)
    return Standing(bool(await session.scalar(select(acts_for))), account.role == Role.ADMIN)
