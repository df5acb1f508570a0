"""A creator's ideas by words, tags, stage and priority, in any of six orders, however many others have.

How many there are is asked first: few are gathered by the indexes of the filters and put in order; of many the
order's own index is followed until the page is full, as it soon is.
"""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from kit.search_text import asked_words
from store.database import is_postgresql
from store.models import Idea, IdeaCount, IdeaStage, Priority
from store.queries.idea_shapes import IdeaShape, IdeaSort, gathered_page, idea_count, ordered_page

__all__ = ["IdeaFilter", "IdeaSort", "last_number", "list_ideas"]

# so few are put in order at each request
NARROW = 1_000
_MOST_SEARCHED = 200
_LARGEST = 2**63 - 1
_STAGES = {stage: place for place, stage in enumerate(IdeaStage)}
_PRIORITIES = {priority: place for place, priority in enumerate(Priority)}
Totals = Callable[[Hashable, Callable[[], Awaitable[int]]], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class IdeaFilter:
    """Everything given must hold; `tags`, as they are kept, asks for any of them.

    `search` finds words of title and notes by how they begin, all of which must be there; accents are no matter.
    `up_to` leaves out what was added after the idea of that number, so that pages stand still while more is added.
    """

    stage: IdeaStage | None = None
    priority: Priority | None = None
    tags: tuple[str, ...] = ()
    search: str = ""
    sort: IdeaSort = IdeaSort.CREATED_AT
    descending: bool = True
    up_to: int | None = None


async def _counted(what: Hashable, count: Callable[[], Awaitable[int]]) -> int:
    return await count()


async def list_ideas(
    session: AsyncSession, creator_id: int, wanted: IdeaFilter, paging: Paging, *, totals: Totals = _counted
) -> Page[Idea]:
    """One creator's ideas. Ties end in the id, so that pages neither overlap nor leave anything out.

    `totals` counts by key, or knows how many there were a moment ago.
    """
    words = asked_words(wanted.search[:_MOST_SEARCHED])
    if wanted.search and not words:
        return Page([], 0, paging)
    shape = IdeaShape(
        postgresql=is_postgresql(session),
        stage=wanted.stage is not None,
        priority=wanted.priority is not None,
        tags=bool(wanted.tags),
        words=bool(words),
        up_to=wanted.up_to is not None,
        sort=wanted.sort,
        descending=wanted.descending,
    )
    given: dict[str, Any] = {"creator_id": creator_id}
    if wanted.stage is not None:
        given |= {"stage": wanted.stage, "stage_place": _STAGES[wanted.stage]}
    if wanted.priority is not None:
        given |= {"priority": wanted.priority, "priority_place": _PRIORITIES[wanted.priority]}
    if wanted.tags:
        given["tags"] = tuple(sorted(set(wanted.tags)))
    if words:
        given["words"] = _question(creator_id, words, of_postgresql=shape.postgresql)
    if wanted.up_to is not None:
        given["up_to"] = wanted.up_to
    counted = IdeaShape(shape.postgresql, shape.stage, shape.priority, shape.tags, shape.words, shape.up_to)

    async def count() -> int:
        return await session.scalar(idea_count(counted), given) or 0

    total = await totals(("ideas", *sorted(given.items())), count)
    if not total:
        return Page([], 0, paging)
    end = min(paging.limit + paging.offset, _LARGEST)
    values = {**given, "limit": paging.limit, "offset": paging.offset, "end": end}
    few = shape.is_filtered and total <= NARROW
    rows = (await session.scalars((gathered_page if few else ordered_page)(shape), values)).all()
    # one that was counted a second ago may be less by now, or more
    return Page(rows, max(total, paging.offset + len(rows)) if rows else total, paging)


async def last_number(session: AsyncSession, creator_id: int) -> int:
    """Of the idea that was added last, deleted or not; 0 before the first. What is added later has a larger one."""
    return await session.scalar(_LAST, {"creator_id": creator_id}) or 0


_LAST = select(IdeaCount.last).where(IdeaCount.creator_id == bindparam("creator_id"))


def _question(creator_id: int, words: list[str], *, of_postgresql: bool) -> str:
    """Letters and digits alone, so that nothing of them is read as an operator."""
    if of_postgresql:
        return " & ".join(f"'{creator_id}x{word}':*" for word in words)
    return " AND ".join(f'"{creator_id}x{word}" *' for word in words)
