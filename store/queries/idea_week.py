"""How a week of a creator's ideas went: what moved, and what stands still."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Idea, IdeaMove, IdeaStage

# at which work has begun and has not ended
_UNDER_WAY = (IdeaStage.OUTLINE, IdeaStage.DRAFT)
_PLACES = tuple(list(IdeaStage).index(stage) for stage in _UNDER_WAY)
# more than one message shows, however often each of them moved
_MOST_MOVES = 300


@dataclass(frozen=True, slots=True)
class Moved:
    """From where it was before to where it was in the end."""

    idea: Idea
    before: IdeaStage
    stage: IdeaStage


async def moved_between(session: AsyncSession, creator_id: int, since: datetime, until: datetime) -> Sequence[Moved]:
    """What came to another stage than it was at, the latest first."""
    moves = (
        select(Idea, IdeaMove.before, IdeaMove.stage)
        .join(IdeaMove, IdeaMove.idea_id == Idea.id)
        .where(*_within(creator_id, since, until))
        .order_by(IdeaMove.moved_at.desc(), IdeaMove.id.desc())
        .limit(_MOST_MOVES)
    )
    by_idea: dict[int, Moved] = {}
    for idea, before, stage in await session.execute(moves):
        later = by_idea.get(idea.id)
        by_idea[idea.id] = Moved(idea, before, stage if later is None else later.stage)
    return [each for each in by_idea.values() if each.before != each.stage]


async def has_moved(session: AsyncSession, creator_id: int, since: datetime) -> bool:
    moved = exists().where(IdeaMove.creator_id == creator_id, IdeaMove.moved_at >= since)
    return bool(await session.scalar(select(moved)))


async def stuck_since(
    session: AsyncSession, creator_id: int, since: datetime, *, most: int
) -> tuple[Sequence[Idea], int]:
    """What is being worked on and has been at its stage since then: the most important first, and how many in all."""
    stuck = (Idea.creator_id == creator_id, Idea.stage_place.in_(_PLACES), Idea.stage_at <= since)
    count = await session.scalar(select(func.count()).select_from(Idea).where(*stuck)) or 0
    first = select(Idea).where(*stuck).order_by(Idea.priority_place, Idea.stage_at, Idea.id).limit(most)
    return (await session.scalars(first)).all() if count else (), count


def _within(creator_id: int, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return (IdeaMove.creator_id == creator_id, IdeaMove.moved_at >= since, IdeaMove.moved_at < until)
