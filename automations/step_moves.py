"""How enrollments of a batch stand afterwards: their new values, and the timers that go with them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from automations.same_ways import TIMER
from automations.stuck import Stuck
from automations.walks import Facts, Said, Standing, Walk
from domain.decisions import Outcome, Trace
from domain.funnels.definition import Funnel
from domain.funnels.steps import GoalStep, SendStep
from store.hot import Bulk
from store.models import Enrollment, EnrollmentState, Late, Timer
from store.queries.timers import DueEnrollment


@dataclass(slots=True)
class Case:
    """One enrollment of a batch, and what has come of it so far."""

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
    # how often the step that it cannot do had failed before
    failures: int = 0
    begun: bool = False

    def before(self, decided: Walk, done: int) -> Trace:
        """What that walk tells before the act that follows so many which were done."""
        # whatever is done stands in the trace once, in its order; so does a goal that was come to, and is no act
        goals = {step.key for step in self.funnel.steps if isinstance(step, GoalStep)}
        trace = decided.trace
        places = [place for place, (step, what, *_) in enumerate(trace) if what == Outcome.DONE and step not in goals]
        return trace[: places[done]]

    def left_unsaid(self, trace: Trace) -> SendStep | None:
        """Under `once`, the last message that was left out on the way there, unless one was said after it."""
        unsaid = self.standing.unsaid
        for step, what, *_ in trace:
            if what == Outcome.SAID:
                unsaid = None
            elif what == Outcome.LEFT_OUT and self.late is Late.ONCE:
                unsaid = step
        found = None if unsaid is None else self.funnel.step(unsaid)
        return found if isinstance(found, SendStep) else None


class Moves:
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
        if due.attempts or due.undone:
            values |= {"attempts": 0, "undone": False}
        if stands.arms is not due.arms:
            values["arms"] = stands.arms
        if stands.state is EnrollmentState.HELD:
            values |= {"state": stands.state, "held_at": stands.due_at}
        elif due.held_at is not None:
            values["held_at"] = None
        if stands.state in {EnrollmentState.DONE, EnrollmentState.STOPPED}:
            values |= {"state": stands.state, "reason": stands.reason, "ended_at": self._now}
        if stands.state is EnrollmentState.ACTIVE and stands.due_at is not None:
            self._timers.append((stands.due_at, due.id))
        self._values[due.id] = values

    def keep(self, case: Case) -> None:
        """Of one that failed: what could be done before is not done again."""
        due, stands = case.due, case.standing
        values = {"step": stands.step, "undone": stands.undone, "seq": due.seq + len(case.said)}
        if stands.arms is not due.arms:
            values["arms"] = stands.arms
        if (case.begun or stands.step != due.step) and (due.happened or due.waits_for is not None):
            values |= {"happened": False, "waits_for": None}
        self._values[due.id] = values

    def try_again(self, case: Case, at: datetime, *, attempts: int) -> None:
        self.keep(case)
        self._values[case.due.id]["attempts"] = attempts
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
