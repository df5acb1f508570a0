"""Orders with all that a program reads of them: as their seller looks for them, and as their buyer does."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.kept_money import BOUGHT, KEPT_MINOR, WENT_BACK_MINOR
from store.models import (
    Creator,
    DiscountCode,
    Entitlement,
    Order,
    OrderLine,
    OrderState,
    Payment,
    Refund,
)
from store.queries.product_search import Totals


@dataclass(frozen=True, slots=True)
class OrdersWanted:
    """All of it must hold; `since` and `until` are about when they were made, the end left out."""

    states: Collection[OrderState] = ()
    lead_id: int | None = None
    product_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(slots=True)
class OrderRow:
    order: Order
    # its seller, as it is named in addresses
    creator: str
    code: str | None = None
    lines: list[OrderLine] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bought:
    """What somebody has bought, in minor units by currency; `owned` counts products."""

    orders: int
    by_state: dict[OrderState, int]
    spent: dict[str, int]
    refunded: dict[str, int]
    owned: int
    sellers: int
    first_at: datetime | None
    last_at: datetime | None


async def page_of_sold(
    session: AsyncSession, creator_id: int, wanted: OrdersWanted, paging: Paging, *, totals: Totals
) -> Page[OrderRow]:
    """A creator's, newest first; `totals` counts by key, or knows how many there were a moment ago."""
    conditions = [Order.creator_id == creator_id, *_conditions(wanted)]
    rows = await _rows(session, conditions, paging)
    total = await totals(("orders", creator_id, wanted), lambda: _count(session, conditions))
    return Page(rows, total, paging)


async def page_of_bought(
    session: AsyncSession, lead_ids: Collection[int], wanted: OrdersWanted, paging: Paging
) -> Page[OrderRow]:
    """What these leads have ordered, newest first."""
    conditions = [Order.lead_id.in_(lead_ids), *_conditions(wanted)]
    return Page(await _rows(session, conditions, paging), await _count(session, conditions), paging)


async def rows_of(session: AsyncSession, orders: Sequence[Order]) -> list[OrderRow]:
    """In the order given."""
    if not orders:
        return []
    ids = [order.id for order in orders]
    slugs = select(Creator.id, Creator.slug).where(Creator.id.in_({order.creator_id for order in orders}))
    sellers = {row.id: row.slug for row in await session.execute(slugs)}
    used = {order.discount_code_id for order in orders} - {None}
    names = select(DiscountCode.id, DiscountCode.code).where(DiscountCode.id.in_(used))
    codes = {row.id: row.code for row in await session.execute(names)} if used else {}
    rows = {
        order.id: OrderRow(order, sellers[order.creator_id], codes.get(order.discount_code_id or 0)) for order in orders
    }
    latest = {"populate_existing": True}
    lines = select(OrderLine).where(OrderLine.order_id.in_(ids)).order_by(OrderLine.id)
    for line in await session.scalars(lines, execution_options=latest):
        rows[line.order_id].lines.append(line)
    refunds = select(Refund).where(Refund.order_id.in_(ids)).order_by(Refund.id)
    for refund in await session.scalars(refunds, execution_options=latest):
        rows[refund.order_id].refunds.append(refund)
    return list(rows.values())


async def order_of_session(session: AsyncSession, session_id: str) -> Order | None:
    """The order that a rail's checkout is for."""
    return await session.scalar(select(Order).where(Order.session_id == session_id))


async def bought_by(session: AsyncSession, lead_ids: Collection[int]) -> Bought:
    """What came of all that these leads have ordered."""
    theirs = Order.lead_id.in_(lead_ids)
    counted = await session.execute(select(Order.state, func.count()).where(theirs).group_by(Order.state))
    by_state = {state: count for state, count in counted}  # noqa: C416 - rows
    paid = select(
        func.count(), func.count(Order.creator_id.distinct()), func.min(Order.paid_at), func.max(Order.paid_at)
    ).where(theirs, Order.paid_at.is_not(None))
    orders, sellers, first_at, last_at = (await session.execute(paid)).one()
    kept = (
        select(Payment.currency, func.sum(KEPT_MINOR))
        .join(Order, Order.id == Payment.order_id)
        .where(theirs, BOUGHT, KEPT_MINOR > 0)
        .group_by(Payment.currency)
        .order_by(Payment.currency)
    )
    back = (
        select(Payment.currency, func.sum(WENT_BACK_MINOR))
        .join(Order, Order.id == Payment.order_id)
        .where(theirs, WENT_BACK_MINOR > 0)
        .group_by(Payment.currency)
        .order_by(Payment.currency)
    )
    owned = select(func.count(Entitlement.product_id.distinct())).where(
        Entitlement.lead_id.in_(lead_ids), Entitlement.revoked_at.is_(None)
    )
    return Bought(
        orders=orders,
        by_state=by_state,
        spent={currency: int(amount) for currency, amount in await session.execute(kept)},
        refunded={currency: int(amount) for currency, amount in await session.execute(back)},
        owned=await session.scalar(owned) or 0,
        sellers=sellers,
        first_at=first_at,
        last_at=last_at,
    )


def _conditions(wanted: OrdersWanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(Order.state.in_(wanted.states))
    if wanted.lead_id is not None:
        found.append(Order.lead_id == wanted.lead_id)
    if wanted.product_id is not None:
        found.append(exists().where(OrderLine.order_id == Order.id, OrderLine.product_id == wanted.product_id))
    if wanted.since is not None:
        found.append(Order.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(Order.created_at < wanted.until)
    return found


async def _rows(session: AsyncSession, conditions: Sequence[ColumnElement[bool]], paging: Paging) -> list[OrderRow]:
    query: Select[Order] = select(Order).where(*conditions).order_by(Order.id.desc())
    return await rows_of(session, (await session.scalars(query.limit(paging.limit).offset(paging.offset))).all())


async def _count(session: AsyncSession, conditions: Sequence[ColumnElement[bool]]) -> int:
    return await session.scalar(select(func.count()).select_from(Order).where(*conditions)) or 0
