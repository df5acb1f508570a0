from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import wake
from store.models import Event

_RECORD = insert(Event.__table__)  # type: ignore[arg-type]  # declared as any FromClause, and a table it is


async def record_event(
    session: AsyncSession,
    name: str,
    *,
    creator_id: int,
    now: datetime,
    lead_id: int | None = None,
    subject: str = "",
    **data: Any,
) -> None:
    """A fact in the past tense, saved with the act that made it true. `data` holds no personal data."""
    values = {
        "creator_id": creator_id,
        "lead_id": lead_id,
        "name": name,
        "subject": subject,
        "data": data,
        "occurred_at": now,
    }
    await session.execute(_RECORD, values)
    wake(session, "events")
