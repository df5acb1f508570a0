"""Who gave stars that outlast them: known again by a keyed digest alone, so that nobody's stars count twice."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Account, Person
from store.sealing import digest

_PLACE = "review.giver"


async def marks_of(session: AsyncSession, *, person_id: int | None, account_id: int | None) -> Sequence[str]:
    """By which somebody is known again, the one to keep first: the chat, and the account with which it is one."""
    chats, accounts = [person_id], [account_id]
    if account_id is not None:
        chats.append(await session.scalar(select(Account.person_id).where(Account.id == account_id)))
    if person_id is not None:
        accounts.append(await session.scalar(select(Account.id).where(Account.person_id == person_id)))
    found = await session.execute(
        select(Person.bot_id, Person.telegram_id).where(Person.id.in_([each for each in chats if each is not None]))
    )
    names = [
        *sorted(f"chat:{row.bot_id}:{row.telegram_id}" for row in found),
        *(f"account:{each}" for each in accounts if each is not None),
    ]
    return [await digest(session, name, _PLACE) for name in names]
