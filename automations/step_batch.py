"""One batch of due enrollments: each is walked as far as it goes now, and all that comes of it is written at once."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from automations.planner import walk
from automations.same_ways import DECIDED, MESSAGE, QUEUED, TIMER, SameWays, measures_of
from automations.step_acts import Doing
from automations.step_facts import Asking
from automations.stuck import Stuck, tell_of_stuck
from automations.walks import Facts, Needs, Said, Standing, Walk, next_standing
from domain.decisions import Outcome, Trace
from domain.definitions import Published
from domain.funnels.definition import Funnel
from domain.step_counts import Counted, add_counts, arm_label
from kit.errors import Refusal
from store.database import wake
from store.hot import Bulk
from store.models import Decision, Enrollment, EnrollmentState, Late, OutboxMessage, Timer
from store.queries.funnel_heads import StandingHead
from store.queries.timers import DueEnrollment

_UTC = ZoneInfo("UTC")
# after so many the loop has its turn: whoever writes to the bot is answered in between
_BREATH = 250
_FAILURES = (Refusal, ValueError, LookupError, OverflowError)


@dataclass(slots=True)
class Case:
    """One enrollment of the batch, and what has come of it so far."""

    due: DueEnrollment
    funnel: Funnel
    late: Late
    standing: Standing
    facts: Facts
    said: list[Said] = field(default_factory=list)
    trace: Trace = field(default_factory=list)
    # how it stands in the end, or why it cannot go on
    walk: Walk | None = None
    failed: Exception | None = None
    begun: bool = False


@dataclass
class Batch:
    """The planner's work on some due enrollments, in one transaction."""

    session: AsyncSession
    published: Published
    now: datetime
    heads: Mapping[tuple[int, str], StandingHead]
    # how many more messages of a creator's may be queued
    rooms: dict[int, int]
    # enrollments that are left where they are, since there is no room for what they would say
    left: list[DueEnrollment] = field(default_factory=list)
    _same: SameWays = field(init=False)
    _cases: list[Case] = field(default_factory=list)
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
        await self._write()
        return len(due) - len(self.left)

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
        facts = Facts(
            zone=_zone(due.time_zone or setup.time_zone),
            answers=known.answers,
            dates=known.dates,
            has_left=due.has_left,
            can_hear=due.person_id is not None and (due.has_consented or not setup.consent_required),
            quiet_hours=setup.messages.window,
            stopped_steps=frozenset() if head is None else head.stopped_steps,
        )
        standing = Standing(due.lead_id, due.funnel_key, due.step, due.due_at, due.happened, due.arms)
        # who was held while it was paused goes on as was chosen when it was resumed
        chosen = head.late if head is not None and due.was_held else None
        return Case(due, funnel, chosen or funnel.late, standing, facts)

    async def _walk(self, asking: Asking) -> None:
        """Round after round: until everybody waits, is over, or is left for want of room."""
        going = self._cases
        while going:
            lacking: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
            dates: defaultdict[str, set[int]] = defaultdict(set)
            following: list[Case] = []
            for number, case in enumerate(going, start=1):
                if number % _BREATH == 0:
                    await asyncio.sleep(0)
                decided = walk(case.funnel, case.standing, case.facts, now=self.now, late=case.late)
                if isinstance(decided, Needs):
                    for question in decided.questions:
                        lacking[case.due.creator_id, question].add(case.due.lead_id)
                    for key in decided.dates:
                        dates[key].add(case.due.lead_id)
                    following.append(case)
                elif await self._goes_on(case, decided, asking):
                    following.append(case)
            for (creator_id, question), leads in lacking.items():
                await asking.ask(creator_id, question, leads)
            for key, leads in dates.items():
                await asking.look_up(key, leads)
            going = following

    async def _goes_on(self, case: Case, decided: Walk, asking: Asking) -> bool:
        """Does what was decided; True when the walk goes on at once, from what is true now."""
        due, says = case.due, sum(isinstance(act, Said) for act in decided.acts)
        # one that has done something already is not left half-way
        if not case.begun and not self._has_room(due, says):
            return False
        if len(decided.acts) > says:
            try:
                await self._do(case, decided, asking)
            except _FAILURES as error:
                case.failed = error
                case.trace += [*decided.trace, [decided.step, Outcome.FAILED.value, str(error)[:200]]]
                return False
        if says:
            case.said += [act for act in decided.acts if isinstance(act, Said)]
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

    async def _do(self, case: Case, decided: Walk, asking: Asking) -> None:
        doing = Doing(self.session, self.published, case.due, self.now)
        async with self.session.begin_nested():
            for act in decided.acts:
                if not isinstance(act, Said):
                    self._ended |= await doing.do(act)
        asking.known[case.due.lead_id].forget()

    async def _write(self) -> None:
        bulk = Bulk()
        dealt = [case for case in self._cases if case.walk is not None or case.failed is not None]
        through = [*(case.due for case in dealt), *self._gone, *self._held]
        bulk.delete(Timer, TIMER, [(due.due_at, due.id) for due in through])
        going = [case for case in dealt if case.due.id not in self._ended]
        self._same.write(bulk, self._ended)
        await asyncio.sleep(0)
        self._queue(bulk, going)
        moves = _Moves(self.now)
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
        decided = [(case.due, case.trace) for case in dealt]
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

    def _fails(self, case: Case, error: Exception, moves: "_Moves") -> None:
        """Tried again as its funnel says, from the last that could be done; in the end it is parked."""
        if case.due.attempts < case.funnel.retry.times:
            moves.try_again(case, self.now + case.funnel.retry.wait)
        else:
            moves.keep(case)
            self._gets_stuck(case.due, case.trace[-1][0], error)

    def _gets_stuck(self, due: DueEnrollment, step: str, error: Exception | str) -> None:
        self._stuck[due.id] = Stuck(due.id, due.creator_id, due.lead_id, due.funnel_key, step, error)

    async def _tell(self) -> None:
        first = {(stuck.creator_id, stuck.funnel_key): stuck for stuck in reversed(self._stuck.values())}
        for stuck in first.values():
            await tell_of_stuck(self.session, stuck, now=self.now)


class _Moves:
    """New values of enrollments, gathered by which columns they change, and the timers that go with them."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._values: dict[int, dict[str, Any]] = {}
        self._timers: list[tuple[datetime, int]] = []

    def stand(self, case: Case, stands: Walk) -> None:
        due = case.due
        values: dict[str, Any] = {"step": stands.step, "seq": due.seq + len(case.said)}
        if due.happened:
            values["happened"] = False
        if due.waits_for is not None or stands.waits_for is not None:
            values["waits_for"] = stands.waits_for
        if due.attempts:
            values["attempts"] = 0
        if stands.arms is not due.arms:
            values["arms"] = stands.arms
        if stands.state is EnrollmentState.HELD:
            values |= {"state": stands.state, "held_at": stands.due_at}
        elif due.was_held:
            values["held_at"] = None
        if stands.state in {EnrollmentState.DONE, EnrollmentState.STOPPED}:
            values |= {"state": stands.state, "reason": stands.reason, "ended_at": self._now}
        if stands.state is EnrollmentState.ACTIVE and stands.due_at is not None:
            self._timers.append((stands.due_at, due.id))
        self._values[due.id] = values

    def keep(self, case: Case) -> None:
        """Of one that failed: what could be done before is not done again."""
        due = case.due
        self._values[due.id] = {"step": case.standing.step, "seq": due.seq + len(case.said)}
        if case.standing.arms is not due.arms:
            self._values[due.id]["arms"] = case.standing.arms
        if case.begun and (due.happened or due.waits_for is not None):
            self._values[due.id] |= {"happened": False, "waits_for": None}

    def try_again(self, case: Case, at: datetime) -> None:
        self.keep(case)
        self._values[case.due.id]["attempts"] = 1 if case.begun else case.due.attempts + 1
        self._timers.append((at, case.due.id))

    def hold(self, due: DueEnrollment) -> None:
        self._values[due.id] = {"state": EnrollmentState.HELD, "held_at": due.due_at}

    def park(self, stuck: Stuck) -> None:
        ended = {"state": EnrollmentState.PARKED, "reason": stuck.reason, "ended_at": self._now, "held_at": None}
        self._values[stuck.enrollment_id] = self._values.get(stuck.enrollment_id, {}) | ended

    def write(self, bulk: Bulk) -> None:
        groups: defaultdict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        for enrollment_id, values in self._values.items():
            groups[tuple(values)].append((*values.values(), enrollment_id))
        for names, rows in groups.items():
            bulk.update(Enrollment, names, rows, of={"state": EnrollmentState.ACTIVE})
        bulk.insert(Timer, TIMER, self._timers)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    """A name that this machine does not know is no reason to say nothing."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return _UTC
