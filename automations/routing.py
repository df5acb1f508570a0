"""What happens is shown to the funnels and flows: a batch of events at a time, each lead's in their order."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.enrolling import begin_by_events, begin_for_segments, triggers_of
from automations.flows import show_to_flows
from automations.stops import read_follows, show_to_follows
from domain.attribution import attribute
from domain.definitions import Published
from domain.holding import hold_free
from domain.upsells import offer_more
from kit.clock import Clock
from kit.log import get_logger
from store.database import Database, is_unavailable
from store.models import Event, Lead

BATCH = 500
# what fails is tried again after so long, then after twice that, and so on
_AGAIN_AFTER, _LONGEST_AFTER = timedelta(seconds=10), timedelta(hours=1)
# so many fail by themselves; with more of them it is no fault of theirs
MOST_ASIDE = 200
# to whom it happened: the lead's number, or one below zero for what happened to nobody
_WHOSE: ColumnElement[int] = func.coalesce(Event.lead_id, -Event.id)
_log = get_logger(__name__)


@dataclass
class Routing:
    """Routes batch after batch. Where an event fails by a fault of ours, its lead's wait, and all others go on.

    None is lost: its row says that it is not routed yet, and only when it is tried again is kept in memory.
    """

    database: Database
    clock: Clock
    published: Published
    # by whose they are: when to try again, and how long that was put off
    _aside: dict[int, tuple[datetime, timedelta]] = field(default_factory=dict, init=False)

    @property
    def waits(self) -> bool:
        """Whether something failed and waits for its time."""
        return bool(self._aside)

    async def run(self) -> int:
        """Routes a batch, and what failed and may be tried again; returns how many events."""
        now = self.clock()
        again = [whose for whose, (at, _) in self._aside.items() if at <= now]
        done = sum([await self._alone(whose) for whose in again])
        try:
            async with self.database.transaction() as session:
                return done + await route_events(session, self.published, now=now, without=self._aside)
        except Exception as error:
            if is_unavailable(error) or len(self._aside) >= MOST_ASIDE:
                raise
            _log.exception("a batch of events failed, now lead by lead")
        async with self.database.reading() as session:
            firsts = _unrouted(self._aside).with_only_columns(Event.id, _WHOSE).order_by(Event.id).limit(BATCH)
            rows = (await session.execute(firsts)).all()
        for whose in dict.fromkeys(row[1] for row in rows):
            done += await self._alone(whose)
        return done

    async def _alone(self, whose: int) -> int:
        """0 where that fails too."""
        now = self.clock()
        try:
            async with self.database.transaction() as session:
                count = await route_events(session, self.published, now=now, of=whose)
        except Exception as error:
            if is_unavailable(error):
                raise
            _, waited = self._aside.get(whose, (now, _AGAIN_AFTER / 2))
            waits = min(waited * 2, _LONGEST_AFTER)
            self._aside[whose] = now + waits, waits
            about = {"lead": whose} if whose > 0 else {"event": -whose}
            _log.exception("an event cannot be routed, later again", seconds=waits.total_seconds(), **about)
            return 0
        self._aside.pop(whose, None)
        return count


async def route_events(
    session: AsyncSession,
    published: Published,
    *,
    now: datetime,
    without: Collection[int] = (),
    of: int | None = None,
) -> int:
    """Shows a batch of new events to the funnels and flows, each lead's in their order; returns how many.

    An event first ends what it ends, then wakes what waits for it, then begins what it begins. What happens to two
    leads does not depend on each other, so the first events of all leads are looked at together, then the second.
    """
    events, leads = await _claim(session, _unrouted(without, of))
    if not events:
        return 0
    triggers = triggers_of(published, {event.creator_id for event in events})
    follows = await read_follows(session, leads)
    for wave in _waves(events):
        await show_to_follows(session, wave, follows, now=now)
        await begin_by_events(session, wave, leads, follows, published, triggers=triggers, now=now)
        for event in wave:
            kind, _, number = event.subject.partition(":")
            if event.name == "order.fulfilled" and kind == "order":
                setup = published.setup(event.creator_id)
                await offer_more(session, leads[event.lead_id or 0], int(number), setup, now=now)
    await begin_for_segments(session, events, triggers, now=now)
    await show_to_flows(session, events, leads, published, now=now)
    await session.execute(
        update(Event).where(Event.id.in_([event.id for event in events])).values(routed_at=now),
        execution_options={"synchronize_session": False},
    )
    await attribute(session, events)
    return len(events)


def _unrouted(without: Collection[int], of: int | None = None) -> Select[Event]:
    """Those of all leads but some, or of one alone."""
    unrouted = select(Event).where(Event.routed_at.is_(None))
    if of is not None:
        return unrouted.where(_WHOSE.in_([of]))
    return unrouted.where(_WHOSE.not_in(without)) if without else unrouted


async def _claim(session: AsyncSession, unrouted: Select[Event]) -> tuple[list[Event], dict[int, Lead]]:
    """The events, and their leads, with whom nobody else does anything meanwhile.

    Whoever is written about, merged or forgotten at this moment comes later, with all that has happened to them: what
    such a transaction holds, and what this one does, would be waited for in a circle.
    """
    claimed = await session.scalars(unrouted.order_by(Event.id).limit(BATCH).with_for_update(skip_locked=True))
    events = list(claimed)
    told = {event.lead_id for event in events if event.lead_id is not None}
    leads = await hold_free(session, told) if told else {}
    return [event for event in events if event.lead_id is None or event.lead_id in leads], leads


def _waves(events: Sequence[Event]) -> Iterator[list[Event]]:
    """The first event of each lead, then the second of each, and so on; what happens to nobody begins nothing."""
    theirs: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event.lead_id is not None:
            theirs[event.lead_id].append(event)
    for place in range(max((len(each) for each in theirs.values()), default=0)):
        yield [each[place] for each in theirs.values() if place < len(each)]
