import secrets
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.fields import LeadFieldSpec
from store.database import count_changed, insert_once, upsert
from store.models import Lead, LeadField, LeadStage, Person, Proof
from store.sealing import digest

# of `Lead.dice`
DICE_SIDES = 10_000
# fields that have a column of their own; the others are rows
_COLUMNS = ("name", "email", "phone", "time_zone")
# built once: these belong to every update
_OF_PERSON = select(Lead).where(Lead.creator_id == bindparam("creator"), Lead.person_id == bindparam("person"))
_ANSWERS = (
    select(LeadField.key, LeadField.item, LeadField.value, LeadField.number, LeadField.sealed)
    .where(LeadField.lead_id == bindparam("lead"))
    .order_by(LeadField.key, LeadField.item)
)
FieldItem = str | float | date | bool
# text, a number, a date, yes or no, or several values of a choice
FieldValue = FieldItem | Sequence[str]


async def capture_lead(
    session: AsyncSession, creator_id: int, person: Person, *, source: str | None, now: datetime
) -> tuple[Lead, bool]:
    """This creator's lead for the person, and whether it is new. First source wins: ads are paid by it."""
    values = {
        "creator_id": creator_id,
        "person_id": person.id,
        "name": "",
        "source": source,
        "stage": LeadStage.NEW,
        "dice": secrets.randbelow(DICE_SIDES),
        "seen_at": now,
        "created_at": now,
    }
    lead_id = await insert_once(session, Lead, values)
    if lead_id is None:
        known = await session.scalars(_OF_PERSON, {"creator": creator_id, "person": person.id})
        return known.one(), False
    await record_event(session, "lead.captured", creator_id=creator_id, lead_id=lead_id, now=now, source=source)
    return await session.get_one(Lead, lead_id), True


async def find_lead(session: AsyncSession, creator_id: int, person_id: int) -> Lead | None:
    """None when the person is not this creator's lead."""
    return (await session.scalars(_OF_PERSON, {"creator": creator_id, "person": person_id})).one_or_none()


async def known_answers(session: AsyncSession, lead: Lead) -> dict[str, str]:
    """Everything this lead has answered so far, by field, as people read it."""
    known = {name: value for name in _COLUMNS if (value := getattr(lead, name))}
    for row in await session.execute(_ANSWERS, {"lead": lead.id}):
        told = row.sealed if row.sealed is not None else row.value
        shown = f"{row.number:g}" if told is None and row.number is not None else str(told)
        known[row.key] = f"{known[row.key]}, {shown}" if row.item else shown
    return known


async def note_answer(
    session: AsyncSession,
    lead: Lead,
    field: str,
    value: FieldValue,
    *,
    spec: LeadFieldSpec | None,
    now: datetime,
    proof: Proof = Proof.TYPED,
) -> None:
    """Keeps an answer. A typed e-mail or phone claims nothing; only one's own shared contact is verified.

    `spec` is the creator's field of that name; without one it is kept as text, sealed.
    """
    if lead.stage == LeadStage.NEW:
        lead.stage = LeadStage.ENGAGED
    match field:
        case "name":
            lead.name = str(value)
        case "email":
            lead.email, lead.email_proof = str(value), proof
            lead.email_digest = await digest(session, str(value), "email")
        case "phone":
            lead.phone, lead.phone_proof = str(value), proof
            lead.phone_digest = await digest(session, str(value), "phone")
        case "time_zone":
            lead.time_zone = str(value)
        case _:
            await _note_field(session, lead, field, value, spec or LeadFieldSpec(), now=now)
    await session.flush()
    await record_event(session, "lead.answered", creator_id=lead.creator_id, lead_id=lead.id, now=now, field=field)


async def _note_field(
    session: AsyncSession, lead: Lead, key: str, value: FieldValue, spec: LeadFieldSpec, *, now: datetime
) -> None:
    items: Sequence[FieldItem] = value if isinstance(value, list | tuple) else [value]  # type: ignore[list-item]
    await session.execute(
        delete(LeadField).where(LeadField.lead_id == lead.id, LeadField.key == key, LeadField.item >= len(items))
    )
    for number, item in enumerate(items):
        kept = await _columns(session, key, item, spec)
        row = {"lead_id": lead.id, "key": key, "item": number}
        await upsert(session, LeadField, row, {**kept, "answered_at": now}, creator_id=lead.creator_id)


async def _columns(
    session: AsyncSession, key: str, item: FieldItem, spec: LeadFieldSpec
) -> dict[str, str | float | None]:
    """Where a value stands: in the open, where a segment compares it, or sealed with a digest."""
    told = ("yes" if item else "no") if isinstance(item, bool) else item.isoformat() if isinstance(item, date) else item
    kept: dict[str, str | float | None] = dict.fromkeys(("value", "number", "sealed", "digest"))
    if spec.sealed:
        text = f"{told:g}" if isinstance(told, int | float) else told
        return kept | {"sealed": text, "digest": await digest(session, text.casefold(), f"field:{key}")}
    return kept | ({"number": float(told)} if isinstance(told, int | float) else {"value": told})


async def unsubscribe(session: AsyncSession, lead: Lead, *, now: datetime) -> None:
    """Ends marketing to this lead, at once and until they ask again. Deliveries still go out."""
    stop = update(Lead).where(Lead.id == lead.id, Lead.unsubscribed_at.is_(None)).values(unsubscribed_at=now)
    if await count_changed(session, stop):
        await record_event(session, "lead.unsubscribed", creator_id=lead.creator_id, lead_id=lead.id, now=now)


async def subscribe(session: AsyncSession, lead: Lead, *, now: datetime) -> None:
    """The lead asks for marketing again; what ended while they did not stays ended."""
    begin = update(Lead).where(Lead.id == lead.id, Lead.unsubscribed_at.is_not(None)).values(unsubscribed_at=None)
    if await count_changed(session, begin):
        await record_event(session, "lead.subscribed", creator_id=lead.creator_id, lead_id=lead.id, now=now)


async def display_name(session: AsyncSession, lead: Lead) -> str:
    """The name that the lead gave, else their Telegram name, else their number."""
    if not lead.name and lead.person_id is not None:
        return (await session.get_one(Person, lead.person_id)).first_name
    return lead.name or f"lead {lead.id}"
