"""The values of a creator's own fields, as they stand in the store."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.fields import LeadFieldSpec
from kit.text import plain_number
from store.database import count_changed, upsert
from store.models import Lead, LeadField
from store.sealing import digest

FieldItem = str | float | date | bool
# text, a number, a date, yes or no, or several values of a choice
FieldValue = FieldItem | Sequence[str]
# built once: these belong to every update
_STANDS = (
    select(LeadField.value, LeadField.number, LeadField.sealed)
    .where(LeadField.lead_id == bindparam("lead"), LeadField.key == bindparam("field"))
    .order_by(LeadField.item)
)
_ANSWERS = (
    select(LeadField.key, LeadField.item, LeadField.value, LeadField.number, LeadField.sealed)
    .where(LeadField.lead_id == bindparam("lead"))
    .order_by(LeadField.key, LeadField.item)
)
# in the order of the columns above
Kept = tuple[str | None, float | None, str | None]


async def kept_fields(session: AsyncSession, lead_id: int) -> dict[str, str]:
    """What stands in the lead's fields, as people read it."""
    known: dict[str, str] = {}
    for row in await session.execute(_ANSWERS, {"lead": lead_id}):
        told = row.sealed if row.sealed is not None else row.value
        shown = plain_number(row.number) if told is None and row.number is not None else str(told)
        known[row.key] = f"{known[row.key]}, {shown}" if row.item else shown
    return known


async def keep_field(
    session: AsyncSession, lead: Lead, key: str, value: FieldValue, spec: LeadFieldSpec, *, now: datetime
) -> bool:
    """True when another value stood there before."""
    items: Sequence[FieldItem] = value if isinstance(value, list | tuple) else [value]  # type: ignore[list-item]
    stood = await session.execute(_STANDS, {"lead": lead.id, "field": key})
    before: list[Kept] = [(row.value, row.number, row.sealed) for row in stood]
    if len(before) > len(items):
        theirs = (LeadField.lead_id == lead.id) & (LeadField.key == key)
        await session.execute(delete(LeadField).where(theirs, LeadField.item >= len(items)))
    after: list[Kept] = []
    for number, item in enumerate(items):
        columns = await field_columns(session, key, item, spec)
        row = {"lead_id": lead.id, "key": key, "item": number}
        stands = await upsert(session, LeadField, row, {**columns, "answered_at": now}, creator_id=lead.creator_id)
        after.append((stands.value, stands.number, stands.sealed))
    return bool(before) and before != after


async def drop_field(session: AsyncSession, lead: Lead, key: str) -> bool:
    """False when nothing stood there."""
    gone = delete(LeadField).where(LeadField.lead_id == lead.id, LeadField.key == key)
    return bool(await count_changed(session, gone))


async def field_columns(
    session: AsyncSession, key: str, item: FieldItem, spec: LeadFieldSpec
) -> dict[str, str | float | None]:
    """Where a value stands: in the open, where a segment compares it, or sealed with a digest."""
    told = ("yes" if item else "no") if isinstance(item, bool) else item.isoformat() if isinstance(item, date) else item
    kept: dict[str, str | float | None] = dict.fromkeys(("value", "number", "sealed", "digest"))
    if spec.sealed:
        text = plain_number(told) if isinstance(told, int | float) else told
        return kept | {"sealed": text, "digest": await digest(session, text.casefold(), f"field:{key}")}
    return kept | ({"number": float(told)} if isinstance(told, int | float) else {"value": told})
