"""`/api/v1/analytics`: what a business came to, in pieces of a clock on the wall."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar

from pydantic import BaseModel

from domain.access import Act
from kit.paging import Page
from store.models import OrderState
from store.queries.analytics import (
    Sales,
    SoldProduct,
    SourceNumbers,
    Sum,
    buyers_by_piece,
    count_buyers,
    numbers_of_sources,
    orders_by_piece,
    sales_by_piece,
    sold_products,
)
from store.queries.analytics_pieces import funnels_by_piece, products_by_piece, sources_by_piece
from store.queries.funnel_numbers import FunnelNumbers, numbers_of_funnels
from web.api.analytics_items import (
    AskedList,
    CustomersCount,
    CustomersItem,
    CustomersPiece,
    FunnelCount,
    FunnelItem,
    FunnelPiece,
    OrdersCount,
    OrdersItem,
    OrdersPiece,
    ProductCount,
    ProductItem,
    ProductPiece,
    SalesItem,
    SalesPiece,
    SourceCount,
    SourceItem,
    SourcePiece,
    SumItem,
)
from web.api.kept import kept
from web.api.lists import ListAnswer
from web.api.periods import BadPeriod, PagedPiecesQuery, Period, PiecesQuery, edges_of, period_of
from web.api.route import Call, NoBody, Route

Row = TypeVar("Row")
Piece = TypeVar("Piece", bound=BaseModel)


async def show_sales(call: Call[PiecesQuery, NoBody]) -> SalesItem:
    period = await period_of(call)
    at = period.edges(call.query.interval)
    found = await sales_by_piece(call.session, call.creator_id, at)
    currencies = sorted({currency for each in found for currency in each.money})
    whole = Sales(sum(each.orders for each in found))
    for each in found:
        for currency, money in each.money.items():
            whole.money[currency] = whole.money.get(currency, Sum()).plus(money)

    def told(sales: Sales) -> dict[str, Any]:
        return {"orders": sales.orders, "money": SumItem.all_of(sales.money, currencies)}

    return SalesItem(**_asked(period, call.query), **told(whole), pieces=_pieces(SalesPiece, at, found, told))


async def show_orders(call: Call[PiecesQuery, NoBody]) -> OrdersItem:
    period = await period_of(call)
    at = period.edges(call.query.interval)
    found = await orders_by_piece(call.session, call.creator_id, at)
    whole = {state: sum(each.get(state, 0) for each in found) for state in OrderState}
    pieces = _pieces(OrdersPiece, at, found, OrdersCount.told)
    return OrdersItem(**_asked(period, call.query), **OrdersCount.told(whole), pieces=pieces)


async def show_customers(call: Call[PiecesQuery, NoBody]) -> CustomersItem:
    period = await period_of(call)
    at = period.edges(call.query.interval)
    found = await buyers_by_piece(call.session, call.creator_id, at)
    whole = await count_buyers(call.session, call.creator_id, period.since, period.until)
    pieces = _pieces(CustomersPiece, at, found, CustomersCount.told)
    return CustomersItem(**_asked(period, call.query), **CustomersCount.told(whole), pieces=pieces)


async def show_products(call: Call[PagedPiecesQuery, NoBody]) -> AskedList[ProductItem]:
    period, query = await period_of(call), call.query
    at = edges_of(period, query)
    page = await sold_products(call.session, call.creator_id, period.since, period.until, query.paging())
    shown = [each.product_id for each in page.items]
    pieces = await products_by_piece(call.session, call.creator_id, at, shown) if at else {}

    def item(each: SoldProduct) -> ProductItem:
        told = _pieces(ProductPiece, at, pieces[each.product_id], ProductCount.told) if at else None
        return ProductItem(product_id=each.product_id, title=each.title, **ProductCount.told(each), pieces=told)

    return AskedList[ProductItem](**_asked(period, query), **dict(ListAnswer[ProductItem].of(page, item)))


async def show_sources(call: Call[PagedPiecesQuery, NoBody]) -> AskedList[SourceItem]:
    period, query = await period_of(call), call.query
    at = edges_of(period, query)
    page = await numbers_of_sources(call.session, call.creator_id, period.since, period.until, query.paging())
    shown = [each.source for each in page.items]
    pieces = await sources_by_piece(call.session, call.creator_id, at, shown) if at else {}

    def item(each: SourceNumbers) -> SourceItem:
        told = _pieces(SourcePiece, at, pieces[each.source], SourceCount.told) if at else None
        return SourceItem(source=each.source, **SourceCount.told(each), pieces=told)

    return AskedList[SourceItem](**_asked(period, query), **dict(ListAnswer[SourceItem].of(page, item)))


async def show_funnels(call: Call[PagedPiecesQuery, NoBody]) -> AskedList[FunnelItem]:
    period, query, paging = await period_of(call), call.query, call.query.paging()
    at = edges_of(period, query)
    found = await numbers_of_funnels(call.session, call.creator_id, period.since, period.until)
    page = Page(found[paging.offset : paging.offset + paging.limit], len(found), paging)
    shown = [each.funnel for each in page.items]
    pieces = await funnels_by_piece(call.session, call.creator_id, at, shown) if at else {}

    def item(each: FunnelNumbers) -> FunnelItem:
        told = _pieces(FunnelPiece, at, pieces[each.funnel], FunnelCount.told) if at else None
        return FunnelItem(funnel=each.funnel, **FunnelCount.told(each), pieces=told)

    return AskedList[FunnelItem](**_asked(period, query), **dict(ListAnswer[FunnelItem].of(page, item)))


def _asked(period: Period, query: PiecesQuery | PagedPiecesQuery) -> dict[str, Any]:
    return {
        "since": period.since,
        "until": period.until,
        "interval": query.interval,
        "time_zone": period.zone,
    }


def _pieces(
    model: type[Piece], at: Sequence[datetime], found: Sequence[Row], told: Callable[[Row], Mapping[str, Any]]
) -> list[Piece]:
    return [
        model(since=since, until=until, **told(each)) for (since, until), each in zip(pairwise(at), found, strict=True)
    ]


def _route(
    name: str,
    show: Callable[..., Awaitable[BaseModel]],
    summary: str,
    told: type[BaseModel],
    query: type[BaseModel],
    *proves: str,
) -> Route[Any, Any]:
    return Route(
        "GET",
        f"/analytics/{name}",
        Act.SEE_SALES,
        kept(show),
        summary,
        {200: told},
        session="none",
        query=query,
        rate="heavy",
        refuses=(BadPeriod,),
        proves=tuple(f"test_api_analytics.py::test_{each}" for each in proves),
    )


_MANY = "a_page_has_no_more_pieces_than_can_be_told"
_WRONG = "a_period_that_is_none_is_refused"
ROUTES: tuple[Route[Any, Any], ...] = (
    _route(
        "sales",
        show_sales,
        "What was sold for how much, before and after what went back",
        SalesItem,
        PiecesQuery,
        *("sales_stand_where_they_were_paid_and_what_went_back_is_taken_off_there", _WRONG),
        "sums_of_a_large_business_are_worked_out_once_a_minute_at_most",
    ),
    _route(
        "orders",
        show_orders,
        "How many orders were opened, and how they stand now",
        OrdersItem,
        PiecesQuery,
        "orders_count_where_they_were_opened",
    ),
    _route(
        "customers",
        show_customers,
        "Who bought, for the first time or again",
        CustomersItem,
        PiecesQuery,
        "a_customer_is_new_once",
    ),
    _route(
        "products",
        show_products,
        "What was sold most",
        AskedList[ProductItem],
        PagedPiecesQuery,
        *("what_sold_most_is_told_by_interval_too", _MANY),
        "what_sold_most_stands_first",
    ),
    _route(
        "sources",
        show_sources,
        "Where leads came from, and what came of them",
        AskedList[SourceItem],
        PagedPiecesQuery,
        "sources_and_funnels_are_told_by_interval_too",
        "a_source_is_told_what_its_leads_have_brought",
    ),
    _route(
        "funnels",
        show_funnels,
        "What became of those who began each funnel",
        AskedList[FunnelItem],
        PagedPiecesQuery,
        "sources_and_funnels_are_told_by_interval_too",
        "a_funnel_is_told_what_became_of_those_who_began",
    ),
)
