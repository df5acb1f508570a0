from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.given import SentFile
from store.models import FileHandle, Lead, StoredFile


async def keep_answer_file(session: AsyncSession, lead: Lead, sent: SentFile, *, bot_id: int, now: datetime) -> int:
    """A file that a lead gave as an answer, by its id: Telegram holds the bytes for this bot, Spark the handle."""
    stored = StoredFile(
        creator_id=lead.creator_id,
        lead_id=lead.id,
        shape=sent.shape,
        file_name=sent.file_name,
        mime_type=sent.mime_type,
        size=sent.size,
        created_at=now,
    )
    session.add(stored)
    await session.flush()
    session.add(FileHandle(file_id=stored.id, bot_id=bot_id, telegram_file_id=sent.telegram_file_id))
    await session.flush()
    return stored.id
