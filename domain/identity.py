"""Who has an e-mail address or a phone number, and whom that joins.

Typed ones claim nothing: anybody can type anything. Entered by the creator, or verified by the person's own shared
contact, they belong to one lead of a creator, and the store's unique keys decide who that is.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.attributes import set_committed_value

from domain.events import record_event
from domain.merging import CannotMerge, merge_leads
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from kit.errors import Conflict, Reason
from store.models import Event, Lead, Proof
from store.sealing import digest

CLAIMED = (Proof.ENTERED, Proof.VERIFIED)
# of those who have told the same, this many are named
_NAMED = 3


class Contact(StrEnum):
    """What can tell that two leads are one."""

    EMAIL = "email"
    PHONE = "phone"


class LeadExists(Conflict):
    """`lead_id` is of the one who has it."""

    code = "lead_exists"

    def __init__(self, contact: Contact, lead_id: int) -> None:
        what = "e-mail address" if contact is Contact.EMAIL else "phone number"
        super().__init__(
            f"lead {lead_id} has this {what} already",
            fields={contact: f"is lead {lead_id}'s"},
            why=Reason("refused-same-email" if contact is Contact.EMAIL else "refused-same-phone", lead=lead_id),
        )
        self.contact = contact
        self.lead_id = lead_id


@dataclass(frozen=True, slots=True)
class _Columns:
    value: InstrumentedAttribute[str | None]
    digest: InstrumentedAttribute[str | None]
    proof: InstrumentedAttribute[Proof]


_COLUMNS = {
    Contact.EMAIL: _Columns(Lead.email, Lead.email_digest, Lead.email_proof),
    Contact.PHONE: _Columns(Lead.phone, Lead.phone_digest, Lead.phone_proof),
}


def contact_of(lead: Lead, contact: Contact) -> tuple[str | None, Proof]:
    """What the lead has of it, and how sure that is."""
    return (lead.email, lead.email_proof) if contact is Contact.EMAIL else (lead.phone, lead.phone_proof)


async def keep_contact(
    session: AsyncSession, lead: Lead, contact: Contact, value: str, *, proof: Proof, now: datetime
) -> None:
    """Keeps a normalised e-mail or phone. What another lead has as well opens nothing of theirs to anybody.

    Typed: it stays typed, and the creator reads of the other; what was entered or verified is not given up for it, and
    the creator reads that too. Verified: a lead without a chat who has it becomes a
    part of this one; where that cannot be it stays typed, and the creator reads of it. Entered: raises LeadExists.
    """
    held, held_proof = contact_of(lead, contact)
    if held == value and (held_proof == proof or (held_proof in CLAIMED and proof != Proof.VERIFIED)):
        return
    found_by = await digest(session, value, contact)
    if proof in CLAIMED and not await _claim(session, lead, contact, value, found_by, proof=proof, now=now):
        proof = Proof.TYPED
    if proof == Proof.TYPED and held is not None and held_proof in CLAIMED:
        await _tell_of_another(session, lead, contact, value, found_by, now=now)
    elif proof == Proof.TYPED:
        await _save(session, lead, contact, value, found_by=found_by, proof=proof)
    if proof != Proof.ENTERED:
        await _tell_of_others(session, lead, contact, found_by, now=now)


async def drop_contact(session: AsyncSession, lead: Lead, contact: Contact) -> None:
    """The lead has none any more."""
    await _save(session, lead, contact, None, found_by=None, proof=Proof.TYPED)


async def owner_of(session: AsyncSession, creator_id: int, contact: Contact, value: str) -> Lead | None:
    """The lead to whom a normalised e-mail or phone belongs, by the creator's word or the person's own contact."""
    return await _owner(session, creator_id, contact, await digest(session, value, contact))


async def _owner(session: AsyncSession, creator_id: int, contact: Contact, found_by: str) -> Lead | None:
    columns = _COLUMNS[contact]
    claimed = select(Lead).where(Lead.creator_id == creator_id, columns.digest == found_by, columns.proof.in_(CLAIMED))
    return await session.scalar(claimed)


async def _claim(
    session: AsyncSession, lead: Lead, contact: Contact, value: str, found_by: str, *, proof: Proof, now: datetime
) -> bool:
    """False when it belongs to somebody else and stays theirs."""
    while True:
        owner = await _owner(session, lead.creator_id, contact, found_by)
        if owner is not None and owner.id != lead.id:
            if proof == Proof.ENTERED:
                raise LeadExists(contact, owner.id)
            if owner.person_id is not None or not await _join(session, lead, owner, contact, now=now):
                return False
        try:
            # the unique key decides between two who claim it at once
            async with session.begin_nested():
                await _save(session, lead, contact, value, found_by=found_by, proof=proof)
        except IntegrityError:
            continue
        return True


async def _join(session: AsyncSession, lead: Lead, owner: Lead, contact: Contact, *, now: datetime) -> bool:
    """The creator knew this person by that contact before they came by Telegram."""
    had, had_proof = contact_of(lead, contact)
    # it is about to be replaced, so that what the owner has finds its place
    await drop_contact(session, lead, contact)
    try:
        await merge_leads(session, lead, owner, now=now)
    except CannotMerge:
        # somebody was faster, and the lead that is left has a chat of its own
        if had is not None:
            found_by = await digest(session, had, contact)
            await _save(session, lead, contact, had, found_by=found_by, proof=had_proof)
        return False

    blocked = owner.banned_at is not None and lead.banned_at is None

    def told(language: str) -> Message:
        text = say("lead-joined", language, lead=lead.id, other=owner.id)
        if blocked:
            text += "\n" + say("lead-joined-blocked", language, lead=lead.id, other=owner.id)
        return Message(text=text)

    key = f"lead-joined:{owner.id}"
    await tell_creator(session, told, key=key, creator_id=lead.creator_id, lead_id=lead.id, now=now)
    return True


async def _save(
    session: AsyncSession, lead: Lead, contact: Contact, value: str | None, *, found_by: str | None, proof: Proof
) -> None:
    columns = _COLUMNS[contact]
    values = {columns.value.key: value, columns.digest.key: found_by, columns.proof.key: proof}
    keep = update(Lead).where(Lead.id == lead.id).values(**values)
    await session.execute(keep, execution_options={"synchronize_session": False})
    for name, kept in values.items():
        set_committed_value(lead, name, kept)


async def _tell_of_another(
    session: AsyncSession, lead: Lead, contact: Contact, value: str, found_by: str, *, now: datetime
) -> None:
    """The creator reads once what a lead has typed beside the one that is theirs for sure, and how to take it over."""

    def told(language: str) -> Message:
        return Message(text=say(f"lead-typed-another-{contact}", language, lead=lead.id, value=value))

    key = f"typed-another:{contact}:{lead.id}:{found_by}"
    await tell_creator(session, told, key=key, creator_id=lead.creator_id, lead_id=lead.id, now=now)


async def _tell_of_others(session: AsyncSession, lead: Lead, contact: Contact, found_by: str, *, now: datetime) -> None:
    """The creator reads once, by their numbers, which leads have told the same; none of them reads anything."""
    columns = _COLUMNS[contact]
    others = await session.execute(
        select(Lead.id, Lead.person_id)
        .where(Lead.creator_id == lead.creator_id, columns.digest == found_by, Lead.id != lead.id)
        .order_by(columns.proof == Proof.TYPED, Lead.id)
        .limit(_NAMED)
    )
    for other, person_id in others.all():
        subject = f"lead:{other}"
        known = await session.scalars(
            select(Event.data).where(Event.lead_id == lead.id, Event.name == "lead.duplicate", Event.subject == subject)
        )
        if any(data.get("field") == contact for data in known):
            continue
        await record_event(
            session,
            "lead.duplicate",
            creator_id=lead.creator_id,
            lead_id=lead.id,
            subject=subject,
            now=now,
            field=contact.value,
        )
        can_merge = lead.person_id is None or person_id is None
        told = partial(_duplicate, contact=contact, lead=lead.id, other=other, can_merge=can_merge)
        key = f"duplicate:{contact}:{lead.id}:{other}"
        await tell_creator(session, told, key=key, creator_id=lead.creator_id, lead_id=lead.id, now=now)


def _duplicate(language: str, *, contact: Contact, lead: int, other: int, can_merge: bool) -> Message:
    text = say(f"lead-duplicate-{contact}", language, lead=lead, other=other)
    if can_merge:
        text += "\n" + say("lead-duplicate-merge", language, lead=lead, other=other)
    return Message(text=text)
