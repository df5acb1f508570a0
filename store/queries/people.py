from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Creator, Person


async def find_person(session: AsyncSession, bot_id: int, telegram_id: int) -> Person | None:
    return await session.scalar(select(Person).where(Person.bot_id == bot_id, Person.telegram_id == telegram_id))


async def find_creator(session: AsyncSession, slug: str) -> Creator | None:
    return await session.scalar(select(Creator).where(Creator.slug == slug))


async def list_creators(session: AsyncSession) -> Sequence[Creator]:
    return (await session.scalars(select(Creator).order_by(Creator.id))).all()
