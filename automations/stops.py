"""What an event means for the follow-ups that its lead is in: it ends them, or is what they wait for."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.enrollments import NO_SUBJECT, end_enrollments, subject_of
from domain.reentry import UNDER_WAY
from store.database import insert_each_once, wake
from store.models import Enrollment, EnrollmentState, Event, FunnelVersion, OutboxMessage, OutboxState, Timer

# these end every follow-up to a lead, whatever the funnel says
_ALWAYS_STOP = frozenset({"lead.unsubscribed", "lead.blocked", "lead.banned"})
# and these every follow-up about the same order: nobody is reminded to pay what is paid, on its way, or over
_STOP_FOR_ORDER = frozenset({"order.paid", "order.oversold", "order.pending", "order.expired", "order.cancelled"})
GOAL = "goal"
_BY_CORE = {"synchronize_session": False}
_UNSENT = exists().where(OutboxMessage.enrollment_id == Enrollment.id, OutboxMessage.state == OutboxState.QUEUED)
# built once: it is asked for each batch of events
_STANDING = (
    select(Enrollment.id, Enrollment.lead_id, Enrollment.version_id, Enrollment.subject, Enrollment.waits_for)
    .where(
        Enrollment.lead_id.in_(bindparam("leads", expanding=True)),
        or_(Enrollment.state.in_(UNDER_WAY), (Enrollment.state == EnrollmentState.DONE) & _UNSENT),
    )
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
    """What the leads are in, those included whose last words are not sent yet."""
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
    ended: dict[tuple[EnrollmentState, str], list[int]] = defaultdict(list)
    woken: dict[int, Event] = {}
    for event in events:
        left = []
        for follow in follows.get(event.lead_id or 0, ()):
            outcome = _outcome(event, follow)
            if outcome is not None:
                ended[outcome].append(follow.enrollment_id)
                continue
            left.append(follow)
            if follow.waits_for == event.name and _concerns(event, follow):
                woken[follow.enrollment_id] = event
        if event.lead_id in follows:
            follows[event.lead_id] = left
    for (state, reason), ids in ended.items():
        await end_enrollments(session, ids, reason, state=state, now=now)
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
    in_time = [each for each in ids if each not in too_late]
    # timers first: a step that is being taken holds its own, and stands elsewhere afterwards
    await session.execute(delete(Timer).where(Timer.enrollment_id.in_(in_time)), execution_options=_BY_CORE)
    happened = await session.scalars(
        update(Enrollment)
        .where(
            Enrollment.id.in_(in_time),
            Enrollment.state == EnrollmentState.ACTIVE,
            Enrollment.waits_for.in_({event.name for event in woken.values()}),
        )
        .values(happened=True)
        .returning(Enrollment.id)
        .execution_options(**_BY_CORE)
    )
    rows = [{"due_at": woken[each].occurred_at, "enrollment_id": each} for each in happened]
    await insert_each_once(session, Timer, rows)
    wake(session, "timers")
