"""A checked question as a condition on leads, for either database.

`not` is handed down to the single conditions, so that it means everybody else, those included of whom nothing is known.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Select, and_, not_, or_, select, true, union_all
from sqlalchemy.orm import aliased
from sqlalchemy.sql.visitors import replacement_traverse

from store.models import Lead
from store.segments import sets
from store.segments.conditions import Condition, Is, Mark, Question
from store.segments.meaning import Among, Given, Ground, Same, meaning
from store.segments.question import AllOf, AnyOf, Not
from store.segments.sets import Holds, LeadIds


def living(creator_id: int, lead: type[Lead] = Lead) -> Holds:
    """This creator's leads; those merged or forgotten are none any more."""
    return and_(lead.creator_id == creator_id, lead.merged_into_id.is_(None), lead.forgotten_at.is_(None))


def compile_question(question: Question, ground: Ground) -> Holds:
    return and_(living(ground.creator_id), _holds(question, Lead, ground, yes=True))


def narrowed(condition: Holds, lead_ids: Collection[int], *, postgresql: bool) -> Holds:
    """The same condition for these leads alone: each set is asked for their ids, and never gathered whole.

    PostgreSQL sees by itself that no other id matters.
    """
    if not postgresql:
        condition = replacement_traverse(condition, {}, _narrow(lead_ids))
    return and_(_is_one_of(Lead.id, lead_ids), condition)


def _narrow(lead_ids: Collection[int], root: Any = None) -> Callable[..., Any]:
    def narrow(element: Any, **_: Any) -> Any:
        if element is root or not isinstance(element, Select):
            return None
        inner: Any = replacement_traverse(element, {}, _narrow(lead_ids, element))
        return inner.where(_is_one_of(inner.selected_columns[0], lead_ids))

    return narrow


def since(condition: Holds, lead_id: int) -> Holds:
    """The same condition for the leads of that number and above: no set is gathered from more than those."""
    return and_(Lead.id >= lead_id, replacement_traverse(condition, {}, _begin_at(lead_id)))


def _begin_at(lead_id: int, root: Any = None) -> Callable[..., Any]:
    def begin(element: Any, **_: Any) -> Any:
        if element is root or not isinstance(element, Select):
            return None
        inner: Any = replacement_traverse(element, {}, _begin_at(lead_id, element))
        return inner.where(inner.selected_columns[0] >= lead_id)

    return begin


def _is_one_of(column: Any, lead_ids: Collection[int]) -> Any:
    return column == next(iter(lead_ids)) if len(lead_ids) == 1 else column.in_(lead_ids)


def beginning_with(creator_id: int, words: Sequence[str]) -> Holds:
    """Each of the words begins a word of the lead's name or username."""
    return and_(true(), *(Lead.id.in_(sets.with_word(creator_id, word)) for word in words))


def _holds(question: Question, lead: type[Lead], ground: Ground, *, yes: bool) -> Holds:
    match question:
        case Not(part):
            return _holds(part, lead, ground, yes=not yes)
        case AllOf(parts) if yes:
            return and_(*(_holds(part, lead, ground, yes=True) for part in parts))
        case AnyOf(parts) if not yes:
            return and_(*(_holds(part, lead, ground, yes=False) for part in parts))
        case AllOf(parts) | AnyOf(parts):
            return _any_of(parts, lead, ground, yes=yes)
        case _:
            return _one_holds(question, lead, ground, yes=yes)


def _one_holds(condition: Condition, lead: type[Lead], ground: Ground, *, yes: bool) -> Holds:
    meant = meaning(condition, lead, ground)
    match meant:
        case Among():
            return _among(meant, lead, ground, yes=yes is not meant.inverse)
        case Same(column, value):
            equal: Holds = column == value
            return equal if yes else or_(column.is_(None), column != value)
        case Given(column, holds):
            return holds if yes else or_(column.is_(None), not_(holds))
        case _:
            return meant if yes else not_(meant)


def _among(meant: Among, lead: type[Lead], ground: Ground, *, yes: bool) -> Holds:
    if yes:
        return and_(*(lead.id.in_(_union(each)) for each in meant.every))
    if not ground.postgresql:
        return or_(*(lead.id.not_in(_union(each)) for each in meant.every))
    return or_(*(and_(*(not_(_has_joined(ids, lead)) for ids in each)) for each in meant.every))


def _has_joined(ids: LeadIds, lead: type[Lead]) -> Holds:
    """As PostgreSQL joins it: NOT IN is a search of the whole set for each lead once that outgrows work_mem.

    A table of its own, since a set that is grouped would else be grouped anew for each lead.
    """
    held = ids.subquery()
    column = next(iter(held.c))
    return select(column).where(column == lead.id).exists()


def _any_of(parts: Sequence[Question], lead: type[Lead], ground: Ground, *, yes: bool) -> Holds:
    """The union of what several indexes tell, where that is less than everybody: an OR looks through all leads.

    PostgreSQL is as quick at looking through the leads' own columns, and slow at looking up sets for each of them.
    """
    if ground.postgresql:
        joins = not all(_is_plain(part, ground) for part in parts)
    else:
        joins = all(_is_select(part, ground, yes=yes) for part in parts)
    if not joins:
        return or_(*(_holds(part, lead, ground, yes=yes) for part in parts))
    arms: list[LeadIds] = []
    for part in parts:
        other = aliased(Lead)
        arms.append(select(other.id).where(living(ground.creator_id, other), _holds(part, other, ground, yes=yes)))
    return lead.id.in_(union_all(*arms))


def _is_plain(question: Question, ground: Ground) -> bool:
    """Asks for nothing but the lead's own columns."""
    match question:
        case AllOf(parts) | AnyOf(parts):
            return all(_is_plain(part, ground) for part in parts)
        case Not(part):
            return _is_plain(part, ground)
        case _:
            return not isinstance(meaning(question, Lead, ground), Among)


def _is_select(question: Question, ground: Ground, *, yes: bool) -> bool:
    """Asks for somebody in particular, and not for everybody but a few."""
    match question:
        case Not(part):
            return _is_select(part, ground, yes=not yes)
        case AllOf(parts) | AnyOf(parts):
            every = isinstance(question, AllOf) is yes
            return (any if every else all)(_is_select(part, ground, yes=yes) for part in parts)
        case Is(Mark.ALL | Mark.SUBSCRIBED):
            return not yes
        case _:
            meant = meaning(question, Lead, ground)
            return yes is not (isinstance(meant, Among) and meant.inverse)


def _union(ids: Sequence[LeadIds]) -> Any:
    return ids[0] if len(ids) == 1 else union_all(*ids)
