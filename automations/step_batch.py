"""One batch of due enrollments: each is walked as far as it goes now, and all that comes of it is written at once."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from automations.planner import walk
from automations.same_ways import DECIDED, MESSAGE, QUEUED, TIMER, SameWays, measures_of
from automations.step_acts import Doing, Elsewhere
from automations.step_facts import Asking, Lacking
from automations.step_moves import Case, Moves
from automations.stuck import Stuck, tell_of_stuck
from automations.walks import Done, Facts, Needs, Said, Standing, Walk, next_standing
from domain.decisions import Outcome
from domain.definitions import Published
from domain.funnels.definition import Funnel
from domain.funnels.steps import SetStep
from domain.holding import hold_at_hand
from domain.step_counts import Counted, add_counts, arm_label
from kit.errors import Refusal
from kit.zones import zone_named
from store.database import wake
from store.hot import Bulk
from store.models import Decision, EnrollmentState, OutboxMessage, Timer
from store.queries.funnel_heads import StandingHead
from store.queries.timers import DueEnrollment
from store.segments.question import BadSegment

# after so many the loop has its turn: whoever writes to the bot is answered in between
_BREATH = 100
# of what changes something so much is one transaction: each takes a millisecond, and everybody else waits for the whole
MOST_ACTS = 40
_A_MOMENT = timedelta(seconds=1)
_FAILURES = (Refusal, ValueError, LookupError, OverflowError)


@dataclass
class Batch:
    """The planner's work on some due enrollments, in one transaction."""

    session: AsyncSession
    published: Published
    now: datetime
    heads: Mapping[tuple[int, str], StandingHead]
    # how many more messages of a creator's may be queued
    rooms: dict[int, int]
    # since when whoever is due has waited for nothing but their turn
    worked_since: datetime | None = None
    # enrollments that are left where they are, since there is no room for what they would say
    left: list[DueEnrollment] = field(default_factory=list)
    # those whose turn comes in one of the next transactions
    put_off: list[DueEnrollment] = field(default_factory=list)
    _same: SameWays = field(init=False)
    _cases: list[Case] = field(default_factory=list)
    # those of them who have something to do beside speaking, and how much of it has been done
    _acting: list[Case] = field(default_factory=list)
    _acts: int = 0
    _gone: list[DueEnrollment] = field(default_factory=list)
    _held: list[DueEnrollment] = field(default_factory=list)
    _stuck: dict[int, Stuck] = field(default_factory=dict)
    # ended by another's step in this very batch
    _ended: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._same = SameWays(self.published, self.now)

    async def plan(self, due: Sequence[DueEnrollment], wordings: Mapping[int, Funnel | Exception]) -> int:
        """Decides and writes; returns how many have been dealt with."""
        asking = Asking(self.session, self.published, self.now)
        for number, each in enumerate(due, start=1):
            self._sort(each, wordings[each.version_id], asking)
            if number % _BREATH == 0:
                await asyncio.sleep(0)
        await self._walk(asking)
        await self._act(asking)
        await self._write()
        return len(due) - len(self.left) - len(self.put_off)

    def _sort(self, due: DueEnrollment, funnel: Funnel | Exception, asking: Asking) -> None:
        head = self.heads.get((due.creator_id, due.funnel_key))
        runs = head is None or not (head.holds or head.stopped_steps)
        if runs and isinstance(funnel, Funnel):
            way = self._same.way_of(due, funnel)
            if way is not None:
                if self._has_room(due, len(way.says)):
                    way.going.append(due)
                return
        if not due.is_active:
            self._gone.append(due)
        elif head is not None and head.holds:
            self._held.append(due)
        elif isinstance(funnel, Exception):
            self._gets_stuck(due, due.step, funnel)
            self._gone.append(due)
        else:
            self._cases.append(self._case(due, funnel, head, asking))

    def _case(self, due: DueEnrollment, funnel: Funnel, head: StandingHead | None, asking: Asking) -> Case:
        setup = self.published.setup(due.creator_id)
        known = asking.known[due.lead_id]
        late, worked_since = funnel.late, self.worked_since
        if due.held_at is not None:
            # kept waiting by more than others' turns: until then
            until = due.held_at
            if head is not None and head.stood_until is not None and until < head.stood_until:
                late, until = head.late or late, head.stood_until
            worked_since = None if worked_since is None else max(worked_since, until)
        facts = Facts(
            zone=zone_named(due.time_zone, setup.time_zone) if due.time_zone else None,
            answers=known.answers,
            dates=known.dates,
            has_left=due.has_left,
            can_hear=due.person_id is not None and (due.has_consented or not setup.consent_required),
            quiet_hours=setup.messages.window,
            stopped_steps=frozenset() if head is None else head.stopped_steps,
            worked_since=worked_since,
        )
        standing = Standing(due.lead_id, due.funnel_key, due.step, due.due_at, due.happened, due.arms, due.undone)
        return Case(due, funnel, late, standing, facts)

    async def _walk(self, asking: Asking) -> None:
        """Round after round, until of everybody is known what becomes of them, or who has something to do."""
        going = self._cases
        while going:
            lacking, following = Lacking(), []
            for number, case in enumerate(going, start=1):
                if number % _BREATH == 0:
                    await asyncio.sleep(0)
                decided = self._decide(case, asking)
                if isinstance(decided, Needs):
                    lacking.add(case.due.creator_id, case.due.lead_id, decided)
                    following.append(case)
                elif decided is not None and any(not isinstance(act, Said) for act in decided.acts):
                    self._acting.append(case)
                elif decided is not None:
                    await self._goes_on(case, decided, asking)
            await lacking.find_out(asking)
            going = following

    def _decide(self, case: Case, asking: Asking) -> Walk | Needs | None:
        """None for one of whom something cannot be asked."""
        known = asking.known[case.due.lead_id]
        if case.facts.zone is None and known.zone is not None:
            case.facts = replace(case.facts, zone=known.zone)
        decided = walk(case.funnel, case.standing, case.facts, now=self.now, late=case.late)
        if isinstance(decided, Needs):
            case.failed = asking.why_not(case.due.creator_id, decided.questions)
            if case.failed is not None:
                case.trace.append([case.standing.step, Outcome.FAILED.value, str(case.failed)[:200]])
                return None
        return decided

    async def _act(self, asking: Asking) -> None:
        """Those who have something to do go one by one, each as far as it can: none is left half-way."""
        free = await self._hold(self._acting[:MOST_ACTS])
        for case in self._acting:
            if case.due.id in self._ended:
                continue
            if self._acts >= MOST_ACTS or case.due.lead_id not in free:
                self.put_off.append(case.due)
                continue
            goes_on = True
            while goes_on:
                decided = self._decide(case, asking)
                if isinstance(decided, Needs):
                    lacking = Lacking()
                    lacking.add(case.due.creator_id, case.due.lead_id, decided)
                    await lacking.find_out(asking)
                else:
                    goes_on = decided is not None and await self._goes_on(case, decided, asking)
                await asyncio.sleep(0)

    async def _hold(self, cases: Sequence[Case]) -> set[int]:
        """Leads come before their enrollments, which are held here already: so those that somebody has are let be."""
        writers = {
            case.due.lead_id: case.due.person_id
            for case in cases
            if case.due.person_id is not None
            and any(isinstance(step, SetStep) and step.language is not None for step in case.funnel.steps)
        }
        return await hold_at_hand(self.session, {case.due.lead_id for case in cases}, writers) if cases else set()

    async def _goes_on(self, case: Case, decided: Walk, asking: Asking) -> bool:
        """Does what was decided; True when the walk goes on at once, from what is true now."""
        # one that has done something already is not left half-way
        if not case.begun and not self._has_room(case.due, sum(isinstance(act, Said) for act in decided.acts)):
            return False
        if not await self._do(case, decided, asking):
            return False
        case.trace += decided.trace
        if decided.again:
            case.begun = True
            case.standing = next_standing(case.standing, decided)
            return True
        if decided.state is EnrollmentState.PARKED:
            # nobody is told of a walk that cannot be made, such as one in a circle
            case.said.clear()
        case.walk = decided
        return False

    def _has_room(self, due: DueEnrollment, says: int) -> bool:
        if says and self.rooms.get(due.creator_id, says) < says:
            self.left.append(due)
            return False
        if says and due.creator_id in self.rooms:
            self.rooms[due.creator_id] -= says
        return True

    async def _do(self, case: Case, decided: Walk, asking: Asking) -> bool:
        """False when something of it could not be done: what comes before that is, and what follows is not."""
        doing, done = Doing(self.session, self.published, case.due, self.now), 0
        for act in decided.acts:
            if isinstance(act, Said):
                case.said.append(act)
                continue
            self._acts += 1
            try:
                async with self.session.begin_nested():
                    self._ended |= await doing.do(act)
            except (*_FAILURES, Elsewhere) as error:
                self._stops_before(case, decided, act, done, error)
                return False
            done += 1
            asking.known[case.due.lead_id].forget()
        return True

    def _stops_before(self, case: Case, decided: Walk, act: Done, done: int, error: Exception) -> None:
        """It stands at what could not be done, and has that still before it."""
        before = case.before(decided, done)
        if case.due.undone and case.due.step == act.key and not (case.trace or before):
            case.failures = case.due.attempts
        taken = {step: seen[0] for step, outcome, *seen in before if outcome == Outcome.ARM}
        case.standing = replace(case.standing, step=act.key, arms={**case.standing.arms, **taken}, undone=True)
        case.failed = error
        case.trace += before
        unsaid = case.left_unsaid(before)
        if unsaid is not None:
            # the next try finds nothing overdue, so of what was, this is the last; its hours are heeded by the sender
            case.said.append(Said(unsaid, self.now))
            case.trace.append([unsaid.key, Outcome.SAID.value, int(self.now.timestamp())])
        if not isinstance(error, Elsewhere):
            case.trace.append([act.key, Outcome.FAILED.value, str(error)[:200]])

    async def _write(self) -> None:
        bulk = Bulk()
        dealt = [case for case in self._cases if case.walk is not None or case.failed is not None]
        through = [*(case.due for case in dealt), *self._gone, *self._held]
        bulk.delete(Timer, TIMER, [(due.due_at, due.id) for due in through])
        going = [case for case in dealt if case.due.id not in self._ended]
        self._same.write(bulk, self._ended)
        await asyncio.sleep(0)
        self._queue(bulk, going)
        moves = Moves(self.now)
        for case in going:
            if case.failed is not None:
                self._fails(case, case.failed, moves)
            elif case.walk is not None:
                moves.stand(case, case.walk)
                if case.walk.state is EnrollmentState.PARKED:
                    self._gets_stuck(case.due, case.walk.step, case.walk.reason or "")
        for due in self._held:
            moves.hold(due)
        for stuck in self._stuck.values():
            moves.park(stuck)
        moves.write(bulk)
        decided = [(case.due, case.trace) for case in dealt if case.trace]
        decided += [(due, [[due.step, Outcome.HELD.value]]) for due in self._held]
        bulk.insert(
            Decision,
            DECIDED,
            [
                (due.creator_id, due.lead_id, self.now, f"funnel:{due.funnel_key}", due.version_id, due.id, trace)
                for due, trace in decided
            ],
        )
        add_counts(bulk, self._count(dealt).items())
        await bulk.write(self.session)
        await self._tell()

    def _count(self, dealt: Iterable[Case]) -> Counter[Counted]:
        counted: Counter[Counted] = Counter()
        for what, count in self._same.counted():
            counted[what] += count
        for case in dealt:
            creator_id, about, arms = case.due.creator_id, f"funnel:{case.due.funnel_key}", dict(case.due.arms)
            for step, outcome, *seen in case.trace:
                if outcome == Outcome.ARM:
                    arms[step] = seen[0]
                for measure in measures_of(case.funnel, step, outcome):
                    counted[Counted(creator_id, about, step, arm_label(arms), measure)] += 1
        return counted

    def _queue(self, bulk: Bulk, cases: Iterable[Case]) -> None:
        now = self.now
        rows = [
            (
                f"funnel:{case.due.id}:{seq}",
                case.due.creator_id,
                case.due.person_id,
                case.due.lead_id,
                case.due.id,
                seq,
                said.step.key,
                said.at,
                now,
            )
            for case in cases
            for seq, said in enumerate(case.said, start=case.due.seq)
        ]
        bulk.insert(OutboxMessage, MESSAGE, rows, same=QUEUED)
        if rows or self._same.says:
            wake(self.session, "outbox")

    def _fails(self, case: Case, error: Exception, moves: Moves) -> None:
        """Tried again as its funnel says, from the last that could be done; in the end it is parked.

        A question that cannot be asked is for somebody to mend, as it is when a message is taken.
        """
        if isinstance(error, Elsewhere):
            moves.try_again(case, self.now + _A_MOMENT, attempts=case.failures)
        elif case.failures < case.funnel.retry.times and not isinstance(error, BadSegment):
            moves.try_again(case, self.now + case.funnel.retry.wait, attempts=case.failures + 1)
        else:
            moves.keep(case)
            self._gets_stuck(case.due, case.trace[-1][0], error)

    def _gets_stuck(self, due: DueEnrollment, step: str, error: Exception | str) -> None:
        self._stuck[due.id] = Stuck(due.id, due.creator_id, due.lead_id, due.funnel_key, step, error)

    async def _tell(self) -> None:
        first = {(stuck.creator_id, stuck.funnel_key): stuck for stuck in reversed(self._stuck.values())}
        # in a fixed order, so that two who tell of the same never wait for each other in a circle
        for _, stuck in sorted(first.items()):
            await tell_of_stuck(self.session, stuck, now=self.now)
