"""How many of a product one person may have."""

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.order_ends import UNDER_WAY
from kit.errors import Conflict, Reason
from store.models import Order, OrderLine, OrderState, Product, Reservation, ReservationState

# money has come, and has not all gone back
_BOUGHT = (
    OrderState.PAID,
    OrderState.FULFILLED,
    OrderState.OVERSOLD,
    OrderState.PARTLY_REFUNDED,
    OrderState.DISPUTED,
)


class LimitReached(Conflict):
    code = "limit_reached"


async def check_limit(session: AsyncSession, order: Order, product: Product, quantity: int) -> None:
    """Beside what they have bought and not given back, and what other orders of theirs hold. Raises LimitReached."""
    most = product.limit_per_person
    if most is None:
        return
    held = exists().where(Reservation.line_id == OrderLine.id, Reservation.state == ReservationState.HELD)
    theirs = await session.scalar(
        select(func.coalesce(func.sum(OrderLine.quantity), 0))
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Order.lead_id == order.lead_id,
            Order.id != order.id,
            OrderLine.product_id == product.id,
            Order.state.in_(_BOUGHT) | (Order.state.in_(UNDER_WAY) & held),
        )
    )
    if (theirs or 0) + quantity > most:
        raise LimitReached(f"at most {most} for each person", why=Reason("refused-limit", most=most))
