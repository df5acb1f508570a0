"""Those of a batch who all go the same way: most who are due together stand at the same place of the same funnel.

One walk tells of all of them, as long as it asked nothing of the lead; each is due as much later as that one. Whoever
is anything but plainly due is left to the ordinary way.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from automations.planner import LATE_AFTER, walk
from automations.walks import Facts, Said, Standing, Walk
from domain.decisions import Outcome
from domain.definitions import Published
from domain.funnels.definition import Funnel
from domain.funnels.steps import GoalStep
from domain.step_counts import Counted, Measure
from store.hot import Bulk
from store.hot_statements import Written
from store.models import Decision, Enrollment, EnrollmentState, OutboxKind, OutboxMessage, Timer, Urgency
from store.queries.timers import DueEnrollment

TIMER = ("due_at", "enrollment_id")
DECIDED = ("creator_id", "lead_id", "at", "about", "version_id", "enrollment_id", "trace")
MESSAGE = ("key", "creator_id", "person_id", "lead_id", "enrollment_id", "seq", "step", "due_at", "created_at")
QUEUED: dict[str, str | int] = {"kind": OutboxKind.FUNNEL, "urgency": int(Urgency.FOLLOW_UP)}


@dataclass(frozen=True, slots=True)
class Way:
    """What becomes of everybody who stands at one place, on time."""

    says: tuple[str, ...]
    # from when it was due to when it is due next; None: it is over, or waits for an event alone
    rests: timedelta | None
    names: tuple[str, ...]
    values: tuple[Any, ...]
    counted: tuple[tuple[str, Measure], ...]

    # the decision as it is written, but for the instant at its end
    decided: str
    going: list[DueEnrollment] = field(default_factory=list)


def measures_of(funnel: Funnel, step: str, outcome: str) -> list[Measure]:
    """What is counted when that came of a step: a message when it is said, a wait when it begins."""
    match outcome:
        case Outcome.DONE if isinstance(funnel.step(step), GoalStep):
            return [Measure.REACHED, Measure.GOAL]
        case Outcome.SAID | Outcome.WAITS | Outcome.BRANCH | Outcome.ARM | Outcome.DONE | Outcome.PASSED:
            return [Measure.REACHED]
        case Outcome.GOAL:
            return [Measure.GOAL]
        case Outcome.STOPPED:
            return [Measure.LEFT]
    return []


class SameWays:
    """Gathers who goes the same way, and writes what comes of it."""

    def __init__(self, published: Published, now: datetime) -> None:
        self._published = published
        self._now = now
        self._on_time = now - LATE_AFTER
        self._ways: dict[tuple[int, str], Way | None] = {}
        # creators who ask for consent, or to whom quiet hours matter, are not plain
        self._plain: dict[int, bool] = {}

    def way_of(self, due: DueEnrollment, funnel: Funnel) -> Way | None:
        """None for whoever has to be looked at alone."""
        if (
            due.attempts
            or due.undone
            or due.happened
            or due.has_left
            or due.held_at is not None
            or due.arms
            or due.waits_for is not None
            or due.person_id is None
            or not due.is_active
            or due.due_at < self._on_time
        ):
            return None
        place = (due.version_id, due.step)
        if place not in self._ways:
            self._ways[place] = self._find(due, funnel)
        return self._ways[place]

    def _find(self, due: DueEnrollment, funnel: Funnel) -> Way | None:
        if due.creator_id not in self._plain:
            setup = self._published.setup(due.creator_id)
            self._plain[due.creator_id] = not setup.consent_required and setup.messages.window is None
        if not self._plain[due.creator_id]:
            return None
        standing = Standing(due.lead_id, due.funnel_key, due.step, due.due_at)
        found = walk(funnel, standing, Facts(), now=self._now, late=funnel.late)
        if not isinstance(found, Walk) or not found.same_for_all:
            return None
        says = tuple(act.step.key for act in found.acts if isinstance(act, Said))
        values: dict[str, Any] = {"step": found.step}
        match found.state:
            case EnrollmentState.ACTIVE if found.waits_for is not None:
                values["waits_for"] = found.waits_for
            case EnrollmentState.DONE:
                values |= {"state": found.state, "reason": found.reason, "ended_at": self._now}
            case EnrollmentState.ACTIVE:
                pass
            case _:
                return None
        if len(says) < len(found.acts):
            return None
        rests = None if found.due_at is None else found.due_at - due.due_at
        counted = tuple((each[0], what) for each in found.trace for what in measures_of(funnel, each[0], each[1]))
        decided = orjson.dumps(found.trace).decode()
        if rests is not None:
            # the last thing that a walk tells of a wait is until when
            decided = decided[: decided.rindex(",") + 1]
        return Way(says, rests, (*values, "seq"), tuple(values.values()), counted, decided)

    @property
    def says(self) -> bool:
        return any(way.says and way.going for way in self._taken())

    def write(self, bulk: Bulk, ended: Collection[int]) -> None:
        """Who was `ended` by another step of this very batch is not gone on with."""
        now, messages, decided = self._now, [], []
        through, timers = [], []
        moves: defaultdict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        for way in self._taken():
            if ended:
                way.going[:] = [due for due in way.going if due.id not in ended]
            move, rests = moves[way.names], way.rests
            for due in way.going:
                enrollment_id, seq, due_at = due.id, due.seq, due.due_at
                through.append((due_at, enrollment_id))
                for step in way.says:
                    key = f"funnel:{enrollment_id}:{seq}"
                    messages.append(
                        (key, due.creator_id, due.person_id, due.lead_id, enrollment_id, seq, step, now, now)
                    )
                    seq += 1
                move.append((*way.values, seq, enrollment_id))
                trace = way.decided
                if rests is not None:
                    due_at += rests
                    timers.append((due_at, enrollment_id))
                    trace = f"{trace}{int(due_at.timestamp())}]]"
                about = f"funnel:{due.funnel_key}"
                decided.append((due.creator_id, due.lead_id, now, about, due.version_id, enrollment_id, Written(trace)))
        bulk.delete(Timer, TIMER, through)
        bulk.insert(OutboxMessage, MESSAGE, messages, same=QUEUED)
        for names, rows in moves.items():
            bulk.update(Enrollment, names, rows, of={"state": EnrollmentState.ACTIVE})
        bulk.insert(Timer, TIMER, timers)
        bulk.insert(Decision, DECIDED, decided)

    def counted(self) -> Iterator[tuple[Counted, int]]:
        for way in self._taken():
            first = way.going[0]
            for step, what in way.counted:
                yield Counted(first.creator_id, f"funnel:{first.funnel_key}", step, "", what), len(way.going)

    def _taken(self) -> Iterator[Way]:
        return (way for way in self._ways.values() if way is not None and way.going)
