"""What it would mean to let a paused funnel go on: counted before somebody chooses, by the planner itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.planner import Outcome, walk
from automations.step_facts import Asking, Lacking
from automations.walks import Facts, Needs, Said, Standing, next_standing
from domain.definitions import Published
from domain.funnels.definition import LATE_AFTER, Funnel
from domain.funnels.moving import wordings
from kit.zones import zone_named
from store.models import (
    WAITS_FOR_SOMEBODY,
    Enrollment,
    EnrollmentState,
    FunnelHead,
    Late,
    Lead,
    OutboxMessage,
    OutboxState,
    Person,
    Urgency,
)

# so many are walked one by one, those who were due first; for more, what is said of them stands for all
MOST_WALKED = 2000
# what changes something ends a round; more of them than a funnel has steps is a circle
_MOST_ROUNDS = 500


@dataclass(frozen=True, slots=True)
class Under:
    """Under one choice: messages that go out now, that wait for somebody's hours, and that are left out."""

    now: int = 0
    later: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Resuming:
    """`held` stand still, `overdue` of them for more than LATE_AFTER; `walked` of all were looked at one by one."""

    held: int
    overdue: int
    walked: int
    under: Mapping[Late, Under]


async def foresee_resuming(session: AsyncSession, published: Published, head: FunnelHead, *, now: datetime) -> Resuming:
    """Nothing is changed. What is already queued is counted too."""
    held = (
        Enrollment.creator_id == head.creator_id,
        Enrollment.funnel_key == head.key,
        Enrollment.state == EnrollmentState.HELD,
    )
    late = func.count().filter(Enrollment.held_at < now - LATE_AFTER)
    row = (await session.execute(select(func.count(), late).where(*held))).one()
    rows = (
        await session.execute(
            select(
                Enrollment.id,
                Enrollment.lead_id,
                Enrollment.version_id,
                Enrollment.step,
                Enrollment.happened,
                Enrollment.arms,
                Enrollment.undone,
                Enrollment.held_at,
                Lead.time_zone,
                Lead.unsubscribed_at,
                Lead.banned_at,
                Lead.consented_at,
                Lead.person_id,
                Person.blocked_at,
            )
            .join(Lead, Lead.id == Enrollment.lead_id)
            .outerjoin(Person, Person.id == Lead.person_id)
            .where(*held, Enrollment.held_at.is_not(None))
            .order_by(Enrollment.held_at, Enrollment.id)
            .limit(MOST_WALKED)
        )
    ).all()
    known = await wordings(session, [each.version_id for each in rows])
    queued = await _queued(session, head, now=now)
    under = {}
    for choice in Late:
        met = await _Walks(session, published, head, choice, now).go(rows, known)
        waiting = queued[choice]
        under[choice] = Under(met.now + waiting.now, met.later, met.left_out + waiting.left_out)
    return Resuming(row[0], row[1], len(rows), under)


async def _queued(session: AsyncSession, head: FunnelHead, *, now: datetime) -> Mapping[Late, Under]:
    """What becomes of what was queued before the pause and waits for its end."""
    overdue = OutboxMessage.created_at <= now - LATE_AFTER
    late = func.count().filter(overdue)
    last = func.count(OutboxMessage.enrollment_id.distinct()).filter(overdue)
    asked = (
        select(func.count(), late, last)
        .join(Enrollment, Enrollment.id == OutboxMessage.enrollment_id)
        .where(
            OutboxMessage.state == OutboxState.QUEUED,
            OutboxMessage.urgency == Urgency.FOLLOW_UP,
            OutboxMessage.creator_id == head.creator_id,
            OutboxMessage.due_at == WAITS_FOR_SOMEBODY,
            Enrollment.funnel_key == head.key,
        )
    )
    count, stale, each_last = (await session.execute(asked)).one()
    return {
        Late.SHIFT: Under(count),
        Late.ONCE: Under(count - stale + each_last, 0, stale - each_last),
        Late.SKIP: Under(count - stale, 0, stale),
    }


@dataclass
class _Walks:
    """What a walk does on the way is taken as done, and changes nothing of what is asked."""

    session: AsyncSession
    published: Published
    head: FunnelHead
    late: Late
    now: datetime

    async def go(self, rows: Sequence[Row[tuple[Any, ...]]], known: Mapping[int, Funnel]) -> Under:
        asking = Asking(self.session, self.published, self.now)
        at_once = put_off = left_out = 0
        going = {each.id: (each, self._standing(each)) for each in rows if each.version_id in known}
        for _ in range(_MOST_ROUNDS):
            if not going:
                break
            lacking, following = Lacking(), {}
            for row, standing in going.values():
                decided = walk(known[row.version_id], standing, self._facts(row, asking), now=self.now, late=self.late)
                if isinstance(decided, Needs):
                    # what cannot be asked parks it there, with whatever it would say
                    if asking.why_not(self.head.creator_id, decided.questions) is None:
                        lacking.add(self.head.creator_id, row.lead_id, decided)
                        following[row.id] = row, standing
                    continue
                said = [act.at for act in decided.acts if isinstance(act, Said)]
                at_once += sum(at <= self.now for at in said)
                put_off += sum(at > self.now for at in said)
                put_off += sum(outcome == Outcome.PUT_OFF for _, outcome, *_ in decided.trace)
                left_out += sum(outcome == Outcome.LEFT_OUT for _, outcome, *_ in decided.trace)
                # the last of what was left out is said after all: its trace tells when
                left_out -= sum(outcome == Outcome.SAID and bool(seen) for _, outcome, *seen in decided.trace)
                if decided.again:
                    following[row.id] = row, next_standing(standing, decided)
            await lacking.find_out(asking)
            going = following
        return Under(at_once, put_off, left_out)

    def _standing(self, row: Row[tuple[Any, ...]]) -> Standing:
        return Standing(row.lead_id, self.head.key, row.step, row.held_at, row.happened, row.arms, row.undone)

    def _facts(self, row: Row[tuple[Any, ...]], asking: Asking) -> Facts:
        setup, known = self.published.setup(self.head.creator_id), asking.known[row.lead_id]
        return Facts(
            zone=zone_named(row.time_zone, setup.time_zone) if row.time_zone else known.zone,
            answers=known.answers,
            dates=known.dates,
            has_left=any((row.unsubscribed_at, row.banned_at, row.blocked_at)),
            can_hear=row.person_id is not None and (row.consented_at is not None or not setup.consent_required),
            quiet_hours=setup.messages.window,
            stopped_steps=frozenset(self.head.stopped_steps),
        )
