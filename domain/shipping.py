"""What goes by post: sent off by the creator, and told to the buyer."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import fulfil
from domain.events import record_event
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import queue_message
from kit.errors import Conflict, Invalid, Reason
from store.database import count_changed
from store.models import Entitlement, Lead, Order, OrderLine, OrderState, OutboxKind, Person, Product, ProductKind

TRACKING_LENGTH = 300
_TO_SHIP = (OrderState.PAID, OrderState.PARTLY_REFUNDED)


class NothingToShip(Conflict):
    code = "nothing_to_ship"


async def ship_order(session: AsyncSession, order: Order, tracking: str, *, now: datetime) -> None:
    """What of the order goes by post is on its way, and the buyer is told with what it can be followed by.

    Raises NothingToShip for an order that is not paid, holds nothing of that kind, or has been sent off before.
    """
    tracking = tracking.strip()
    if len(tracking) > TRACKING_LENGTH:
        raise Invalid(
            f"up to {TRACKING_LENGTH} characters tell where it is",
            fields={"tracking": tracking[:50]},
            why=Reason("refused-length", most=TRACKING_LENGTH),
        )
    await session.refresh(order, with_for_update=True)
    parcels = select(Product.id).where(Product.kind == ProductKind.PHYSICAL)
    theirs = (Entitlement.order_id == order.id, Entitlement.product_id.in_(parcels), Entitlement.revoked_at.is_(None))
    sent = (
        update(Entitlement)
        .where(*theirs, Entitlement.delivered_at.is_(None))
        .values(delivered_at=now)
        .execution_options(synchronize_session=False)
    )
    if order.state not in _TO_SHIP or order.shipped_at is not None or not await count_changed(session, sent):
        raise NothingToShip(f"order {order.id} has nothing to be sent off")
    await session.execute(update(Order).where(Order.id == order.id).values(shipped_at=now))
    await session.refresh(order)
    await fulfil(session, order.id, now=now)
    await record_event(
        session,
        "order.shipped",
        creator_id=order.creator_id,
        lead_id=order.lead_id,
        subject=f"order:{order.id}",
        now=now,
    )
    await _tell(session, order, tracking, now=now)
    await session.refresh(order)


async def _tell(session: AsyncSession, order: Order, tracking: str, *, now: datetime) -> None:
    lead = await session.get_one(Lead, order.lead_id)
    if lead.person_id is None:
        return
    person = await session.get_one(Person, lead.person_id)
    titles = await session.scalars(select(OrderLine.title).where(OrderLine.order_id == order.id).order_by(OrderLine.id))
    title = ", ".join(titles)
    if tracking:
        text = say("order-shipped-with", person.speaks, title=title, tracking=tracking)
    else:
        text = say("order-shipped", person.speaks, title=title)
    await queue_message(
        session,
        Message(text=text),
        key=f"shipped:{order.id}",
        kind=OutboxKind.NOTICE,
        creator_id=order.creator_id,
        person_id=person.id,
        lead_id=lead.id,
        now=now,
    )
