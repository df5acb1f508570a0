"""What a creator does by hand about an order, where a chat has a message or a button of its own for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import fulfil
from domain.order_opening import record_order
from kit.errors import Conflict
from store.database import count_changed
from store.models import Entitlement, Order, OrderState, Product, ProductKind

_HANDED_OVER = (OrderState.PAID, OrderState.PARTLY_REFUNDED)
_OVER = (OrderState.EXPIRED, OrderState.CANCELLED, OrderState.REFUNDED)


class NotToFulfil(Conflict):
    """It is not paid, all of it has arrived, or it goes by post and is marked as shipped instead."""

    code = "not_to_fulfil"


class DetailsClosed(Conflict):
    """What has been sent off, or is over, goes nowhere else any more."""

    code = "order_details_closed"


async def fulfil_by_hand(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """Whatever of it has not arrived was handed over in another way. The caller holds the order. Raises NotToFulfil."""
    waiting = (Entitlement.order_id == order.id, Entitlement.revoked_at.is_(None), Entitlement.delivered_at.is_(None))
    parcels = select(Product.id).where(Product.kind == ProductKind.PHYSICAL)
    to_send = select(Entitlement.id).where(*waiting, Entitlement.product_id.in_(parcels)).limit(1)
    if await session.scalar(to_send) is not None:
        raise NotToFulfil("something of it goes by post: say that it is shipped")
    arrived = update(Entitlement).where(*waiting).values(delivered_at=now)
    if order.state not in _HANDED_OVER or not await count_changed(
        session, arrived.execution_options(synchronize_session=False)
    ):
        raise NotToFulfil(f"nothing of order {order.id} waits to be handed over")
    await fulfil(session, order.id, now=now)


async def change_details(session: AsyncSession, order: Order, told: Mapping[str, Any], *, now: datetime) -> None:
    """What is known of the buyer, and where it goes; parts that are not told stay. The caller holds the order.

    What the buyer tells the rail when they pay takes its place. Raises DetailsClosed.
    """
    if order.state in _OVER or order.shipped_at is not None:
        raise DetailsClosed(f"order {order.id} has been sent off, or is over")
    details = {**(order.details or {}), **told}
    await session.execute(update(Order).where(Order.id == order.id).values(details=details))
    await session.refresh(order)
    await record_order(session, "order.changed", order, now=now)
