"""What a creator is shown of a funnel: who is in it, what came of its steps, and who cannot go on."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import (
    Enrollment,
    EnrollmentState,
    FunnelHead,
    FunnelState,
    FunnelVersion,
    Lead,
    Person,
    StepCount,
)

# above this nobody is counted step by step: the table of those under way would be read whole
MOST_PLACED = 20_000
_UNDER_WAY = (EnrollmentState.ACTIVE, EnrollmentState.HELD)


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """What came of one step on one way through the splits: how often, by measure, and what it brought."""

    step: str
    arm: str
    measures: Mapping[str, int]
    # in minor units by currency
    money: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """Somebody who cannot go on, where they stand and why."""

    id: int
    lead_id: int
    name: str
    funnel: str
    step: str
    reason: str
    at: datetime | None


async def page_of_funnels(
    session: AsyncSession, creator_id: int, paging: Paging, *, archived: bool
) -> Page[FunnelHead]:
    """By name; those out of use only if asked for."""
    theirs = [FunnelHead.creator_id == creator_id]
    if not archived:
        theirs.append(FunnelHead.state != FunnelState.ARCHIVED)
    total = await session.scalar(select(func.count()).select_from(FunnelHead).where(*theirs)) or 0
    page = select(FunnelHead).where(*theirs).order_by(FunnelHead.key, FunnelHead.id)
    rows = await session.scalars(page.limit(paging.limit).offset(paging.offset))
    return Page(rows.all(), total, paging)


async def funnel_by_id(session: AsyncSession, creator_id: int, head_id: int) -> FunnelHead | None:
    """None for another creator's."""
    return await session.scalar(select(FunnelHead).where(FunnelHead.id == head_id, FunnelHead.creator_id == creator_id))


async def version_numbers(session: AsyncSession, version_ids: Sequence[int]) -> dict[int, int]:
    """As they are counted by name, by the numbers of their rows."""
    asked = select(FunnelVersion.id, FunnelVersion.number).where(FunnelVersion.id.in_(set(version_ids)))
    return {row.id: row.number for row in await session.execute(asked)}


async def count_states(
    session: AsyncSession, creator_id: int, *keys: str
) -> defaultdict[str, Counter[EnrollmentState]]:
    """How many are, or were, in each of these funnels, by state: read off one index."""
    asked = (
        select(Enrollment.funnel_key, Enrollment.state, func.count())
        .where(Enrollment.creator_id == creator_id, Enrollment.funnel_key.in_(keys))
        .group_by(Enrollment.funnel_key, Enrollment.state)
    )
    found: defaultdict[str, Counter[EnrollmentState]] = defaultdict(Counter)
    for key, state, count in await session.execute(asked):
        found[key][state] = count
    return found


async def count_places(session: AsyncSession, creator_id: int, key: str) -> dict[str, int]:
    """How many who are under way stand at which step; "" is above the first."""
    asked = (
        select(Enrollment.step, func.count())
        .where(
            Enrollment.creator_id == creator_id,
            Enrollment.funnel_key == key,
            Enrollment.state.in_(_UNDER_WAY),
        )
        .group_by(Enrollment.step)
    )
    return {step: count for step, count in await session.execute(asked)}  # noqa: C416 - rows


async def step_numbers(session: AsyncSession, creator_id: int, key: str) -> list[StepNumbers]:
    """Of all wordings of the funnel, each way through the splits for itself."""
    asked = select(StepCount.step, StepCount.arm, StepCount.measure, StepCount.count, StepCount.money).where(
        StepCount.creator_id == creator_id, StepCount.about == f"funnel:{key}"
    )
    measures: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    money: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for step, arm, measure, count, earned in await session.execute(asked.order_by(StepCount.step, StepCount.arm)):
        measures[step, arm][measure] = count
        money[step, arm].update(earned)
    return [
        StepNumbers(step, arm, counts, {currency: amount for currency, amount in money[step, arm].items() if amount})
        for (step, arm), counts in measures.items()
    ]


async def list_parked(session: AsyncSession, creator_id: int, paging: Paging, *, key: str | None) -> Page[ParkedRow]:
    """Who cannot go on, the newest first: in one funnel, or in any of the creator's."""
    asked = await _stuck(session, creator_id, key)
    total = await session.scalar(select(func.count()).select_from(Enrollment).where(*asked)) or 0
    page = (
        select(Enrollment, Lead.name, Person.first_name)
        .join(Lead, Lead.id == Enrollment.lead_id)
        .outerjoin(Person, Person.id == Lead.person_id)
        .where(*asked)
        .order_by(Enrollment.id.desc())
    )
    rows = await session.execute(page.limit(paging.limit).offset(paging.offset))
    items = [
        ParkedRow(
            id=each.id,
            lead_id=each.lead_id,
            name=name or first_name or "",
            funnel=each.funnel_key,
            step=each.step,
            reason=each.reason or "",
            at=each.ended_at,
        )
        for each, name, first_name in rows
    ]
    return Page(items, total, paging)


async def parked_ids(session: AsyncSession, creator_id: int, key: str, *, most: int) -> Sequence[int]:
    """The enrollments in that funnel that cannot go on, the oldest first."""
    asked = select(Enrollment.id).where(
        Enrollment.creator_id == creator_id,
        Enrollment.funnel_key == key,
        Enrollment.state == EnrollmentState.PARKED,
    )
    return (await session.scalars(asked.order_by(Enrollment.id).limit(most))).all()


async def under_way_of(session: AsyncSession, lead_id: int, key: str) -> Sequence[int]:
    """The enrollments of one lead in that funnel that are not over; the parked ones too, which may be let go on."""
    asked = select(Enrollment.id).where(
        Enrollment.lead_id == lead_id,
        Enrollment.funnel_key == key,
        Enrollment.state.in_((*_UNDER_WAY, EnrollmentState.PARKED)),
    )
    return (await session.scalars(asked.order_by(Enrollment.id))).all()


async def count_parked(session: AsyncSession, creator_id: int) -> int:
    """How many cannot go on, in any of the creator's funnels."""
    asked = await _stuck(session, creator_id, None)
    return await session.scalar(select(func.count()).select_from(Enrollment).where(*asked)) or 0


async def _stuck(session: AsyncSession, creator_id: int, key: str | None) -> Sequence[ColumnElement[bool]]:
    """Each funnel by its name: the index leads with it."""
    keys: Sequence[str] = () if key is None else (key,)
    if key is None:
        keys = (await session.scalars(select(FunnelHead.key).where(FunnelHead.creator_id == creator_id))).all()
    return (
        Enrollment.creator_id == creator_id,
        Enrollment.funnel_key.in_(keys),
        Enrollment.state == EnrollmentState.PARKED,
    )
