"""Taking those who are under way in an earlier wording over into the present one: who they are, and doing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.enrollments import end_enrollments
from domain.events import record_event
from domain.funnels.definition import LATE_AFTER, Funnel, WaitStep
from domain.reentry import UNDER_WAY
from store.database import insert_once, wake
from store.models import (
    Decision,
    Enrollment,
    EnrollmentState,
    FunnelHead,
    FunnelVersion,
    OutboxMessage,
    OutboxState,
    Timer,
)

# one transaction
AT_ONCE = 500
STEP_GONE = "its step is gone"
_BY_CORE = {"synchronize_session": False}


class Policy(StrEnum):
    """What becomes of those who are under way when the wording changes."""

    # they end with the one that they began with
    KEEP = "keep"
    # they go on in the new one at the step of the same name; whose step is gone keeps the old one
    MOVE = "move"
    # the same, and whose step is gone is through
    MOVE_OR_END = "move-or-end"


class Fate(StrEnum):
    """What moving would mean for those who stand at one step."""

    MOVES = "moves"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Group:
    """Those who stand at one step of one earlier wording."""

    version_id: int
    number: int
    step: str
    people: int
    held: int

    def fate(self, new: Funnel) -> Fate:
        return Fate.MOVES if self.step == "" or self.step in new.keys else Fate.GONE


@dataclass(frozen=True, slots=True)
class Moved:
    """What one batch did; `last` is the enrollment to go on after, None at the end."""

    last: int | None
    moved: int = 0
    ended: int = 0
    stayed: int = 0


async def under_way(session: AsyncSession, creator_id: int, key: str, *, but: int | None) -> list[Group]:
    """Everybody who is under way in any wording of the funnel but that one, counted by where they stand."""
    held = func.count().filter(Enrollment.state == EnrollmentState.HELD)
    asked = (
        select(Enrollment.version_id, FunnelVersion.number, Enrollment.step, func.count().label("people"), held)
        .join(FunnelVersion, FunnelVersion.id == Enrollment.version_id)
        .where(
            Enrollment.creator_id == creator_id,
            Enrollment.funnel_key == key,
            Enrollment.state.in_(UNDER_WAY),
        )
        .group_by(Enrollment.version_id, FunnelVersion.number, Enrollment.step)
        .order_by(FunnelVersion.number, Enrollment.step)
    )
    if but is not None:
        asked = asked.where(Enrollment.version_id != but)
    return [Group(*row) for row in await session.execute(asked)]


async def wordings(session: AsyncSession, version_ids: Sequence[int]) -> dict[int, Funnel]:
    """Each as it stands in the store, but for what this Spark cannot read any more."""
    asked = select(FunnelVersion.id, FunnelVersion.definition).where(FunnelVersion.id.in_(set(version_ids)))
    read = {row.id: Funnel.readable(row.definition) for row in await session.execute(asked)}
    return {version_id: funnel for version_id, funnel in read.items() if funnel is not None}


def later(old: Funnel | None, new: Funnel, step: str) -> timedelta:
    """By how much a wait that has begun ends later (less than 0: earlier) in the new wording."""
    before, after = (each.step(step) if each is not None and step in each.keys else None for each in (old, new))
    if isinstance(before, WaitStep) and isinstance(after, WaitStep) and before.time and after.time:
        return after.time - before.time
    return timedelta()


def due_by(due_at: datetime, shift: timedelta, *, now: datetime) -> datetime:
    """When it is due in the new wording. Whose time has come waits for their turn, and is not overdue by this."""
    return due_at if due_at <= now and shift < timedelta() else due_at + shift


def overdue_by_moving(due_at: datetime, shift: timedelta, *, now: datetime) -> bool:
    """Whether it would have been due for so long that it goes as `late` says."""
    return now < due_at and due_at + shift < now - LATE_AFTER


async def move_batch(
    session: AsyncSession, head: FunnelHead, policy: Policy, *, after: int = 0, now: datetime
) -> Moved:
    """Takes the next AT_ONCE of them over into the head's wording. Doing it again is a no-op for whoever is there.

    Whoever is being dealt with by somebody else at this moment is passed over; going round once more finds them.
    """
    if head.version_id is None or policy is Policy.KEEP:
        return Moved(None)
    rows = (
        await session.scalars(
            select(Enrollment)
            .where(
                Enrollment.creator_id == head.creator_id,
                Enrollment.funnel_key == head.key,
                Enrollment.state.in_(UNDER_WAY),
                Enrollment.version_id != head.version_id,
                Enrollment.id > after,
            )
            .order_by(Enrollment.id)
            .limit(AT_ONCE)
            # nobody is waited for, so that nobody waits in a circle
            .with_for_update(skip_locked=True)
        )
    ).all()
    if not rows:
        return Moved(None)
    known = await wordings(session, [head.version_id, *(row.version_id for row in rows)])
    new = known.get(head.version_id)
    if new is None:
        return Moved(None)
    lost = {row.id for row in rows if row.step and row.step not in new.keys}
    timers = await _timers(session, [row.id for row in rows])
    numbers = await _numbers(session, [head.version_id, *(row.version_id for row in rows)])
    moved = 0
    for row in rows:
        if row.id not in lost and _is_free(row, timers):
            session.add(_decided(row, "moved", numbers[row.version_id], numbers[head.version_id], now=now))
            old, row.version_id = known.get(row.version_id), head.version_id
            due_at = timers.get(row.id)
            due = _go_on(row, old, new, due_at, now=now)
            if due != due_at:
                await _set_timer(session, row.id, due)
            moved += 1
    ended = 0
    if policy is Policy.MOVE_OR_END:
        free = [row for row in rows if row.id in lost and _is_free(row, timers)]
        ids = [row.id for row in free]
        ended = await end_enrollments(session, ids, STEP_GONE, now=now, state=EnrollmentState.DONE)
    await session.flush()
    await _take_back(session, [row.id for row in rows if row.version_id == head.version_id], new, now=now)
    wake(session, "timers")
    return Moved(rows[-1].id, moved, ended, len(rows) - moved - ended)


async def any_left(session: AsyncSession, head: FunnelHead, policy: Policy) -> bool:
    """Whether somebody has still to be taken over, or to end, as that policy says."""
    if head.version_id is None or policy is Policy.KEEP:
        return False
    left = select(Enrollment.id).where(
        Enrollment.creator_id == head.creator_id,
        Enrollment.funnel_key == head.key,
        Enrollment.state.in_(UNDER_WAY),
        Enrollment.version_id != head.version_id,
    )
    new = (await wordings(session, [head.version_id])).get(head.version_id)
    if new is None:
        return False
    if policy is Policy.MOVE:
        left = left.where(Enrollment.step.in_(["", *sorted(new.keys)]))
    return await session.scalar(left.limit(1)) is not None


async def note_moved(session: AsyncSession, head: FunnelHead, policy: Policy, *, now: datetime, people: int) -> None:
    """That it was done, in the history."""
    await record_event(
        session,
        "funnel.moved",
        creator_id=head.creator_id,
        subject=f"funnel:{head.key}",
        now=now,
        policy=str(policy),
        people=people,
        version=head.version_id,
    )


async def _numbers(session: AsyncSession, version_ids: Sequence[int]) -> dict[int, int]:
    asked = select(FunnelVersion.id, FunnelVersion.number).where(FunnelVersion.id.in_(set(version_ids)))
    return {row.id: row.number for row in await session.execute(asked)}


def _decided(row: Enrollment, *said: str | int, now: datetime) -> Decision:
    return Decision(
        creator_id=row.creator_id,
        lead_id=row.lead_id,
        at=now,
        about=f"funnel:{row.funnel_key}",
        version_id=row.version_id,
        enrollment_id=row.id,
        trace=[[row.step, *said]],
    )


async def _timers(session: AsyncSession, enrollment_ids: Sequence[int]) -> Mapping[int, datetime]:
    asked = select(Timer.enrollment_id, Timer.due_at).where(Timer.enrollment_id.in_(enrollment_ids))
    rows = await session.execute(asked.with_for_update(skip_locked=True))
    return {row.enrollment_id: row.due_at for row in rows}


def _is_free(row: Enrollment, timers: Mapping[int, datetime]) -> bool:
    """Whether nobody else has its timer in hand: whoever is active has one, but for a wait for an event alone."""
    waits = row.waits_for is not None and not row.happened
    return row.id in timers or row.state == EnrollmentState.HELD or waits


def _go_on(
    row: Enrollment, old: Funnel | None, new: Funnel, due_at: datetime | None, *, now: datetime
) -> datetime | None:
    """It stands in the new wording as one who had begun in it; when it is due, None where it waits for an event."""
    shift = later(old, new, row.step)
    step = new.step(row.step) if row.step else None
    waits = step.event if isinstance(step, WaitStep) and not row.happened else None
    row.attempts, row.waits_for = 0, waits
    if row.state == EnrollmentState.HELD and row.held_at is not None:
        row.held_at += shift
    if row.state == EnrollmentState.HELD or (isinstance(step, WaitStep) and waits is not None and step.time is None):
        return None
    if due_at is None:
        # it waited for its event alone, and has a time now
        return now + (step.time or timedelta()) if isinstance(step, WaitStep) else now
    if overdue_by_moving(due_at, shift, now=now):
        row.held_at = now
    return due_by(due_at, shift, now=now)


async def _set_timer(session: AsyncSession, enrollment_id: int, due_at: datetime | None) -> None:
    await session.execute(delete(Timer).where(Timer.enrollment_id == enrollment_id), execution_options=_BY_CORE)
    if due_at is not None:
        await insert_once(session, Timer, {"due_at": due_at, "enrollment_id": enrollment_id})


async def _take_back(session: AsyncSession, enrollment_ids: Sequence[int], new: Funnel, *, now: datetime) -> None:
    """What is queued and has no words yet would find none where its step is gone.

    What the sender looks at just now it finds out by itself: it may wait for what is held here.
    """
    gone = (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.enrollment_id.in_(enrollment_ids),
            OutboxMessage.state == OutboxState.QUEUED,
            OutboxMessage.message.is_(None),
            OutboxMessage.step.not_in(sorted(new.keys)),
        )
        .with_for_update(skip_locked=True)
    )
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(gone))
        .values(state=OutboxState.CANCELLED, error=STEP_GONE, closed_at=now),
        execution_options=_BY_CORE,
    )
