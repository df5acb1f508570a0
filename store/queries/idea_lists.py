"""Short lists of a creator's ideas to choose one from."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import Idea, IdeaStage


async def other_ideas(session: AsyncSession, idea: Idea, paging: Paging) -> Page[Idea]:
    """Those of the same creator that are not published yet, the newest first."""
    others = (Idea.creator_id == idea.creator_id, Idea.id != idea.id, Idea.stage != IdeaStage.PUBLISHED)
    total = await session.scalar(select(func.count()).select_from(Idea).where(*others))
    newest = select(Idea).where(*others).order_by(Idea.created_at.desc(), Idea.id.desc())
    rows = await session.scalars(newest.limit(paging.limit).offset(paging.offset))
    return Page(rows.all(), total or 0, paging)
