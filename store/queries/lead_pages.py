"""Leads as an export tells them: page by page, each with all that belongs to it in a few queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.kept_money import BOUGHT, KEPT_MINOR
from store.models import Lead, LeadField, LeadTag, Order, Payment, Person


@dataclass(slots=True)
class LeadRow:
    lead: Lead
    first_name: str | None
    username: str | None
    language: str | None
    tags: list[str] = field(default_factory=list)
    # by key; a choice of several has several
    fields: dict[str, list[str | float]] = field(default_factory=lambda: defaultdict(list))
    orders: int = 0
    # minor units by currency
    spent: dict[str, int] = field(default_factory=dict)


# built once: building one costs more than the store takes to answer it; of the tables, since nothing is mapped
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_tag, _field, _person = LeadTag.__table__.c, LeadField.__table__.c, Person.__table__.c
_TAGS = select(_tag.lead_id, _tag.tag).where(_tag.lead_id.in_(_IDS)).order_by(_tag.lead_id, _tag.tag)
_FIELDS = (
    select(_field.lead_id, _field.key, _field.value, _field.number, _field.sealed)
    .where(_field.lead_id.in_(_IDS))
    .order_by(_field.lead_id, _field.key, _field.item)
)
_BOUGHT = (
    select(Order.lead_id, Payment.currency, func.count(distinct(Order.id)), func.sum(KEPT_MINOR))
    .join(Payment, Payment.order_id == Order.id)
    .where(Order.lead_id.in_(_IDS), BOUGHT, KEPT_MINOR > 0)
    .group_by(Order.lead_id, Payment.currency)
    .order_by(Payment.currency)
)
_FACES = select(
    _person.id, _person.first_name, _person.username, func.coalesce(_person.language_chosen, _person.language)
).where(_person.id.in_(_IDS))
_THESE = select(Lead).where(
    Lead.creator_id == bindparam("creator_id"),
    Lead.id.in_(_IDS),
    Lead.merged_into_id.is_(None),
    Lead.forgotten_at.is_(None),
)


async def rows_of(session: AsyncSession, creator_id: int, lead_ids: Sequence[int]) -> Sequence[LeadRow]:
    """These leads with all that belongs to them, in the order given; those that are gone are left out."""
    if not lead_ids:
        return []
    found = await session.scalars(_THESE, {"creator_id": creator_id, "ids": list(lead_ids)})
    by_id = {row.lead.id: row for row in await rows_with(session, found.all())}
    return [by_id[each] for each in lead_ids if each in by_id]


async def page_after(
    session: AsyncSession, creator_id: int, after: int, most: int, condition: ColumnElement[bool]
) -> Sequence[LeadRow]:
    """The next leads by their numbers. Those merged into others or forgotten are not told."""
    found = await session.scalars(
        select(Lead)
        .where(
            Lead.creator_id == creator_id,
            Lead.id > after,
            Lead.merged_into_id.is_(None),
            Lead.forgotten_at.is_(None),
            condition,
        )
        .order_by(Lead.id)
        .limit(most)
    )
    return await rows_with(session, found.all())


async def rows_with(session: AsyncSession, leads: Sequence[Lead]) -> Sequence[LeadRow]:
    """All that belongs to these leads, in four questions at most."""
    if not leads:
        return []
    people = [lead.person_id for lead in leads if lead.person_id is not None]
    faces = {each[0]: each[1:] for each in await session.execute(_FACES, {"ids": people})} if people else {}
    unknown = (None, None, None)
    rows = {lead.id: LeadRow(lead, *faces.get(lead.person_id or 0, unknown)) for lead in leads}
    ids = {"ids": list(rows)}
    for lead_id, tag in await session.execute(_TAGS, ids):
        rows[lead_id].tags.append(tag)
    for lead_id, key, value, number, sealed in await session.execute(_FIELDS, ids):
        told = sealed if sealed is not None else value if value is not None else number
        if told is not None:
            rows[lead_id].fields[key].append(told)
    for lead_id, currency, count, total in await session.execute(_BOUGHT, ids):
        rows[lead_id].orders += count
        rows[lead_id].spent[currency] = int(total)
    return list(rows.values())
