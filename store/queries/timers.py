"""What the planner reads of the store: the due head, and what stands around it. By the driver, many rows at once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import is_postgresql
from store.hot import fetch
from store.models import Enrollment, EnrollmentState, Event, Lead, OutboxMessage, Person, Timer, Urgency
from store.models.base import EPOCH, Instant

# a place in the timers, before all of them
Place = tuple[datetime, int]
TOP: Place = (EPOCH, 0)
_INSTANT = Instant()


class DueEnrollment(NamedTuple):
    """One enrollment whose time has come, with what deciding always asks of its lead."""

    due_at: datetime
    id: int
    creator_id: int
    lead_id: int
    funnel_key: str
    version_id: int
    subject: str
    step: str
    happened: bool
    waits_for: str | None
    seq: int
    attempts: int
    undone: bool
    arms: dict[str, Any]
    # of one that was held, or moved: see the model
    held_at: datetime | None
    # an ended one has a timer no longer than until it is met
    is_active: bool
    person_id: int | None
    has_left: bool
    has_consented: bool
    time_zone: str | None


_LEFT = or_(
    Lead.unsubscribed_at.is_not(None),
    Lead.banned_at.is_not(None),
    Lead.merged_into_id.is_not(None),
    Lead.forgotten_at.is_not(None),
    Person.blocked_at.is_not(None),
)
_UNROUTED = exists(literal_column("1")).where(Event.lead_id == Enrollment.lead_id, Event.routed_at.is_(None))


def _yes(holds: ColumnElement[bool]) -> ColumnElement[bool]:
    return case((holds, true()), else_=false())


def _behind(name: str) -> ColumnElement[Any]:
    return tuple_(bindparam(f"{name}_at", type_=_INSTANT), bindparam(f"{name}_id", type_=Timer.enrollment_id.type))


_PLACE = tuple_(Timer.due_at, Timer.enrollment_id)
_IN_TIME = Timer.due_at <= bindparam("now", type_=_INSTANT)
_UNHELD = (
    select(
        Timer.due_at,
        Enrollment.id,
        Enrollment.creator_id,
        Enrollment.lead_id,
        Enrollment.funnel_key,
        Enrollment.version_id,
        Enrollment.subject,
        Enrollment.step,
        Enrollment.happened,
        Enrollment.waits_for,
        Enrollment.seq,
        Enrollment.attempts,
        Enrollment.undone,
        Enrollment.arms,
        Enrollment.held_at,
        _yes(Enrollment.state == EnrollmentState.ACTIVE),
        Lead.person_id,
        _yes(_LEFT),
        _yes(Lead.consented_at.is_not(None)),
        Lead.time_zone,
    )
    .join(Enrollment, Enrollment.id == Timer.enrollment_id)
    .join(Lead, Lead.id == Enrollment.lead_id)
    .outerjoin(Person, Person.id == Lead.person_id)
    .where(_IN_TIME, _behind("after") < _PLACE)
    .order_by(Timer.due_at, Timer.enrollment_id)
    .limit(bindparam("most", type_=Timer.enrollment_id.type))
)
# the enrollment too: whoever ends it meanwhile is waited for by nobody, and waits for nobody
_DUE = _UNHELD.with_for_update(of=[Timer, Enrollment], skip_locked=True)
# what has happened to this lead but is not looked at yet may stop the funnel: that goes first
_HEAD = _DUE.where(~_UNROUTED)
_UP_TO = _HEAD.where(_behind("to") >= _PLACE)
_ONE = _DUE.where(Enrollment.id == bindparam("enrollment", type_=Timer.enrollment_id.type))
# one parameter, so that each is built once
_WITHOUT = {
    "postgresql": "SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST(:full AS JSON))",
    "sqlite": "SELECT value FROM json_each(:full)",
}
_PASSING_OVER = {
    dialect: _UP_TO.where(text(f"enrollment.creator_id NOT IN ({full})").bindparams(bindparam("full", type_=String())))
    for dialect, full in _WITHOUT.items()
}
_AHEAD = (
    select(Timer.due_at, Timer.enrollment_id)
    .where(_IN_TIME, _behind("after") < _PLACE)
    .order_by(Timer.due_at, Timer.enrollment_id)
    .limit(1)
    .offset(bindparam("skipped", type_=Timer.enrollment_id.type))
)
# the words of the index, which SQLite knows only as they stand there
_QUEUED: Select[int] = (
    select(literal_column("1"))
    .where(
        text("state = 'queued'"),
        OutboxMessage.urgency == Urgency.FOLLOW_UP,
        OutboxMessage.creator_id == bindparam("creator", type_=OutboxMessage.creator_id.type),
        OutboxMessage.due_at <= bindparam("now", type_=_INSTANT),
    )
    .limit(bindparam("most", type_=OutboxMessage.creator_id.type))
)
_HOW_MANY_QUEUED = select(func.count()).select_from(_QUEUED.subquery())


async def take_due(session: AsyncSession, *, now: datetime, most: int, after: Place = TOP) -> list[DueEnrollment]:
    """Up to so many from the due head, held until the end; those that another process holds are passed over."""
    values: dict[str, Any] = {"now": now, "most": most, "after_at": after[0], "after_id": after[1]}
    return [DueEnrollment._make(row) for row in await fetch(session, _HEAD, **values)]


async def take_one(session: AsyncSession, enrollment_id: int, *, now: datetime) -> list[DueEnrollment]:
    """That one alone, as far as it is due still and nobody else has it."""
    values: dict[str, Any] = {"now": now, "most": 1, "after_at": TOP[0], "after_id": TOP[1]}
    return [DueEnrollment._make(row) for row in await fetch(session, _ONE, **values, enrollment=enrollment_id)]


async def take_due_of_others(
    session: AsyncSession, full: Iterable[int], *, now: datetime, most: int, after: Place, to: Place
) -> list[DueEnrollment]:
    """The same behind one place and up to another, and nothing of these creators."""
    query = _PASSING_OVER["postgresql" if is_postgresql(session) else "sqlite"]
    values: dict[str, Any] = {"now": now, "most": most, "after_at": after[0], "after_id": after[1]}
    values |= {"to_at": to[0], "to_id": to[1]}
    listed = orjson.dumps(sorted(full)).decode()
    return [DueEnrollment._make(row) for row in await fetch(session, query, **values, full=listed)]


async def place_ahead(session: AsyncSession, *, now: datetime, after: Place, timers: int) -> Place | None:
    """The place so many due timers further on; None where there are fewer."""
    values = {"now": now, "after_at": after[0], "after_id": after[1], "skipped": timers - 1}
    found = await fetch(session, _AHEAD, few=True, **values)
    return (found[0][0], found[0][1]) if found else None


async def count_queued(session: AsyncSession, creator_id: int, *, now: datetime, most: int) -> int:
    """How many of a creator's follow-ups are queued and due; it counts no further than `most`."""
    ((count,),) = await fetch(session, _HOW_MANY_QUEUED, few=True, creator=creator_id, now=now, most=most)
    return int(count)
