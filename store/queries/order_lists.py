"""Orders as their buyer and their seller look for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from kit.paging import Page, Paging
from store.models import (
    Account,
    AccountState,
    Creator,
    DiscountCode,
    Dispute,
    DisputeState,
    Entitlement,
    Lead,
    Membership,
    Order,
    OrderLine,
    OrderState,
    Person,
    Product,
    ProductKind,
)
from store.queries.unready import WAITS_FOR_CREATOR

UNPAID = (OrderState.OPEN, OrderState.AWAITING_PAYMENT)
PAID = (OrderState.PAID, OrderState.FULFILLED, OrderState.PARTLY_REFUNDED)
ENDED = (OrderState.EXPIRED, OrderState.CANCELLED)
SHIPPABLE = (OrderState.PAID, OrderState.PARTLY_REFUNDED)
BACK = (OrderState.REFUNDED, OrderState.PARTLY_REFUNDED)

# a right to something that goes by post, by itself or in a bundle, and is not sent off yet
_TO_SHIP = exists().where(
    Entitlement.order_id == Order.id,
    Entitlement.delivered_at.is_(None),
    Entitlement.revoked_at.is_(None),
    Product.id == Entitlement.product_id,
    Product.kind == ProductKind.PHYSICAL,
)
# one to something that its creator has still to bring
_TO_BRING = exists().where(Entitlement.order_id == Order.id, WAITS_FOR_CREATOR)
# what waits for the creator: sold out, at a bank, still to be sent, or with nothing to hand over
_TO_DO = or_(
    Order.state.in_((OrderState.OVERSOLD, OrderState.DISPUTED)),
    and_(Order.state.in_(SHIPPABLE), Order.shipped_at.is_(None), _TO_SHIP),
    and_(Order.state.in_(SHIPPABLE), _TO_BRING),
)
# by the name that stands behind a button and in an export
CHOICES: Mapping[str, ColumnElement[bool] | None] = {
    "all": None,
    "todo": _TO_DO,
    "paid": Order.state.in_(PAID),
    "unpaid": Order.state.in_(UNPAID),
    "back": Order.state.in_(BACK),
    "ended": Order.state.in_(ENDED),
}


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """`choice` is one of CHOICES."""

    choice: str = "all"


@dataclass(frozen=True, slots=True)
class OrderInList:
    """One order as it stands in a list; `title` names all of its lines."""

    order: Order
    title: str
    lead: Lead
    creator: str
    # the discount code that was used
    code: str | None
    # as the buyer is called in Telegram
    first_name: str | None
    # what banks have taken back
    lost_minor: int

    @property
    def total(self) -> Money:
        """With what the rail added, once it has."""
        order = self.order
        return Money(order.total_minor + order.tax_minor + order.shipping_minor, order.currency)


async def list_sales(session: AsyncSession, creator_id: int, wanted: OrderFilter, paging: Paging) -> Page[OrderInList]:
    """A creator's orders, newest first."""
    return await _page(session, _sales(creator_id, wanted).order_by(Order.id.desc()), paging)


async def list_bought(session: AsyncSession, person_id: int, paging: Paging) -> Page[OrderInList]:
    """What this person has ordered, from whichever creator, newest first."""
    query = select(Order).join(Lead, Lead.id == Order.lead_id).where(Lead.person_id == person_id)
    return await _page(session, query.order_by(Order.id.desc()), paging)


async def count_sales(session: AsyncSession, creator_id: int) -> dict[str, int]:
    """How many orders each choice has."""
    counts = [func.count() if condition is None else func.count().filter(condition) for condition in CHOICES.values()]
    row = (await session.execute(select(*counts).select_from(Order).where(Order.creator_id == creator_id))).one()
    return dict(zip(CHOICES, row, strict=True))


async def sales_after(
    session: AsyncSession, creator_id: int, wanted: OrderFilter, *, after: int, limit: int
) -> Sequence[OrderInList]:
    """The next so many in the order of their ids, for a file."""
    query = _sales(creator_id, wanted).where(Order.id > after).order_by(Order.id).limit(limit)
    return await _described(session, (await session.scalars(query)).all())


async def count_chosen(session: AsyncSession, creator_id: int, wanted: OrderFilter) -> int:
    return await _count(session, _sales(creator_id, wanted))


async def find_own_order(session: AsyncSession, person_id: int, order_id: int) -> tuple[Creator, Order] | None:
    """An order of a creator for whom this person acts."""
    found = await session.execute(
        select(Creator, Order)
        .join(Creator, Creator.id == Order.creator_id)
        .join(Membership, Membership.creator_id == Creator.id)
        .join(Account, Account.id == Membership.account_id)
        .where(Order.id == order_id, Account.person_id == person_id, Account.state == AccountState.ACTIVE)
        .limit(1)
    )
    row = found.one_or_none()
    return None if row is None else (row[0], row[1])


async def find_bought(session: AsyncSession, person_id: int, order_id: int) -> tuple[Lead, Order] | None:
    """An order of this person's own."""
    found = await session.execute(
        select(Lead, Order)
        .join(Lead, Lead.id == Order.lead_id)
        .where(Order.id == order_id, Lead.person_id == person_id)
    )
    row = found.one_or_none()
    return None if row is None else (row[0], row[1])


def _sales(creator_id: int, wanted: OrderFilter) -> Select[Order]:
    query = select(Order).where(Order.creator_id == creator_id)
    condition = CHOICES[wanted.choice]
    return query if condition is None else query.where(condition)


async def _page(session: AsyncSession, query: Select[Order], paging: Paging) -> Page[OrderInList]:
    orders = (await session.scalars(query.limit(paging.limit).offset(paging.offset))).all()
    return Page(await _described(session, orders), await _count(session, query), paging)


async def _count(session: AsyncSession, query: Select[Order]) -> int:
    return await session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


async def _described(session: AsyncSession, orders: Sequence[Order]) -> Sequence[OrderInList]:
    titles: dict[int, list[str]] = {}
    lines = await session.execute(
        select(OrderLine.order_id, OrderLine.title, OrderLine.quantity)
        .where(OrderLine.order_id.in_([order.id for order in orders]))
        .order_by(OrderLine.id)
    )
    for order_id, title, quantity in lines:
        titles.setdefault(order_id, []).append(title if quantity == 1 else f"{title} × {quantity}")
    leads = {
        lead.id: lead
        for lead in await session.scalars(select(Lead).where(Lead.id.in_({order.lead_id for order in orders})))
    }
    rows = await session.execute(
        select(Creator.id, Creator.name).where(Creator.id.in_({order.creator_id for order in orders}))
    )
    names = {row.id: row.name for row in rows}
    used = select(DiscountCode.id, DiscountCode.code).where(
        DiscountCode.id.in_({order.discount_code_id for order in orders if order.discount_code_id is not None})
    )
    codes = {row.id: row.code for row in await session.execute(used)}
    persons = select(Person.id, Person.first_name).where(Person.id.in_({lead.person_id for lead in leads.values()}))
    called = {row.id: row.first_name for row in await session.execute(persons)}
    taken = (
        select(Dispute.order_id, func.sum(Dispute.amount_minor).label("amount"))
        .where(Dispute.order_id.in_([order.id for order in orders]), Dispute.state == DisputeState.LOST)
        .group_by(Dispute.order_id)
    )
    lost = {row.order_id: int(row.amount) for row in await session.execute(taken)}
    return [
        OrderInList(
            order,
            ", ".join(titles.get(order.id, ())),
            leads[order.lead_id],
            names[order.creator_id],
            codes.get(order.discount_code_id or 0),
            called.get(leads[order.lead_id].person_id or 0),
            lost.get(order.id, 0),
        )
        for order in orders
    ]
