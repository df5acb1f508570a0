"""The leads who have paid for something."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Paging
from store.kept_money import KEPT_MINOR
from store.models import Lead, Order, Payment

# what came to nothing has cost nobody anything
_PAID = (Order.paid_at.is_not(None), Order.total_minor > 0)


@dataclass(slots=True)
class CustomerRow:
    """`spent` is what came and is still there, in minor units by currency."""

    lead: Lead
    orders: int = 0
    spent: dict[str, int] = field(default_factory=dict)
    first_at: datetime | None = None
    last_at: datetime | None = None


def are_customers(creator_id: int) -> ColumnElement[bool]:
    return exists().where(Order.lead_id == Lead.id, Order.creator_id == creator_id, *_PAID)


async def page_of_customers(
    session: AsyncSession, creator_id: int, condition: ColumnElement[bool], paging: Paging
) -> tuple[Sequence[CustomerRow], Callable[[], Awaitable[int]]]:
    """Those of the creator's living leads, newest first, and what counts them all."""
    wanted = (Lead.creator_id == creator_id, Lead.merged_into_id.is_(None), Lead.forgotten_at.is_(None), condition)
    query = select(Lead).where(*wanted, are_customers(creator_id)).order_by(Lead.id.desc())
    leads = (await session.scalars(query.limit(paging.limit).offset(paging.offset))).all()

    async def count() -> int:
        # by what was paid, of which there is less than there are leads
        paid = select(Order.lead_id).where(Order.creator_id == creator_id, *_PAID)
        return await session.scalar(select(func.count()).select_from(Lead).where(*wanted, Lead.id.in_(paid))) or 0

    return await rows_of_customers(session, creator_id, leads), count


async def rows_of_customers(session: AsyncSession, creator_id: int, leads: Sequence[Lead]) -> list[CustomerRow]:
    """In the order given."""
    rows: Mapping[int, CustomerRow] = {lead.id: CustomerRow(lead) for lead in leads}
    if not rows:
        return []
    theirs = (Order.lead_id.in_(rows), Order.creator_id == creator_id, *_PAID)
    counted = select(Order.lead_id, func.count(), func.min(Order.paid_at), func.max(Order.paid_at)).where(*theirs)
    for lead_id, orders, first_at, last_at in await session.execute(counted.group_by(Order.lead_id)):
        row = rows[lead_id]
        row.orders, row.first_at, row.last_at = orders, first_at, last_at
    money = (
        select(Order.lead_id, Payment.currency, func.sum(KEPT_MINOR))
        .join(Payment, Payment.order_id == Order.id)
        .where(*theirs, KEPT_MINOR > 0)
        .group_by(Order.lead_id, Payment.currency)
        .order_by(Payment.currency)
    )
    for lead_id, currency, spent in await session.execute(money):
        rows[lead_id].spent[currency] = int(spent)
    return list(rows.values())
