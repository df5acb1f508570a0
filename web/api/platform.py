"""`/api/v1/platform`: what is told of the whole shop, to everybody; of a large one it is at most a minute old."""

from typing import Any

from pydantic import BaseModel

from domain.access import Act
from kit.paging import Page
from store.queries.product_search import ProductFilter, search_products
from store.queries.product_shapes import ProductSort
from store.queries.product_sums import CategorySums, PriceSpan, sum_up_categories
from web.api.lists import ListAnswer
from web.api.product_answers import ProductItem, Rating
from web.api.query import ListQuery
from web.api.route import Call, NoBody, Route

Listing = Call[ListQuery, NoBody]


class Prices(BaseModel):
    """What is asked for the products in one currency."""

    currency: str
    products: int
    lowest_minor: int
    average_minor: int
    highest_minor: int

    @classmethod
    def of(cls, currency: str, span: PriceSpan) -> "Prices":
        return cls(
            currency=currency,
            products=span.products,
            lowest_minor=span.least,
            average_minor=round(span.total / span.products),
            highest_minor=span.most,
        )


class CategoryStats(BaseModel):
    """Of what is on sale; `creators` are those who sell it."""

    category: str
    products: int
    creators: int
    rating: Rating
    prices: list[Prices]

    @classmethod
    def of(cls, category: str, sums: CategorySums) -> "CategoryStats":
        return cls(
            category=category,
            products=sums.products,
            creators=sums.creators,
            rating=Rating.of(sums.stars, sums.reviews),
            prices=[Prices.of(currency, span) for currency, span in sums.prices.items()],
        )


async def show_popular(call: Listing) -> ListAnswer[ProductItem]:
    """What was sold most often, first."""
    return await _sorted(call, ProductSort.POPULAR)


async def show_recent(call: Listing) -> ListAnswer[ProductItem]:
    """What was added last, first."""
    return await _sorted(call, ProductSort.CREATED_AT)


async def show_category_stats(call: Listing) -> ListAnswer[CategoryStats]:
    """By name."""
    tools, paging = call.tools, call.query.paging()

    async def sum_up() -> tuple[list[CategoryStats], int]:
        async with tools.database.reading() as session:
            sums = await sum_up_categories(session, now=tools.clock())
        found = [CategoryStats.of(category, sums[category]) for category in sorted(sums)]
        return found, sum(each.products for each in found)

    found = await tools.shop_answers.of("category stats", sum_up)
    page = Page(found[paging.offset : paging.offset + paging.limit], len(found), paging)
    return ListAnswer[CategoryStats].of(page, lambda each: each)


async def _sorted(call: Listing, sort: ProductSort) -> ListAnswer[ProductItem]:
    tools, paging = call.tools, call.query.paging()

    async def find() -> tuple[ListAnswer[ProductItem], int]:
        async with tools.database.reading() as session:
            page = await search_products(
                session,
                ProductFilter(sort=sort),
                paging,
                kept=tools.shop_breadths,
                totals=tools.shop_totals.of,
                now=tools.clock(),
            )
        return ListAnswer[ProductItem].of(page, lambda row: ProductItem.of(row, tools.public_url)), page.total

    return await tools.shop_answers.of((sort, paging.limit, paging.offset), find)


_ROUTES = (
    ("/platform/popular", show_popular, "The products that sold best", ProductItem),
    ("/platform/recent", show_recent, "The newest products", ProductItem),
    ("/platform/categories/stats", show_category_stats, "What each category holds and costs", CategoryStats),
)
_PROVES = (
    "test_api_platform.py::test_what_sells_and_what_is_new_is_told_to_everybody",
    "test_api_platform.py::test_of_a_large_shop_it_is_at_most_a_minute_old",
)
ROUTES: tuple[Route[Any, Any], ...] = tuple(
    Route(
        "GET",
        path,
        Act.BROWSE_SHOP,
        does,
        summary,
        {200: ListAnswer[item]},  # type: ignore[valid-type]
        session="none",
        query=ListQuery,
        rate="public",
        proves=_PROVES,
    )
    for path, does, summary, item in _ROUTES
)
