import re
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from kit.errors import Invalid, Reason
from store.database import insert_once
from store.models import Idea, Priority

TITLE_LENGTH = 200
MOST_TAGS = 20
_TAG = re.compile(r"[^\w-]+")


async def add_idea(
    session: AsyncSession,
    *,
    creator_id: int,
    title: str,
    now: datetime,
    tags: tuple[str, ...] = (),
    priority: Priority = Priority.MEDIUM,
    due_date: date | None = None,
    public_id: UUID | None = None,
) -> Idea:
    """Keeps a thought; its short number counts up for each creator. Raises Invalid.

    One that was kept before under the same `public_id` is found again.
    """
    known = await session.scalar(select(Idea).where(Idea.public_id == public_id)) if public_id is not None else None
    if known is not None:
        return known
    title = " ".join(title.split())
    if not 1 <= len(title) <= TITLE_LENGTH:
        raise Invalid(
            f"an idea's title has 1 to {TITLE_LENGTH} characters",
            fields={"title": title[:50]},
            why=Reason("refused-idea-title", most=TITLE_LENGTH),
        )
    normal = sorted({tag for each in tags if (tag := _TAG.sub("", each.casefold()))})
    if len(normal) > MOST_TAGS:
        raise Invalid(
            f"an idea has at most {MOST_TAGS} tags",
            fields={"tags": str(len(normal))},
            why=Reason("refused-idea-tags", most=MOST_TAGS),
        )
    idea_id = None
    while idea_id is None:
        # two at once take the same number, and the unique key sends one of them round again
        last = await session.scalar(select(func.max(Idea.number)).where(Idea.creator_id == creator_id))
        values = {
            "creator_id": creator_id,
            "public_id": public_id or uuid4(),
            "number": (last or 0) + 1,
            "title": title,
            "title_key": title.casefold(),
            "stage_at": now,
            "priority_place": list(Priority).index(priority),
            "tags": normal,
            "priority": priority,
            "due_date": due_date,
            "created_at": now,
            "updated_at": now,
        }
        idea_id = await insert_once(session, Idea, values)
    await record_event(session, "idea.added", creator_id=creator_id, subject=f"idea:{idea_id}", now=now)
    return await session.get_one(Idea, idea_id)
