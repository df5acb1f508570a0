"""Content ideas: kept, found, moved from stage to stage, deleted. `domain.idea_changes` changes what stands in them."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from domain.idea_events import record_of_idea
from domain.idea_parts import (
    MOST_TAGS,
    PRIORITY_PLACE,
    STAGE_PLACE,
    TITLE_LENGTH,
    checked_notes,
    checked_tags,
    checked_title,
    no_such_idea,
)
from domain.idea_posts import end_posts
from domain.idea_search import keep_search
from store.database import insert_each_once, insert_once, is_postgresql
from store.models import Idea, IdeaCount, IdeaMove, IdeaStage, IdeaTag, Priority

# what a column of numbers holds
_LARGEST = 2**63 - 1

__all__ = [
    "MOST_TAGS",
    "TITLE_LENGTH",
    "add_idea",
    "delete_idea",
    "find_by_public_id",
    "find_idea",
    "hold_again",
    "hold_idea",
    "keep_tags",
    "move_idea",
]


async def add_idea(
    session: AsyncSession,
    *,
    creator_id: int,
    title: str,
    now: datetime,
    notes: str = "",
    tags: Iterable[str] = (),
    priority: Priority = Priority.MEDIUM,
    due_date: date | None = None,
    stage: IdeaStage = IdeaStage.IDEA,
    public_id: UUID | None = None,
) -> Idea:
    """Keeps a thought; its short number counts up for each creator, and is never given twice. Raises Invalid.

    One that was kept before under the same `public_id` is found again.
    """
    title, notes, normal = checked_title(title), checked_notes(notes), checked_tags(tags)
    values = {
        "creator_id": creator_id,
        "public_id": public_id or uuid4(),
        "title": title,
        "title_key": title.casefold(),
        "notes": notes,
        "stage": stage,
        "stage_place": STAGE_PLACE[stage],
        "stage_at": now,
        "published_at": now if stage == IdeaStage.PUBLISHED else None,
        "priority": priority,
        "priority_place": PRIORITY_PLACE[priority],
        "tags": normal,
        "due_date": due_date,
        "created_at": now,
        "updated_at": now,
    }
    idea_id = None
    while idea_id is None:
        if public_id is not None and (known := await session.scalar(_BY_ANY_ID, {"public_id": public_id})):
            return known
        values["number"] = await _next_number(session, creator_id)
        idea_id = await insert_once(session, Idea, values)
    idea = await session.get_one(Idea, idea_id)
    await keep_tags(session, idea)
    await keep_search(session, idea, new=True)
    await record_of_idea(session, "idea.added", idea, now=now)
    return idea


async def find_idea(session: AsyncSession, creator_id: int, number: int) -> Idea | None:
    """By the number that stands in chat; whatever number somebody typed."""
    if not 0 < number <= _LARGEST:
        return None
    return await session.scalar(_BY_NUMBER, {"creator_id": creator_id, "number": number})


async def find_by_public_id(session: AsyncSession, creator_id: int, public_id: UUID) -> Idea | None:
    return await session.scalar(_BY_PUBLIC_ID, {"creator_id": creator_id, "public_id": public_id})


async def hold_idea(
    session: AsyncSession, creator_id: int, *, number: int | None = None, public_id: UUID | None = None
) -> Idea:
    """As it is now, and until the end of the transaction: two who change it take turns. Raises NoSuchIdea."""
    by, value = ("number", number) if public_id is None else ("public_id", public_id)
    if isinstance(value, int) and not 0 < value <= _LARGEST:
        raise no_such_idea(str(value)[:20])
    wanted = (_BY_NUMBER if public_id is None else _BY_PUBLIC_ID).with_for_update()
    found = await session.scalars(
        wanted.execution_options(populate_existing=True), {"creator_id": creator_id, by: value}
    )
    idea = found.one_or_none()
    if idea is None:
        raise no_such_idea(str(value))
    return idea


async def hold_again(session: AsyncSession, idea: Idea) -> None:
    """The same, of one that was read before. Raises NoSuchIdea when it has been deleted meanwhile."""
    held = _BY_ID.with_for_update().execution_options(populate_existing=True)
    if (await session.scalars(held, {"idea_id": idea.id})).one_or_none() is None:
        raise no_such_idea(idea.number)


async def move_idea(session: AsyncSession, idea: Idea, stage: IdeaStage, *, now: datetime) -> bool:
    """From any stage to any other. False, and nothing is done, when it is there already. Raises NoSuchIdea.

    Published again later, it keeps the instant when it first was.
    """
    await hold_again(session, idea)
    if idea.stage == stage:
        return False
    session.add(IdeaMove(idea_id=idea.id, creator_id=idea.creator_id, before=idea.stage, stage=stage, moved_at=now))
    told = {"before": idea.stage, "stage": stage}
    idea.stage, idea.stage_place = stage, STAGE_PLACE[stage]
    idea.stage_at = idea.updated_at = now
    if stage == IdeaStage.PUBLISHED and idea.published_at is None:
        idea.published_at = now
    await session.flush()
    await record_of_idea(session, "idea.moved", idea, now=now, **told)
    return True


async def delete_idea(session: AsyncSession, idea: Idea, *, now: datetime) -> None:
    """It is gone, with its history, checklist and attachments; what was posted of it stays. Once is enough.

    What is still to be posted is called off. Whoever holds the idea has called hold_queued before.
    """
    await end_posts(session, idea, now=now)
    gone = await session.scalar(delete(Idea).where(Idea.id == idea.id).returning(Idea.id))
    if gone is None:
        return
    await record_of_idea(session, "idea.deleted", idea, now=now)


async def keep_tags(session: AsyncSession, idea: Idea) -> None:
    """As many rows as it has tags, by which it is found."""
    rows = [{"idea_id": idea.id, "creator_id": idea.creator_id, "tag": tag} for tag in idea.tags]
    await insert_each_once(session, IdeaTag, rows)


_OWN = Idea.creator_id == bindparam("creator_id")
_BY_NUMBER = select(Idea).where(_OWN, Idea.number == bindparam("number"))
_BY_PUBLIC_ID = select(Idea).where(_OWN, Idea.public_id == bindparam("public_id"))
_BY_ANY_ID = select(Idea).where(Idea.public_id == bindparam("public_id"))
_BY_ID = select(Idea).where(Idea.id == bindparam("idea_id"))
_LAST = func.coalesce(select(func.max(Idea.number)).where(_OWN).scalar_subquery(), 0)
_NEXT = {
    dialect: insert(IdeaCount)
    .values(creator_id=bindparam("creator_id"), last=_LAST + 1)
    .on_conflict_do_update(index_elements=["creator_id"], set_={"last": IdeaCount.last + 1})
    .returning(IdeaCount.last)
    for dialect, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
}


async def _next_number(session: AsyncSession, creator_id: int) -> int:
    """Those who ask at once take turns, so that each gets another; what was deleted leaves its number taken."""
    statement = _NEXT["postgresql" if is_postgresql(session) else "sqlite"]
    number: int = (await session.execute(statement, {"creator_id": creator_id})).scalar_one()
    return number
