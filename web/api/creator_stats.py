"""`/api/v1/creator/stats`: a creator's business in a few numbers."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from domain.access import Act
from store.queries.creator_sums import CreatorSums, sum_up_creator
from web.api.product_answers import Rating
from web.api.route import Plain, Route
from web.tools import WebTools


class Amount(BaseModel):
    """In minor units, with tax and shipping, without what went back."""

    currency: str
    amount_minor: int

    @classmethod
    def all_of(cls, by_currency: Mapping[str, int]) -> "list[Amount]":
        return [cls(currency=currency, amount_minor=amount) for currency, amount in by_currency.items()]


class CreatorStats(BaseModel):
    """Since the beginning. `sales` are orders that were paid; `products` without the archived; `active` are listed."""

    sales: int
    revenue: list[Amount]
    products: int
    active_products: int
    archived_products: int
    reviews: Rating
    leads: int

    @classmethod
    def of(cls, sums: CreatorSums) -> "CreatorStats":
        return cls(
            sales=sums.sales,
            revenue=Amount.all_of(sums.earned),
            products=sums.products,
            active_products=sums.listed,
            archived_products=sums.archived,
            reviews=Rating.of(sums.stars, sums.reviews),
            leads=sums.leads,
        )


async def show_stats(call: Plain) -> CreatorStats:
    return CreatorStats.of(await kept_sums(call.tools, call.creator_id))


async def kept_sums(tools: WebTools, creator_id: int) -> CreatorSums:
    """Of a large business they are at most a minute old. To be asked for outside of any transaction."""

    async def sum_up() -> tuple[CreatorSums, int]:
        async with tools.database.reading() as session:
            sums = await sum_up_creator(session, creator_id)
        return sums, sums.rows

    return await tools.shop_answers.of(("creator sums", creator_id), sum_up)


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
