"""Ideas whose day has come: each is told once, in the morning of its day by the creator's clock."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published
from domain.events import record_event
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.notices import Notice
from domain.outbox import tell_creator
from domain.windows import at_local
from kit.zones import zone_named
from store.database import count_changed
from store.models import Creator, Idea, IdeaStage

AT_ONCE = 100
_MORNING = time(9, 0)
_A_DAY = timedelta(days=1)
_COMES = (Idea.due_date.is_not(None), Idea.due_noted_at.is_(None))


async def note_due_ideas(session: AsyncSession, published: Published, *, now: datetime) -> int:
    """Records it of a batch of them and tells their creators; returns how many were looked at.

    What is published by then is no news. Of two processes one is first.
    """
    looked_at = 0
    for creator_id in await session.scalars(select(Creator.id).order_by(Creator.id)):
        today = _today(_zone(creator_id, published), now)
        due = select(Idea).where(Idea.creator_id == creator_id, *_COMES, Idea.due_date <= today)
        for idea in await session.scalars(due.order_by(Idea.due_date, Idea.id).limit(AT_ONCE)):
            looked_at += 1
            this = update(Idea).where(Idea.id == idea.id, *_COMES).values(due_noted_at=now)
            first = await count_changed(session, this.execution_options(synchronize_session=False))
            if first and idea.stage != IdeaStage.PUBLISHED:
                await _tell(session, idea, today, now=now)
    return looked_at


async def next_idea_due(session: AsyncSession, published: Published, *, after: datetime) -> datetime | None:
    """When, after that instant, the next one is due."""
    dues = []
    for creator_id in await session.scalars(select(Creator.id)):
        zone = _zone(creator_id, published)
        to_come = (Idea.creator_id == creator_id, *_COMES, Idea.due_date > _today(zone, after))
        day = await session.scalar(select(func.min(Idea.due_date)).where(*to_come))
        if day is not None:
            dues.append(at_local(day, _MORNING, zone))
    return min(dues, default=None)


async def _tell(session: AsyncSession, idea: Idea, today: date, *, now: datetime) -> None:
    due = idea.due_date or today
    about = f"idea:{idea.id}"
    await record_event(session, "idea.due", creator_id=idea.creator_id, subject=about, now=now, due=due.isoformat())

    def words(language: str) -> Message:
        days = (today - due).days
        return Message(text=say("idea-due", language, number=idea.number, title=idea.title, days=days))

    # another day is another time
    key = f"idea-due:{idea.id}:{due.isoformat()}"
    await tell_creator(session, words, key=key, creator_id=idea.creator_id, now=now, about=Notice.IDEAS)


def _zone(creator_id: int, published: Published) -> ZoneInfo:
    return zone_named(published.setup(creator_id).time_zone)


def _today(zone: ZoneInfo, now: datetime) -> date:
    """The last day whose morning has come."""
    day = now.astimezone(zone).date()
    return day if at_local(day, _MORNING, zone) <= now else day - _A_DAY
