from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import queue_message, tell_creator
from domain.products import delivery, hold_product, newest_file
from kit.errors import NotFound
from store.database import count_changed, insert_once
from store.models import Entitlement, Lead, Order, OrderState, OutboxKind, Person, Product


class NotOwned(NotFound):
    code = "not_owned"


async def grant(
    session: AsyncSession, lead: Lead, product_id: int, *, origin: str, now: datetime, order_id: int | None = None
) -> bool:
    """The right to a product and the promise to deliver it. The same origin again is a no-op and answers False."""
    values = {
        "lead_id": lead.id,
        "product_id": product_id,
        "order_id": order_id,
        "origin": origin,
        "granted_at": now,
    }
    entitlement_id = await insert_once(session, Entitlement, values)
    if entitlement_id is None:
        return False
    await hand_over(session, lead, entitlement_id, now=now)
    return True


async def hand_over(session: AsyncSession, lead: Lead, entitlement_id: int, *, now: datetime) -> None:
    """Promises to deliver what a lead has a right to, once. One without a chat gets it when they have one."""
    entitlement = await session.get_one(Entitlement, entitlement_id)
    product = await session.get_one(Product, entitlement.product_id)
    file = await newest_file(session, entitlement.product_id)
    if file is None:
        await hold_product(session, entitlement.product_id)
        file = await newest_file(session, entitlement.product_id)
    if file is None:

        def nothing(language: str) -> Message:
            return Message(text=say("delivery-without-file", language, title=product.title, product=product.id))

        await tell_creator(session, nothing, key=f"without-file:{entitlement_id}", creator_id=lead.creator_id, now=now)
    if lead.person_id is not None:
        person = await session.get_one(Person, lead.person_id)
        # without a file nothing is delivered yet: attaching one does that
        await queue_message(
            session,
            delivery(product, file.id if file else None, person.speaks),
            key=f"delivery:{entitlement_id}" if file else f"delivery-to-come:{entitlement_id}",
            kind=OutboxKind.DELIVERY if file else OutboxKind.NOTICE,
            creator_id=lead.creator_id,
            person_id=person.id,
            lead_id=lead.id,
            entitlement_id=entitlement_id if file else None,
            now=now,
        )


async def deliver_again(session: AsyncSession, lead: Lead, entitlement_id: int, language: str) -> Message:
    """Raises NotOwned for a right that is not this lead's."""
    entitlement = await session.get(Entitlement, entitlement_id)
    if entitlement is None or entitlement.lead_id != lead.id:
        raise NotOwned("this is not in your library")
    product = await session.get_one(Product, entitlement.product_id)
    file = await newest_file(session, product.id)
    return delivery(product, file.id if file else None, language)


async def note_delivery(session: AsyncSession, entitlement_id: int, *, now: datetime) -> None:
    """It has reached the buyer; an order whose every line has is fulfilled. Noting it twice is a no-op."""
    first = await count_changed(
        session,
        update(Entitlement)
        .where(Entitlement.id == entitlement_id, Entitlement.delivered_at.is_(None))
        .values(delivered_at=now),
    )
    if not first:
        return
    entitlement = await session.get_one(Entitlement, entitlement_id)
    if entitlement.order_id is None:
        return
    waiting = await session.scalar(
        select(func.count())
        .select_from(Entitlement)
        .where(Entitlement.order_id == entitlement.order_id, Entitlement.delivered_at.is_(None))
    )
    fulfil = (
        update(Order)
        .where(Order.id == entitlement.order_id, Order.state == OrderState.PAID)
        .values(state=OrderState.FULFILLED)
    )
    if waiting == 0 and await count_changed(session, fulfil):
        order = await session.get_one(Order, entitlement.order_id)
        await record_event(
            session,
            "order.fulfilled",
            creator_id=order.creator_id,
            lead_id=order.lead_id,
            subject=f"order:{order.id}",
            now=now,
        )
