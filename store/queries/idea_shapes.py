"""The statements by which a creator's ideas are listed: one for each shape that a question can have, built once."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    column,
    exists,
    func,
    intersect,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from store.models import Idea, IdeaTag

_IDEA, _TAG = Idea.__table__.c, IdeaTag.__table__.c
# the tables of migration 0006: SQLite names a row by its own number
_FOUND = table("idea_search", column("rowid"), column("idea_id"), column("words"), column("idea_search"))


class IdeaSort(StrEnum):
    """`priority` goes from high to low, `stage` in the order of the work; a missing due date is last."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    TITLE = "title"
    PRIORITY = "priority"
    STAGE = "stage"
    DUE_DATE = "due_date"


_SORTED_BY: dict[IdeaSort, ColumnElement[Any]] = {
    IdeaSort.CREATED_AT: _IDEA.created_at,
    IdeaSort.UPDATED_AT: _IDEA.updated_at,
    IdeaSort.TITLE: _IDEA.title_key,
    IdeaSort.PRIORITY: _IDEA.priority_place,
    IdeaSort.STAGE: _IDEA.stage_place,
    IdeaSort.DUE_DATE: _IDEA.due_date,
}


@dataclass(frozen=True, slots=True)
class IdeaShape:
    """Which filters a question has, in what order its answer is, and of which database it is asked."""

    postgresql: bool
    stage: bool = False
    priority: bool = False
    tags: bool = False
    words: bool = False
    up_to: bool = False
    sort: IdeaSort = IdeaSort.CREATED_AT
    descending: bool = True

    @property
    def is_filtered(self) -> bool:
        return self.stage or self.priority or self.tags or self.words


@lru_cache(maxsize=500)
def ordered_page(shape: IdeaShape) -> Select[Idea]:
    """Follows the order's own index until the page is full, and looks at each row beside it."""
    held = [_IDEA.creator_id == bindparam("creator_id"), *_looked_at(shape)]
    if shape.sort is not IdeaSort.DUE_DATE:
        return _paged(select(Idea).where(*held).order_by(*_order(shape)))
    # those without one come last in either direction, which no index has: so the first of both are put together
    dated, undated = (
        select(_IDEA.id, _IDEA.due_date)
        .where(*held, condition)
        .order_by(*_order(shape))
        .limit(bindparam("end", type_=BigInteger))
        .subquery()
        for condition in (_IDEA.due_date.is_not(None), _IDEA.due_date.is_(None))
    )
    both = union_all(select(dated), select(undated)).subquery("found")
    return _of_found(shape, both.c.id, both.c.due_date)


@lru_cache(maxsize=500)
def gathered_page(shape: IdeaShape) -> Select[Idea]:
    """Gathers the few that there are by the indexes of the filters, and puts them in order."""
    key = _SORTED_BY[shape.sort]
    few = select(_IDEA.id, key.label("key")).where(*_gathered(shape)).cte("found").prefix_with("MATERIALIZED")
    return _of_found(shape, few.c.id, few.c.key)


@lru_cache(maxsize=500)
def idea_count(shape: IdeaShape) -> Select[int]:
    """How many there are, by the indexes of the filters."""
    if shape.tags and not (shape.words or shape.stage or shape.priority or shape.up_to):
        return select(func.count(_TAG.idea_id.distinct())).where(*_has_tag())
    if shape.words and not (shape.tags or shape.stage or shape.priority or shape.up_to):
        return select(func.count()).select_from(_with_words(shape).subquery())
    return select(func.count()).select_from(Idea.__table__).where(*_gathered(shape))


def _paged(query: Select[Idea]) -> Select[Idea]:
    return query.limit(bindparam("limit", type_=BigInteger)).offset(bindparam("offset", type_=BigInteger))


def _of_found(shape: IdeaShape, number: ColumnElement[Any], key: ColumnElement[Any]) -> Select[Idea]:
    """Only the numbers are put in order, and the page's own rows are read then."""
    by = _directed(shape, key, number)
    ids = select(number.label("id"), key.label("by")).order_by(*by)
    page = (
        ids.limit(bindparam("limit", type_=BigInteger)).offset(bindparam("offset", type_=BigInteger)).subquery("page")
    )
    return select(Idea).join(page, page.c.id == Idea.id).order_by(*_directed(shape, page.c.by, page.c.id))


def _order(shape: IdeaShape) -> list[ColumnElement[Any]]:
    key = _SORTED_BY[shape.sort]
    return [each.desc() if shape.descending else each.asc() for each in (key, _IDEA.id)]


def _directed(shape: IdeaShape, key: ColumnElement[Any], number: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    first, then = (key.desc(), number.desc()) if shape.descending else (key.asc(), number.asc())
    return [first.nulls_last() if shape.sort is IdeaSort.DUE_DATE else first, then]


def _looked_at(shape: IdeaShape) -> list[ColumnElement[bool]]:
    """By columns that no index has, and rows of other tables one by one: so that the order is what is followed."""
    held: list[ColumnElement[bool]] = []
    if shape.stage:
        held.append(_IDEA.stage == bindparam("stage"))
    if shape.priority:
        held.append(_IDEA.priority == bindparam("priority"))
    if shape.up_to:
        held.append(_IDEA.number + 0 <= bindparam("up_to"))
    # OFFSET keeps PostgreSQL from reading them all first
    if shape.tags:
        held.append(exists(select(_TAG.idea_id).where(_TAG.idea_id == _IDEA.id, _tag_given()).offset(0)))
    if shape.words and shape.postgresql:
        held.append(exists(_with_words(shape).where(_FOUND.c.idea_id == _IDEA.id).offset(0)))
    elif shape.words:
        # SQLite gathers all that begin so each time that it is asked: once, then, and not by the number's own index
        held.append((_IDEA.id + 0).in_(_with_words(shape)))
    return held


def _gathered(shape: IdeaShape) -> list[ColumnElement[bool]]:
    """What is found by words or a tag is the creator's by that: SQLite is told of no other way, as it would take it."""
    held: list[ColumnElement[bool]] = []
    found = [_with_words(shape)] if shape.words else []
    if shape.tags:
        found.append(select(_TAG.idea_id).where(*_has_tag()))
    if shape.postgresql:
        held += [_IDEA.id.in_(each) for each in found]
    elif found:
        # put together before any row is read, whichever of them are few
        held.append(_IDEA.id.in_(intersect(*found) if len(found) > 1 else found[0]))
    if shape.postgresql or not held:
        held.append(_IDEA.creator_id == bindparam("creator_id"))
    if shape.stage:
        held.append(_IDEA.stage_place == bindparam("stage_place"))
    if shape.priority:
        held.append(_IDEA.priority_place == bindparam("priority_place"))
    if shape.up_to:
        held.append(_IDEA.number <= bindparam("up_to"))
    return held


def _has_tag() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _TAG.creator_id == bindparam("creator_id"), _tag_given()


def _tag_given() -> ColumnElement[bool]:
    return _TAG.tag.in_(bindparam("tags", expanding=True))


def _with_words(shape: IdeaShape) -> Select[Any]:
    """`words` is a question in the database's own language: see `domain.idea_search` for what is kept."""
    if shape.postgresql:
        asked = cast(cast(bindparam("words"), Text), TSQUERY)
        return select(_FOUND.c.idea_id).where(_FOUND.c.words.op("@@", is_comparison=True)(asked))
    return select(_FOUND.c.rowid).where(_FOUND.c.idea_search.op("MATCH", is_comparison=True)(bindparam("words")))
