"""Rows of a file become leads: a few statements for many of them."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.consent import unsubscribe
from domain.fields import LeadFieldSpec
from domain.holding import hold_all_living
from domain.lead_fields import FieldItem, field_columns
from domain.leads import DICE_SIDES
from domain.setups import CreatorSetup
from domain.transfers.entries import Entry
from domain.transfers.matching import Match
from kit.text import name_words
from store.database import insert_each_once
from store.models import Consent, Event, Lead, LeadField, LeadStage, LeadTag, LeadWord, Proof

# where no column tells a lead's source
SOURCE = "import"
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ground:
    """Whose leads they are, and by which transfer they come."""

    creator_id: int
    transfer_id: int
    setup: CreatorSetup
    now: datetime


async def add_leads(session: AsyncSession, matches: Sequence[Match], ground: Ground) -> None:
    """Their e-mails and phones are entered by the creator, and so nobody else's. No funnel begins with them."""
    if not matches:
        return
    creator_id, now = ground.creator_id, ground.now
    rows = [
        {
            "creator_id": creator_id,
            "name": each.entry.name,
            "email": each.entry.email,
            "email_digest": each.email_digest,
            "email_proof": Proof.ENTERED if each.entry.email is not None else Proof.TYPED,
            "phone": each.entry.phone,
            "phone_digest": each.phone_digest,
            "phone_proof": Proof.ENTERED if each.entry.phone is not None else Proof.TYPED,
            "source": each.entry.source or SOURCE,
            "stage": each.entry.stage or LeadStage.NEW,
            "score": each.entry.score or 0,
            "time_zone": each.entry.time_zone,
            # as by /stop, which withdraws what was agreed to
            "consented_at": None if each.entry.unsubscribed_at else each.entry.consented_at,
            "unsubscribed_at": each.entry.unsubscribed_at,
            "dice": secrets.randbelow(DICE_SIDES),
            "created_at": now,
        }
        for each in matches
    ]
    table = Lead.__table__
    added = await session.scalars(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows)  # type: ignore[arg-type]  # declared as any FromClause
    people = list(zip(added, (each.entry for each in matches), strict=True))
    words = [
        {"lead_id": lead_id, "word": word, "creator_id": creator_id}
        for lead_id, entry in people
        for word in sorted(name_words(entry.name))
    ]
    await insert_each_once(session, LeadWord, words)
    await _add_tags(session, people, ground)
    await _add_fields(session, people, ground, taken=frozenset())
    await _add_consents(session, creator_id, people)
    # routed already: an import greets nobody, however many they are
    await _record(session, "lead.imported", [lead_id for lead_id, _ in people], ground)


async def fill_leads(session: AsyncSession, matches: Sequence[Match], ground: Ground) -> tuple[int, list[Match]]:
    """Only what is empty is filled in, and tags are added; who has said no by then gets nothing unasked any more.

    Returns how many leads that changed, and the rows of whom was forgotten or merged meanwhile: they stay so.
    """
    ids = sorted({each.lead_id for each in matches if each.lead_id is not None})
    if not ids:
        return 0, []
    creator_id = ground.creator_id
    leads = {lead.id: lead for lead in await hold_all_living(session, ids)}
    fields = await session.execute(select(LeadField.lead_id, LeadField.key).where(LeadField.lead_id.in_(ids)))
    tags = await session.execute(select(LeadTag.lead_id, LeadTag.tag).where(LeadTag.lead_id.in_(ids)))
    taken = {(row.lead_id, row.key) for row in fields}
    tagged = {(row.lead_id, row.tag) for row in tags}
    changed: set[int] = set()
    people: list[tuple[int, Entry]] = []
    words: list[Values] = []
    consents: list[tuple[int, Entry]] = []
    gone: list[Match] = []
    left: list[tuple[Lead, datetime]] = []
    for each in matches:
        lead = leads.get(each.lead_id or 0)
        if lead is None:
            gone.append(each)
            continue
        entry = each.entry
        people.append((lead.id, entry))
        if not lead.name and entry.name:
            words += [{"lead_id": lead.id, "word": word, "creator_id": creator_id} for word in name_words(entry.name)]
        if lead.consented_at is None and entry.consented_at is not None and lead.unsubscribed_at is None:
            consents.append((lead.id, entry))
        if lead.unsubscribed_at is None and entry.unsubscribed_at is not None:
            left.append((lead, entry.unsubscribed_at))
            changed.add(lead.id)
        if _fill(lead, each) or not tagged.issuperset((lead.id, tag) for tag in entry.tags):
            changed.add(lead.id)
        if not taken.issuperset((lead.id, key) for key in entry.fields):
            changed.add(lead.id)
    await session.flush()
    await insert_each_once(session, LeadWord, words)
    await _add_tags(session, people, ground)
    await _add_fields(session, people, ground, taken=taken)
    await _add_consents(session, creator_id, consents)
    for lead, since in left:
        await unsubscribe(session, lead, now=ground.now, since=since)
    await _record(session, "lead.filled_in", sorted(changed), ground)
    return len(changed), gone


def _fill(lead: Lead, match: Match) -> bool:
    """True when something of the lead's own was empty and no longer is."""
    entry = match.entry
    before = (lead.name, lead.email, lead.phone, lead.source, lead.time_zone, lead.score, lead.consented_at)
    lead.name = lead.name or entry.name
    lead.source = lead.source or entry.source
    lead.time_zone = lead.time_zone or entry.time_zone
    lead.score = lead.score or entry.score or 0
    if lead.email is None and entry.email is not None:
        lead.email, lead.email_digest, lead.email_proof = entry.email, match.email_digest, Proof.ENTERED
    if lead.phone is None and entry.phone is not None:
        lead.phone, lead.phone_digest, lead.phone_proof = entry.phone, match.phone_digest, Proof.ENTERED
    # whoever has said no themselves is not brought back by a file
    if lead.unsubscribed_at is None:
        lead.consented_at = lead.consented_at or entry.consented_at
    return before != (lead.name, lead.email, lead.phone, lead.source, lead.time_zone, lead.score, lead.consented_at)


async def _add_tags(session: AsyncSession, people: Iterable[tuple[int, Entry]], ground: Ground) -> None:
    rows = [
        {"lead_id": lead_id, "tag": tag, "creator_id": ground.creator_id, "tagged_at": ground.now}
        for lead_id, entry in people
        for tag in entry.tags
    ]
    await insert_each_once(session, LeadTag, rows)


async def _add_fields(
    session: AsyncSession, people: Iterable[tuple[int, Entry]], ground: Ground, *, taken: Iterable[tuple[int, str]]
) -> None:
    known = frozenset(taken)
    rows: list[Mapping[str, Any]] = []
    for lead_id, entry in people:
        for key, value in entry.fields.items():
            if (lead_id, key) in known:
                continue
            spec = ground.setup.fields.get(key) or LeadFieldSpec()
            items: Sequence[FieldItem] = value if isinstance(value, list | tuple) else [value]  # type: ignore[list-item]
            for number, item in enumerate(items):
                columns = await field_columns(session, key, item, spec)
                row = {"lead_id": lead_id, "key": key, "item": number, "creator_id": ground.creator_id}
                rows.append({**row, **columns, "answered_at": ground.now})
    await insert_each_once(session, LeadField, rows)


async def _add_consents(session: AsyncSession, creator_id: int, people: Iterable[tuple[int, Entry]]) -> None:
    """The words that were shown are not known here: the creator's file vouches for them."""
    rows = [
        {
            "creator_id": creator_id,
            "lead_id": lead_id,
            "text": "",
            "version": SOURCE,
            "channel": SOURCE,
            "given_at": entry.consented_at,
            "withdrawn_at": entry.unsubscribed_at,
        }
        for lead_id, entry in people
        if entry.consented_at is not None
    ]
    await insert_each_once(session, Consent, rows)


async def _record(session: AsyncSession, name: str, lead_ids: Sequence[int], ground: Ground) -> None:
    fact = {
        "creator_id": ground.creator_id,
        "name": name,
        "subject": f"transfer:{ground.transfer_id}",
        "data": {},
        "occurred_at": ground.now,
        "routed_at": ground.now,
    }
    await insert_each_once(session, Event, [{**fact, "lead_id": lead_id} for lead_id in lead_ids])
