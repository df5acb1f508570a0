"""Ideas whose day has come: that of each is recorded once, in the morning of its day by the creator's clock.

`domain.idea_reminders` tells creators of them, all of a day in one message.
"""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published
from domain.events import record_event
from domain.idea_days import begun_day, morning, zone_of
from store.database import count_changed
from store.models import Creator, Idea, IdeaStage

AT_ONCE = 100
_COMES = (Idea.due_date.is_not(None), Idea.due_noted_at.is_(None))


async def note_due_ideas(session: AsyncSession, published: Published, *, now: datetime) -> int:
    """Records it of a batch of them; returns how many were looked at.

    What is published by then is no news. Of two processes one is first.
    """
    looked_at = 0
    for creator_id in await session.scalars(select(Creator.id).order_by(Creator.id)):
        today = begun_day(zone_of(published, creator_id), now)
        due = select(Idea).where(Idea.creator_id == creator_id, *_COMES, Idea.due_date <= today)
        for idea in await session.scalars(due.order_by(Idea.due_date, Idea.id).limit(AT_ONCE)):
            looked_at += 1
            this = update(Idea).where(Idea.id == idea.id, *_COMES).values(due_noted_at=now)
            first = await count_changed(session, this.execution_options(synchronize_session=False))
            if first and idea.stage != IdeaStage.PUBLISHED:
                day = (idea.due_date or today).isoformat()
                about = f"idea:{idea.id}"
                await record_event(session, "idea.due", creator_id=creator_id, subject=about, now=now, due=day)
    return looked_at


async def next_idea_due(session: AsyncSession, published: Published, *, after: datetime) -> datetime | None:
    """When, after that instant, the next one is due."""
    dues = []
    for creator_id in await session.scalars(select(Creator.id)):
        zone = zone_of(published, creator_id)
        to_come = (Idea.creator_id == creator_id, *_COMES, Idea.due_date > begun_day(zone, after))
        day = await session.scalar(select(func.min(Idea.due_date)).where(*to_come))
        if day is not None:
            dues.append(morning(day, zone))
    return min(dues, default=None)
