"""The tracked deep link of an idea: by it, what its post brings is counted as the idea's."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.idea_changes import change_idea
from domain.links import make_link
from domain.setups import CreatorSetup
from store.models import Idea, Link, LinkTarget


async def link_of_idea(session: AsyncSession, idea: Idea, setup: CreatorSetup, *, now: datetime) -> Link:
    """The one that it has, else a new one; what was put away is no link any more. The caller holds the idea."""
    if idea.link_id is not None:
        link = await session.get(Link, idea.link_id)
        if link is not None and link.archived_at is None:
            return link
    made = await make_link(session, idea.creator_id, setup, target=LinkTarget.IDEA, name=str(idea.number), now=now)
    await change_idea(session, idea, {"link_id": made.id}, now=now)
    return made
