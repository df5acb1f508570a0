"""What became of those who began a funnel in some time."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Enrollment, EnrollmentState
from store.queries.stats import first_since

# as an enrollment says why it ended
GOAL = "goal"


@dataclass(slots=True)
class FunnelNumbers:
    funnel: str
    began: int = 0
    # of these, those for whom the funnel did what it is for
    goal: int = 0
    states: Counter[EnrollmentState] = field(default_factory=Counter)


async def numbers_of_funnels(
    session: AsyncSession, creator_id: int, since: datetime, until: datetime
) -> list[FunnelNumbers]:
    """By name, as they stand now. What is older is not looked at, however much of it there is."""
    asked = (
        select(
            Enrollment.funnel_key,
            Enrollment.state,
            func.count(),
            func.count().filter(Enrollment.reason == GOAL),
        )
        .where(*await begun_then(session, creator_id, since, until))
        .group_by(Enrollment.funnel_key, Enrollment.state)
        .order_by(Enrollment.funnel_key)
    )
    found: dict[str, FunnelNumbers] = {}
    for key, state, count, by_goal in await session.execute(asked):
        numbers = found.setdefault(key, FunnelNumbers(key))
        numbers.began += count
        numbers.goal += by_goal
        numbers.states[state] += count
    return [found[key] for key in sorted(found)]


async def begun_then(
    session: AsyncSession, creator_id: int, since: datetime, until: datetime
) -> tuple[ColumnElement[bool], ...]:
    """That a funnel of theirs was begun then."""
    first = await first_since(session, Enrollment, Enrollment.id, Enrollment.started_at, since)
    return (
        Enrollment.id >= first,
        Enrollment.creator_id == creator_id,
        Enrollment.started_at >= since,
        Enrollment.started_at < until,
    )
