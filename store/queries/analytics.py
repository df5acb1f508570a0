"""What a creator's business came to, piece of time by piece of time: one grouped statement for each question.

Money belongs to when its order was paid, and what went back since is taken off there: the figures of a month are what
came of that month's sales, and change when one of them is paid back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from sqlalchemy import CTE, BigInteger, ColumnElement, and_, case, column, exists, func, select, values
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from kit.paging import Page, Paging
from store.kept_money import WENT_BACK_MINOR
from store.models import Lead, Order, OrderLine, OrderState, Payment, Product
from store.models.base import Instant

_CURRENCY = func.coalesce(Payment.currency, Order.currency)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sum:
    """Minor units: what came, and how much of it has gone back."""

    gross: int = 0
    back: int = 0

    @property
    def net(self) -> int:
        return self.gross - self.back

    def plus(self, other: "Sum") -> "Sum":
        return Sum(self.gross + other.gross, self.back + other.back)


@dataclass(slots=True)
class Sales:
    """Of one piece: how many orders were paid or given for nothing, and the money by currency."""

    orders: int = 0
    money: dict[str, Sum] = field(default_factory=dict)

    @property
    def earned(self) -> dict[str, int]:
        """In minor units by currency: what came and is still there."""
        return {currency: money.net for currency, money in sorted(self.money.items())}


@dataclass(slots=True)
class Buyers:
    """Who paid, and how many of these had never paid before the piece began."""

    buyers: int = 0
    new: int = 0


@dataclass(slots=True)
class SoldProduct:
    product_id: int
    title: str
    units: int
    orders: int
    # of these orders, those all of whose money has gone back
    refunded_orders: int
    # of its lines, after the discount, before anything went back
    gross: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class SourceNumbers:
    """Of the leads that came from there: how many have bought since, how often, and for how much."""

    source: str | None
    leads: int
    buyers: int = 0
    orders: int = 0
    money: dict[str, Sum] = field(default_factory=dict)


async def sales_by_piece(session: AsyncSession, creator_id: int, edges: Sequence[datetime]) -> list[Sales]:
    """`edges` as `kit.buckets.edges` makes them."""
    piece = _pieces(edges)
    asked = (
        select(
            piece.c.number,
            _CURRENCY,
            func.count(Order.id.distinct()),
            func.coalesce(func.sum(Payment.amount_minor), 0),
            func.coalesce(func.sum(WENT_BACK_MINOR), 0),
        )
        .select_from(piece)
        .join(Order, _within(creator_id, Order.paid_at, piece))
        .outerjoin(Payment, Payment.order_id == Order.id)
        .group_by(piece.c.number, _CURRENCY)
    )
    found = [Sales() for _ in edges[1:]]
    for number, currency, orders, gross, back in await session.execute(asked):
        found[number].orders += orders
        found[number].money[currency] = Sum(int(gross), int(back))
    return found


async def sales_since(session: AsyncSession, creator_id: int, since: datetime) -> Sales:
    """All of it from then on, as one piece."""
    (whole,) = await sales_by_piece(session, creator_id, [since, _NEVER])
    return whole


async def orders_by_piece(
    session: AsyncSession, creator_id: int, edges: Sequence[datetime]
) -> list[Mapping[OrderState, int]]:
    """Those that were opened in each, as they stand now."""
    piece = _pieces(edges)
    asked = (
        select(piece.c.number, Order.state, func.count())
        .select_from(piece)
        .join(Order, _within(creator_id, Order.created_at, piece))
        .group_by(piece.c.number, Order.state)
    )
    found: list[dict[OrderState, int]] = [{} for _ in edges[1:]]
    for number, state, count in await session.execute(asked):
        found[number][state] = count
    return list(found)


async def buyers_by_piece(session: AsyncSession, creator_id: int, edges: Sequence[datetime]) -> list[Buyers]:
    """One who buys in several pieces counts in each, and is new in one at most."""
    piece, earlier = _pieces(edges), aliased(Order)
    before = exists().where(
        earlier.lead_id == Order.lead_id,
        earlier.creator_id == creator_id,
        earlier.total_minor > 0,
        earlier.paid_at < piece.c.since,
    )
    asked = (
        select(
            piece.c.number,
            func.count(Order.lead_id.distinct()),
            func.count(case((~before, Order.lead_id)).distinct()),
        )
        .select_from(piece)
        .join(Order, and_(_within(creator_id, Order.paid_at, piece), Order.total_minor > 0))
        .group_by(piece.c.number)
    )
    found = [Buyers() for _ in edges[1:]]
    for number, buyers, new in await session.execute(asked):
        found[number] = Buyers(buyers, new)
    return found


async def count_buyers(session: AsyncSession, creator_id: int, since: datetime, until: datetime) -> Buyers:
    """Over all of the time at once, where everybody counts once."""
    (whole,) = await buyers_by_piece(session, creator_id, [since, until])
    return whole


async def sold_products(
    session: AsyncSession, creator_id: int, since: datetime, until: datetime, paging: Paging
) -> Page[SoldProduct]:
    """What was in the orders that were paid then, those of which most pieces were sold first."""
    paid = were_paid(creator_id, since, until)
    units = func.sum(OrderLine.quantity)
    by_product = (
        select(
            OrderLine.product_id,
            Product.title,
            units,
            func.count(Order.id.distinct()),
            func.count(case((Order.state == OrderState.REFUNDED, Order.id)).distinct()),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .join(Product, Product.id == OrderLine.product_id)
        .where(*paid)
        .group_by(OrderLine.product_id, Product.title)
        .order_by(units.desc(), OrderLine.product_id)
    )
    counted = select(func.count(OrderLine.product_id.distinct())).join(Order, Order.id == OrderLine.order_id)
    rows = await session.execute(by_product.limit(paging.limit).offset(paging.offset))
    found = {
        product_id: SoldProduct(product_id, title, int(pieces), orders, back)
        for product_id, title, pieces, orders, back in rows
    }
    line = OrderLine.price_minor * OrderLine.quantity - OrderLine.discount_minor
    money = (
        select(OrderLine.product_id, Order.currency, func.sum(line))
        .join(Order, Order.id == OrderLine.order_id)
        .where(*paid, OrderLine.product_id.in_(found))
        .group_by(OrderLine.product_id, Order.currency)
        .order_by(Order.currency)
    )
    for product_id, currency, gross in await session.execute(money):
        found[product_id].gross[currency] = int(gross)
    return Page(list(found.values()), await session.scalar(counted.where(*paid)) or 0, paging)


async def numbers_of_sources(
    session: AsyncSession, creator_id: int, since: datetime, until: datetime, paging: Paging
) -> Page[SourceNumbers]:
    """Of those who became leads then, by where they first came from, and whatever they have bought since."""
    came = became_leads(creator_id, since, until)
    by_source = select(Lead.source, func.count().label("leads")).where(*came).group_by(Lead.source)
    # nowhere that is known comes first of those with as many
    ordered = by_source.order_by(func.count().desc(), func.coalesce(Lead.source, ""))
    every = (await session.execute(ordered)).all()
    rows = every[paging.offset : paging.offset + paging.limit]
    found = {row.source: SourceNumbers(row.source, row.leads) for row in rows}
    paid = (came_from(found), Order.creator_id == creator_id, Order.paid_at.is_not(None))
    bought = (
        select(Lead.source, func.count(Lead.id.distinct()), func.count())
        .join(Order, Order.lead_id == Lead.id)
        .where(*came, *paid, Order.total_minor > 0)
        .group_by(Lead.source)
    )
    for source, buyers, orders in await session.execute(bought):
        found[source].buyers, found[source].orders = buyers, orders
    money = (
        select(Lead.source, Payment.currency, func.sum(Payment.amount_minor), func.sum(WENT_BACK_MINOR))
        .join(Order, Order.lead_id == Lead.id)
        .join(Payment, Payment.order_id == Order.id)
        .where(*came, *paid)
        .group_by(Lead.source, Payment.currency)
        .order_by(Payment.currency)
    )
    for source, currency, gross, back in await session.execute(money):
        found[source].money[currency] = Sum(int(gross), int(back))
    return Page(list(found.values()), len(every), paging)


def became_leads(creator_id: int, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Lead.creator_id == creator_id,
        Lead.created_at >= since,
        Lead.created_at < until,
        Lead.merged_into_id.is_(None),
        Lead.forgotten_at.is_(None),
    )


def came_from(sources: Collection[str | None]) -> ColumnElement[bool]:
    named = Lead.source.in_([source for source in sources if source is not None])
    return named | Lead.source.is_(None) if None in sources else named


def were_paid(creator_id: int, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Order.creator_id == creator_id, Order.paid_at >= since, Order.paid_at < until)


def _pieces(edges: Sequence[datetime]) -> CTE:
    """A row for each piece, so that an index finds what falls into it."""
    rows = [(number, *both) for number, both in enumerate(pairwise(edges))]
    columns = (column("number", BigInteger), column("since", Instant), column("until", Instant))
    return values(*columns, name="piece").data(rows).cte("piece")


def _within(
    creator_id: int, at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None], piece: CTE
) -> ColumnElement[bool]:
    return and_(Order.creator_id == creator_id, at >= piece.c.since, at < piece.c.until)
