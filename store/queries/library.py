from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import Creator, Entitlement, Lead, OrderLine, Product, ProductKind


@dataclass(frozen=True, slots=True)
class Owned:
    """One product of a library, by the newest right to it."""

    entitlement_id: int
    product_id: int
    title: str


async def list_owned(session: AsyncSession, lead_id: int, paging: Paging) -> Page[Owned]:
    """What a lead has a right to that nobody has taken back, once for each product, newest first."""
    newest = (
        select(func.max(Entitlement.id).label("id"))
        .where(Entitlement.lead_id == lead_id, Entitlement.revoked_at.is_(None))
        .group_by(Entitlement.product_id)
        .subquery()
    )
    total = await session.scalar(select(func.count()).select_from(newest)) or 0
    rows = await session.execute(
        select(Entitlement.id, Entitlement.product_id, Product.title)
        .join(Product, Product.id == Entitlement.product_id)
        .where(Entitlement.id.in_(select(newest.c.id)))
        .order_by(Entitlement.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return Page([Owned(row.id, row.product_id, row.title) for row in rows], total, paging)


async def bundles_of(session: AsyncSession, lead_id: int) -> Sequence[Product]:
    """The bundles by which they own something still, newest first."""
    bought = (
        select(OrderLine.product_id)
        .join(Entitlement, Entitlement.order_id == OrderLine.order_id)
        .where(Entitlement.lead_id == lead_id, Entitlement.revoked_at.is_(None))
    )
    found = select(Product).where(Product.id.in_(bought), Product.kind == ProductKind.BUNDLE)
    return (await session.scalars(found.order_by(Product.id.desc()))).all()


async def sellers_to(session: AsyncSession, person_id: int) -> Sequence[Creator]:
    """The creators of whom this person owns something."""
    owned = (
        select(Lead.creator_id)
        .join(Entitlement, Entitlement.lead_id == Lead.id)
        .where(Lead.person_id == person_id, Entitlement.revoked_at.is_(None))
    )
    return (await session.scalars(select(Creator).where(Creator.id.in_(owned)).order_by(Creator.id))).all()


async def still_gives(session: AsyncSession, order_id: int) -> bool:
    """Whether anything that the order gave is still theirs."""
    right = exists().where(Entitlement.order_id == order_id, Entitlement.revoked_at.is_(None))
    return bool(await session.scalar(select(right)))
