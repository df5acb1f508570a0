from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Person


async def find_person(session: AsyncSession, bot_id: int, telegram_id: int) -> Person | None:
    return await session.scalar(select(Person).where(Person.bot_id == bot_id, Person.telegram_id == telegram_id))
