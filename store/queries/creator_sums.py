"""What became of a creator's business so far, added up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Lead, Order, Product
from store.queries.analytics import sales_since
from store.queries.product_shapes import LISTED

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CreatorSums:
    """`earned` is in minor units by currency, with tax and shipping, without what went back."""

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


async def size_of_business(session: AsyncSession, creator_id: int, *, most: int) -> int:
    """How many leads or orders there are, whichever is more; no more than `most` are looked at."""
    sizes = []
    for model in (Lead, Order):
        some = select(model.id).where(model.creator_id == creator_id).limit(most)
        sizes.append(await session.scalar(select(func.count()).select_from(some.subquery())) or 0)
    return max(sizes)


async def sum_up_creator(session: AsyncSession, creator_id: int) -> CreatorSums:
    sales = await sales_since(session, creator_id, _EVER)
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
        sales=sales.orders,
        earned=sales.earned,
        products=products.living,
        listed=products.listed,
        archived=products.archived,
        stars=int(products.stars),
        reviews=int(products.reviews),
        leads=await session.scalar(living) or 0,
    )
