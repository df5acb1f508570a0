"""The same numbers of products, sources and funnels, piece of time by piece of time, for those that a page shows.

No index finds what fell into a piece of these, so that rows are read once, and each finds its piece by halving.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, case, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from store.kept_money import WENT_BACK_MINOR
from store.models import Enrollment, Lead, Order, OrderLine, OrderState, Payment
from store.queries.analytics import SoldProduct, SourceNumbers, Sum, became_leads, came_from, were_paid
from store.queries.funnel_numbers import GOAL, FunnelNumbers, begun_then

# the numbers of each piece, in their order, by what they are of
ByPiece = dict[str | None, list[SourceNumbers]]


async def products_by_piece(
    session: AsyncSession, creator_id: int, edges: Sequence[datetime], product_ids: Collection[int]
) -> dict[int, list[SoldProduct]]:
    """Without their titles. `edges` as `kit.buckets.edges` makes them."""
    line = (
        select(
            number_of_piece(Order.paid_at, edges).label("piece"),
            OrderLine.product_id,
            OrderLine.quantity,
            OrderLine.order_id,
            Order.state,
            Order.currency,
            (OrderLine.price_minor * OrderLine.quantity - OrderLine.discount_minor).label("gross"),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(*were_paid(creator_id, edges[0], edges[-1]), OrderLine.product_id.in_(product_ids))
        .subquery()
    ).c
    found = {each: [SoldProduct(each, "", 0, 0, 0) for _ in edges[1:]] for each in product_ids}
    counted = select(
        line.piece,
        line.product_id,
        func.sum(line.quantity),
        func.count(line.order_id.distinct()),
        func.count(case((line.state == OrderState.REFUNDED, line.order_id)).distinct()),
    ).group_by(line.piece, line.product_id)
    for piece, product_id, units, orders, back in await session.execute(counted):
        sold = found[product_id][piece]
        sold.units, sold.orders, sold.refunded_orders = int(units), orders, back
    by_currency = (line.piece, line.product_id, line.currency)
    money = select(*by_currency, func.sum(line.gross)).group_by(*by_currency).order_by(line.currency)
    for piece, product_id, currency, gross in await session.execute(money):
        found[product_id][piece].gross[currency] = int(gross)
    return found


async def sources_by_piece(
    session: AsyncSession, creator_id: int, edges: Sequence[datetime], sources: Collection[str | None]
) -> ByPiece:
    """Of those who became leads in each piece, and whatever they have bought since."""
    lead = (
        select(number_of_piece(Lead.created_at, edges).label("piece"), Lead.source, Lead.id)
        .where(*became_leads(creator_id, edges[0], edges[-1]), came_from(sources))
        .subquery()
    ).c
    by_source = (lead.piece, lead.source)
    found: ByPiece = {each: [SourceNumbers(each, 0) for _ in edges[1:]] for each in sources}
    for piece, source, leads in await session.execute(select(*by_source, func.count()).group_by(*by_source)):
        found[source][piece].leads = leads
    paid = (Order.creator_id == creator_id, Order.paid_at.is_not(None))
    bought = (
        select(*by_source, func.count(lead.id.distinct()), func.count())
        .join(Order, Order.lead_id == lead.id)
        .where(*paid, Order.total_minor > 0)
        .group_by(*by_source)
    )
    for piece, source, buyers, orders in await session.execute(bought):
        found[source][piece].buyers, found[source][piece].orders = buyers, orders
    money = (
        select(*by_source, Payment.currency, func.sum(Payment.amount_minor), func.sum(WENT_BACK_MINOR))
        .join(Order, Order.lead_id == lead.id)
        .join(Payment, Payment.order_id == Order.id)
        .where(*paid)
        .group_by(*by_source, Payment.currency)
        .order_by(Payment.currency)
    )
    for piece, source, currency, gross, back in await session.execute(money):
        found[source][piece].money[currency] = Sum(int(gross), int(back))
    return found


async def funnels_by_piece(
    session: AsyncSession, creator_id: int, edges: Sequence[datetime], funnels: Collection[str]
) -> dict[str, list[FunnelNumbers]]:
    """Of those who began in each piece, as they stand now."""
    begun = (
        select(
            number_of_piece(Enrollment.started_at, edges).label("piece"),
            Enrollment.funnel_key,
            Enrollment.state,
            Enrollment.reason,
        )
        .where(*await begun_then(session, creator_id, edges[0], edges[-1]), Enrollment.funnel_key.in_(funnels))
        .subquery()
    ).c
    asked = select(
        begun.piece, begun.funnel_key, begun.state, func.count(), func.count().filter(begun.reason == GOAL)
    ).group_by(begun.piece, begun.funnel_key, begun.state)
    found = {each: [FunnelNumbers(each) for _ in edges[1:]] for each in funnels}
    for piece, key, state, count, by_goal in await session.execute(asked):
        numbers = found[key][piece]
        numbers.began += count
        numbers.goal += by_goal
        numbers.states[state] += count
    return found


def number_of_piece(
    at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None], edges: Sequence[datetime]
) -> ColumnElement[int]:
    """Of the piece in which that moment is, which is in one of them."""

    def between(first: int, last: int) -> ColumnElement[int]:
        if last - first == 1:
            return literal_column(str(first), Integer)
        middle = (first + last) // 2
        return case((at < edges[middle], between(first, middle)), else_=between(middle, last))

    return between(0, len(edges) - 1)
