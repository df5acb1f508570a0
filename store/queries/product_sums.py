"""What is told of the whole shop: how many products there are of each category, and what they cost."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Product
from store.queries.product_shapes import CLOSED, CONDITIONED, LISTED, NOW_ON_SALE, SHUT


@dataclass(slots=True)
class PriceSpan:
    """In minor units; `total` is of all of them."""

    products: int
    least: int
    most: int
    total: int


@dataclass(slots=True)
class CategorySums:
    products: int = 0
    creators: int = 0
    stars: int = 0
    reviews: int = 0
    # by currency
    prices: dict[str, PriceSpan] = field(default_factory=dict)


async def count_shop_categories(session: AsyncSession, *, now: datetime) -> Mapping[str, int]:
    """How many products anybody may see now in each, by name, whoever's they are; those in none are left out."""
    by_category = select(Product.category, func.count().label("many")).where(LISTED, Product.category != "")
    listed = await session.execute(by_category.group_by(Product.category).order_by(Product.category))
    counts = {row.category: row.many for row in listed}
    # an index knows what is listed; of that a few are not on sale today, or are a closed business's
    off_sale, shut = (CONDITIONED, not_(NOW_ON_SALE)), (NOW_ON_SALE, Product.creator_id.in_(CLOSED))
    for hidden in (off_sale, shut):
        for row in await session.execute(by_category.where(*hidden).group_by(Product.category), {"now": now}):
            counts[row.category] -= row.many
    return {category: many for category, many in counts.items() if many}


async def sum_up_categories(session: AsyncSession, *, now: datetime) -> Mapping[str, CategorySums]:
    """By name; each with what is asked for it in each currency."""
    found: defaultdict[str, CategorySums] = defaultdict(CategorySums)
    shown = (LISTED, NOW_ON_SALE, ~SHUT, Product.category != "")
    prices = await session.execute(
        select(
            Product.category,
            Product.currency,
            func.count().label("products"),
            func.min(Product.price_minor).label("least"),
            func.max(Product.price_minor).label("most"),
            func.sum(Product.price_minor).label("total"),
            func.sum(Product.rating_sum).label("stars"),
            func.sum(Product.rating_count).label("reviews"),
        )
        .where(*shown)
        .group_by(Product.category, Product.currency)
        .order_by(Product.category, Product.currency),
        {"now": now},
    )
    for row in prices:
        sums = found[row.category]
        sums.products += row.products
        sums.stars += int(row.stars)
        sums.reviews += int(row.reviews)
        sums.prices[row.currency] = PriceSpan(row.products, row.least, row.most, int(row.total))
    creators = await session.execute(
        select(Product.category, func.count(Product.creator_id.distinct()).label("creators"))
        .where(*shown)
        .group_by(Product.category),
        {"now": now},
    )
    for each in creators:
        found[each.category].creators = each.creators
    return found
