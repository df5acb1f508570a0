"""An idea's checklist: lines that are ticked off one by one."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.idea_parts import MOST_CHECKS, checked_check
from domain.ideas import hold_again
from kit.errors import Conflict, Reason
from store.database import count_changed
from store.models import Idea, IdeaCheck


class TooManyChecks(Conflict):
    code = "too_many_checks"


async def list_checks(session: AsyncSession, idea_id: int) -> Sequence[IdeaCheck]:
    """In the order in which they were added."""
    found = await session.scalars(select(IdeaCheck).where(IdeaCheck.idea_id == idea_id).order_by(IdeaCheck.id))
    return found.all()


async def add_checks(session: AsyncSession, idea: Idea, lines: Iterable[str], *, now: datetime) -> Sequence[IdeaCheck]:
    """One for each line that says anything. Raises Invalid for one that is too long, and TooManyChecks."""
    told = [checked_check(line) for line in lines if line.strip()]
    await hold_again(session, idea)
    there = await session.scalar(select(func.count()).select_from(IdeaCheck).where(IdeaCheck.idea_id == idea.id))
    if (there or 0) + len(told) > MOST_CHECKS:
        why = Reason("refused-idea-checks", most=MOST_CHECKS)
        raise TooManyChecks(f"a checklist has at most {MOST_CHECKS} lines", why=why)
    added = [IdeaCheck(idea_id=idea.id, what=each, done_at=None) for each in told]
    session.add_all(added)
    idea.updated_at = now
    await session.flush()
    return added


async def tick_check(session: AsyncSession, idea: Idea, check_id: int, *, done: bool, now: datetime) -> bool:
    """Done, or to be done again. False when it was so already, or is gone."""
    before = IdeaCheck.done_at.is_(None) if done else IdeaCheck.done_at.is_not(None)
    this = update(IdeaCheck).where(IdeaCheck.id == check_id, IdeaCheck.idea_id == idea.id, before)
    if not await count_changed(session, this.values(done_at=now if done else None)):
        return False
    idea.updated_at = now
    return True


async def reword_check(session: AsyncSession, idea: Idea, check_id: int, line: str, *, now: datetime) -> bool:
    """False when it is gone. Raises Invalid."""
    this = update(IdeaCheck).where(IdeaCheck.id == check_id, IdeaCheck.idea_id == idea.id)
    if not await count_changed(session, this.values(what=checked_check(line))):
        return False
    idea.updated_at = now
    return True


async def remove_check(session: AsyncSession, idea: Idea, check_id: int, *, now: datetime) -> bool:
    """False when it is gone already."""
    this = delete(IdeaCheck).where(IdeaCheck.id == check_id, IdeaCheck.idea_id == idea.id)
    if not await count_changed(session, this):
        return False
    idea.updated_at = now
    return True
