"""What became of a creator's business so far, added up."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Lead, Order, Product
from store.queries.product_shapes import LISTED


@dataclass(frozen=True, slots=True)
class CreatorSums:
    """`earned` is in minor units by currency, without what was paid back."""

    sales: int
    earned: Mapping[str, int]
    products: int
    listed: int
    archived: int
    stars: int
    reviews: int
    leads: int

    @property
    def rows(self) -> int:
        """How many were looked at."""
        return self.sales + self.products + self.archived + self.leads


async def sum_up_creator(session: AsyncSession, creator_id: int) -> CreatorSums:
    paid = await session.execute(
        select(Order.currency, func.count().label("sales"), func.sum(Order.total_minor - Order.refunded_minor))
        .where(Order.creator_id == creator_id, Order.paid_at.is_not(None))
        .group_by(Order.currency)
        .order_by(Order.currency)
    )
    sales = paid.all()
    products = (
        await session.execute(
            select(
                func.count().filter(Product.archived_at.is_(None)).label("living"),
                func.count().filter(LISTED).label("listed"),
                func.count(Product.archived_at).label("archived"),
                func.coalesce(func.sum(Product.rating_sum), 0).label("stars"),
                func.coalesce(func.sum(Product.rating_count), 0).label("reviews"),
            ).where(Product.creator_id == creator_id)
        )
    ).one()
    leads = select(func.count()).select_from(Lead).where(Lead.creator_id == creator_id)
    living = leads.where(Lead.merged_into_id.is_(None), Lead.forgotten_at.is_(None))
    return CreatorSums(
        sales=sum(row.sales for row in sales),
        earned={row.currency: int(row[2]) for row in sales},
        products=products.living,
        listed=products.listed,
        archived=products.archived,
        stars=int(products.stars),
        reviews=int(products.reviews),
        leads=await session.scalar(living) or 0,
    )
