"""The words by which leads are searched."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.text import name_words
from store.database import insert_each_once
from store.models import Lead, LeadWord, Person


async def keep_words(session: AsyncSession, lead_id: int, creator_id: int, names: Sequence[str | None]) -> None:
    """From now on the lead is found by the words of these names, and by no others."""
    words = name_words(*names)
    await session.execute(delete(LeadWord).where(LeadWord.lead_id == lead_id, LeadWord.word.not_in(words)))
    rows = [{"lead_id": lead_id, "word": word, "creator_id": creator_id} for word in sorted(words)]
    await insert_each_once(session, LeadWord, rows)


async def keep_words_of(session: AsyncSession, lead: Lead) -> None:
    """By the lead's own name, and the Telegram name and username of the person behind it."""
    names: list[str | None] = [lead.name]
    if lead.person_id is not None:
        person = await session.get_one(Person, lead.person_id)
        names += [person.first_name, person.username]
    await keep_words(session, lead.id, lead.creator_id, names)


async def rename_person(session: AsyncSession, person: Person) -> None:
    """The person goes by another name in Telegram: each creator who knows them finds them by that one."""
    known = select(Lead.id, Lead.creator_id, Lead.name).where(Lead.person_id == person.id).order_by(Lead.id)
    for row in (await session.execute(known)).all():
        await keep_words(session, row.id, row.creator_id, [row.name, person.first_name, person.username])
