import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.contacts import read_email, read_phone
from domain.events import record_event
from domain.fields import LeadFieldSpec
from domain.identity import Contact, LeadExists, drop_contact, keep_contact, owner_of
from domain.lead_acts import set_stage
from domain.lead_fields import FieldItem, FieldValue, drop_field, keep_field, kept_fields
from domain.lead_words import keep_words, keep_words_of
from domain.links import link_source
from domain.messages.catalogue import plain
from domain.setups import CreatorSetup
from domain.zones import find_zone, is_offset, zone_by_phone
from kit.errors import Invalid, Reason
from kit.text import shorten
from kit.zones import zone_named, zone_names
from store.database import insert_once
from store.models import Lead, LeadStage, Link, Person, Proof
from store.sealing import digest

# the kinds of values are told on by whoever takes answers
__all__ = [
    "DICE_SIDES",
    "FieldItem",
    "FieldValue",
    "add_lead",
    "capture_lead",
    "current_lead",
    "display_name",
    "edit_lead",
    "find_lead",
    "known_answers",
    "note_answer",
    "see_lead",
    "zone_of",
]

# of `Lead.dice`
DICE_SIDES = 10_000
NAME_LENGTH = 200
# at adding one whose contacts others give up at that very moment
_TRIES = 20
_HOUR = timedelta(hours=1)
# built once: it belongs to every update
_OF_PERSON = select(Lead).where(Lead.creator_id == bindparam("creator"), Lead.person_id == bindparam("person"))


async def capture_lead(
    session: AsyncSession,
    creator_id: int,
    person: Person,
    *,
    source: str | None,
    now: datetime,
    link: Link | None = None,
) -> tuple[Lead, bool]:
    """This creator's lead for the person, and whether it is new. First source wins: ads are paid by it."""
    if link is not None:
        source = link_source(link)
    values = {
        "creator_id": creator_id,
        "person_id": person.id,
        "name": "",
        "source": source,
        "link_id": None if link is None else link.id,
        "stage": LeadStage.NEW,
        "dice": secrets.randbelow(DICE_SIDES),
        "seen_at": now,
        "created_at": now,
    }
    lead_id = await insert_once(session, Lead, values)
    if lead_id is None:
        known = (await session.scalars(_OF_PERSON, {"creator": creator_id, "person": person.id})).one()
        await see_lead(session, known, now=now)
        return known, False
    await keep_words(session, lead_id, creator_id, [person.first_name, person.username])
    await record_event(session, "lead.captured", creator_id=creator_id, lead_id=lead_id, now=now, source=source)
    return await session.get_one(Lead, lead_id), True


async def find_lead(session: AsyncSession, creator_id: int, person_id: int) -> Lead | None:
    """None when the person is not this creator's lead."""
    return (await session.scalars(_OF_PERSON, {"creator": creator_id, "person": person_id})).one_or_none()


async def current_lead(session: AsyncSession, lead_id: int) -> Lead | None:
    """The lead of that number, or the one that it has become a part of."""
    lead = await session.get(Lead, lead_id)
    while lead is not None and lead.merged_into_id is not None:
        lead = await session.get(Lead, lead.merged_into_id)
    return lead


async def see_lead(session: AsyncSession, lead: Lead, *, now: datetime) -> None:
    """The lead was here; kept once an hour, so that most messages cost nothing."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    if lead.seen_at is None or lead.seen_at < hour:
        before = or_(Lead.seen_at.is_(None), Lead.seen_at < hour)
        await session.execute(update(Lead).where(Lead.id == lead.id, before).values(seen_at=now))


async def known_answers(session: AsyncSession, lead: Lead) -> dict[str, str]:
    """Everything this lead has answered so far, by field, as people read it."""
    own = {"name": lead.name, "email": lead.email, "phone": lead.phone, "time_zone": lead.time_zone}
    return {key: value for key, value in own.items() if value} | await kept_fields(session, lead.id)


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
        await set_stage(session, lead, LeadStage.ENGAGED, now=now)
    changed = await _keep(session, lead, field, value, spec, proof=proof, now=now)
    await _record(session, "lead.answered", lead, field, now=now)
    if changed:
        await _record(session, "lead.field_changed", lead, field, now=now)


async def edit_lead(
    session: AsyncSession,
    lead: Lead,
    field: str,
    value: FieldValue | None,
    *,
    spec: LeadFieldSpec | None,
    now: datetime,
) -> None:
    """The creator writes down what they know; None takes it away.

    Raises BadContact or Invalid for what cannot be, LeadExists for an e-mail or phone that another lead has.
    """
    match field, value:
        case "email", str(text):
            value = read_email(text)
        case "phone", str(text):
            value = read_phone(text)
        case "time_zone", str(text) if text not in zone_names():
            # as it is read where a flow asks for it
            value = None if is_offset(text) else find_zone(text)
            if value is None:
                message = f"“{text}” is no time zone, use a city like Berlin or one like Europe/Berlin"
                raise Invalid(message, fields={"time_zone": message}, why=Reason("refused-time-zone", zone=text))
    if value is None:
        await _drop(session, lead, field)
    else:
        await _keep(session, lead, field, value, spec, proof=Proof.ENTERED, now=now)
    await _record(session, "lead.field_changed", lead, field, now=now)


async def _keep(
    session: AsyncSession,
    lead: Lead,
    field: str,
    value: FieldValue,
    spec: LeadFieldSpec | None,
    *,
    proof: Proof,
    now: datetime,
) -> bool:
    """True when another value stood there before."""
    before: str | None
    match field:
        case "name":
            before, lead.name = lead.name, shorten(str(value), NAME_LENGTH)
            await session.flush()
            if before != lead.name:
                await keep_words_of(session, lead)
            return before not in {"", lead.name}
        case "email" | "phone":
            before = lead.email if field == "email" else lead.phone
            await keep_contact(session, lead, Contact(field), str(value), proof=proof, now=now)
            return before not in {None, str(value)}
        case "time_zone":
            before, lead.time_zone = lead.time_zone, str(value)
            await session.flush()
            return before not in {None, lead.time_zone}
    return await keep_field(session, lead, field, value, spec or LeadFieldSpec(), now=now)


async def _drop(session: AsyncSession, lead: Lead, field: str) -> None:
    match field:
        case "name":
            lead.name = ""
            await session.flush()
            await keep_words_of(session, lead)
        case "email" | "phone":
            await drop_contact(session, lead, Contact(field))
        case "time_zone":
            lead.time_zone = None
            await session.flush()
        case _:
            await drop_field(session, lead, field)


async def add_lead(
    session: AsyncSession,
    creator_id: int,
    *,
    name: str = "",
    email: str | None = None,
    phone: str | None = None,
    source: str | None = None,
    time_zone: str | None = None,
    now: datetime,
) -> Lead:
    """A lead that the creator enters; it has no chat until its person comes by Telegram and shares that phone.

    Raises BadContact, Invalid for one without name, e-mail and phone, and LeadExists, which names the lead who has
    the e-mail or phone already.
    """
    name = shorten(" ".join(name.split()), NAME_LENGTH)
    email, phone = read_email(email) if email else None, read_phone(phone) if phone else None
    if not (name or email or phone):
        raise Invalid(
            "a lead needs a name, an e-mail address or a phone number",
            fields={"name": "is missing"},
            why=Reason("refused-nameless"),
        )
    values = {
        "creator_id": creator_id,
        "name": name,
        "email": email,
        "email_digest": None if email is None else await digest(session, email, Contact.EMAIL),
        "email_proof": Proof.ENTERED if email else Proof.TYPED,
        "phone": phone,
        "phone_digest": None if phone is None else await digest(session, phone, Contact.PHONE),
        "phone_proof": Proof.ENTERED if phone else Proof.TYPED,
        "source": source,
        "stage": LeadStage.NEW,
        "time_zone": time_zone,
        "dice": secrets.randbelow(DICE_SIDES),
        "created_at": now,
    }
    for _ in range(_TRIES):
        lead_id = await insert_once(session, Lead, values)
        if lead_id is not None:
            break
        for contact, value in ((Contact.EMAIL, email), (Contact.PHONE, phone)):
            owner = None if value is None else await owner_of(session, creator_id, contact, value)
            if owner is not None:
                raise LeadExists(contact, owner.id)
        # whoever had it has given it up meanwhile
    else:
        raise RuntimeError("the store takes no new lead, and nobody has these contacts: are its numbers used already?")
    await keep_words(session, lead_id, creator_id, [name])
    await record_event(session, "lead.added", creator_id=creator_id, lead_id=lead_id, now=now, source=source)
    return await session.get_one(Lead, lead_id)


def zone_of(lead: Lead, setup: CreatorSetup) -> ZoneInfo:
    """The time zone that the lead named, else the one that their phone number tells, else the creator's."""
    by_phone = zone_by_phone(lead.phone) if lead.time_zone is None and lead.phone else None
    return zone_named(lead.time_zone, by_phone, setup.time_zone)


async def _record(session: AsyncSession, name: str, lead: Lead, field: str, *, now: datetime) -> None:
    await record_event(session, name, creator_id=lead.creator_id, lead_id=lead.id, now=now, field=field)


async def display_name(session: AsyncSession, lead: Lead) -> Callable[[str], str]:
    """What the lead is called, by the reader's language: the name they gave, else their Telegram name, or number."""
    name = lead.name
    if not name and lead.person_id is not None:
        name = (await session.get_one(Person, lead.person_id)).first_name
    return lambda language: name or plain("leads-nameless", language, lead=lead.id)
