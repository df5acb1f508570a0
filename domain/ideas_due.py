"""Ideas whose day has come: that of each is recorded once, in the morning of its day by the creator's clock.

`domain.idea_reminders` tells creators of them, all of a day in one message.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published
from domain.idea_days import begun_day, morning, zone_of
from domain.idea_events import record_of_idea
from kit.zones import zone_named
from store.database import count_changed
from store.models import Creator, Idea, IdeaStage

AT_ONCE = 100
CREATORS_AT_ONCE = 100
_COMES = (Idea.due_date.is_not(None), Idea.due_noted_at.is_(None))
_AT_WORK = exists().where(Creator.id == Idea.creator_id, Creator.closed_at.is_(None))
# nowhere does a day begin earlier
_FIRST_ZONE = zone_named("Pacific/Kiritimati")


class Waiting(NamedTuple):
    """Whose ideas wait to be recorded, and the day of the first of them."""

    creator_id: int
    since: date


async def waiting_to_be_noted(session: AsyncSession, published: Published, *, now: datetime) -> Sequence[Waiting]:
    """Those who have waited longest first, and so many at once.

    It costs by what is due on these days, however many creators there are.
    """
    since = func.min(Idea.due_date).label("since")
    around = select(Idea.creator_id, since).where(*_COMES, Idea.due_date <= begun_day(_FIRST_ZONE, now), _AT_WORK)
    rows = await session.execute(around.group_by(Idea.creator_id).order_by("since"))
    found = [Waiting(row.creator_id, row.since) for row in rows]
    begun = [each for each in found if each.since <= begun_day(zone_of(published, each.creator_id), now)]
    return begun[:CREATORS_AT_ONCE]


async def note_due_ideas(session: AsyncSession, published: Published, waiting: Waiting, *, now: datetime) -> int:
    """Records it of a batch of a creator's; returns how many were looked at.

    What is published by then is no news. Of two processes one is first.
    """
    today = begun_day(zone_of(published, waiting.creator_id), now)
    due = select(Idea).where(
        Idea.creator_id == waiting.creator_id, *_COMES, Idea.due_date.between(waiting.since, today)
    )
    found = (await session.scalars(due.order_by(Idea.due_date, Idea.id).limit(AT_ONCE))).all()
    for idea in found:
        this = update(Idea).where(Idea.id == idea.id, *_COMES).values(due_noted_at=now)
        first = await count_changed(session, this.execution_options(synchronize_session=False))
        if first and idea.stage != IdeaStage.PUBLISHED:
            await record_of_idea(session, "idea.due", idea, now=now, due=(idea.due_date or today).isoformat())
    return len(found)


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
