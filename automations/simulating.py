"""What would happen to some leads, found out by letting it happen: the engine itself at work in a store of its own.

Their rows are copied into memory, and a clock is moved from one thing that falls due to the next. Nothing is written to
the real store, which is read once by a consistent read, and nothing is sent: the gateway keeps what it is given.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.broadcasting import Broadcasting
from automations.firing import Firing
from automations.flows import run_due_flows
from automations.holding import take_up_held
from automations.looks import schedules_of
from automations.outcomes import Claimed, Told, confirm
from automations.routing import route_events
from automations.segment_watch import SegmentWatches, watched_by
from automations.simulated import MOST_DAYS, MOST_LEADS, MOST_TOLD, BadSimulation, Simulation, Spoken, Wish
from automations.standing_aside import leads_to, set_aside
from automations.starts import Starts
from automations.stepping import Stepper
from automations.taking import Taking
from automations.ticks import Work
from domain.abandoned import note_abandoned
from domain.consent import may_market
from domain.custom_events import NoSuchLead
from domain.decisions import decided
from domain.definitions import Published
from domain.enrollments import NO_SUBJECT, Current, Entry, Hindrance, NotEnrolled, begin_each, enroll_lead
from domain.funnels.definition import Funnel
from domain.funnels.heads import FunnelStands, find_funnel
from domain.leads import capture_lead
from domain.people import Profile, see_person
from domain.reentry import UNDER_WAY
from domain.step_counts import Counted, Measure, count_steps
from kit.clock import MovableClock
from kit.errors import Reason
from store.database import Database
from store.models import (
    RUNS,
    Decision,
    Enrollment,
    FlowTimer,
    FunnelVersion,
    Lead,
    Order,
    OutboxKind,
    Person,
    StepCount,
    Timer,
)
from store.private import PrivateStore, copy_creator, private_store
from store.queries.broadcasts import next_broadcast_at
from store.queries.outbox import next_message_at

# so many leads are one's own look, and each thing is told at its very instant
_FEW = 20
# with more, what falls due within so long of each other happens at once; too short for anything to be late
_GRAIN = timedelta(minutes=5)
# how often it is looked who has come into a segment by nothing but the time that passes
_WATCH_EVERY = timedelta(hours=1)
_AT_ONCE = 5000
_LEASE_SECONDS = 120
# a funnel's are counted by its steps; what the creator is told is no message to a lead
_BY_STEPS = frozenset({OutboxKind.FUNNEL, OutboxKind.NOTICE})
# of a number that no person has
_NOBODY = Profile(0, "", None, "en")


async def simulate(database: Database, published: Published, wish: Wish, *, now: datetime) -> Simulation:
    """What would be sent when and why not, were nothing to come from outside: no answer, no purchase, no click.

    Raises NoSuchFunnel, NoSuchLead, FunnelStands for one that nobody can begin, and BadSimulation for what is too much.
    """
    check(wish)
    async with private_store(database) as store:
        async with database.reading() as source, store.transaction() as target:
            leads = await choose_leads(source, wish)
            await copy_creator(source, target, wish.creator_id, leads)
        return await rehearse(store, published, wish, leads, now=now)


async def rehearse(
    store: PrivateStore, published: Published, wish: Wish, leads: Sequence[int], *, now: datetime
) -> Simulation:
    """The same in a store that these leads have been copied into, and that is used up by it."""
    funnels = published.funnels.get(wish.creator_id, {})
    if wish.funnel_key is not None:
        async with store.transaction() as session:
            keys = await leads_to(session, wish.funnel_key)
            await set_aside(session, keys)
        funnels = {key: funnel for key, funnel in funnels.items() if key in keys}
    theirs = Published(
        flows={wish.creator_id: published.flows.get(wish.creator_id, {})},
        setups={wish.creator_id: published.setup(wish.creator_id)},
        funnels={wish.creator_id: funnels},
    )
    simulation = Simulation(wish, now, now + timedelta(days=wish.days), tuple(leads))
    rehearsal = _Rehearsal(store, theirs, MovableClock(frozen_at=now), wish, simulation)
    await rehearsal.run()
    return simulation


def check(wish: Wish) -> None:
    """Raises BadSimulation for what is too much."""
    if not 1 <= wish.days <= MOST_DAYS:
        raise BadSimulation(f"from 1 to {MOST_DAYS} days", why=Reason("refused-simulated-days", most=MOST_DAYS))
    if not 0 <= wish.sample <= MOST_LEADS:
        raise BadSimulation(f"at most {MOST_LEADS} leads", why=Reason("refused-simulated-leads", most=MOST_LEADS))


async def choose_leads(session: AsyncSession, wish: Wish) -> list[int]:
    """Those who are simulated; none for somebody who comes just now. Raises NoSuchLead."""
    own = (Lead.creator_id == wish.creator_id, Lead.merged_into_id.is_(None), Lead.forgotten_at.is_(None))
    if wish.lead_id is not None:
        found = await session.scalar(select(Lead.id).where(*own, Lead.id == wish.lead_id))
        if found is None:
            raise NoSuchLead(f"there is no lead {wish.lead_id}", why=Reason("lead-unknown", lead=wish.lead_id))
        return [found]
    if not wish.sample:
        return []
    # spread over all of them, and the same ones each time
    spread = (Lead.id * 7919) % 104_729
    asked = select(Lead.id).where(*own, Lead.person_id.is_not(None)).order_by(spread, Lead.id).limit(wish.sample)
    return sorted(await session.scalars(asked))


@dataclass
class _Rehearsal:
    store: PrivateStore
    published: Published
    clock: MovableClock
    wish: Wish
    simulation: Simulation
    _seen: int = 0
    _message_ids: int = 0
    _next_watch: datetime | None = None

    def __post_init__(self) -> None:
        self._stepper = Stepper(self.published, ahead=None)
        self._taking = Taking(self.published)
        self._firing = Firing(self.store, self.clock, self.published)
        self._watches = SegmentWatches(self.store, self.clock, self.published)
        self._starts = Starts(self.store, self.clock, self.published)
        self._broadcasting = Broadcasting(self.store, self.clock, self.published, _AT_ONCE)
        self._has_schedules = bool(schedules_of(self.published))
        self._has_watches = bool(watched_by(self.published))

    async def run(self) -> None:
        """From one thing that falls due to the next, to the end."""
        simulation = self.simulation
        await self._begin()
        grain = _GRAIN if len(simulation.leads) > _FEW else timedelta(0)
        while simulation.cut_at is None:
            await self._settle()
            await self._gather()
            if simulation.decisions >= self.wish.most_decisions:
                simulation.cut_at = self.clock()
            elif not await self._move_on(grain):
                break
        async with self.store.reading() as session:
            simulation.counts = {
                Counted(row.creator_id, row.about, row.step, row.arm, Measure(row.measure)): row.count
                for row in await session.scalars(select(StepCount))
            }

    async def _move_on(self, grain: timedelta) -> bool:
        """To the next instant at which there is something to do; False when there is none before the end."""
        due = await self._next_due()
        while True:
            stop = min((each for each in (due, self._next_watch) if each is not None), default=None)
            if stop is None or stop > self.simulation.until:
                return False
            if stop == due:
                self.clock.move_to(min(stop + grain, self.simulation.until))
                return True
            self.clock.move_to(stop)
            if await self._watch():
                return True

    async def _begin(self) -> None:
        """Whoever is simulated begins the funnel that was asked for, unless they are in it."""
        wish, now = self.wish, self.clock()
        # those who are in a segment from the beginning have not entered it
        await self._watch()
        async with self.store.transaction() as session:
            leads = list((await session.scalars(select(Lead).where(Lead.id.in_(self.simulation.leads)))).all())
            if not leads:
                leads = [await self._newcomer(session, now=now)]
                self.simulation.leads, self.simulation.newcomer = (leads[0].id,), True
            if wish.funnel_key is None:
                return
            current = await self._current(session, wish.funnel_key)
            await self._begin_all(session, leads, wish.funnel_key, current, now=now)

    async def _begin_all(
        self, session: AsyncSession, leads: Sequence[Lead], key: str, current: tuple[int, Funnel], *, now: datetime
    ) -> None:
        """Who is in it already goes on from there."""
        wanted = {lead.id: lead for lead in leads}
        under_way = select(Enrollment.lead_id).where(
            Enrollment.lead_id.in_(wanted), Enrollment.funnel_key == key, Enrollment.state.in_(UNDER_WAY)
        )
        for lead_id in set(await session.scalars(under_way)):
            del wanted[lead_id]
        version_id, funnel = current
        setup = self.published.setup(self.wish.creator_id)
        people = {lead.person_id for lead in wanted.values()} - {None}
        blocked = select(Person.id).where(Person.id.in_(people), Person.blocked_at.is_not(None))
        unreachable = {None, *await session.scalars(blocked)}
        abouts = await self._abouts(session, wanted) if funnel.names_order else dict.fromkeys(wanted, NO_SUBJECT)
        entries = [
            Entry(lead.id, now, abouts[lead.id])
            for lead in wanted.values()
            if lead.person_id not in unreachable and lead.id in abouts and may_market(lead, setup)
        ]
        begun = await begin_each(session, Current(self.wish.creator_id, key, version_id, funnel), entries, now=now)
        self.simulation.begun = len(begun)
        began = {lead_id for lead_id, _ in begun}
        self.simulation.refused = {
            lead.id: await self._why_not(session, lead, key, current, now=now)
            for lead in wanted.values()
            if lead.id not in began
        }

    async def _abouts(self, session: AsyncSession, lead_ids: Collection[int]) -> dict[int, str]:
        """Of whoever has bought something, the last order."""
        last = select(Order.lead_id, func.max(Order.id).label("last")).where(Order.lead_id.in_(lead_ids))
        return {row.lead_id: f"order:{row.last}" for row in await session.execute(last.group_by(Order.lead_id))}

    async def _why_not(
        self, session: AsyncSession, lead: Lead, key: str, current: tuple[int, Funnel], *, now: datetime
    ) -> Reason:
        """Begun by hand they are refused, in words."""
        try:
            await enroll_lead(session, lead, key, current, self.published.setup(lead.creator_id), now=now)
        except NotEnrolled as refusal:
            if refusal.why is not None:
                return refusal.why
        return Reason(f"refused-enroll-{Hindrance.BEFORE}", lead=lead.id, funnel=key)

    async def _current(self, session: AsyncSession, key: str) -> tuple[int, Funnel]:
        """The wording that those who begin now take; of a paused one too, where they are held."""
        found = self.published.funnels[self.wish.creator_id].get(key)
        if found is not None:
            return found
        head = await find_funnel(session, self.wish.creator_id, key)
        if head.version_id is None or (not head.holds and head.state not in RUNS):
            raise FunnelStands(key, head.state)
        version = await session.get_one(FunnelVersion, head.version_id)
        return version.id, Funnel.kept(version.definition)

    async def _newcomer(self, session: AsyncSession, *, now: datetime) -> Lead:
        """Somebody who comes just now, may be written to, and has told nothing of themselves."""
        person = await see_person(session, 0, _NOBODY, now=now)
        lead, _ = await capture_lead(session, self.wish.creator_id, person, source=None, now=now)
        lead.consented_at = now
        await session.flush()
        return lead

    async def _settle(self) -> None:
        """Until nothing that is due is left undone: kind after kind, as the engine's ticks go round, and words last."""
        kinds = [self._route, lambda: self._stepper.run(self.store, self.clock)]
        kinds += [self._firing.fire] if self._has_schedules else []
        kinds += [self._watch] if self._has_watches else []
        kinds += [self._starts.work, self._broadcasting.work, self._work]
        done = 1
        while done and self.simulation.decisions < self.wish.most_decisions:
            done = sum([await self._all_of(work) for work in kinds])

    async def _all_of(self, work: Work) -> int:
        before = self.simulation.decisions
        while self.simulation.decisions < self.wish.most_decisions and (done := await work()):
            self.simulation.decisions += done
        return self.simulation.decisions - before

    async def _route(self) -> int:
        async with self.store.transaction() as session:
            return await route_events(session, self.published, now=self.clock())

    async def _work(self) -> int:
        """What can be done in one transaction."""
        now = self.clock()
        async with self.store.transaction() as session:
            done = await take_up_held(session, now=now)
            done += await note_abandoned(session, now=now)
            done += await run_due_flows(session, self.published, now=now)
            return done + await self._speak(session, now=now)

    async def _speak(self, session: AsyncSession, *, now: datetime) -> int:
        """What is due is taken as the sender takes it, and has arrived at once."""
        taken = await self._taking.take(session, room=_AT_ONCE, resting=(), lease_seconds=_LEASE_SECONDS, now=now)
        told = []
        for each in taken.claimed:
            self._message_ids += 1
            told.append(Told(each, self._message_ids, now))
            self.simulation.said += each.kind is not OutboxKind.NOTICE
            if each.kind not in _BY_STEPS:
                self.simulation.beside[each.kind] += 1
            self._keep(each, now)
        await count_steps(session, await confirm(session, told))
        return len(taken.claimed) + taken.settled

    def _keep(self, each: Claimed, now: datetime) -> None:
        if len(self.simulation.moments) < MOST_TOLD:
            about, step = (None, None) if each.counted is None else (each.counted.about, each.counted.step)
            self.simulation.moments.append(Spoken(now, each.lead_id, each.kind, each.message, about, step))

    async def _watch(self) -> int:
        """Who has come into a segment or left it; at each stop, and as time passes."""
        if not self._has_watches:
            return 0
        self._next_watch = self.clock() + _WATCH_EVERY
        return await self._watches.check()

    async def _gather(self) -> None:
        """What was decided since the last stop, before what was said then."""
        moments = self.simulation.moments
        if len(moments) >= MOST_TOLD:
            return
        async with self.store.reading() as session:
            asked = select(Decision).where(Decision.id > self._seen).order_by(Decision.id).limit(MOST_TOLD)
            rows = (await session.scalars(asked)).all()
            found = await decided(session, rows)
        if rows:
            self._seen = rows[-1].id
        now = self.clock()
        spoken = [each for each in moments if isinstance(each, Spoken) and each.at == now]
        del moments[len(moments) - len(spoken) :]
        moments += [*found, *spoken]
        del moments[MOST_TOLD:]

    async def _next_due(self) -> datetime | None:
        now = self.clock()
        async with self.store.reading() as session:
            dues = [
                await session.scalar(select(func.min(Timer.due_at)).where(Timer.due_at > now)),
                await session.scalar(select(func.min(FlowTimer.due_at)).where(FlowTimer.due_at > now)),
                await session.scalar(select(func.min(Order.abandons_at)).where(Order.abandons_at > now)),
                await next_message_at(session, after=now),
                await next_broadcast_at(session, after=now),
            ]
        if self._has_schedules:
            dues.append(await self._firing.next_due(after=now))
        return min((due for due in dues if due is not None), default=None)
