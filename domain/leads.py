from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from store.database import count_changed, insert_once, upsert
from store.models import Lead, LeadField, LeadStage, Person

# fields that have a column of their own; the others are rows
_COLUMNS = ("name", "email", "phone")
# built once: these belong to every update
_OF_PERSON = select(Lead).where(Lead.creator_id == bindparam("creator"), Lead.person_id == bindparam("person"))
_ANSWERS = select(LeadField.key, LeadField.value).where(LeadField.lead_id == bindparam("lead"))


async def capture_lead(
    session: AsyncSession, creator_id: int, person: Person, *, source: str | None, now: datetime
) -> tuple[Lead, bool]:
    """This creator's lead for the person, and whether it is new. First source wins: ads are paid by it."""
    values = {
        "creator_id": creator_id,
        "person_id": person.id,
        "name": "",
        "source": source,
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
    """Everything this lead has answered so far, by field."""
    rows = await session.execute(_ANSWERS, {"lead": lead.id})
    known = {name: value for name in _COLUMNS if (value := getattr(lead, name))}
    return known | {row.key: row.value for row in rows}


async def note_answer(
    session: AsyncSession, lead: Lead, field: str, value: str, *, now: datetime, verified: bool = False
) -> None:
    """Keeps an answer. A typed e-mail or phone stays unverified; only one's own shared contact is verified."""
    if lead.stage == LeadStage.NEW:
        lead.stage = LeadStage.ENGAGED
    if field in _COLUMNS:
        setattr(lead, field, value)
    else:
        await upsert(session, LeadField, {"lead_id": lead.id, "key": field}, {"value": value})
    if field == "phone":
        lead.phone_verified = verified
    await session.flush()
    await record_event(session, "lead.answered", creator_id=lead.creator_id, lead_id=lead.id, now=now, field=field)


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
