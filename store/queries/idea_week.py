"""How a week of a creator's ideas went: what moved, and what stands still."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from store.models import Idea, IdeaMove, IdeaStage

# at which work has begun and has not ended
_UNDER_WAY = (IdeaStage.OUTLINE, IdeaStage.DRAFT)
_PLACES = tuple(list(IdeaStage).index(stage) for stage in _UNDER_WAY)


@dataclass(frozen=True, slots=True)
class Moved:
    """From where it was before to where it was in the end."""

    idea: Idea
    before: IdeaStage
    stage: IdeaStage


async def moved_between(
    session: AsyncSession, creator_id: int, since: datetime, until: datetime, *, most: int
) -> tuple[Sequence[Moved], int]:
    """What came to another stage than it was at, the latest first, and how many in all."""
    begun, ended = aliased(IdeaMove), aliased(IdeaMove)
    # whoever moves an idea holds it, so that its moves are numbered in their order
    of_each = (
        select(func.min(IdeaMove.id).label("first"), func.max(IdeaMove.id).label("last"))
        .where(IdeaMove.creator_id == creator_id, IdeaMove.moved_at >= since, IdeaMove.moved_at < until)
        .group_by(IdeaMove.idea_id)
        .subquery()
    )
    moved = (
        select(Idea, begun.before, ended.stage, func.count().over().label("in_all"))
        .select_from(of_each)
        .join(begun, begun.id == of_each.c.first)
        .join(ended, ended.id == of_each.c.last)
        .join(Idea, Idea.id == ended.idea_id)
        .where(begun.before != ended.stage)
        .order_by(ended.moved_at.desc(), ended.id.desc())
        .limit(most)
    )
    rows = (await session.execute(moved)).all()
    return [Moved(row[0], row[1], row[2]) for row in rows], rows[0].in_all if rows else 0


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
