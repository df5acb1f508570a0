"""What a new wording of a funnel would mean for those who are under way in an earlier one, before it is so."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.planner import walk
from automations.step_facts import Asking, Lacking
from automations.walks import Facts, Needs, Said, Standing, next_standing
from domain.definitions import Published
from domain.funnels.definition import LATE_AFTER, Funnel
from domain.funnels.moving import Fate, Group, Policy, due_by, later, overdue_by_moving, under_way, wordings
from kit.zones import zone_named
from store.models import Enrollment, EnrollmentState, Lead, Person, Timer
from store.queries.planning_span import read_span

# so many are looked at together; never all of them
_AT_ONCE = 500
# what changes something ends a round; more of them than a funnel has steps is a circle
_MOST_ROUNDS = 500


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One group, and what would become of it. `at_once`: how many would get which message in that same moment."""

    group: Group
    fate: Fate
    at_once: Mapping[str, int] = field(default_factory=dict)

    def under(self, policy: Policy) -> str:
        """In one word: stays, moves or ends."""
        if policy is Policy.KEEP or (self.fate is Fate.GONE and policy is Policy.MOVE):
            return "stays"
        return "moves" if self.fate is Fate.MOVES else "ends"


@dataclass(frozen=True, slots=True)
class Change:
    """A funnel of a creator's, and the wording that it would get; `now` is when."""

    creator_id: int
    key: str
    new: Funnel
    now: datetime


async def foresee(session: AsyncSession, published: Published, change: Change) -> list[Foreseen]:
    """By group, for all who are under way in another wording. Counts only; nothing is written.

    Who would get something at once is decided by the planner, from what is true of each of them now.
    """
    groups = await under_way(session, change.creator_id, change.key, but=None)
    known = await wordings(session, [group.version_id for group in groups])
    found = []
    for group in groups:
        old = known.get(group.version_id)
        if old == change.new:
            continue
        fate, at_once = group.fate(change.new), Counter[str]()
        if fate is Fate.MOVES:
            shift = later(old, change.new, group.step)
            at_once = await _said_at_once(session, published, change, group, shift)
        found.append(Foreseen(group, fate, at_once))
    return found


async def _said_at_once(
    session: AsyncSession, published: Published, change: Change, group: Group, shift: timedelta
) -> Counter[str]:
    """By those whose time would have come already: the messages that they would get, by step."""
    said: Counter[str] = Counter()
    after = 0
    while True:
        rows = await _due(session, change, group, by=change.now - shift, after=after)
        said += await _walk(session, published, change, rows, shift)
        if len(rows) < _AT_ONCE:
            return said
        after = rows[-1].id


async def _due(
    session: AsyncSession, change: Change, group: Group, *, by: datetime, after: int
) -> Sequence[Row[tuple[Any, ...]]]:
    asked = (
        select(
            Enrollment.id,
            Enrollment.lead_id,
            Enrollment.step,
            Enrollment.happened,
            Enrollment.arms,
            Enrollment.undone,
            Timer.due_at,
            Lead.time_zone,
            Lead.unsubscribed_at,
            Lead.banned_at,
            Lead.consented_at,
            Lead.person_id,
            Person.blocked_at,
        )
        .join(Timer, Timer.enrollment_id == Enrollment.id)
        .join(Lead, Lead.id == Enrollment.lead_id)
        .outerjoin(Person, Person.id == Lead.person_id)
        .where(
            Enrollment.creator_id == change.creator_id,
            Enrollment.funnel_key == change.key,
            Enrollment.state == EnrollmentState.ACTIVE,
            Enrollment.version_id == group.version_id,
            Enrollment.step == group.step,
            Enrollment.id > after,
            Timer.due_at <= by,
        )
        .order_by(Enrollment.id)
        .limit(_AT_ONCE)
    )
    return (await session.execute(asked)).all()


async def _walk(
    session: AsyncSession,
    published: Published,
    change: Change,
    rows: Sequence[Row[tuple[Any, ...]]],
    shift: timedelta,
) -> Counter[str]:
    """What a walk does on the way is taken as done, and changes nothing of what is asked."""
    said: Counter[str] = Counter()
    setup, asking = published.setup(change.creator_id), Asking(session, published, change.now)
    span = await read_span(session, now=change.now, rest=LATE_AFTER)
    going = {row.id: (row, _standing(row, change, shift)) for row in rows}
    for _ in range(_MOST_ROUNDS):
        if not going:
            break
        lacking, following = Lacking(), {}
        for row, standing in going.values():
            known = asking.known[row.lead_id]
            facts = Facts(
                zone=zone_named(row.time_zone, setup.time_zone) if row.time_zone else known.zone,
                answers=known.answers,
                dates=known.dates,
                has_left=any((row.unsubscribed_at, row.banned_at, row.blocked_at)),
                can_hear=row.person_id is not None and (row.consented_at is not None or not setup.consent_required),
                quiet_hours=setup.messages.window,
                worked_since=None if overdue_by_moving(row.due_at, shift, now=change.now) else span.since,
            )
            decided = walk(change.new, standing, facts, now=change.now, late=change.new.late)
            if isinstance(decided, Needs):
                # what cannot be asked parks it there, with whatever it would say
                if asking.why_not(change.creator_id, decided.questions) is None:
                    lacking.add(change.creator_id, row.lead_id, decided)
                    following[row.id] = row, standing
                continue
            said.update(act.step.key for act in decided.acts if isinstance(act, Said) and act.at <= change.now)
            if decided.again:
                following[row.id] = row, next_standing(standing, decided)
        await lacking.find_out(asking)
        going = following
    return said


def _standing(row: Row[tuple[Any, ...]], change: Change, shift: timedelta) -> Standing:
    due_at = due_by(row.due_at, shift, now=change.now)
    return Standing(row.lead_id, change.key, row.step, due_at, row.happened, row.arms, row.undone)
