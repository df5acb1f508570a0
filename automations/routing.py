"""What happens is shown to the funnels and flows: a batch of events at a time, each lead's in their order."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.enrolling import begin_by_events, begin_for_segments, triggers_of
from automations.flows import show_to_flows
from automations.later import Later
from automations.stops import read_follows, show_to_follows
from domain.attribution import attribute
from domain.definitions import Published
from domain.holding import hold_free
from domain.hooks import promise_to_hooks
from domain.upsells import offer_more
from kit.clock import Clock
from kit.log import get_logger
from store.database import Database, is_unavailable
from store.models import Event, Lead
from store.queries.unrouted import WHOSE, unrouted_of, unrouted_of_all_but

BATCH = 500
# so many are tried one by one in a round, and so many again: however many fail, nobody waits long behind them
MOST_TRIED = 100
_log = get_logger(__name__)


@dataclass
class Routing:
    """Routes batch after batch. Where an event fails by a fault of ours, its lead's wait, and all others go on.

    None is lost: its row says that it is not routed yet, and only when it is tried again is kept in memory.
    """

    database: Database
    clock: Clock
    published: Published
    # whose events failed
    _failed: Later = field(default_factory=Later, init=False)

    @property
    def aside(self) -> Collection[int]:
        """Whose events failed and wait for their own time."""
        return self._failed.numbers

    async def run(self) -> int:
        """Routes a batch, and what failed and may be tried again; returns how many events it routed or set aside."""
        now = self.clock()
        done = sum([await self._alone(whose) for whose in self._failed.due(now)[:MOST_TRIED]])
        try:
            async with self.database.transaction() as session:
                return done + await route_events(session, self.published, now=now, without=self.aside)
        except Exception as error:
            if is_unavailable(error):
                raise
            _log.exception("a batch of events failed, now lead by lead")
        async with self.database.reading() as session:
            firsts = select(WHOSE).where(unrouted_of_all_but(session, self.aside)).order_by(Event.id).limit(BATCH)
            tried = list(dict.fromkeys(await session.scalars(firsts)))[:MOST_TRIED]
        for whose in tried:
            # whoever fails leaves the head as well: what is behind them is next
            done += await self._alone(whose) or int(whose in self.aside)
        return done

    async def _alone(self, whose: int) -> int:
        """0 where that fails too."""
        now = self.clock()
        try:
            async with self.database.transaction() as session:
                count = await route_events(session, self.published, now=now, of=whose)
                is_busy = not count and await session.scalar(select(Event.id).where(unrouted_of(whose)).limit(1))
        except Exception as error:
            if is_unavailable(error):
                raise
            waits = self._failed.put_off(whose, now=now)
            about = {"lead": whose} if whose > 0 else {"event": -whose}
            _log.exception("an event cannot be routed, later again", seconds=waits.total_seconds(), **about)
            return 0
        if is_busy:
            # somebody does something with them at this moment: nobody knows yet whether it goes now
            self._failed.put_off_a_moment(whose, now=now)
        else:
            self._failed.forget(whose)
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
    wanted = unrouted_of_all_but(session, without) if of is None else unrouted_of(of)
    events, leads = await _claim(session, wanted)
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
    await promise_to_hooks(session, events, now=now)
    return len(events)


async def _claim(session: AsyncSession, wanted: ColumnElement[bool]) -> tuple[list[Event], dict[int, Lead]]:
    """The events, and their leads, with whom nobody else does anything meanwhile.

    Whoever is written about, merged or forgotten at this moment comes later, with all that has happened to them: what
    such a transaction holds, and what this one does, would be waited for in a circle.
    """
    claimed = select(Event).where(wanted).order_by(Event.id).limit(BATCH).with_for_update(skip_locked=True)
    events = list(await session.scalars(claimed))
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
