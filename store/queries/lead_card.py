"""All that is known about one lead, for those who act for its creator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from store.kept_money import BOUGHT, KEPT_MINOR
from store.models import (
    Consent,
    Enrollment,
    EnrollmentState,
    Entitlement,
    Event,
    FlowRun,
    FlowRunState,
    Lead,
    LeadField,
    LeadNote,
    LeadTag,
    Link,
    Order,
    OrderLine,
    OrderState,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Payment,
    Person,
    Product,
    Proof,
    StoredFile,
    Touch,
)
from store.queries.links import idea_of

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Answered:
    """A value of one of the creator's fields: text (dates as ISO 8601, `yes` and `no`) or a number."""

    key: str
    values: tuple[str | float, ...]
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class OrderSeen:
    id: int
    title: str
    total: Money
    state: OrderState
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TouchSeen:
    """`title` is of the link, when it was one."""

    source: str | None
    title: str | None
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class MessageSeen:
    kind: OutboxKind
    state: OutboxState
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A funnel that the lead is or was in."""

    funnel: str
    state: EnrollmentState
    step: str
    subject: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Conversation:
    flow: str
    state: FlowRunState
    node: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another lead that has told the same e-mail (`contact` is `email`) or phone, and how sure theirs is."""

    lead_id: int
    contact: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class LeadCard:
    """Lists are newest first and show the last few; their totals stand beside them."""

    lead: Lead
    person: Person | None
    # leads that have become a part of this one
    merged: Sequence[int]
    answers: Sequence[Answered]
    tags: Sequence[str]
    link: Link | None
    # the title of the idea that it leads to
    idea: str | None
    touches: Sequence[TouchSeen]
    touch_count: int
    orders: Sequence[OrderSeen]
    order_count: int
    # minor units by currency, of what has been paid
    spent: Mapping[str, int]
    # titles of what the lead has a right to
    owned: Sequence[str]
    messages: Sequence[MessageSeen]
    funnels: Sequence[FollowUp]
    flows: Sequence[Conversation]
    consents: Sequence[Consent]
    notes: Sequence[LeadNote]
    note_count: int
    # the files among the answers
    files: Sequence[StoredFile]
    duplicates: Sequence[Duplicate]

    @property
    def lead_ids(self) -> list[int]:
        """Whose events make up the timeline."""
        return [self.lead.id, *self.merged]


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a timeline. `data` and `subject` name things by their numbers."""

    name: str
    subject: str
    data: Mapping[str, Any]
    occurred_at: datetime


async def lead_card(session: AsyncSession, creator_id: int, lead_id: int) -> LeadCard | None:
    """None for a lead that is not this creator's. A merged one's number shows the lead that it became a part of."""
    lead = await session.scalar(select(Lead).where(Lead.id == lead_id, Lead.creator_id == creator_id))
    while lead is not None and lead.merged_into_id is not None:
        lead = await session.get(Lead, lead.merged_into_id)
    if lead is None:
        return None
    tags = select(LeadTag.tag).where(LeadTag.lead_id == lead.id).order_by(LeadTag.tag)
    consents = select(Consent).where(Consent.lead_id == lead.id).order_by(Consent.id.desc()).limit(_SHOWN)
    files = select(StoredFile).where(StoredFile.lead_id == lead.id).order_by(StoredFile.id.desc()).limit(_SHOWN)
    link = None if lead.link_id is None else await session.get(Link, lead.link_id)
    return LeadCard(
        lead=lead,
        person=None if lead.person_id is None else await session.get(Person, lead.person_id),
        merged=(await session.scalars(select(Lead.id).where(Lead.merged_into_id == lead.id).order_by(Lead.id))).all(),
        answers=await _answers(session, lead),
        tags=(await session.scalars(tags)).all(),
        link=link,
        idea=None if link is None else await idea_of(session, link),
        touches=await _touches(session, lead),
        touch_count=await _count(session, Touch, lead),
        orders=await _orders(session, lead),
        order_count=await _count(session, Order, lead),
        spent=await _spent(session, lead),
        owned=await _owned(session, lead),
        messages=await _messages(session, lead),
        funnels=await _funnels(session, lead),
        flows=await _flows(session, lead),
        consents=(await session.scalars(consents)).all(),
        notes=await list_notes(session, lead.id, limit=_SHOWN, offset=0),
        note_count=await _count(session, LeadNote, lead),
        files=(await session.scalars(files)).all(),
        duplicates=await _duplicates(session, lead),
    )


async def timeline(session: AsyncSession, lead_ids: Sequence[int], *, limit: int, offset: int) -> list[Happened]:
    """What happened to a lead and to those that became a part of it, newest first."""
    rows = await session.execute(
        select(Event.name, Event.subject, Event.data, Event.occurred_at)
        .where(Event.lead_id.in_(lead_ids))
        .order_by(Event.occurred_at.desc(), Event.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [Happened(row.name, row.subject, row.data, row.occurred_at) for row in rows]


async def count_events(session: AsyncSession, lead_ids: Sequence[int]) -> int:
    """How long the timeline is."""
    return await session.scalar(select(func.count()).select_from(Event).where(Event.lead_id.in_(lead_ids))) or 0


async def list_notes(session: AsyncSession, lead_id: int, *, limit: int, offset: int) -> Sequence[LeadNote]:
    """The newest first."""
    notes = select(LeadNote).where(LeadNote.lead_id == lead_id).order_by(LeadNote.id.desc())
    return (await session.scalars(notes.limit(limit).offset(offset))).all()


async def count_notes(session: AsyncSession, lead_id: int) -> int:
    return await session.scalar(select(func.count()).select_from(LeadNote).where(LeadNote.lead_id == lead_id)) or 0


async def family_of(session: AsyncSession, lead: Lead) -> list[int]:
    """The lead, and those that have become a part of it."""
    merged = select(Lead.id).where(Lead.merged_into_id == lead.id).order_by(Lead.id)
    return [lead.id, *await session.scalars(merged)]


async def _count(session: AsyncSession, model: type[Touch | Order | LeadNote], lead: Lead) -> int:
    return await session.scalar(select(func.count()).select_from(model).where(model.lead_id == lead.id)) or 0


async def _answers(session: AsyncSession, lead: Lead) -> list[Answered]:
    rows = await session.scalars(
        select(LeadField).where(LeadField.lead_id == lead.id).order_by(LeadField.key, LeadField.item)
    )
    values: dict[str, list[str | float]] = {}
    times: dict[str, datetime] = {}
    for row in rows:
        told = row.sealed if row.sealed is not None else row.value
        values.setdefault(row.key, []).append((row.number or 0) if told is None else told)
        times[row.key] = row.answered_at
    return [Answered(key, tuple(told), times[key]) for key, told in values.items()]


async def _touches(session: AsyncSession, lead: Lead) -> list[TouchSeen]:
    rows = await session.execute(
        select(Touch.source, Link.title, Touch.touched_at)
        .outerjoin(Link, Link.id == Touch.link_id)
        .where(Touch.lead_id == lead.id)
        .order_by(Touch.touched_at.desc(), Touch.id.desc())
        .limit(_SHOWN)
    )
    return [TouchSeen(row.source, row.title, row.touched_at) for row in rows]


async def _orders(session: AsyncSession, lead: Lead) -> list[OrderSeen]:
    found = await session.scalars(
        select(Order).where(Order.lead_id == lead.id).order_by(Order.created_at.desc(), Order.id.desc()).limit(_SHOWN)
    )
    orders = found.all()
    titles: dict[int, list[str]] = {}
    lines = select(OrderLine.order_id, OrderLine.title).where(OrderLine.order_id.in_([order.id for order in orders]))
    for row in await session.execute(lines.order_by(OrderLine.id)):
        titles.setdefault(row.order_id, []).append(row.title)
    return [
        OrderSeen(
            order.id,
            ", ".join(titles.get(order.id, ())),
            Money(order.total_minor, order.currency),
            order.state,
            order.created_at,
        )
        for order in orders
    ]


async def _spent(session: AsyncSession, lead: Lead) -> dict[str, int]:
    rows = await session.execute(
        select(Payment.currency, func.sum(KEPT_MINOR).label("total"))
        .join(Order, Order.id == Payment.order_id)
        .where(Order.lead_id == lead.id, BOUGHT, KEPT_MINOR > 0)
        .group_by(Payment.currency)
        .order_by(Payment.currency)
    )
    return {row.currency: int(row.total) for row in rows}


async def _owned(session: AsyncSession, lead: Lead) -> Sequence[str]:
    rights = select(Entitlement.product_id).where(Entitlement.lead_id == lead.id, Entitlement.revoked_at.is_(None))
    return (await session.scalars(select(Product.title).where(Product.id.in_(rights)).order_by(Product.id))).all()


async def _messages(session: AsyncSession, lead: Lead) -> list[MessageSeen]:
    """What went to the lead's own chat; notices to the creator speak of the lead, too, and are left out."""
    if lead.person_id is None:
        return []
    found = await session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.lead_id == lead.id, OutboxMessage.person_id == lead.person_id)
        .order_by(OutboxMessage.id.desc())
        .limit(_SHOWN)
    )
    return [
        MessageSeen(each.kind, each.state, str((each.message or {}).get("text", "")), each.closed_at or each.due_at)
        for each in found
    ]


async def _funnels(session: AsyncSession, lead: Lead) -> list[FollowUp]:
    """Those under way before those that ended."""
    found = await session.scalars(
        select(Enrollment)
        .where(Enrollment.lead_id == lead.id)
        .order_by(Enrollment.state != EnrollmentState.ACTIVE, Enrollment.id.desc())
        .limit(_SHOWN)
    )
    return [FollowUp(each.funnel_key, each.state, each.step, each.subject, each.reason) for each in found]


async def _flows(session: AsyncSession, lead: Lead) -> list[Conversation]:
    found = await session.scalars(
        select(FlowRun)
        .where(FlowRun.lead_id == lead.id)
        .order_by(FlowRun.ended_at.is_not(None), FlowRun.id.desc())
        .limit(_SHOWN)
    )
    return [Conversation(each.flow_key, each.state, each.node, each.started_at) for each in found]


async def _duplicates(session: AsyncSession, lead: Lead) -> list[Duplicate]:
    found: list[Duplicate] = []
    for contact, column, proof, own in (
        ("email", Lead.email_digest, Lead.email_proof, lead.email_digest),
        ("phone", Lead.phone_digest, Lead.phone_proof, lead.phone_digest),
    ):
        if own is None:
            continue
        same = select(Lead.id, proof.label("proof")).where(
            Lead.creator_id == lead.creator_id, column == own, Lead.id != lead.id
        )
        rows = await session.execute(same.order_by(Lead.id).limit(_SHOWN))
        found += [Duplicate(row.id, contact, row.proof) for row in rows]
    return found
