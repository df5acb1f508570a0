"""Those who look after the instance: what they are told, and how there comes to be one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.contacts import read_email
from domain.outbox import Told, queue_message, tell_creator
from kit.errors import Conflict, Invalid
from store.database import insert_once
from store.models import Account, Creator, OutboxKind, Person, Role
from store.sealing import digest


class AccountExists(Conflict):
    code = "account_exists"


async def add_admin(session: AsyncSession, *, name: str, now: datetime, email: str | None = None) -> Account:
    """An account that nobody has yet. Raises AccountExists, or Invalid with the field that is wrong."""
    if not name.strip():
        raise Invalid("an account needs a name", fields={"name": name})
    email = None if email is None else read_email(email)
    values = {
        "role": Role.ADMIN,
        "name": name.strip(),
        "email": email,
        "email_digest": None if email is None else await digest(session, email, "email"),
        "created_at": now,
    }
    account_id = await insert_once(session, Account, values)
    if account_id is None:
        raise AccountExists("an account with this e-mail exists already; choose another e-mail")
    return await session.get_one(Account, account_id)


async def admins(session: AsyncSession) -> Sequence[Person]:
    """Those of them who have a chat with the bot."""
    found = await session.scalars(
        select(Person)
        .join(Account, Account.person_id == Person.id)
        .where(Account.role == Role.ADMIN)
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
