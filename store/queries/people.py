from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Account, Creator, Membership, Person


async def find_person(session: AsyncSession, bot_id: int, telegram_id: int) -> Person | None:
    return await session.scalar(select(Person).where(Person.bot_id == bot_id, Person.telegram_id == telegram_id))


async def telegram_ids_of_creators(session: AsyncSession, bot_id: int) -> list[int]:
    """Everyone who acts for a creator and has a chat with this bot."""
    found = await session.scalars(
        select(Person.telegram_id)
        .join(Account, Account.person_id == Person.id)
        .join(Membership, Membership.account_id == Account.id)
        .where(Person.bot_id == bot_id)
        .distinct()
    )
    return list(found)


async def find_creator(session: AsyncSession, slug: str) -> Creator | None:
    return await session.scalar(select(Creator).where(Creator.slug == slug))


async def list_creators(session: AsyncSession) -> Sequence[Creator]:
    return (await session.scalars(select(Creator).order_by(Creator.id))).all()
