"""Handing over what somebody has a right to: promised in the transaction that granted it, sent by the sender."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.channel_passes import check_alone
from domain.events import record_event
from domain.goods import come_to_nothing, file_messages, goods_of, make_ready, to_come
from domain.holding import hold_order_of_right
from domain.messages.plain import Message
from domain.outbox import queue_message, tell_creator
from domain.products import hold_product
from kit.errors import NotFound
from store.database import count_changed
from store.models import (
    Entitlement,
    FileRole,
    Lead,
    Order,
    OrderState,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
    Product,
    ProductKind,
    StoredFile,
)

_ON_ITS_WAY = (OutboxState.QUEUED, OutboxState.SENDING)
_GOING_OR_GONE = (*_ON_ITS_WAY, OutboxState.SENT)
# what is handed over bit by bit has not arrived while one of these is left
_NOT_THERE = (*_ON_ITS_WAY, OutboxState.FAILED, OutboxState.UNCERTAIN)


class NotOwned(NotFound):
    code = "not_owned"


async def hand_over(session: AsyncSession, lead: Lead, entitlement_id: int, *, now: datetime) -> None:
    """Promises to deliver what a lead has a right to, once. One without a chat gets it when they have one.

    What cannot be handed over yet (a file, a key, a channel is missing) is announced, and the creator is told.
    """
    entitlement = await session.get_one(Entitlement, entitlement_id)
    if entitlement.revoked_at is not None:
        return
    await _promise(session, lead, entitlement, mark="", now=now)


async def hand_over_again(
    session: AsyncSession, lead: Lead, entitlement: Entitlement, *, mark: str, now: datetime
) -> None:
    """The same once more, for a right that is back; once for each `mark`."""
    await _promise(session, lead, entitlement, mark=f":{mark}", now=now)


async def deliver_waiting(session: AsyncSession, product: Product, *, now: datetime) -> int:
    """What could not be handed over before goes to those who wait for it, the longest first; returns to how many."""
    await hold_product(session, product.id)
    on_its_way = exists().where(OutboxMessage.entitlement_id == Entitlement.id, OutboxMessage.state.in_(_ON_ITS_WAY))
    done = 0
    for entitlement, lead in await _owners(session, product.id, Entitlement.delivered_at.is_(None), ~on_its_way):
        if await make_ready(session, product, entitlement, now=now):
            await _send(session, product, lead, entitlement, mark=f":{now.timestamp():.0f}", now=now)
            done += 1
    return done


async def deliver_file(session: AsyncSession, product: Product, stored: StoredFile, *, now: datetime) -> None:
    """A file that has just been attached goes to those who have had nothing yet. The caller holds the product.

    Whoever got the product when it had no file gets each that comes, as creators send them one by one; everybody else
    finds it in the library.
    """
    if product.kind != ProductKind.FILE:
        return
    sent = exists().where(OutboxMessage.entitlement_id == Entitlement.id, OutboxMessage.state.in_(_GOING_OR_GONE))
    if stored.version > 1:
        # a new version goes to nobody who is just getting the one before
        on_its_way = exists().where(
            OutboxMessage.entitlement_id == Entitlement.id, OutboxMessage.state.in_(_ON_ITS_WAY)
        )
        which = [Entitlement.delivered_at.is_(None), ~on_its_way]
    else:
        which = [Entitlement.delivered_at.is_(None) | ~_was_there(product.id)]
    had = set(await session.scalars(select(Entitlement.id).where(Entitlement.product_id == product.id, *which, sent)))
    for entitlement, lead in await _owners(session, product.id, *which):
        person = await _person(session, lead)
        if person is None:
            continue
        first = entitlement.id not in had
        messages = await file_messages(session, product, entitlement, stored, person.speaks, first=first)
        for number, message in enumerate(messages):
            # words that are too long for under the file go first
            words = ":words" if number < len(messages) - 1 else ""
            key = f"delivery:{entitlement.id}:{stored.id}{words}"
            await _queue(session, message, lead, person, entitlement, key=key, now=now)


async def deliver_again(
    session: AsyncSession, lead: Lead, entitlement_id: int, language: str, *, now: datetime
) -> Sequence[Message]:
    """All of it once more, as it is now. Raises NotOwned for a right that is not this lead's, or was taken back.

    Raises StillInside too: see domain.channel_passes.
    """
    entitlement = await session.get(Entitlement, entitlement_id)
    if entitlement is None or entitlement.lead_id != lead.id or entitlement.revoked_at is not None:
        raise NotOwned("this is not in your library")
    product = await session.get_one(Product, entitlement.product_id)
    match product.kind:
        case ProductKind.LICENCE_KEY:
            # keys that arrive, or the right that goes, at this very moment take turns with us
            await hold_product(session, product.id)
            await session.refresh(entitlement)
            if entitlement.revoked_at is not None:
                raise NotOwned("this is not in your library")
        case ProductKind.CHANNEL:
            await check_alone(session, entitlement.id)
        case _:
            pass
    if not await make_ready(session, product, entitlement, now=now):
        return [to_come(product, language)]
    rights = [entitlement]
    if product.kind == ProductKind.LICENCE_KEY:
        # what was bought several times stands in the library once, and each has keys of its own
        rights = await _alike(session, entitlement)
    return [message for each in rights for message in await goods_of(session, product, each, language)]


async def note_delivery(session: AsyncSession, entitlement_id: int, *, now: datetime) -> None:
    """It has reached the buyer; an order whose every line has is fulfilled. Noting it twice is a no-op.

    What comes as several messages has reached them with the last.
    """
    await hold_order_of_right(session, entitlement_id)
    rest = exists().where(
        OutboxMessage.entitlement_id == entitlement_id,
        OutboxMessage.kind == OutboxKind.DELIVERY,
        OutboxMessage.state.in_(_NOT_THERE),
    )
    arrived = (
        update(Entitlement)
        .where(Entitlement.id == entitlement_id, Entitlement.delivered_at.is_(None), ~rest)
        .values(delivered_at=now)
    )
    if not await count_changed(session, arrived):
        return
    entitlement = await session.get_one(Entitlement, entitlement_id)
    if entitlement.order_id is not None:
        await fulfil(session, entitlement.order_id, now=now)


async def note_withdrawn(session: AsyncSession, entitlement_id: int, *, now: datetime) -> None:
    """One of its messages does not go out: the creator has taken the file away. What is left may have arrived.

    Who has had nothing yet goes on waiting for what comes in its place.
    """
    had = exists().where(
        OutboxMessage.entitlement_id == entitlement_id,
        OutboxMessage.kind == OutboxKind.DELIVERY,
        OutboxMessage.state == OutboxState.SENT,
    )
    if await session.scalar(select(had)):
        await note_delivery(session, entitlement_id, now=now)


async def fulfil(session: AsyncSession, order_id: int, *, now: datetime) -> None:
    """The order is fulfilled once all that it gave has arrived. Twice is a no-op."""
    waiting = await session.scalar(
        select(func.count())
        .select_from(Entitlement)
        .where(
            Entitlement.order_id == order_id,
            Entitlement.delivered_at.is_(None),
            Entitlement.revoked_at.is_(None),
        )
    )
    arrived = (
        update(Order).where(Order.id == order_id, Order.state == OrderState.PAID).values(state=OrderState.FULFILLED)
    )
    if waiting == 0 and await count_changed(session, arrived):
        order = await session.get_one(Order, order_id)
        await record_event(
            session,
            "order.fulfilled",
            creator_id=order.creator_id,
            lead_id=order.lead_id,
            subject=f"order:{order.id}",
            now=now,
        )


async def stop_deliveries(session: AsyncSession, entitlement_id: int, *, now: datetime) -> None:
    """What has not gone out yet does not: the right to it is gone."""
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.entitlement_id == entitlement_id, OutboxMessage.state == OutboxState.QUEUED)
        .values(state=OutboxState.CANCELLED, error="revoked", closed_at=now)
    )


async def _promise(session: AsyncSession, lead: Lead, entitlement: Entitlement, *, mark: str, now: datetime) -> None:
    product = await session.get_one(Product, entitlement.product_id)
    ready = await make_ready(session, product, entitlement, now=now)
    if not ready:
        # whoever brings what is missing takes turns with us, so that nobody is passed over
        await hold_product(session, product.id)
        await session.refresh(product)
        ready = await make_ready(session, product, entitlement, now=now)
    if ready:
        await _send(session, product, lead, entitlement, mark=mark, now=now)
        return
    await tell_creator(
        session,
        come_to_nothing(product),
        key=f"without-{product.kind}:{entitlement.id}{mark}",
        creator_id=product.creator_id,
        now=now,
    )
    person = await _person(session, lead)
    if person is not None:
        await queue_message(
            session,
            to_come(product, person.speaks),
            key=f"delivery-to-come:{entitlement.id}{mark}",
            kind=OutboxKind.NOTICE,
            creator_id=product.creator_id,
            person_id=person.id,
            lead_id=lead.id,
            now=now,
        )


async def _send(
    session: AsyncSession, product: Product, lead: Lead, entitlement: Entitlement, *, mark: str, now: datetime
) -> None:
    person = await _person(session, lead)
    if person is None:
        return
    messages = await goods_of(session, product, entitlement, person.speaks)
    for number, message in enumerate(messages):
        of_file = f":{message.file}" if message.file is not None and number else ""
        key = f"delivery:{entitlement.id}{mark}{of_file}"
        await _queue(session, message, lead, person, entitlement, key=key, now=now, sent=product.kind)


async def _queue(
    session: AsyncSession,
    message: Message,
    lead: Lead,
    person: Person,
    entitlement: Entitlement,
    *,
    key: str,
    now: datetime,
    sent: ProductKind = ProductKind.FILE,
) -> None:
    # what goes by post has arrived when it is sent off, whatever is said about it before
    by_post = sent == ProductKind.PHYSICAL
    await queue_message(
        session,
        message,
        key=key,
        kind=OutboxKind.NOTICE if by_post else OutboxKind.DELIVERY,
        creator_id=lead.creator_id,
        person_id=person.id,
        lead_id=lead.id,
        entitlement_id=None if by_post else entitlement.id,
        now=now,
    )


async def _person(session: AsyncSession, lead: Lead) -> Person | None:
    return None if lead.person_id is None else await session.get_one(Person, lead.person_id)


async def _alike(session: AsyncSession, entitlement: Entitlement) -> list[Entitlement]:
    """Every right of the same lead to the same product that has been handed over, or is this one."""
    found = await session.scalars(
        select(Entitlement)
        .where(
            Entitlement.lead_id == entitlement.lead_id,
            Entitlement.product_id == entitlement.product_id,
            Entitlement.revoked_at.is_(None),
            Entitlement.delivered_at.is_not(None) | (Entitlement.id == entitlement.id),
        )
        .order_by(Entitlement.id)
    )
    return list(found.all())


def _was_there(product_id: int) -> ColumnElement[bool]:
    """The product had a file when the right was given."""
    return exists().where(
        StoredFile.product_id == product_id,
        StoredFile.role == FileRole.GOODS,
        StoredFile.attached_at <= Entitlement.granted_at,
        StoredFile.replaced_at.is_(None) | (StoredFile.replaced_at > Entitlement.granted_at),
    )


async def _owners(
    session: AsyncSession, product_id: int, *which: ColumnElement[bool]
) -> list[tuple[Entitlement, Lead]]:
    """Who owns it and has a chat, the longest first; of these, `which`."""
    found = await session.execute(
        select(Entitlement, Lead)
        .join(Lead, Lead.id == Entitlement.lead_id)
        .where(
            Entitlement.product_id == product_id,
            Entitlement.revoked_at.is_(None),
            Lead.person_id.is_not(None),
            *which,
        )
        .order_by(Entitlement.id)
    )
    return [(row.Entitlement, row.Lead) for row in found]
