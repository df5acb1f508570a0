"""The planning of what is due: small batches from the due head, each one short transaction.

Only so much is planned ahead as is sent within some seconds: whatever else waits stays in the timers, where stopping
it costs nothing. A creator whose messages wait in the outbox is passed over meanwhile, so that nobody waits behind
another's backlog.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.step_batch import MOST_ACTS, Batch
from automations.stuck import OUR_MISTAKE
from domain.definitions import Published
from domain.funnels.definition import LATE_AFTER, Funnel
from kit.clock import Clock
from kit.log import get_logger
from store.database import Database, is_unavailable
from store.models import FunnelVersion
from store.queries.funnel_heads import standing_heads
from store.queries.planning_span import note_span, read_span
from store.queries.timers import (
    TOP,
    DueEnrollment,
    Place,
    count_queued,
    place_ahead,
    take_due,
    take_due_of_others,
    take_one,
)

# so many enrollments are one transaction: enough to make its cost small, few enough that nobody waits for it
BATCH = 1000
# so much of what can be said is queued for a creator, and so many messages that is at Telegram's rate for one bot
PLANNED_SECONDS = 10
PLAN_AHEAD = 300
# so many timers are looked through at once for those of other creators
_LOOKED_THROUGH = 10_000
# what is passed over is looked through whole once in this time, and in between only its end
_PASSED_FOR = timedelta(seconds=10)
_MOST_WORDINGS = 2000
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Planned:
    """How many enrollments were dealt with, and whether there may be more behind those."""

    count: int
    more: bool


class Stepper:
    """Takes what is due, a batch at a time. Any number of them may work on one PostgreSQL at once.

    With `ahead` None everything is planned at once, however much waits to be said.
    """

    def __init__(self, published: Published, *, ahead: int | None = PLAN_AHEAD, batch: int = BATCH) -> None:
        self._published = published
        self._ahead = ahead
        self._batch = batch
        # how many are looked at together: fewer as long as more of them have something to do than is done at once
        self._size = batch
        # what was taken last, so that what fails alone is known by its number
        self._taken: list[int] = []
        self._wordings: OrderedDict[int, Funnel | Exception] = OrderedDict()
        # creators who have enough queued, and up to where theirs were passed over in this round
        self._full: set[int] = set()
        self._place: Place | None = None
        # up to where nobody else's was found, and until when that is believed
        self._passed: tuple[Place, datetime] | None = None

    async def run(self, database: Database, clock: Clock) -> int:
        """Plans one batch and returns how many it was; 0 when nothing is left that there is room for."""
        while True:
            try:
                async with database.transaction() as session:
                    planned = await self.plan(session, now=clock())
            except Exception as error:
                if is_unavailable(error):
                    raise
                _log.exception("a batch of steps failed, now one by one")
                return await self._one_by_one(database, clock)
            if planned.count or not planned.more:
                return planned.count

    async def plan(self, session: AsyncSession, *, now: datetime, most: int | None = None) -> Planned:
        """One batch, in the transaction of this session."""
        before = self._full, self._place, self._passed
        if not self._full:
            due = await take_due(session, now=now, most=most or self._size)
            more = bool(due)
        else:
            due, more = await self._take_of_others(session, now=now, most=most or self._size)
        self._taken = [each.id for each in due]
        if not due:
            return Planned(0, more)
        span = await read_span(session, now=now, rest=LATE_AFTER)
        wordings = await self._read(session, {each.version_id for each in due})
        heads = await standing_heads(session)
        rooms = await self._rooms(session, {each.creator_id for each in due}, now=now)
        batch = Batch(session, self._published, now, heads, rooms, span.since)
        count = await batch.plan(due, wordings)
        await note_span(session, span, now=now)
        self._size = min(self._batch, max(count, MOST_ACTS) if batch.put_off else 2 * self._size)
        if batch.put_off:
            # they are met again first of all; where somebody else has all of them in hand, with the next tick
            (self._full, self._place, self._passed), more = before, bool(count)
        self._full = self._full | {each.creator_id for each in batch.left}
        return Planned(count, more)

    async def _rooms(self, session: AsyncSession, creator_ids: Collection[int], *, now: datetime) -> dict[int, int]:
        """How many more messages of each may be queued; of one who is not named, any number."""
        most = self._ahead
        if most is None:
            return {}
        return {each: most - await count_queued(session, each, now=now, most=most) for each in creator_ids}

    async def _take_of_others(
        self, session: AsyncSession, *, now: datetime, most: int
    ) -> tuple[list[DueEnrollment], bool]:
        """From where this round has come to; at the end, the next one begins at the top."""
        after = self._place or self._begins_at(now)
        to = await place_ahead(session, now=now, after=after, timers=_LOOKED_THROUGH)
        end = to or (now, 2**62)
        due = await take_due_of_others(session, self._full, now=now, most=most, after=after, to=end)
        self._place = (due[-1].due_at, due[-1].id) if len(due) == most else end
        if len(due) < most and to is None:
            # what falls due from now on comes behind this, but for what was delayed a little
            if self._passed is None or now >= self._passed[1]:
                self._passed = ((now - _PASSED_FOR, 0), now + _PASSED_FOR)
            self._place, self._full = None, set()
            return due, False
        return due, True

    def _begins_at(self, now: datetime) -> Place:
        if self._passed is None or now >= self._passed[1]:
            return TOP
        return self._passed[0]

    async def _one_by_one(self, database: Database, clock: Clock) -> int:
        """What fails a whole batch is one of it: the others go on, and that one is parked."""
        self._full, self._place = set(), None
        done = 0
        for _ in range(self._batch):
            now, self._taken = clock(), []
            try:
                async with database.transaction() as session:
                    planned = await self.plan(session, now=now, most=1)
            except Exception as error:
                if is_unavailable(error) or not self._taken:
                    raise
                async with database.transaction() as session:
                    done += await self._park(session, self._taken[0], error, now=now)
            else:
                done += planned.count
                if not (planned.count or planned.more):
                    break
        return done

    async def _park(self, session: AsyncSession, enrollment_id: int, error: Exception, *, now: datetime) -> int:
        """0 for one that somebody else has taken meanwhile."""
        due = await take_one(session, enrollment_id, now=now)
        _log.error("a step failed", enrollment=enrollment_id, error=type(error).__name__)
        if not due:
            return 0
        batch = Batch(session, self._published, now, {}, {})
        return await batch.plan(due, {each.version_id: RuntimeError(OUR_MISTAKE) for each in due})

    async def _read(self, session: AsyncSession, version_ids: Collection[int]) -> Mapping[int, Funnel | Exception]:
        """Wordings are never changed, so those that were read are kept."""
        new = sorted(version_ids - self._wordings.keys())
        if new:
            asked = select(FunnelVersion.id, FunnelVersion.definition).where(FunnelVersion.id.in_(new))
            for row in await session.execute(asked):
                try:
                    self._wordings[row.id] = Funnel.kept(row.definition)
                except ValueError as error:
                    self._wordings[row.id] = error
        found = {version_id: self._wordings[version_id] for version_id in version_ids}
        while len(self._wordings) > _MOST_WORDINGS:
            self._wordings.popitem(last=False)
        return found
