"""What becomes of one enrollment now: a pure function of where it stands, what is true, and the time.

The engine, the simulation and the plan of a change all ask here. It knows no store and no clock. An enrollment that
stands at a wait or at anything that is done has that behind it; one that stands at a message, a branch or a split has
it still before it.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from automations.walks import Act, Facts, Needs, Said, Standing, Walk, next_standing
from domain.decisions import Outcome, Trace
from domain.funnels.definition import LATE_AFTER, Funnel
from domain.funnels.steps import (
    BranchStep,
    EndStep,
    EnrollStep,
    GoalStep,
    IdeaStep,
    LeaveStep,
    NotifyStep,
    SendStep,
    SetStep,
    SplitStep,
    Step,
    TagStep,
    TicketStep,
    WaitStep,
    WebhookStep,
)
from domain.windows import NeverOpen, at_local, next_at, next_open_of_all
from store.models import EnrollmentState, Late

__all__ = ["LATE_AFTER", "Facts", "Needs", "Outcome", "Said", "Standing", "Walk", "next_standing", "walk"]
# so many steps without a wait between them are a circle
MOST_STEPS = 250
_TOLD_OF_CIRCLE = 20
# so many overdue waits are passed in one go; the rest are in the next
MOST_WAITS_PASSED = 500
HOLDOUT = "holdout"
NOT_REACHABLE = "cannot be written to"
# of a wait for a day that names no time
_MORNING = time(9, 0)


def walk(funnel: Funnel, standing: Standing, facts: Facts, *, now: datetime, late: Late) -> Walk | Needs:
    """From where it stands to the next wait, to its end, or to the first thing that has to be known for it.

    A message that is overdue by more than LATE_AFTER goes as `late` says, so that it never floods: `shift` says it now
    and counts what follows from now, `skip` leaves unsaid what is overdue, `once` says the last of it. What only waited
    for its turn, since so many were due at once, is always said.
    """
    try:
        return _Walker(funnel, standing, facts, now, late).go()
    except _Lacking as lacking:
        return lacking.needs
    except KeyError as missing:
        return _parked(standing, f"this version has no step “{missing.args[0]}”")
    except (NeverOpen, OverflowError) as error:
        return _parked(standing, str(error))


def _parked(standing: Standing, reason: str) -> Walk:
    trace = [[standing.step, Outcome.PARKED.value, reason]]
    return Walk((), standing.step, None, EnrollmentState.PARKED, standing.arms, trace, reason=reason)


class _Lacking(Exception):
    def __init__(self, needs: Needs) -> None:
        self.needs = needs


class _Walker:
    def __init__(self, funnel: Funnel, standing: Standing, facts: Facts, now: datetime, late: Late) -> None:
        self.funnel = funnel
        self.standing = standing
        self.facts = facts
        self.now = now
        self.acts: list[Act] = []
        self.trace: Trace = []
        self.arms = standing.arms
        self.walked = standing.walked
        self.waits_passed = 0
        self.step = standing.step
        # what the times of the steps that follow are counted from
        self.base = standing.due_at
        # what was due before this is overdue
        self.overdue_by = now - LATE_AFTER
        kept_waiting = min(facts.worked_since or now, now) - LATE_AFTER
        self.late: Late | None = None
        if standing.due_at < kept_waiting:
            self.late, self.overdue_by = late, kept_waiting
        elif standing.due_at < self.overdue_by:
            self.late = Late.SHIFT
        # of what is overdue, the last that was left unsaid
        self.unsaid = standing.unsaid
        self.same_for_all = self.late is None and not (standing.happened or standing.arms or facts.has_left)

    def go(self) -> Walk:
        over = self._over_already()
        if over is not None:
            return over
        key = self._first()
        while key is not None:
            self.walked += 1
            if self.walked > MOST_STEPS:
                # nothing of it is said, and of its trace one round is enough
                self.acts.clear()
                del self.trace[:-_TOLD_OF_CIRCLE]
                return self._ends(EnrollmentState.PARKED, "it goes in a circle without a wait")
            step = self.funnel.step(key)
            self.step = key
            if step.only_if is not None and not self._holds(step.only_if):
                self.trace.append([key, Outcome.NOT_MEANT.value, step.only_if])
                key = self.funnel.after(key)
                continue
            came_to = self._take(step)
            if isinstance(came_to, Walk):
                return came_to
            key = came_to
        self.trace.append([self.step, Outcome.END.value])
        return self._ends(EnrollmentState.DONE, None)

    def _over_already(self) -> Walk | None:
        """What ends it wherever it stands."""
        if self.facts.has_left:
            return self._ends(EnrollmentState.STOPPED, NOT_REACHABLE)
        goal, stop = self.funnel.goal, self.funnel.stop_when
        reached = None if goal is None else goal.when
        asked = [question for question in (reached, stop) if question is not None]
        self._must_know(asked)
        if reached is not None and self.facts.answers[reached]:
            self.trace.append([self.step, Outcome.GOAL.value, reached])
            self.unsaid = None
            return self._ends(EnrollmentState.DONE, "goal")
        if stop is not None and self.facts.answers[stop]:
            self.trace.append([self.step, Outcome.STOPPED.value, stop])
            return self._ends(EnrollmentState.STOPPED, "stop_when")
        return None

    def _first(self) -> str | None:
        """The step that comes next for one who stands there."""
        here = self.standing.step
        if not here:
            return self.funnel.steps[0].key
        step = self.funnel.step(here)
        if self.standing.undone:
            return here
        match step:
            case SendStep() | BranchStep() | SplitStep() | EndStep():
                return here
            case WaitStep(event=str()) if self.standing.happened:
                self.trace.append([here, Outcome.HAPPENED.value])
            case WaitStep(event=str(), otherwise=otherwise):
                self.trace.append([here, Outcome.TIMED_OUT.value])
                if otherwise is not None:
                    return otherwise
        return self.funnel.after(here)

    def _take(self, step: Step) -> Walk | str | None:
        match step:
            case SendStep():
                return self._send(step)
            case WaitStep():
                return self._wait(step)
            case BranchStep():
                return self._branch(step)
            case SplitStep():
                return self._split(step)
            case EndStep():
                self.trace.append([step.key, Outcome.END.value])
                return self._ends(EnrollmentState.DONE, None)
            case TagStep() | SetStep() | EnrollStep() | LeaveStep() | TicketStep():
                self.acts.append(step)
                self.trace.append([step.key, Outcome.DONE.value])
                # whatever was known of the lead may be otherwise now
                return self._stands(step.key, self.base, again=True)
            case NotifyStep() | IdeaStep() | WebhookStep() | GoalStep():
                self.acts += [] if isinstance(step, GoalStep) else [step]  # a goal is only counted
                self.trace.append([step.key, Outcome.DONE.value])
                return self.funnel.after(step.key)

    def _send(self, step: SendStep) -> Walk | str | None:
        if step.key in self.facts.stopped_steps:
            self.trace.append([step.key, Outcome.HELD.value])
            return self._stands(step.key, self.base, state=EnrollmentState.HELD)
        if not self.facts.can_hear:
            return self._ends(EnrollmentState.STOPPED, NOT_REACHABLE)
        if self.late is not Late.SHIFT and self._is_overdue():
            self.trace.append([step.key, Outcome.LEFT_OUT.value])
            if self.late is Late.ONCE:
                self.unsaid = step.key
            return self.funnel.after(step.key)
        opens = self._opens(step)
        if opens > self.now:
            self.trace.append([step.key, Outcome.PUT_OFF.value, _told(opens)])
            return self._stands(step.key, opens)
        if self._is_overdue():
            # what follows keeps its distance to what is said so late
            self.base, self.late = self.now, None
        self._say_the_last()
        self.trace.append([step.key, Outcome.SAID.value])
        self.acts.append(Said(step, self.now))
        return self.funnel.after(step.key)

    def _opens(self, step: SendStep) -> datetime:
        windows = [each for each in (step.window or self.funnel.window, self.facts.quiet_hours) if each is not None]
        if not windows:
            return self.now
        return next_open_of_all(windows, self.now, self._zone())

    def _wait(self, step: WaitStep) -> Walk | str | None:
        due = self._until(step)
        if due is None and step.event is None:
            self.trace.append([step.key, Outcome.NO_DATE.value, step.date])
            return self.funnel.after(step.key)
        if step.date is not None and due is not None and due <= self.base:
            self.trace.append([step.key, Outcome.PASSED.value, _told(due)])
            return self.funnel.after(step.key)
        if step.event is None and due is not None and self.late is not None and due <= self.overdue_by:
            # also what follows is overdue
            self.waits_passed += 1
            if self.waits_passed <= MOST_WAITS_PASSED:
                self.trace.append([step.key, Outcome.PASSED.value, _told(due)])
                self.base, self.walked = due, 0
                return self.funnel.after(step.key)
        seen = [] if step.event is None else [step.event]
        self.trace.append([step.key, Outcome.WAITS.value, *seen, None if due is None else _told(due)])
        return self._stands(step.key, due, waits_for=step.event)

    def _until(self, step: WaitStep) -> datetime | None:
        """None: until its event, or for a lead whose field holds no day."""
        if step.date is None and (step.event is not None or step.at is None):
            return None if step.time is None else self.base + step.time
        if step.date is None:
            return next_at(self.base, step.at or _MORNING, step.weekdays, self._zone())
        self.same_for_all = False
        if step.date not in self.facts.dates:
            raise _Lacking(Needs(dates=frozenset({step.date})))
        day = self.facts.dates[step.date]
        return None if day is None else at_local(day + timedelta(days=step.offset), step.at or _MORNING, self._zone())

    def _branch(self, step: BranchStep) -> str | None:
        self._must_know([case.when for case in step.cases])
        holds = ((case.to, case.when) for case in step.cases if self.facts.answers[case.when])
        to, when = next(holds, (self.funnel.after(step.key), ""))
        self.trace.append([step.key, Outcome.BRANCH.value, to, when])
        return to

    def _split(self, step: SplitStep) -> Walk | str | None:
        self.same_for_all = False
        # who went down an arm once stays in it, also when the weights change
        arm = self.arms.get(step.key) or arm_of(step, self.standing.lead_id, self.standing.funnel_key)
        self.arms = {**self.arms, step.key: arm}
        self.trace.append([step.key, Outcome.ARM.value, arm])
        if arm == HOLDOUT and arm not in step.arms:
            return self._ends(EnrollmentState.DONE, HOLDOUT)
        taken = step.arms.get(arm)
        return self.funnel.after(step.key) if taken is None or taken.to is None else taken.to

    def _is_overdue(self) -> bool:
        return self.late is not None and self.base < self.overdue_by

    def _zone(self) -> ZoneInfo:
        self.same_for_all = False
        if self.facts.zone is None:
            raise _Lacking(Needs(zone=True))
        return self.facts.zone

    def _say_the_last(self) -> None:
        """Of all that was overdue this is said after all, when its window is open."""
        if self.unsaid is None:
            return
        step, self.unsaid = self.funnel.step(self.unsaid), None
        if isinstance(step, SendStep):
            opens = self._opens(step)
            self.trace.append([step.key, Outcome.SAID.value, _told(opens)])
            self.acts.append(Said(step, opens))

    def _holds(self, question: str) -> bool:
        self._must_know([question])
        return self.facts.answers[question]

    def _must_know(self, questions: Collection[str]) -> None:
        if not questions:
            return
        self.same_for_all = False
        lacking = frozenset(question for question in questions if question not in self.facts.answers)
        if lacking:
            raise _Lacking(Needs(questions=lacking))

    def _stands(
        self,
        step: str,
        due_at: datetime | None,
        *,
        waits_for: str | None = None,
        again: bool = False,
        state: EnrollmentState = EnrollmentState.ACTIVE,
    ) -> Walk:
        if not again:
            self._say_the_last()
        return Walk(
            tuple(self.acts),
            step,
            due_at,
            state,
            self.arms,
            self.trace,
            waits_for=waits_for,
            again=again,
            walked=self.walked,
            unsaid=self.unsaid,
            same_for_all=self.same_for_all and not again,
        )

    def _ends(self, state: EnrollmentState, reason: str | None) -> Walk:
        if state is EnrollmentState.DONE and self.facts.can_hear:
            self._say_the_last()
        if state in {EnrollmentState.STOPPED, EnrollmentState.PARKED} and reason is not None and not self.trace:
            self.trace.append([self.step, state.value, reason])
        return Walk(
            tuple(self.acts),
            self.step,
            None,
            state,
            self.arms,
            self.trace,
            reason=reason,
            same_for_all=self.same_for_all,
        )


def arm_of(step: SplitStep, lead_id: int, funnel_key: str) -> str:
    """The arm that a lead takes: always the same one, for it is worked out of who and where."""
    weights = {name: arm.weight for name, arm in step.arms.items()}
    weights[HOLDOUT] = weights.get(HOLDOUT, 0) + step.holdout
    told = hashlib.sha256(f"{lead_id}:{funnel_key}:{step.key}".encode()).digest()
    place = int.from_bytes(told[:8], "big") % max(sum(weights.values()), 1)
    for name, weight in weights.items():
        if place < weight:
            return name
        place -= weight
    return next(iter(step.arms))


def _told(instant: datetime) -> int:
    return int(instant.timestamp())
