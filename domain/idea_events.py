"""What happens to ideas, as a creator's events tell it."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from store.models import Idea


async def record_of_idea(session: AsyncSession, name: str, idea: Idea, *, now: datetime, **data: Any) -> None:
    """It is about the id that the API knows it by, which no other idea ever has, and tells its number in the chat."""
    about = f"idea:{idea.public_id}"
    told = {"idea": idea.number, **data}
    await record_event(session, name, creator_id=idea.creator_id, subject=about, now=now, **told)
