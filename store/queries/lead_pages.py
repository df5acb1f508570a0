"""Leads as an export tells them: page by page, each with all that belongs to it in a few queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, distinct, func, select
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


async def rows_of(session: AsyncSession, creator_id: int, lead_ids: Sequence[int]) -> Sequence[LeadRow]:
    """These leads with all that belongs to them, in the order given; those that are gone are left out."""
    found = await page_after(session, creator_id, 0, len(lead_ids), Lead.id.in_(lead_ids)) if lead_ids else []
    by_id = {row.lead.id: row for row in found}
    return [by_id[each] for each in lead_ids if each in by_id]


async def page_after(
    session: AsyncSession, creator_id: int, after: int, most: int, condition: ColumnElement[bool]
) -> Sequence[LeadRow]:
    """The next leads by their numbers. Those merged into others or forgotten are not told."""
    found = await session.execute(
        select(Lead, Person.first_name, Person.username, func.coalesce(Person.language_chosen, Person.language))
        .outerjoin(Person, Person.id == Lead.person_id)
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
    rows = {lead.id: LeadRow(lead, first, username, language) for lead, first, username, language in found}
    ids = list(rows)
    if not ids:
        return []
    for tag in await session.execute(
        select(LeadTag.lead_id, LeadTag.tag).where(LeadTag.lead_id.in_(ids)).order_by(LeadTag.lead_id, LeadTag.tag)
    ):
        rows[tag.lead_id].tags.append(tag.tag)
    values = await session.execute(
        select(LeadField.lead_id, LeadField.key, LeadField.value, LeadField.number, LeadField.sealed)
        .where(LeadField.lead_id.in_(ids))
        .order_by(LeadField.lead_id, LeadField.key, LeadField.item)
    )
    for each in values:
        told = each.sealed if each.sealed is not None else each.value if each.value is not None else each.number
        if told is not None:
            rows[each.lead_id].fields[each.key].append(told)
    bought = await session.execute(
        select(Order.lead_id, Payment.currency, func.count(distinct(Order.id)), func.sum(KEPT_MINOR))
        .join(Payment, Payment.order_id == Order.id)
        .where(Order.lead_id.in_(ids), BOUGHT, KEPT_MINOR > 0)
        .group_by(Order.lead_id, Payment.currency)
        .order_by(Payment.currency)
    )
    for lead_id, currency, count, total in bought:
        rows[lead_id].orders += count
        rows[lead_id].spent[currency] = int(total)
    return list(rows.values())
