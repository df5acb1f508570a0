"""`/api/v1/products`: the shop as everybody sees it, found by words, tags, category, price and creator."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from domain.access import Act
from domain.products import NoSuchProduct
from kit.errors import NotFound
from kit.paging import MOST, USUAL, Page, Paging
from store.models import ProductKind
from store.queries.catalogue import bundle_contents, variants_of
from store.queries.product_search import ProductFilter, find_shown, search_products
from store.queries.product_shapes import ProductSort
from store.queries.product_sums import count_shop_categories
from store.queries.unready import is_to_come
from web.api.lists import ListAnswer
from web.api.product_answers import InBundle, ProductCard, ProductItem, VariantCard, acts_for
from web.api.query import ListQuery, Text, Whole, Words
from web.api.route import Call, NoBody, Plain, Route

_MOST_PRICE = 2**53
_MOST_PAGE = 10**9
# titles and prices begin with the first and the lowest, all else with the newest and the best
_UPWARDS = frozenset({ProductSort.TITLE, ProductSort.PRICE})


class SortOrder(StrEnum):
    ASC = "asc"
    DESC = "desc"


class ShelfQuery(ListQuery):
    """Instead of `limit` and `offset` a page may be named: `page` from 1, of `page_size` products."""

    query: Text = ""
    min_price: Annotated[Whole, Field(ge=0, le=_MOST_PRICE)] | None = None
    max_price: Annotated[Whole, Field(ge=0, le=_MOST_PRICE)] | None = None
    creator: Text = ""
    tags: Words = ()
    page: Annotated[Whole, Field(ge=1, le=_MOST_PAGE)] | None = None
    page_size: Annotated[Whole, Field(ge=1, le=MOST)] | None = None
    sort_by: ProductSort = ProductSort.CREATED_AT
    sort_order: SortOrder | None = None

    @field_validator("max_price")
    @classmethod
    def _is_no_less(cls, most: int | None, info: ValidationInfo) -> int | None:
        least = info.data.get("min_price")
        if most is not None and least is not None and most < least:
            raise ValueError("is less than min_price")
        return most

    @field_validator("page", "page_size")
    @classmethod
    def _names_a_page_or_a_place(cls, given: int | None, info: ValidationInfo) -> int | None:
        if given is not None and (info.data.get("offset") or info.data.get("limit", USUAL) != USUAL):
            raise ValueError("give page and page_size, or limit and offset")
        return given

    def paging(self) -> Paging:
        if self.page is None and self.page_size is None:
            return Paging(self.limit, self.offset)
        size = USUAL if self.page_size is None else self.page_size
        return Paging(size, (self.page or 1) * size - size)

    def filter(self, category: str | None) -> ProductFilter:
        order = self.sort_order
        return ProductFilter(
            search=self.query.strip(),
            category=category,
            least=self.min_price,
            most=self.max_price,
            creator=self.creator.strip() or None,
            # as they are kept
            tags=tuple(sorted({tag.removeprefix("#").casefold() for tag in self.tags})),
            sort=self.sort_by,
            descending=self.sort_by not in _UPWARDS if order is None else order is SortOrder.DESC,
        )


class ShopQuery(ShelfQuery):
    category: Text = ""


class CategoryItem(BaseModel):
    """`count` is of the products that are on sale in it."""

    category: str
    count: int


async def show_shop(call: Call[ShopQuery, NoBody]) -> ListAnswer[ProductItem]:
    """Each word of `query` is how one of a product's words begins: of title, description, category and tags.

    All that is given must hold, of `tags` any. `total` is exact up to a thousand; above, it may be some seconds old.
    """
    return await shelf(call, call.query.filter(call.query.category.strip() or None), call.query.paging())


async def show_category(call: Call[ShelfQuery, NoBody]) -> ListAnswer[ProductItem]:
    """One that holds nothing is an empty list."""
    return await shelf(call, call.query.filter(call.word("category")), call.query.paging())


async def shelf(call: Call[Any, Any], wanted: ProductFilter, paging: Paging) -> ListAnswer[ProductItem]:
    tools = call.tools
    page = await search_products(
        call.session,
        wanted,
        paging,
        kept=tools.shop_breadths,
        totals=tools.shop_totals.of,
        now=tools.clock(),
    )
    return ListAnswer[ProductItem].of(page, lambda row: ProductItem.of(row, tools.public_url))


async def show_categories(call: Call[ListQuery, NoBody]) -> ListAnswer[CategoryItem]:
    """By name. Of a large shop the counts are at most a minute old."""
    tools, paging = call.tools, call.query.paging()

    async def count() -> tuple[list[CategoryItem], int]:
        async with tools.database.reading() as session:
            counts = await count_shop_categories(session, now=tools.clock())
        return [CategoryItem(category=name, count=many) for name, many in counts.items()], sum(counts.values())

    found = await tools.shop_answers.of("categories", count)
    page = Page(found[paging.offset : paging.offset + paging.limit], len(found), paging)
    return ListAnswer[CategoryItem].of(page, lambda item: item)


async def show_product(call: Plain) -> ProductCard:
    """What is not on sale is shown to those alone who act for its creator."""
    session, tools = call.session, call.tools
    row = await find_shown(session, call.number("product_id"), now=tools.clock())
    if row is None or not (row.shown or acts_for(call, row.creator_id)):
        raise NoSuchProduct("there is no such product")
    variants = [VariantCard.of(each) for each in await variants_of(session, row.id)] if row.has_variants else []
    contents = await bundle_contents(session, row.id) if row.kind == ProductKind.BUNDLE else []
    inside, to_come = [InBundle.of(each) for each in contents], await is_to_come(session, row.id)
    return ProductCard.with_parts(row, tools.public_url, variants, inside, to_come=to_come)


_FOUND = (
    "test_api_products.py::test_the_shop_is_found_by_all_that_narrows_it",
    "test_api_products.py::test_pages_by_number_and_by_place_neither_overlap_nor_leave_out",
    "test_api_products.py::test_what_no_question_can_be_is_refused_with_its_reason",
)
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/products",
        Act.BROWSE_SHOP,
        show_shop,
        "The products on sale, searched, narrowed and sorted",
        {200: ListAnswer[ProductItem]},
        query=ShopQuery,
        rate="public",
        proves=(*_FOUND, "test_api_products.py::test_what_is_not_on_sale_is_shown_to_its_creator_alone"),
    ),
    Route(
        "GET",
        "/products/categories",
        Act.BROWSE_SHOP,
        show_categories,
        "The categories of what is on sale, with how many there are of each",
        {200: ListAnswer[CategoryItem]},
        session="none",
        query=ListQuery,
        rate="public",
        proves=("test_api_products.py::test_categories_are_told_with_their_counts",),
    ),
    Route(
        "GET",
        "/products/category/{category}",
        Act.BROWSE_SHOP,
        show_category,
        "The products on sale in one category",
        {200: ListAnswer[ProductItem]},
        query=ShelfQuery,
        rate="public",
        refuses=(NotFound,),
        proves=("test_api_products.py::test_categories_are_told_with_their_counts",),
    ),
    Route(
        "GET",
        "/products/{product_id}",
        Act.BROWSE_SHOP,
        show_product,
        "One product with its variants, and of a bundle what is in it",
        {200: ProductCard},
        rate="public",
        refuses=(NoSuchProduct,),
        proves=(
            "test_api_products.py::test_one_product_is_shown_with_its_parts_and_nothing_private",
            "test_api_products.py::test_what_is_not_on_sale_is_shown_to_its_creator_alone",
        ),
    ),
)
