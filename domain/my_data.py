"""Everything about one person, for themselves: what each creator knows, and what Telegram told of them."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.idea_origins import digest_of_origin
from domain.my_account import account_of
from domain.raw_words import lane_of
from store.models import (
    Base,
    ChannelPass,
    Consent,
    Creator,
    Decision,
    DiscountCode,
    DiscountUse,
    Dispute,
    Download,
    DownloadLink,
    Enrollment,
    Entitlement,
    Event,
    FlowRun,
    Idea,
    IdeaAttachment,
    Lead,
    LeadField,
    LeadNote,
    LeadTag,
    LicenceKey,
    Link,
    Order,
    OrderLine,
    OutboxMessage,
    OutgoingCall,
    Payment,
    Person,
    Product,
    RailCustomer,
    Refund,
    Review,
    StoredFile,
    TelegramUpdate,
    Ticket,
    Touch,
)

Told = dict[str, Any]
# they speak of somebody else too
_ABOUT_OTHERS = ("lead.duplicate", "lead.merged")
_OF_LEAD = (
    *("id", "name", "email", "email_proof", "phone", "phone_proof", "source", "stage", "score", "time_zone"),
    *("consented_at", "unsubscribed_at", "banned_at", "taken_over_at", "seen_at", "created_at"),
)
_OF_ORDER = (
    *("id", "state", "rail", "receipt_number", "subtotal_minor", "discount_minor", "tax_minor", "shipping_minor"),
    *("total_minor", "refunded_minor", "currency", "details", "created_at", "pending_at", "paid_at", "shipped_at"),
)
_OF_RIGHT = ("quantity", "granted_at", "delivered_at", "revoked_at", "revoked_by", "reason")


async def everything_about(session: AsyncSession, person: Person) -> str:
    """A JSON document; nothing of anybody else is in it."""
    leads = await session.execute(
        select(Lead, Creator.name)
        .join(Creator, Creator.id == Lead.creator_id)
        .where(Lead.person_id == person.id)
        .order_by(Lead.id)
    )
    told = {
        "person": _of(
            person,
            *("telegram_id", "first_name", "username", "language", "language_chosen"),
            *("blocked_at", "created_at", "seen_at"),
        ),
        "account": await account_of(session, person),
        "creators": [{"creator": name, **await _of_lead(session, lead, person)} for lead, name in leads.all()],
        "written": await _written(session, person),
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode()


async def _of_lead(session: AsyncSession, lead: Lead, person: Person) -> Told:
    """What one creator knows; leads that were merged into this one are the same person."""
    same = await session.scalars(select(Lead.id).where(or_(Lead.id == lead.id, Lead.merged_into_id == lead.id)))
    ids = list(same)
    return {
        "lead": _of(lead, *_OF_LEAD),
        "fields": [
            {"field": each.key, "value": _answer(each), "answered_at": each.answered_at}
            for each in await _all(session, LeadField, LeadField.lead_id.in_(ids), LeadField.key, LeadField.item)
        ],
        "tags": await _each(session, LeadTag, ids, "tag", "tagged_at"),
        "notes": await _each(session, LeadNote, ids, "text", "created_at"),
        "tickets": await _each(session, Ticket, ids, "title", "text", "state", "created_at", "solved_at"),
        "consents": await _each(session, Consent, ids, "text", "version", "channel", "given_at", "withdrawn_at"),
        "touches": await _touches(session, ids),
        "flows": await _each(session, FlowRun, ids, "flow_key", "state", "started_at", "ended_at"),
        "follow_ups": await _each(session, Enrollment, ids, "funnel_key", "state", "started_at", "ended_at"),
        "decisions": await _each(session, Decision, ids, "at", "about", "trace"),
        "passed_on": await _each(session, OutgoingCall, ids, "target", "body", "state", "created_at", "closed_at"),
        "orders": [
            await _order(session, order) for order in await _all(session, Order, Order.lead_id.in_(ids), Order.id)
        ],
        "library": await _library(session, ids),
        "codes": await _codes(session, ids),
        "reviews": await _reviews(session, ids),
        "known_to_payment_providers_as": await _each(session, RailCustomer, ids, "rail", "reference"),
        "passed_on_for_ideas": await _passed_on(session, lead, person),
        "files": await _each(session, StoredFile, ids, "file_name", "mime_type", "size", "created_at"),
        "messages": [
            {"text": (each.message or {}).get("text", ""), **_of(each, "kind", "state", "created_at", "closed_at")}
            for each in await _all(
                session,
                OutboxMessage,
                OutboxMessage.lead_id.in_(ids) & (OutboxMessage.person_id == person.id),
                OutboxMessage.id,
            )
        ],
        "events": [
            {"event": each.name, "at": each.occurred_at, "about": each.subject, **_words(each.data)}
            for each in await _all(session, Event, Event.lead_id.in_(ids) & Event.name.not_in(_ABOUT_OTHERS), Event.id)
        ],
    }


async def _passed_on(session: AsyncSession, lead: Lead, person: Person) -> list[Told]:
    """Messages of theirs that the creator keeps for an idea."""
    of_creator = select(Idea.id).where(Idea.creator_id == lead.creator_id)
    theirs = IdeaAttachment.origin_digest == await digest_of_origin(session, person.telegram_id)
    rows = await _all(session, IdeaAttachment, theirs & IdeaAttachment.idea_id.in_(of_creator), IdeaAttachment.id)
    return [_of(each, "kind", "words", "file_name", "forwarded_from", "created_at") for each in rows]


async def _touches(session: AsyncSession, ids: Sequence[int]) -> list[Told]:
    rows = await session.execute(
        select(Touch.source, Touch.touched_at, Link.title)
        .outerjoin(Link, Link.id == Touch.link_id)
        .where(Touch.lead_id.in_(ids))
        .order_by(Touch.id)
    )
    return [{"source": row.source, "link": row.title, "touched_at": row.touched_at} for row in rows]


async def _order(session: AsyncSession, order: Order) -> Told:
    lines = await _all(session, OrderLine, OrderLine.order_id == order.id, OrderLine.id)
    payments = await _all(session, Payment, Payment.order_id == order.id, Payment.id)
    return {
        **_of(order, *_OF_ORDER),
        "lines": [_of(each, "title", "price_minor", "quantity", "discount_minor") for each in lines],
        "payments": [
            _of(each, "rail", "reference", "amount_minor", "refunded_minor", "currency", "created_at")
            for each in payments
        ],
        "refunds": [
            _of(each, "rail", "amount_minor", "currency", "state", "reason", "created_at", "closed_at")
            for each in await _all(session, Refund, Refund.order_id == order.id, Refund.id)
        ],
        "disputes": [
            _of(each, "rail", "amount_minor", "currency", "state", "reason", "opened_at", "closed_at")
            for each in await _all(session, Dispute, Dispute.order_id == order.id, Dispute.id)
        ],
    }


async def _library(session: AsyncSession, ids: Sequence[int]) -> list[Told]:
    rows = await session.execute(
        select(Product.title, Entitlement)
        .join(Product, Product.id == Entitlement.product_id)
        .where(Entitlement.lead_id.in_(ids))
        .order_by(Entitlement.id)
    )
    return [{"title": title, **_of(right, *_OF_RIGHT), **await _handed(session, right)} for title, right in rows.all()]


async def _handed(session: AsyncSession, right: Entitlement) -> Told:
    """The keys, the ways into channels and the downloads of one right."""
    used = await session.scalars(
        select(Download)
        .join(DownloadLink, DownloadLink.id == Download.link_id)
        .where(DownloadLink.entitlement_id == right.id)
        .order_by(Download.id)
    )
    passes = await _all(session, ChannelPass, ChannelPass.entitlement_id == right.id, ChannelPass.id)
    keys = await _all(session, LicenceKey, LicenceKey.entitlement_id == right.id, LicenceKey.id)
    return {
        "keys": [_of(each, "key", "given_at", "voided_at") for each in keys],
        "channels": [_of(each, "chat_id", "telegram_id", "invite_link", "state", "changed_at") for each in passes],
        "downloads": [_of(each, "opened_at", "resumed_at", "served") for each in used.all()],
    }


async def _codes(session: AsyncSession, ids: Sequence[int]) -> list[Told]:
    rows = await session.execute(
        select(DiscountCode.code, DiscountUse.order_id)
        .join(DiscountUse, DiscountUse.discount_code_id == DiscountCode.id)
        .where(DiscountUse.lead_id.in_(ids))
        .order_by(DiscountUse.id)
    )
    return [{"code": row.code, "order": row.order_id} for row in rows]


async def _reviews(session: AsyncSession, ids: Sequence[int]) -> list[Told]:
    rows = await session.execute(
        select(Product.title, Review)
        .join(Product, Product.id == Review.product_id)
        .where(Review.lead_id.in_(ids))
        .order_by(Review.id)
    )
    told = ("rating", "text", "answer", "state", "created_at", "edited_at", "answered_at")
    return [{"title": title, **_of(review, *told)} for title, review in rows.all()]


async def _written(session: AsyncSession, person: Person) -> list[Told]:
    """What this person sent, as it came, for as long as that is kept."""
    rows = await _all(session, TelegramUpdate, TelegramUpdate.lane == lane_of(person.telegram_id), TelegramUpdate.id)
    return [{"received_at": each.received_at, "update": _parsed(each.body)} for each in rows if each.body]


def _parsed(body: str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body


async def _each(session: AsyncSession, model: type[Any], ids: Sequence[int], *columns: str) -> list[Told]:
    order = tuple(model.__table__.primary_key)
    return [_of(row, *columns) for row in await _all(session, model, model.lead_id.in_(ids), *order)]


async def _all(session: AsyncSession, model: type[Any], condition: ColumnElement[bool], *order: Any) -> Sequence[Any]:
    return (await session.scalars(select(model).where(condition).order_by(*order))).all()


def _of(row: Base, *columns: str) -> Told:
    kept = row.__dict__
    return {name: kept[name] for name in columns}


def _answer(field: LeadField) -> str | float | None:
    return next((each for each in (field.sealed, field.value, field.number) if each is not None), None)


def _words(data: Told) -> Told:
    """Words only: a number may be somebody else's."""
    return {key: value for key, value in data.items() if isinstance(value, str)}
