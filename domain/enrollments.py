"""Beginning a follow-up for one lead."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from store.database import insert_once, wake
from store.models import Enrollment, Lead, Timer


async def enroll_lead(
    session: AsyncSession, lead: Lead, funnel_key: str, version_id: int, *, subject: str, now: datetime
) -> bool:
    """Begins a funnel, whose first step is due at once: once for each lead and subject.

    False when the lead has been in it about that subject before, or wants no follow-ups.
    """
    if lead.unsubscribed_at is not None:
        return False
    values = {
        "creator_id": lead.creator_id,
        "lead_id": lead.id,
        "funnel_key": funnel_key,
        "version_id": version_id,
        "subject": subject,
        "step": "",
        "started_at": now,
    }
    enrollment_id = await insert_once(session, Enrollment, values)
    if enrollment_id is None:
        return False
    await insert_once(session, Timer, {"due_at": now, "enrollment_id": enrollment_id})
    wake(session, "timers")
    return True
