"""Those who look after the instance, and what they are told."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.outbox import Told, queue_message, tell_creator
from store.models import Account, AccountState, Creator, OutboxKind, Person, Role


async def admins(session: AsyncSession) -> Sequence[Person]:
    """Those of them who have a chat with the bot."""
    found = await session.scalars(
        select(Person)
        .join(Account, Account.person_id == Person.id)
        .where(Account.role == Role.ADMIN, Account.state == AccountState.ACTIVE)
        .order_by(Person.id)
    )
    return found.all()


async def tell_admins(
    session: AsyncSession, told: Told, *, key: str, creator_id: int, now: datetime, lead_id: int | None = None
) -> bool:
    """A notice to each of them, in their own language; False when there is none. It speaks of that creator's business.

    `lead_id` is of the lead that it speaks of: when they are forgotten, so is what it said.
    """
    people = await admins(session)
    for person in people:
        await queue_message(
            session,
            told(person.speaks),
            key=f"{key}:{person.id}",
            kind=OutboxKind.NOTICE,
            creator_id=creator_id,
            person_id=person.id,
            lead_id=lead_id,
            now=now,
        )
    return bool(people)


async def alert_operators(session: AsyncSession, told: Told, *, key: str, now: datetime) -> bool:
    """A notice about the instance itself: to its administrators, and where it has none, to its only creator's people.

    False when there is nobody to be told.
    """
    creators = (await session.scalars(select(Creator.id).order_by(Creator.id).limit(2))).all()
    if not creators:
        return False
    if await tell_admins(session, told, key=key, creator_id=creators[0], now=now):
        return True
    if len(creators) > 1:
        # nobody's customers are another creator's business
        return False
    await tell_creator(session, told, key=key, creator_id=creators[0], now=now)
    return True
