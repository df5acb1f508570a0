"""`/api/v1/creator/stats`: a creator's business in a few numbers."""

from typing import Any

from pydantic import BaseModel

from domain.access import Act
from store.queries.creator_sums import CreatorSums, sum_up_creator
from web.api.product_answers import Rating
from web.api.route import Plain, Route


class Earned(BaseModel):
    """In minor units, with tax and shipping, without what went back."""

    currency: str
    amount_minor: int


class CreatorStats(BaseModel):
    """Since the beginning. `sales` are orders that were paid; `products` without the archived; `active` are listed."""

    sales: int
    revenue: list[Earned]
    products: int
    active_products: int
    archived_products: int
    reviews: Rating
    leads: int

    @classmethod
    def of(cls, sums: CreatorSums) -> "CreatorStats":
        return cls(
            sales=sums.sales,
            revenue=[Earned(currency=currency, amount_minor=amount) for currency, amount in sums.earned.items()],
            products=sums.products,
            active_products=sums.listed,
            archived_products=sums.archived,
            reviews=Rating.of(sums.stars, sums.reviews),
            leads=sums.leads,
        )


async def show_stats(call: Plain) -> CreatorStats:
    """Of a large business the numbers are at most a minute old."""
    tools, creator_id = call.tools, call.creator_id

    async def sum_up() -> tuple[CreatorStats, int]:
        async with tools.database.reading() as session:
            sums = await sum_up_creator(session, creator_id)
        return CreatorStats.of(sums), sums.rows

    return await tools.shop_answers.of(("creator stats", creator_id), sum_up)


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/creator/stats",
        Act.SEE_SALES,
        show_stats,
        "Sales, revenue, products, reviews and leads of the creator",
        {200: CreatorStats},
        session="none",
        proves=("test_api_platform.py::test_a_creator_sees_their_business_in_a_few_numbers",),
    ),
)
