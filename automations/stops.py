"""What an event means for the follow-ups that its lead is in: it ends them, or is what they wait for."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.enrollments import GOAL, NO_SUBJECT, end_enrollments, subject_of
from domain.reentry import NOT_OVER
from store.database import insert_each_once, wake
from store.models import Enrollment, EnrollmentState, Event, FunnelVersion, OutboxMessage, OutboxState, Timer

# these end every follow-up to a lead, whatever the funnel says
_ALWAYS_STOP = frozenset({"lead.unsubscribed", "lead.blocked", "lead.banned"})
# and these every follow-up about the same order: nobody is reminded to pay what is paid, on its way, or over
_STOP_FOR_ORDER = frozenset({"order.paid", "order.oversold", "order.pending", "order.expired", "order.cancelled"})
_BY_CORE = {"synchronize_session": False}
_UNSAID = exists().where(
    OutboxMessage.enrollment_id == Enrollment.id,
    OutboxMessage.state.in_((OutboxState.QUEUED, OutboxState.SENDING)),
)
_THEIRS = Enrollment.lead_id.in_(bindparam("leads", expanding=True))
# built once: they are asked for each batch of events
_HOLD = select(Enrollment.id).where(_THEIRS, Enrollment.state.in_(NOT_OVER)).order_by(Enrollment.id).with_for_update()
_STANDING = (
    select(Enrollment.id, Enrollment.lead_id, Enrollment.version_id, Enrollment.subject, Enrollment.waits_for)
    .where(_THEIRS, or_(Enrollment.state.in_(NOT_OVER), (Enrollment.state == EnrollmentState.DONE) & _UNSAID))
    .order_by(Enrollment.id)
)


@dataclass(frozen=True, slots=True)
class Ends:
    """By which events a version of a funnel is over, and by which it has reached what it is for."""

    stop: frozenset[str] = frozenset()
    goal: str | None = None


@dataclass(frozen=True, slots=True)
class Follow:
    """One follow-up that may still say something."""

    enrollment_id: int
    subject: str
    ends: Ends
    waits_for: str | None = None


# by lead
Follows = dict[int, list[Follow]]


async def read_follows(session: AsyncSession, lead_ids: Collection[int]) -> Follows:
    """What the leads are in, parked or not, and those too whose last words are not sent yet.

    None of it moves on before this transaction ends: where a step was being taken, it was waited for.
    """
    await session.execute(_HOLD, {"leads": sorted(lead_ids)})
    # read afterwards, since what was waited for may have said its last words
    rows = (await session.execute(_STANDING, {"leads": sorted(lead_ids)})).all()
    wording = select(FunnelVersion.id, FunnelVersion.definition).where(
        FunnelVersion.id.in_({row.version_id for row in rows})
    )
    ends = {row.id: _ends_of(row.definition) for row in await session.execute(wording)} if rows else {}
    follows: Follows = {}
    for row in rows:
        follow = Follow(row.id, row.subject, ends[row.version_id], row.waits_for)
        follows.setdefault(row.lead_id, []).append(follow)
    return follows


def _ends_of(definition: Mapping[str, object]) -> Ends:
    """From the stored form, since whole definitions are slow to read and this is asked for each batch."""
    stop, goal = definition.get("stop"), definition.get("goal")
    event = goal.get("event") if isinstance(goal, Mapping) else None
    return Ends(
        frozenset(str(each) for each in stop) if isinstance(stop, list) else frozenset(),
        str(event) if event is not None else None,
    )


async def show_to_follows(session: AsyncSession, events: Iterable[Event], follows: Follows, *, now: datetime) -> None:
    """Ends what the events end, and wakes what has waited for them. No two of the events are of one lead."""
    ended: dict[tuple[EnrollmentState, str], dict[int, str]] = defaultdict(dict)
    woken: dict[int, Event] = {}
    for event in events:
        left = []
        for follow in follows.get(event.lead_id or 0, ()):
            outcome = _outcome(event, follow)
            if outcome is not None:
                ended[outcome][follow.enrollment_id] = f"event:{event.id}"
                continue
            left.append(follow)
            if follow.waits_for == event.name and _concerns(event, follow):
                woken[follow.enrollment_id] = event
        if event.lead_id in follows:
            follows[event.lead_id] = left
    for (state, reason), by in ended.items():
        await end_enrollments(session, by, reason, state=state, by=by, now=now)
    if woken:
        await _wake(session, woken)


def _outcome(event: Event, follow: Follow) -> tuple[EnrollmentState, str] | None:
    """How the event ends it, and the reason that is kept; None when it goes on."""
    if event.name in _ALWAYS_STOP:
        return EnrollmentState.STOPPED, event.name
    if event.name == follow.ends.goal and _concerns(event, follow):
        return EnrollmentState.DONE, GOAL
    if event.name in _STOP_FOR_ORDER and follow.subject == event.subject:
        return EnrollmentState.STOPPED, event.name
    if event.name in follow.ends.stop and _concerns(event, follow):
        return EnrollmentState.STOPPED, event.name
    return None


def _concerns(event: Event, follow: Follow) -> bool:
    """What happens to another order does not concern a follow-up about one."""
    about = subject_of(event.subject)
    return about in {NO_SUBJECT, follow.subject} or subject_of(follow.subject) == NO_SUBJECT


async def _wake(session: AsyncSession, woken: Mapping[int, Event]) -> None:
    """Their wait is over since the event happened, unless its time had run out before."""
    ids = sorted(woken)
    timers = await session.execute(select(Timer.enrollment_id, Timer.due_at).where(Timer.enrollment_id.in_(ids)))
    too_late = {row.enrollment_id for row in timers if row.due_at < woken[row.enrollment_id].occurred_at}
    waits = [(each, woken[each].name) for each in ids if each not in too_late]
    happened = list(
        await session.scalars(
            update(Enrollment)
            .where(tuple_(Enrollment.id, Enrollment.waits_for).in_(waits), Enrollment.state == EnrollmentState.ACTIVE)
            .values(happened=True)
            .returning(Enrollment.id)
            .execution_options(**_BY_CORE)
        )
    )
    # of those alone: whoever stands elsewhere by now goes by the timer that they have there
    await session.execute(delete(Timer).where(Timer.enrollment_id.in_(happened)), execution_options=_BY_CORE)
    rows = [{"due_at": woken[each].occurred_at, "enrollment_id": each} for each in happened]
    await insert_each_once(session, Timer, rows)
    wake(session, "timers")
