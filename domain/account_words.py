"""Whoever an account belongs to is told in the chat what happens to it, so that nobody else does it unnoticed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import queue_message
from store.models import Account, Creator, OutboxKind, Person
from store.queries.unclear import ACCOUNTS


class AboutAccount(StrEnum):
    """What its owner is told in any case: no choice of notices leaves these out."""

    PASSWORD_SET = "password-set"  # noqa: S105 - a message's name
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a message's name
    EMAIL_CHANGED = "email-changed"
    # told to the chat that it belonged to
    CHAT_CHANGED = "chat-changed"
    DELETED = "deleted"


async def tell_owner(session: AsyncSession, account_id: int, about: AboutAccount, *, now: datetime) -> None:
    """To the chat that the account is bound to; without one, nobody is told."""
    person_id = await session.scalar(select(Account.person_id).where(Account.id == account_id))
    if person_id is not None:
        await tell_chat(session, account_id, person_id, about, now=now)


async def tell_chat(
    session: AsyncSession, account_id: int, person_id: int, about: AboutAccount, *, now: datetime
) -> None:
    """The same to a chat that may be the account's no more. It names nobody and no address."""
    person = await session.get_one(Person, person_id)
    creator_id = person.creator_id or await session.scalar(select(func.min(Creator.id)))
    if person.blocked_at is not None or creator_id is None:
        return
    await queue_message(
        session,
        Message(text=say(f"account-{about}", person.speaks)),
        key=f"{ACCOUNTS}{account_id}:{about}:{person_id}:{now.isoformat()}",
        kind=OutboxKind.NOTICE,
        creator_id=creator_id,
        person_id=person_id,
        now=now,
    )
