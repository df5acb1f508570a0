from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Entitlement, Product

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Owned:
    entitlement_id: int
    title: str


async def list_shop(session: AsyncSession, creator_id: int) -> Sequence[Product]:
    """What this creator has on sale, oldest first."""
    found = await session.scalars(
        select(Product).where(Product.creator_id == creator_id, Product.active).order_by(Product.id).limit(MOST_SHOWN)
    )
    return found.all()


async def list_owned(session: AsyncSession, lead_id: int) -> list[Owned]:
    """What a lead has a right to, once for each product, newest first."""
    newest = select(func.max(Entitlement.id)).where(Entitlement.lead_id == lead_id).group_by(Entitlement.product_id)
    rows = await session.execute(
        select(Entitlement.id, Product.title)
        .join(Product, Product.id == Entitlement.product_id)
        .where(Entitlement.id.in_(newest))
        .order_by(Entitlement.id.desc())
        .limit(MOST_SHOWN)
    )
    return [Owned(row.id, row.title) for row in rows]
