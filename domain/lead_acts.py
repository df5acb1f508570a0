"""What a creator, or a flow of theirs, does with a lead: tags, stage, score, notes, and taking a chat over."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message
from domain.outbox import queue_message, tell_creator
from kit.errors import Invalid, Reason
from kit.text import CAPTION_LIMIT, TEXT_LIMIT, shorten
from store.database import count_changed, insert_once, wake
from store.models import Lead, LeadNote, LeadTag, OutboxKind, Person

NOTE_LENGTH = 2000
# leaves room for the words around what a lead wrote
_ROOM = 600
_TAG = re.compile(r"[^\W_][\w-]{0,39}")


class BadTag(Invalid):
    code = "bad_tag"


class BadNote(Invalid):
    code = "bad_note"


def read_tag(text: str) -> str:
    """A tag as it is kept: casefolded, without `#`, its words joined by hyphens. Raises BadTag."""
    tag = "-".join(text.strip().removeprefix("#").casefold().split())
    if not _TAG.fullmatch(tag):
        said = shorten(text, 40)
        raise BadTag(
            f"“{said}” is no tag: up to 40 letters, digits and hyphens",
            fields={"tags": f"“{said}” is no tag"},
            why=Reason("refused-tag", tag=said),
        )
    return tag


async def tag_lead(session: AsyncSession, lead: Lead, tag: str, *, now: datetime) -> bool:
    """False when the lead has that tag already. Raises BadTag."""
    tag = read_tag(tag)
    values = {"lead_id": lead.id, "tag": tag, "creator_id": lead.creator_id, "tagged_at": now}
    if await insert_once(session, LeadTag, values) is None:
        return False
    await _record(session, "lead.tagged", lead, now=now, tag=tag)
    return True


async def untag_lead(session: AsyncSession, lead: Lead, tag: str, *, now: datetime) -> bool:
    """False when the lead has no such tag. Raises BadTag."""
    tag = read_tag(tag)
    if not await count_changed(session, delete(LeadTag).where(LeadTag.lead_id == lead.id, LeadTag.tag == tag)):
        return False
    await _record(session, "lead.untagged", lead, now=now, tag=tag)
    return True


async def set_stage(session: AsyncSession, lead: Lead, stage: str, *, now: datetime) -> bool:
    """False when the lead is in that stage already. Which stages there are is for the caller to know."""
    move = update(Lead).where(Lead.id == lead.id, Lead.stage != stage).values(stage=stage)
    if not await count_changed(session, move):
        return False
    await _record(session, "lead.stage_changed", lead, now=now, stage=stage)
    return True


async def add_score(session: AsyncSession, lead: Lead, points: int, *, now: datetime) -> None:
    """Points below zero take away. Nothing to add is a no-op."""
    if points:
        await session.execute(update(Lead).where(Lead.id == lead.id).values(score=Lead.score + points))
        await _score_changed(session, lead, now=now)


async def set_score(session: AsyncSession, lead: Lead, score: int, *, now: datetime) -> None:
    """The same score again is a no-op."""
    if await count_changed(session, update(Lead).where(Lead.id == lead.id, Lead.score != score).values(score=score)):
        await _score_changed(session, lead, now=now)


async def _score_changed(session: AsyncSession, lead: Lead, *, now: datetime) -> None:
    await session.refresh(lead, ["score"])
    await _record(session, "lead.score_changed", lead, now=now, score=lead.score)


async def add_note(session: AsyncSession, lead: Lead, text: str, *, now: datetime) -> LeadNote:
    """What the creator wants to remember; /my_data alone shows it to the lead. Raises BadNote."""
    text = text.strip()
    if not text or len(text) > NOTE_LENGTH:
        raise BadNote(
            f"a note has between 1 and {NOTE_LENGTH} characters",
            fields={"text": "is empty or too long"},
            why=Reason("refused-note", most=NOTE_LENGTH),
        )
    note = LeadNote(creator_id=lead.creator_id, lead_id=lead.id, text=text, created_at=now)
    session.add(note)
    await session.flush()
    await _record(session, "lead.noted", lead, now=now)
    return note


async def remove_note(session: AsyncSession, lead: Lead, note_id: int, *, now: datetime) -> bool:
    """False when there is no such note about this lead."""
    gone = delete(LeadNote).where(LeadNote.id == note_id, LeadNote.lead_id == lead.id)
    if not await count_changed(session, gone):
        return False
    await _record(session, "lead.note_removed", lead, now=now)
    return True


async def ban_lead(session: AsyncSession, lead: Lead, *, now: datetime) -> bool:
    """The bot no longer answers this lead; what they paid for still reaches them. False when it was so already."""
    ban = update(Lead).where(Lead.id == lead.id, Lead.banned_at.is_(None)).values(banned_at=now)
    if not await count_changed(session, ban):
        return False
    await _record(session, "lead.banned", lead, now=now)
    return True


async def unban_lead(session: AsyncSession, lead: Lead, *, now: datetime) -> bool:
    """False when the lead was not banned."""
    lift = update(Lead).where(Lead.id == lead.id, Lead.banned_at.is_not(None)).values(banned_at=None)
    if not await count_changed(session, lift):
        return False
    await _record(session, "lead.unbanned", lead, now=now)
    return True


async def take_over(session: AsyncSession, lead: Lead, *, now: datetime) -> bool:
    """A person writes in this chat from now on, and the bot keeps quiet. False when it was so already."""
    take = update(Lead).where(Lead.id == lead.id, Lead.taken_over_at.is_(None)).values(taken_over_at=now)
    if not await count_changed(session, take):
        return False
    await _record(session, "lead.taken_over", lead, now=now)
    return True


async def give_back(session: AsyncSession, lead: Lead, *, now: datetime) -> bool:
    """The bot answers again. False when nobody had taken the chat over."""
    give = update(Lead).where(Lead.id == lead.id, Lead.taken_over_at.is_not(None)).values(taken_over_at=None)
    if not await count_changed(session, give):
        return False
    # what a flow had to say when it was taken over goes out now
    wake(session, "outbox")
    await _record(session, "lead.given_back", lead, now=now)
    return True


async def write_to_lead(
    session: AsyncSession, lead: Lead, text_html: str, *, key: str, now: datetime, file_id: int | None = None
) -> bool:
    """Promises to send the creator's own words. False when there is no chat to write to; the same `key` is a no-op."""
    if lead.person_id is None:
        return False
    queued = await queue_message(
        session,
        Message(text=text_html, file=file_id),
        key=key,
        kind=OutboxKind.NOTICE,
        creator_id=lead.creator_id,
        person_id=lead.person_id,
        lead_id=lead.id,
        now=now,
    )
    if queued:
        await _record(session, "lead.written_to", lead, now=now)
    return True


async def relay_to_creator(
    session: AsyncSession,
    lead: Lead,
    person: Person,
    text: str,
    *,
    key: str,
    now: datetime,
    file_id: int | None = None,
) -> None:
    """What a lead wrote reaches everyone who acts for the creator, with buttons to answer and to give the chat back.

    `text` is as it was typed. The same `key` is told once.
    """
    shown = shorten(text, (TEXT_LIMIT if file_id is None else CAPTION_LIMIT) - _ROOM)
    name = shorten(lead.name or person.first_name, 64)

    def told(language: str) -> Message:
        answer = Button(text=say("relay-button-answer", language), data=f"lead:write:{lead.id}")
        back = Button(text=say("relay-button-give-back", language), data=f"lead:back:{lead.id}")
        said = say("relay-told", language, lead=lead.id, name=name, text=shown)
        return Message(text=said, file=file_id, buttons=((answer, back),))

    await tell_creator(session, told, key=key, creator_id=lead.creator_id, lead_id=lead.id, now=now)
    await note_writing(session, lead, now=now)


async def note_writing(session: AsyncSession, lead: Lead, *, now: datetime) -> None:
    """They have written something that answers no question: what follow-ups end by that."""
    await _record(session, "lead.wrote", lead, now=now)


async def tags_of(session: AsyncSession, lead_id: int) -> Sequence[str]:
    """By the alphabet."""
    return (await session.scalars(select(LeadTag.tag).where(LeadTag.lead_id == lead_id).order_by(LeadTag.tag))).all()


async def count_tags(session: AsyncSession, creator_id: int) -> dict[str, int]:
    """How many of a creator's leads have each tag, the most frequent first."""
    rows = await session.execute(
        select(LeadTag.tag, func.count().label("leads"))
        .where(LeadTag.creator_id == creator_id)
        .group_by(LeadTag.tag)
        .order_by(func.count().desc(), LeadTag.tag)
    )
    return {row.tag: row.leads for row in rows}


async def _record(session: AsyncSession, name: str, lead: Lead, *, now: datetime, **data: Any) -> None:
    await record_event(session, name, creator_id=lead.creator_id, lead_id=lead.id, now=now, **data)
