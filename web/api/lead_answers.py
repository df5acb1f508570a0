"""A lead as programs see it, and how one finds those of one's own."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from domain.holding import hold_living
from kit.errors import NotFound
from store.models import Lead, Proof
from store.queries.lead_pages import LeadRow, rows_with
from store.queries.leads import find_living_lead
from web.api.route import Call


class LeadItem(BaseModel):
    """`first_name`, `username` and `language` are Telegram's; `spent` is in minor units by currency.

    `banned_at`: the bot does not answer them; `taken_over_at`: a person writes in their chat, and the bot keeps quiet.
    """

    id: int
    name: str
    first_name: str | None
    username: str | None
    language: str | None
    email: str | None
    email_proof: Proof | None
    phone: str | None
    phone_proof: Proof | None
    source: str | None
    stage: str
    score: int
    time_zone: str | None
    tags: list[str]
    fields: dict[str, str | float | list[str | float]]
    orders: int
    spent: dict[str, int]
    consented_at: datetime | None
    unsubscribed_at: datetime | None
    banned_at: datetime | None
    taken_over_at: datetime | None
    captured_at: datetime
    last_seen_at: datetime | None

    @classmethod
    def of(cls, row: LeadRow) -> "LeadItem":
        lead = row.lead
        return cls(
            id=lead.id,
            name=lead.name,
            first_name=row.first_name,
            username=row.username,
            language=row.language,
            email=lead.email,
            email_proof=None if lead.email is None else lead.email_proof,
            phone=lead.phone,
            phone_proof=None if lead.phone is None else lead.phone_proof,
            source=lead.source,
            stage=lead.stage,
            score=lead.score,
            time_zone=lead.time_zone,
            tags=row.tags,
            fields={key: values[0] if len(values) == 1 else values for key, values in row.fields.items()},
            orders=row.orders,
            spent=row.spent,
            consented_at=lead.consented_at,
            unsubscribed_at=lead.unsubscribed_at,
            banned_at=lead.banned_at,
            taken_over_at=lead.taken_over_at,
            captured_at=lead.created_at,
            last_seen_at=lead.seen_at,
        )


class NoSuchLead(NotFound):
    code = "no_such_lead"


async def own_lead(call: Call[Any, Any]) -> Lead:
    """Of the number in the address, or the one that it became a part of. Raises NoSuchLead."""
    return await lead_of(call.session, call.creator_id, call.number("lead_id"))


async def held_lead(call: Call[Any, Any]) -> Lead:
    """The same, for something that is done with it: nobody merges or forgets it meanwhile."""
    return await hold_living(call.session, await own_lead(call))


async def lead_of(session: AsyncSession, creator_id: int, lead_id: int) -> Lead:
    """Raises NoSuchLead, which says no more of another creator's than of none."""
    lead = await find_living_lead(session, creator_id, lead_id)
    if lead is None:
        raise NoSuchLead("there is no such lead")
    return lead


async def changed_lead(session: AsyncSession, lead: Lead) -> LeadItem:
    """As it is once something was done with it."""
    await session.refresh(lead)
    return await told_lead(session, lead)


async def told_lead(session: AsyncSession, lead: Lead) -> LeadItem:
    (row,) = await rows_with(session, [lead])
    return LeadItem.of(row)
