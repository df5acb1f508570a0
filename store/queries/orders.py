from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from store.models import Order, OrderLine, OrderState


@dataclass(frozen=True, slots=True)
class OrderCard:
    title: str
    total: Money
    checkout_url: str | None
    # paid for, by a way that takes days
    pending: bool
    # ended, and nothing was paid
    cancelled: bool


async def describe_order(session: AsyncSession, order_id: int) -> OrderCard:
    """What a message says of an order. Raises NoResultFound for one that is not there."""
    order = await session.get_one(Order, order_id)
    titles = await session.scalars(select(OrderLine.title).where(OrderLine.order_id == order_id).order_by(OrderLine.id))
    pending = order.pending_at is not None and order.state in {OrderState.OPEN, OrderState.AWAITING_PAYMENT}
    total = Money(order.total_minor, order.currency)
    cancelled = order.state == OrderState.CANCELLED
    return OrderCard(", ".join(titles), total, order.checkout_url, pending, cancelled)
