"""Messages of which a person has to say what became of them, or that came to nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import (
    Channel,
    Entitlement,
    IdeaPost,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
    Product,
)
from store.models.base import spelled

# how codes to sign in are called
CODES = "code:"
# and what an owner is told of their account
ACCOUNTS = "account:"
# in the words of the index
_UNCLEAR = OutboxMessage.state.in_([spelled(OutboxState.UNCERTAIN), spelled(OutboxState.FAILED)])


@dataclass(frozen=True, slots=True)
class Unclear:
    """One message that is uncertain or has failed."""

    id: int
    kind: OutboxKind
    state: OutboxState
    # Telegram HTML
    text: str
    to: str
    at: datetime
    attempts: int
    uncertain: int
    error: str


async def list_unclear(session: AsyncSession, creator_id: int, paging: Paging) -> Page[Unclear]:
    """A creator's, the newest first."""
    theirs = (OutboxMessage.creator_id == creator_id, _UNCLEAR)
    total = await session.scalar(select(func.count()).select_from(OutboxMessage).where(*theirs)) or 0
    rows = await session.execute(
        select(OutboxMessage, Lead.name, func.coalesce(Person.first_name, Channel.title, ""))
        .outerjoin(Person, Person.id == OutboxMessage.person_id)
        .outerjoin(IdeaPost, IdeaPost.id == OutboxMessage.post_id)
        .outerjoin(Channel, Channel.id == IdeaPost.channel_id)
        .outerjoin(Lead, Lead.id == OutboxMessage.lead_id)
        .where(*theirs)
        .order_by(OutboxMessage.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    items = [
        Unclear(
            id=each.id,
            kind=each.kind,
            state=each.state,
            # what is for its reader's eyes alone is not shown to those who look after messages
            text="" if each.key.startswith((CODES, ACCOUNTS)) else str((each.message or {}).get("text", "")),
            to=name if name and each.kind is not OutboxKind.NOTICE else first_name,
            at=each.closed_at or each.due_at,
            attempts=each.attempts,
            uncertain=each.uncertain,
            error=each.error or "",
        )
        for each, name, first_name in rows
    ]
    return Page(items, total, paging)


async def uncertain_ids(
    session: AsyncSession, creator_id: int, *, most: int, until: datetime | None = None
) -> Sequence[int]:
    """A creator's messages of which nobody can tell whether they arrived, the oldest first; so since `until`."""
    ids = select(OutboxMessage.id).where(*_uncertain(creator_id, until))
    return (await session.scalars(ids.order_by(OutboxMessage.id).limit(most))).all()


async def count_uncertain(session: AsyncSession, creator_id: int, *, until: datetime) -> int:
    """How many these are in all."""
    counted = select(func.count()).select_from(OutboxMessage).where(*_uncertain(creator_id, until))
    return await session.scalar(counted) or 0


def _uncertain(creator_id: int, until: datetime | None) -> list[ColumnElement[bool]]:
    theirs = [OutboxMessage.creator_id == creator_id, _UNCLEAR, OutboxMessage.state == OutboxState.UNCERTAIN]
    return theirs if until is None else [*theirs, OutboxMessage.closed_at <= until]


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
