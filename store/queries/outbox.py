from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from store.database import database_in, database_now
from store.models import (
    Enrollment,
    EnrollmentState,
    Entitlement,
    Event,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
    Product,
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process, and no other, is about to send."""

    id: int
    kind: OutboxKind
    person_id: int
    telegram_id: int
    message: dict[str, Any]
    # this one counted
    attempts: int
    uncertain: int
    entitlement_id: int | None


# in the key of a message that was said in handing a chat over
HANDOVER = "handover"


def held_back(message: type[OutboxMessage]) -> ColumnElement[bool]:
    """A flow keeps quiet in a chat that a person has taken over, but for the words with which it hands it over."""
    taken_over = exists().where(Lead.id == message.lead_id, Lead.taken_over_at.is_not(None))
    return (message.kind == OutboxKind.FLOW) & message.key.not_like(f"flow:%:{HANDOVER}%") & taken_over


async def cancel_unwanted(session: AsyncSession, need_consent: Collection[int], *, now: datetime) -> None:
    """Nobody is written to who has left: what was queued while they did, in another transaction, goes nowhere.

    Nor is anything delivered whose right was taken back while it was on its way.

    `need_consent`: the creators whose marketing reaches only leads who have consented.
    """
    left = or_(
        Lead.unsubscribed_at.is_not(None),
        Lead.banned_at.is_not(None),
        Lead.forgotten_at.is_not(None),
        (OutboxMessage.kind == OutboxKind.FUNNEL) & Lead.creator_id.in_(need_consent) & Lead.consented_at.is_(None),
    )
    await session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.state == OutboxState.QUEUED,
            OutboxMessage.due_at <= now,
            or_(
                OutboxMessage.kind.in_([OutboxKind.FUNNEL, OutboxKind.FLOW])
                & exists().where(Lead.id == OutboxMessage.lead_id, left),
                # it was on its way when the right was taken back, and was put back into the queue
                (OutboxMessage.kind == OutboxKind.DELIVERY) & _taken_back(),
            ),
        )
        .values(
            state=OutboxState.CANCELLED,
            error=case((OutboxMessage.kind == OutboxKind.DELIVERY, "revoked"), else_="unwanted"),
            closed_at=now,
        ),
        execution_options={"synchronize_session": False},
    )


async def claim_due(
    session: AsyncSession, *, now: datetime, most: int, resting: Sequence[int], lease_seconds: float
) -> list[Claimed]:
    """Marks up to `most` due messages as `sending`, at most one a chat and each chat's oldest first.

    `resting` are Telegram ids to leave alone. A funnel's message is taken only while its enrollment has not been
    stopped and nothing has happened to its lead that is not looked at yet. A flow's waits while a person has taken
    the chat over. Nothing is delivered that somebody has no right to any more.
    """
    earlier = aliased(OutboxMessage)
    waits_behind = exists().where(
        earlier.person_id == OutboxMessage.person_id,
        earlier.id < OutboxMessage.id,
        or_(
            earlier.state == OutboxState.SENDING,
            (earlier.state == OutboxState.QUEUED) & (earlier.due_at <= now) & ~held_back(earlier),
        ),
    )
    stopped = exists().where(
        Enrollment.id == OutboxMessage.enrollment_id,
        Enrollment.state.in_([EnrollmentState.STOPPED, EnrollmentState.PARKED]),
    )
    unrouted = exists().where(Event.lead_id == OutboxMessage.lead_id, Event.routed_at.is_(None))
    rows = await session.execute(
        select(OutboxMessage, Person.telegram_id)
        .join(Person, Person.id == OutboxMessage.person_id)
        .where(
            OutboxMessage.state == OutboxState.QUEUED,
            OutboxMessage.due_at <= now,
            Person.blocked_at.is_(None),
            Person.telegram_id.not_in(resting),
            ~waits_behind,
            ~held_back(OutboxMessage),
            or_(OutboxMessage.kind != OutboxKind.FUNNEL, ~stopped & ~unrouted),
            or_(OutboxMessage.kind != OutboxKind.DELIVERY, ~_taken_back()),
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(most)
        .with_for_update(of=OutboxMessage, skip_locked=True)
    )
    claimed = [
        Claimed(
            id=message.id,
            kind=message.kind,
            person_id=message.person_id,
            telegram_id=telegram_id,
            message=message.message,
            attempts=message.attempts + 1,
            uncertain=message.uncertain,
            entitlement_id=message.entitlement_id,
        )
        for message, telegram_id in rows
    ]
    if claimed:
        await session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_([each.id for each in claimed]))
            .values(
                state=OutboxState.SENDING,
                attempts=OutboxMessage.attempts + 1,
                lease_until=database_in(session, lease_seconds),
            ),
            execution_options={"synchronize_session": False},
        )
    return claimed


def _taken_back() -> ColumnElement[bool]:
    return exists().where(Entitlement.id == OutboxMessage.entitlement_id, Entitlement.revoked_at.is_not(None))


@dataclass(frozen=True, slots=True)
class Delivery:
    creator_id: int
    lead_id: int | None
    # of the product, and the name of whoever waits for it
    title: str
    person: str


async def find_delivery(session: AsyncSession, message_id: int) -> Delivery | None:
    """What that message hands over, and to whom; None when it is no delivery."""
    rows = await session.execute(
        select(
            OutboxMessage.creator_id,
            OutboxMessage.lead_id,
            OutboxMessage.key,
            Product.title,
            Lead.name,
            Person.first_name,
        )
        .join(Person, Person.id == OutboxMessage.person_id)
        .outerjoin(Lead, Lead.id == OutboxMessage.lead_id)
        .outerjoin(Entitlement, Entitlement.id == OutboxMessage.entitlement_id)
        .outerjoin(Product, Product.id == Entitlement.product_id)
        .where(OutboxMessage.id == message_id, OutboxMessage.kind == OutboxKind.DELIVERY)
    )
    row = rows.one_or_none()
    return row and Delivery(row.creator_id, row.lead_id, row.title or row.key, row.name or row.first_name)


async def left_in_sending(session: AsyncSession, *, abandoned: bool) -> list[tuple[int, OutboxKind, int]]:
    """Messages whose sender died in the middle: their lease is over, or (`abandoned`) nobody else can be sending."""
    query = select(OutboxMessage.id, OutboxMessage.kind, OutboxMessage.uncertain).where(
        OutboxMessage.state == OutboxState.SENDING
    )
    if not abandoned:
        query = query.where(OutboxMessage.lease_until < database_now())
    rows = await session.execute(query.with_for_update(of=OutboxMessage, skip_locked=True))
    return [(row.id, row.kind, row.uncertain) for row in rows]
