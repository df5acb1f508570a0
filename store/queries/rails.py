"""How far behind the rails Spark is: for `spark doctor`, and for whoever runs it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from store.models import Order, OrderState, ProviderEvent, ProviderEventState, RailCursor, Refund, RefundState

Since = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
# beyond this nobody can be at work on it
MOST_LAG = timedelta(minutes=30)
_UNPAID = Order.state.in_([OrderState.OPEN, OrderState.AWAITING_PAYMENT])


@dataclass(frozen=True, slots=True)
class RailLag:
    """`unhandled` words are kept and not applied, `waiting` orders and refunds are due to be asked about.

    The lengths are of what waits longest, zero where nothing does.
    """

    unhandled: int
    unhandled_for: timedelta
    waiting: int
    waiting_for: timedelta
    refunds: int
    refunds_for: timedelta
    # by rail: how long ago its list was read to the end; None where that was never done
    lists: dict[str, timedelta | None]

    @property
    def longest(self) -> timedelta:
        return max(self.unhandled_for, self.waiting_for, self.refunds_for)

    @property
    def is_well(self) -> bool:
        return self.longest <= MOST_LAG and all(ago is None or ago <= MOST_LAG for ago in self.lists.values())


async def rail_lag(session: AsyncSession, *, now: datetime) -> RailLag:
    async def count(since: Since, condition: ColumnElement[bool]) -> tuple[int, timedelta]:
        many, oldest = (await session.execute(select(func.count(), func.min(since)).where(condition))).one()
        return many, timedelta() if oldest is None else max(now - oldest, timedelta())

    unhandled = await count(ProviderEvent.received_at, ProviderEvent.state == ProviderEventState.KEPT)
    waiting = await count(Order.look_at, _UNPAID & (Order.look_at <= now))
    refunds = await count(Refund.created_at, Refund.state == RefundState.ASKED)
    read = await session.execute(select(RailCursor.rail, RailCursor.checked_at).order_by(RailCursor.rail))
    lists = {rail: None if checked_at is None else now - checked_at for rail, checked_at in read.all()}
    return RailLag(*unhandled, *waiting, *refunds, lists)
