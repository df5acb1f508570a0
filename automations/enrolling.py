from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.planner import plan
from domain.consent import may_market
from domain.enrollments import subject_of
from domain.funnels.definition import Funnel
from domain.setups import CreatorSetup
from kit.log import get_logger
from store.database import insert_once, wake
from store.models import (
    Enrollment,
    EnrollmentState,
    Event,
    FunnelVersion,
    Lead,
    OutboxMessage,
    OutboxState,
    Timer,
)
from store.queries.leads import lead_matches, saved_segments, where
from store.segments.checking import segments_in
from store.segments.question import BadSegment

# these end every follow-up to a lead, whatever the funnel says
_ALWAYS_STOP = frozenset({"lead.unsubscribed", "lead.blocked", "lead.banned"})
# and these every follow-up about the same order: nobody is reminded to pay what is paid, on its way, or over
_STOP_FOR_ORDER = frozenset({"order.paid", "order.oversold", "order.pending", "order.expired", "order.cancelled"})

_ANYBODY = CreatorSetup()

_log = get_logger(__name__)
Funnels = Mapping[str, tuple[int, Funnel]]

_UNSENT = exists().where(OutboxMessage.enrollment_id == Enrollment.id, OutboxMessage.state == OutboxState.QUEUED)
# built once: it is asked for each event
_BEGUN = (
    select(Enrollment.id, FunnelVersion.definition, Enrollment.subject)
    .join(FunnelVersion, FunnelVersion.id == Enrollment.version_id)
    .where(
        Enrollment.lead_id == bindparam("lead"),
        or_(Enrollment.state == EnrollmentState.ACTIVE, (Enrollment.state == EnrollmentState.DONE) & _UNSENT),
    )
)


async def enroll(
    session: AsyncSession, event: Event, lead: Lead, funnels: Funnels, setup: CreatorSetup, *, now: datetime
) -> None:
    """Begins each funnel that this event starts: once for each lead, or order of theirs, however often it is routed.

    Where its trigger says `when`, the lead must be in that segment at this moment.
    """
    # consent may still come; whether it has is asked when there is something to say
    if not may_market(lead, _ANYBODY):
        return
    for key, (version_id, funnel) in funnels.items():
        if funnel.trigger is None or funnel.trigger.event != event.name:
            continue
        if funnel.trigger.when is not None and not await _meets(
            session, key, funnel.trigger.when, lead, setup, now=now
        ):
            continue
        first = plan(funnel, None, now=event.occurred_at)
        if first.sends or first.step is None or first.due_at is None:
            # what stands above the first wait is due at once, and goes through the timers like the rest
            step, due_at = "", event.occurred_at
        else:
            step, due_at = first.step, first.due_at
        enrollment_id = await insert_once(
            session,
            Enrollment,
            {
                "creator_id": event.creator_id,
                "lead_id": lead.id,
                "funnel_key": key,
                "version_id": version_id,
                "subject": subject_of(event.subject),
                "step": step,
                "started_at": event.occurred_at,
            },
        )
        if enrollment_id is not None:
            await insert_once(session, Timer, {"due_at": due_at, "enrollment_id": enrollment_id})
            wake(session, "timers")


async def _meets(
    session: AsyncSession, funnel_key: str, question: str, lead: Lead, setup: CreatorSetup, *, now: datetime
) -> bool:
    """A question that cannot be asked, of a product that is gone, holds for nobody."""
    try:
        saved = await saved_segments(session, lead.creator_id) if segments_in(question) else {}
        condition = await where(session, lead.creator_id, question, setup.known(saved), now=now)
    except BadSegment:
        _log.warning("segment cannot be asked", funnel=funnel_key, creator_id=lead.creator_id)
        return False
    return await lead_matches(session, lead.id, condition)


async def stop(session: AsyncSession, event: Event, *, now: datetime) -> None:
    """Ends the enrollments that this event ends, with whatever of theirs still waits to be sent.

    One at its end stays done, but its last words are taken back too while they are unsent.
    """
    if event.lead_id is None:
        return
    rows = await session.execute(_BEGUN, {"lead": event.lead_id})
    ended = [row.id for row in rows if _ends(event, row.definition, row.subject)]
    if not ended:
        return
    await session.execute(
        update(Enrollment)
        .where(Enrollment.id.in_(ended), Enrollment.state == EnrollmentState.ACTIVE)
        .values(state=EnrollmentState.STOPPED, reason=event.name, ended_at=now)
    )
    await session.execute(delete(Timer).where(Timer.enrollment_id.in_(ended)))
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.enrollment_id.in_(ended), OutboxMessage.state == OutboxState.QUEUED)
        .values(state=OutboxState.CANCELLED, error=event.name, closed_at=now)
    )


def _ends(event: Event, definition: Mapping[str, object], subject: str) -> bool:
    if event.name in _ALWAYS_STOP:
        return True
    if event.name in _STOP_FOR_ORDER and subject == event.subject:
        return True
    stops = definition.get("stop")
    # an enrollment about one order is not ended by what happens to another
    return isinstance(stops, list) and event.name in stops and subject in {"", event.subject}
