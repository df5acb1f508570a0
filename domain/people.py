from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.consent import UNASKED
from domain.events import record_event
from domain.lead_words import rename_person
from kit.text import shorten
from store.database import count_changed, upsert, wake
from store.models import WAITS_FOR_SOMEBODY, Lead, OutboxMessage, OutboxState, Person

# built once: it belongs to every update, and most people are called as they were before
_SEE = (
    update(Person)
    .where(
        Person.bot_id == bindparam("its_bot_id"),
        Person.telegram_id == bindparam("its_telegram_id"),
        Person.first_name == bindparam("its_first_name"),
        Person.username.is_not_distinct_from(bindparam("its_username")),
    )
    .values(language=bindparam("new_language"), seen_at=bindparam("new_seen_at"))
    .returning(Person)
    .execution_options(populate_existing=True, synchronize_session=False)
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What Telegram tells of whoever wrote."""

    telegram_id: int
    first_name: str
    username: str | None
    language: str


async def see_person(
    session: AsyncSession, bot_id: int, profile: Profile, *, now: datetime, leaves: bool = False
) -> Person:
    """Knows the person from now on, with their latest name, and holds their row until the transaction ends.

    That hold is what takes one person's updates one at a time across processes. `leaves`: this is Telegram's word
    that they have blocked the bot; whatever else they do says that they have not.
    """
    key = {"bot_id": bot_id, "telegram_id": profile.telegram_id}
    names = {"first_name": shorten(profile.first_name, 64), "username": profile.username}
    latest = {"language": profile.language, "seen_at": now}
    as_before = {f"its_{name}": value for name, value in {**key, **names}.items()}
    person = await session.scalar(_SEE, {**as_before, **{f"new_{name}": value for name, value in latest.items()}})
    if person is None:
        by_name = None if profile.username is None else profile.username.lower()
        person = await upsert(session, Person, key, {**names, "username_key": by_name, **latest}, created_at=now)
        await rename_person(session, person)
    if person.blocked_at is not None and not leaves:
        person.blocked_at = None
        await _say_what_waited(session, person.id, now=now)
        await _record_of_leads(session, "lead.unblocked", person.id, now=now)
    return person


async def talk_to_creator(session: AsyncSession, person: Person, creator_id: int) -> None:
    """From now on this chat is with that creator."""
    if person.creator_id != creator_id:
        await session.execute(update(Person).where(Person.id == person.id).values(creator_id=creator_id))
        person.creator_id = creator_id


async def choose_language(session: AsyncSession, person: Person, language: str | None) -> None:
    """The person is written to in that language from now on; with None in the one that Telegram tells, as before."""
    if person.language_chosen != language:
        await session.execute(update(Person).where(Person.id == person.id).values(language_chosen=language))
        person.language_chosen = language


async def note_block(session: AsyncSession, person_id: int, *, now: datetime, asked_at: datetime | None = None) -> bool:
    """The person has blocked the bot. What they were promised waits until they write again; marketing is over.

    Their row is held until the end, known or not: whoever comes back meanwhile would miss what is put off for them.
    `asked_at`: when a message was taken of which Telegram said so. False for one who was heard of since: they are back.
    """
    asked = select(Person.blocked_at, Person.seen_at).where(Person.id == person_id)
    person = (await session.execute(asked.with_for_update())).one_or_none()
    # whoever is forgotten meanwhile is noted nowhere
    if person is None or person.blocked_at is not None:
        return True
    if asked_at is not None and person.seen_at > asked_at:
        return False
    await session.execute(update(Person).where(Person.id == person_id).values(blocked_at=now))
    await session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.person_id == person_id,
            OutboxMessage.state == OutboxState.QUEUED,
            OutboxMessage.kind.in_(UNASKED),
        )
        .values(state=OutboxState.BLOCKED, closed_at=now)
    )
    await _record_of_leads(session, "lead.blocked", person_id, now=now)
    return True


async def note_move(session: AsyncSession, person_id: int, telegram_id: int) -> None:
    """The chat goes by another number from now on; one that somebody else has already changes nothing."""
    person, taken = await session.get_one(Person, person_id), aliased(Person)
    has_it = exists().where(taken.bot_id == person.bot_id, taken.telegram_id == telegram_id)
    await session.execute(
        update(Person).where(Person.id == person_id, ~has_it).values(telegram_id=telegram_id),
        execution_options={"synchronize_session": False},
    )


async def _say_what_waited(session: AsyncSession, person_id: int, *, now: datetime) -> None:
    """What was promised to somebody who had blocked the bot goes out now that they are back."""
    waited = update(OutboxMessage).where(
        OutboxMessage.person_id == person_id,
        OutboxMessage.state == OutboxState.QUEUED,
        OutboxMessage.due_at == WAITS_FOR_SOMEBODY,
    )
    if await count_changed(session, waited.values(due_at=now)):
        wake(session, "outbox")


async def _record_of_leads(session: AsyncSession, event: str, person_id: int, *, now: datetime) -> None:
    """The same fact for each creator who knows the person."""
    for lead in await session.execute(select(Lead.id, Lead.creator_id).where(Lead.person_id == person_id)):
        await record_event(session, event, creator_id=lead.creator_id, lead_id=lead.id, now=now)
