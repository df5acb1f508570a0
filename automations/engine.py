import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from automations.breaker import stop_what_is_blocked
from automations.broadcast_progress import BroadcastProgress
from automations.broadcasting import Broadcasting
from automations.firing import Firing
from automations.flows import run_flows
from automations.gateway import Gateway
from automations.holding import take_up_held
from automations.idea_digests import IdeaDigests
from automations.outcomes import sweep
from automations.pace import Pace
from automations.routing import Routing
from automations.segment_watch import SegmentWatches
from automations.sender import Sender
from automations.starts import Starts
from automations.stepping import PLANNED_SECONDS, Stepper
from automations.ticks import Tick, Ticks, Work
from automations.transfers import Transfers
from domain.abandoned import note_abandoned
from domain.broadcasts.acts import TOPIC as BROADCASTS
from domain.decisions import prune_decisions
from domain.definitions import Published
from domain.enrollments import STARTS
from domain.funnels.asked_moves import move_asked
from domain.funnels.heads import TOPIC as HEADS
from domain.transfers.asking import TOPIC as TRANSFERS
from kit.clock import Clock
from kit.log import get_logger
from store.database import Database, count_changed
from store.models import TelegramUpdate
from store.queries.due import earliest_due, has_due
from store.queries.leases import give_back_lease, take_lease
from store.queries.updates import MOST_RESUMED

LEASE = "engine"
LEASE_SECONDS = 15
PRUNED_AT_ONCE = 500
_log = get_logger(__name__)


@dataclass
class Engine:
    """Routes events, runs due steps and sends. One process at a time leads; the others stand by."""

    database: Database
    clock: Clock
    gateway: Gateway
    pace: Pace
    published: Published
    holder: str
    keep_updates: timedelta
    keep_decisions: timedelta
    ticks: Ticks
    transfers: Transfers | None = None
    progress: BroadcastProgress | None = None
    bot_id: int = 0

    def __post_init__(self) -> None:
        self._leads = False
        self._wakes_sender: asyncio.TimerHandle | None = None
        self.sender = Sender(
            self.database,
            self.clock,
            self.gateway,
            self.pace,
            self.published,
            again=self._send_again,
            bot_id=self.bot_id,
            holder=self.holder,
        )
        # of all processes one speaks, by a lease of its own
        self._sending = Tick("send", self.sender.send_due, every=1, topics=frozenset({"outbox"}))
        self._routing = Routing(self.database, self.clock, self.published)
        routing = Tick("route", self._led(self._routing.run), every=1, topics=frozenset({"events"}))
        ahead = max(int(self.pace.rate * PLANNED_SECONDS), 1)
        self.stepper = Stepper(self.published, ahead=ahead)
        # each timer is taken by one of them, so on PostgreSQL every worker plans
        steps = self._led(self._run_steps) if self.database.is_sqlite else self._run_steps
        stepping = Tick("steps", steps, every=1, topics=frozenset({"timers"}))
        self._firing = Firing(self.database, self.clock, self.published)
        watches = SegmentWatches(self.database, self.clock, self.published)
        starts = Starts(self.database, self.clock, self.published)
        self._digests = IdeaDigests(self.database, self.clock, self.published)
        broadcasting = Broadcasting(self.database, self.clock, self.published, ahead)
        for tick in (
            Tick("lease", self._renew, every=LEASE_SECONDS / 3),
            routing,
            stepping,
            Tick("held", self._led(self._take_up_held), every=5, topics=frozenset({HEADS})),
            Tick("firing", self._led(self._firing.fire), every=2, topics=frozenset({HEADS})),
            Tick("segments", self._led(watches.check), every=30, topics=frozenset({HEADS})),
            Tick("moving", self._led(self._move_asked), every=5, topics=frozenset({HEADS})),
            Tick("starts", self._led(starts.work), every=5, topics=frozenset({STARTS})),
            Tick("broadcasts", self._led(broadcasting.work), every=1, topics=frozenset({BROADCASTS})),
            Tick("ideas", self._led(self._digests.note_due), every=30),
            Tick("idea digests", self._led(self._digests.run), every=30),
            Tick("abandoned", self._led(self._note_abandoned), every=5),
            Tick("breaker", self._led(self._stop_what_is_blocked), every=30),
            Tick("flows", self._led(self._run_flows), every=1, topics=frozenset({"flow_timers"})),
            self._sending,
            Tick("sweep", self._led(self._sweep), every=10),
            Tick("prune", self._led(self._prune), every=3600),
            Tick("prune decisions", self._led(self._prune_decisions), every=600),
        ):
            self.ticks.add(tick)
        if self.progress is not None:
            show = self._led(self.progress.show)
            self.ticks.add(Tick("progress", show, every=2, topics=frozenset({BROADCASTS})))
        if self.transfers is not None:
            work = self._led(self.transfers.work)
            self.ticks.add(Tick("transfers", work, every=1, topics=frozenset({TRANSFERS})))

    async def start(self, *, alone: bool) -> None:
        """`alone`: no other process can be at work, so what a dead one left in the middle is settled at once."""
        await self._renew()
        if alone:
            async with self.database.transaction() as session:
                await sweep(session, now=self.clock(), abandoned=True)

    async def stop(self, *, within: float) -> None:
        """Lets the messages in hand go out for so many seconds, and makes room for another process."""
        try:
            await self.sender.give_way()
        finally:
            await self.sender.finish(within)
        if self.transfers is not None:
            self.transfers.close()
        if self._leads:
            async with self.database.transaction() as session:
                await give_back_lease(session, LEASE, self.holder)

    async def next_due(self) -> datetime | None:
        """The earliest instant at which there is something to do."""
        now = self.clock()
        async with self.database.reading() as session:
            in_store = await earliest_due(session, after=now)
            of_ideas = await self._digests.next_due(session, after=now)
        dues = (in_store, of_ideas, await self._firing.next_due(after=now))
        return min((due for due in dues if due is not None), default=None)

    async def is_settled(self) -> bool:
        """True when nothing that is due by now is left undone."""
        if self.sender.busy:
            return False
        async with self.database.reading() as session:
            # what failed waits for its own time, and nobody for that
            return not await has_due(session, now=self.clock(), aside=self._routing.aside)

    async def _renew(self) -> int:
        async with self.database.transaction() as session:
            leads = await take_lease(session, LEASE, self.holder, seconds=LEASE_SECONDS)
        if leads != self._leads:
            _log.info("engine leads" if leads else "engine stands by")
        self._leads = leads
        return 0

    async def _run_steps(self) -> int:
        return await self.stepper.run(self.database, self.clock)

    async def _take_up_held(self) -> int:
        async with self.database.transaction() as session:
            return await take_up_held(session, now=self.clock())

    async def _move_asked(self) -> int:
        async with self.database.transaction() as session:
            return await move_asked(session, now=self.clock())

    async def _run_flows(self) -> int:
        return await run_flows(self.database, self.clock, self.published)

    async def _note_abandoned(self) -> int:
        async with self.database.transaction() as session:
            return await note_abandoned(session, now=self.clock())

    async def _stop_what_is_blocked(self) -> int:
        async with self.database.transaction() as session:
            return await stop_what_is_blocked(session, now=self.clock())

    async def _sweep(self) -> int:
        async with self.database.transaction() as session:
            return await sweep(session, now=self.clock())

    async def _prune(self) -> int:
        """Updates are kept for a while to know repeats by, then go with what people wrote in them.

        So do those whose reply was given up; what can still be answered stays.
        """
        old = (
            select(TelegramUpdate.id)
            .where(
                TelegramUpdate.received_at < self.clock() - self.keep_updates,
                TelegramUpdate.answered_at.is_not(None) | (TelegramUpdate.resumed >= MOST_RESUMED),
            )
            .limit(PRUNED_AT_ONCE)
        )
        async with self.database.transaction() as session:
            return await count_changed(session, delete(TelegramUpdate).where(TelegramUpdate.id.in_(old)))

    async def _prune_decisions(self) -> int:
        async with self.database.transaction() as session:
            return await prune_decisions(session, older_than=self.clock() - self.keep_decisions)

    def _led(self, work: Work) -> Work:
        async def only_when_leading() -> int:
            return await work() if self._leads else 0

        return only_when_leading

    def _send_again(self, seconds: float) -> None:
        """Only the earliest of such wishes is kept: it finds whatever the later ones were for."""
        loop = asyncio.get_running_loop()
        if self._wakes_sender is not None and not self._wakes_sender.cancelled():
            if loop.time() < self._wakes_sender.when() <= loop.time() + seconds:
                return
            self._wakes_sender.cancel()
        self._wakes_sender = loop.call_later(seconds, self._sending.wake)
