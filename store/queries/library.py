from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import Entitlement, Product


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
