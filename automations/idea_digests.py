"""The mornings and the Mondays of ideas: whoever's has come is looked at once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.later import Later
from domain.definitions import Published
from domain.idea_days import begun_day, begun_week, zone_of
from domain.idea_reminders import next_reminder, remind
from domain.idea_week import ended_week, next_week, tell_week
from domain.ideas_due import Waiting, next_idea_due, note_due_ideas, waiting_to_be_noted
from kit.clock import Clock
from kit.log import get_logger
from store.database import Database, is_unavailable
from store.models import Creator, IdeaDigest

_LAST = (
    select(Creator.id, IdeaDigest.reminded_on, IdeaDigest.digested_on)
    .outerjoin(IdeaDigest, IdeaDigest.creator_id == Creator.id)
    .where(Creator.closed_at.is_(None))
    .order_by(Creator.id)
)
_log = get_logger(__name__)


class Last(NamedTuple):
    """Up to which days somebody has been told."""

    creator_id: int
    reminded_on: date | None
    digested_on: date | None


@dataclass
class IdeaDigests:
    """Each creator is told in a transaction of their own: what one of them has is nobody else's delay."""

    database: Database
    clock: Clock
    published: Published
    # those at whom something of ours fails
    _not_noted: Later = field(default_factory=Later, init=False)
    _not_told: Later = field(default_factory=Later, init=False)

    async def note_due(self) -> int:
        """Records whose day has come: who has none is asked nothing. Returns how many ideas were looked at."""
        async with self.database.reading() as session:
            found = await waiting_to_be_noted(session, self.published, now=self.clock())
        done = 0
        for waiting in found:
            done += await self._alone(self._not_noted, waiting.creator_id, partial(self._note, waiting))
        return done

    async def _note(self, waiting: Waiting, now: datetime) -> int:
        async with self.database.transaction() as session:
            return await note_due_ideas(session, self.published, waiting, now=now)

    async def run(self) -> int:
        """Tells those whose morning or Monday has come; returns how many times somebody was looked at."""
        done = 0
        async with self.database.reading() as session:
            found = await _last_told(session)
        for last in found:
            done += await self._alone(self._not_told, last.creator_id, partial(self._tell, last))
        return done

    async def _alone(self, failed: Later, creator_id: int, act: Callable[[datetime], Awaitable[int]]) -> int:
        """A fault of ours about one of them keeps it from no other; it is tried again ever more seldom."""
        now = self.clock()
        if failed.waits(creator_id, now=now):
            return 0
        try:
            done = await act(now)
        except Exception as error:
            if is_unavailable(error):
                raise
            waits = failed.put_off(creator_id, now=now).total_seconds()
            _log.exception("a creator cannot be told of their ideas", creator=creator_id, seconds=waits)
            return 0
        failed.forget(creator_id)
        return done

    async def _tell(self, last: Last, now: datetime) -> int:
        done = 0
        today = begun_day(zone_of(self.published, last.creator_id), now)
        if last.digested_on is None or last.digested_on < begun_week(today):
            done += await self._tell_week(last, now)
        if last.reminded_on is None or last.reminded_on < today:
            async with self.database.transaction() as session:
                done += await remind(session, self.published, last.creator_id, now=now)
        return done

    async def _tell_week(self, last: Last, now: datetime) -> bool:
        """What a week brought is added up before the transaction: who else writes does not wait for that."""
        async with self.database.reading() as session:
            week = await ended_week(session, self.published, last.creator_id, last.digested_on, now=now)
        if week is None:
            return False
        async with self.database.transaction() as session:
            return await tell_week(session, last.creator_id, week, now=now)

    async def next_due(self, session: AsyncSession, *, after: datetime) -> datetime | None:
        """When, after that instant, the next idea is due, or somebody is told of theirs."""
        dues = [await next_idea_due(session, self.published, after=after)]
        for last in await _last_told(session):
            dues += [
                await coming(session, self.published, last.creator_id, after=after)
                for coming in (next_reminder, next_week)
            ]
        return min((due for due in dues if due is not None), default=None)


async def _last_told(session: AsyncSession) -> Sequence[Last]:
    return [Last(*row) for row in await session.execute(_LAST)]
