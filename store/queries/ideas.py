from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, case, func, literal, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.database import is_postgresql
from store.models import Idea, IdeaStage, Priority


class IdeaSort(StrEnum):
    """`priority` goes from high to low, `stage` in the order of the work; a missing due date is last."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    TITLE = "title"
    PRIORITY = "priority"
    STAGE = "stage"
    DUE_DATE = "due_date"


@dataclass(frozen=True, slots=True)
class IdeaFilter:
    """Everything given must hold; `tags` asks for any of them, `search` looks at title and notes."""

    stage: IdeaStage | None = None
    priority: Priority | None = None
    tags: tuple[str, ...] = ()
    search: str = ""
    sort: IdeaSort = IdeaSort.CREATED_AT
    descending: bool = True


async def list_ideas(session: AsyncSession, creator_id: int, wanted: IdeaFilter, paging: Paging) -> Page[Idea]:
    """One creator's ideas. Ties end in the id, so that pages neither overlap nor leave anything out."""
    held = [Idea.creator_id == creator_id, *_conditions(session, wanted)]
    total = await session.scalar(select(func.count()).select_from(Idea).where(*held))
    rows = await session.scalars(
        select(Idea).where(*held).order_by(*_order(wanted)).limit(paging.limit).offset(paging.offset)
    )
    return Page(rows.all(), total or 0, paging)


def _conditions(session: AsyncSession, wanted: IdeaFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.stage:
        yield Idea.stage == wanted.stage
    if wanted.priority:
        yield Idea.priority == wanted.priority
    if wanted.tags:
        yield _any_tag(session, wanted.tags)
    if wanted.search:
        yield or_(
            Idea.title.icontains(wanted.search, autoescape=True),
            Idea.notes.icontains(wanted.search, autoescape=True),
        )


def _any_tag(session: AsyncSession, tags: tuple[str, ...]) -> ColumnElement[bool]:
    if is_postgresql(session):
        shares: ColumnElement[bool] = type_coerce(Idea.tags, JSONB).has_any(literal(list(tags), ARRAY(Text)))
        return shares
    each = func.json_each(Idea.tags).table_valued("value")
    return select(1).select_from(each).where(each.c.value.in_(tags)).exists()


def _order(wanted: IdeaFilter) -> list[ColumnElement[Any]]:
    keys = [_sort_key(wanted.sort), Idea.id.expression]
    directed = [key.desc() if wanted.descending else key.asc() for key in keys]
    if wanted.sort is IdeaSort.DUE_DATE:
        directed[0] = directed[0].nulls_last()
    return [*directed]


def _sort_key(sort: IdeaSort) -> ColumnElement[Any]:
    match sort:
        case IdeaSort.CREATED_AT:
            return Idea.created_at.expression
        case IdeaSort.UPDATED_AT:
            return Idea.updated_at.expression
        case IdeaSort.TITLE:
            return func.lower(Idea.title)
        case IdeaSort.PRIORITY:
            return case(*((Idea.priority == each, place) for place, each in enumerate(Priority)))
        case IdeaSort.STAGE:
            return case(*((Idea.stage == each, place) for place, each in enumerate(IdeaStage)))
        case IdeaSort.DUE_DATE:
            return Idea.due_date.expression
