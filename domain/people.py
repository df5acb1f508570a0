from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from kit.text import shorten
from store.database import count_changed, upsert
from store.models import Lead, OutboxKind, OutboxMessage, OutboxState, Person


@dataclass(frozen=True, slots=True)
class Profile:
    """What Telegram tells of whoever wrote."""

    telegram_id: int
    first_name: str
    username: str | None
    language: str


async def see_person(session: AsyncSession, bot_id: int, profile: Profile, *, now: datetime) -> Person:
    """Knows the person from now on, with their latest name, and holds their row until the transaction ends.

    That hold is what takes one person's updates one at a time across processes.
    """
    latest = {
        "first_name": shorten(profile.first_name, 64),
        "username": profile.username,
        "language": profile.language,
        "seen_at": now,
        # whoever writes has not blocked the bot
        "blocked_at": None,
    }
    key = {"bot_id": bot_id, "telegram_id": profile.telegram_id}
    return await upsert(session, Person, key, latest, created_at=now)


async def talk_to_creator(session: AsyncSession, person: Person, creator_id: int) -> None:
    """From now on this chat is with that creator."""
    if person.creator_id != creator_id:
        await session.execute(update(Person).where(Person.id == person.id).values(creator_id=creator_id))
        person.creator_id = creator_id


async def note_block(session: AsyncSession, person_id: int, *, now: datetime) -> None:
    """The person has blocked the bot. What they were promised waits until they write again; marketing is over."""
    block = update(Person).where(Person.id == person_id, Person.blocked_at.is_(None)).values(blocked_at=now)
    if await count_changed(session, block) == 0:
        return
    await session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.person_id == person_id,
            OutboxMessage.state == OutboxState.QUEUED,
            OutboxMessage.kind == OutboxKind.FUNNEL,
        )
        .values(state=OutboxState.BLOCKED, closed_at=now)
    )
    for lead in await session.execute(select(Lead.id, Lead.creator_id).where(Lead.person_id == person_id)):
        await record_event(session, "lead.blocked", creator_id=lead.creator_id, lead_id=lead.id, now=now)
