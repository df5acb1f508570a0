"""A checked question as a condition on leads, for either database.

A condition is a comparison of the lead's own columns, or membership in sets of lead ids that an index tells. `not` is
handed down to them, so that it means everybody else, those included of whom nothing is known.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, not_, or_, select, true, union_all
from sqlalchemy.orm import aliased
from sqlalchemy.sql.visitors import replacement_traverse

from kit.money import Money
from store.models import Event, Lead, LeadField, Order, Payment
from store.segments import sets
from store.segments.conditions import (
    Aged,
    At,
    CameBy,
    CameFrom,
    Clicked,
    Condition,
    Dated,
    Did,
    Drawn,
    FieldIs,
    FieldKnown,
    Has,
    InStage,
    Instant,
    Is,
    Mailed,
    Mark,
    Named,
    Of,
    Ordered,
    Phoned,
    Question,
    Scored,
    SealedIs,
    Sign,
    Speaks,
    Spent,
    Tagged,
    Thing,
    WithProduct,
)
from store.segments.naming import Names
from store.segments.question import AllOf, AnyOf, Not
from store.segments.sets import Holds, LeadIds

_COMPARE: Mapping[Sign, Callable[[Any, Any], Any]] = {
    Sign.LESS: operator.lt,
    Sign.AT_MOST: operator.le,
    Sign.EQUAL: operator.eq,
    Sign.UNEQUAL: operator.ne,
    Sign.AT_LEAST: operator.ge,
    Sign.MORE: operator.gt,
}
_OPPOSITE = {
    Sign.LESS: Sign.AT_LEAST,
    Sign.AT_MOST: Sign.MORE,
    Sign.EQUAL: Sign.UNEQUAL,
    Sign.UNEQUAL: Sign.EQUAL,
    Sign.AT_LEAST: Sign.LESS,
    Sign.MORE: Sign.AT_MOST,
}
# less than a week ago is later than a week ago
_AGO = {Sign.LESS: Sign.MORE, Sign.AT_MOST: Sign.AT_LEAST, Sign.AT_LEAST: Sign.AT_MOST, Sign.MORE: Sign.LESS}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a question is asked on. `postgresql`: the two databases are quick at different forms of one question."""

    creator_id: int
    now: datetime
    zone: ZoneInfo
    names: Names
    postgresql: bool


@dataclass(frozen=True, slots=True)
class _Among:
    """A lead whose id is in all of `every`, each the union of some; `inverse` is everybody else."""

    every: tuple[tuple[LeadIds, ...], ...]
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class _Same:
    """A column that may be empty, and the value that it should have; an empty one is another."""

    column: Any
    value: object


def living(creator_id: int, lead: type[Lead] = Lead) -> Holds:
    """This creator's leads; those merged or forgotten are none any more."""
    return and_(lead.creator_id == creator_id, lead.merged_into_id.is_(None), lead.forgotten_at.is_(None))


def compile_question(question: Question, ground: Ground) -> Holds:
    return and_(living(ground.creator_id), _holds(question, Lead, ground, yes=True))


def narrowed(condition: Holds, lead_id: int, *, postgresql: bool) -> Holds:
    """The same condition for one lead alone: each set is asked for that id, and never gathered whole.

    PostgreSQL sees by itself that no other id matters.
    """
    if not postgresql:
        condition = replacement_traverse(condition, {}, _narrow(lead_id))
    return and_(Lead.id == lead_id, condition)


def _narrow(lead_id: int, root: Any = None) -> Callable[..., Any]:
    def narrow(element: Any, **_: Any) -> Any:
        if element is root or not isinstance(element, Select):
            return None
        inner: Any = replacement_traverse(element, {}, _narrow(lead_id, element))
        return inner.where(inner.selected_columns[0] == lead_id)

    return narrow


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
    meant = _meaning(condition, lead, ground)
    match meant:
        case _Among():
            return _among(meant, lead, ground, yes=yes is not meant.inverse)
        case _Same(column, value):
            equal: Holds = column == value
            return equal if yes else or_(column.is_(None), column != value)
        case _:
            return meant if yes else not_(meant)


def _among(meant: _Among, lead: type[Lead], ground: Ground, *, yes: bool) -> Holds:
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
            return not isinstance(_meaning(question, Lead, ground), _Among)


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
            meant = _meaning(question, Lead, ground)
            return yes is not (isinstance(meant, _Among) and meant.inverse)


def _union(ids: Sequence[LeadIds]) -> Any:
    return ids[0] if len(ids) == 1 else union_all(*ids)


def _one(*ids: LeadIds) -> _Among:
    return _Among((ids,))


def _meaning(  # noqa: C901, PLR0911, PLR0912 - one line for each condition
    condition: Condition, lead: type[Lead], ground: Ground
) -> Holds | _Among | _Same:
    creator_id, names = ground.creator_id, ground.names
    match condition:
        case Tagged(tag):
            return _one(sets.tagged(creator_id, tag))
        case CameFrom(source):
            return _Same(lead.source, source)
        case CameBy():
            return _Same(lead.link_id, names.links[condition])
        case Clicked():
            url_id = names.urls.get(condition)
            if url_id is None:
                return _one(sets.touched(creator_id, names.links[condition]))
            return _one(*sets.did(creator_id, "link.clicked", Event.subject == f"url:{url_id}"))
        case Speaks(language):
            return _one(sets.speaking(creator_id, language))
        case InStage(stage):
            return lead.stage == stage
        case Scored(sign, points):
            return _compare(lead.score, sign, points)
        case Aged(what, sign, age):
            return _compare(_instant(lead, what), _AGO[sign], ground.now - age)
        case Dated():
            return _on_day(condition, lead, ground)
        case Is(mark):
            return _marked(mark, lead, creator_id)
        case Has(thing):
            return _has(thing, lead, creator_id)
        case FieldKnown(key):
            return _one(sets.with_field(creator_id, key))
        case FieldIs(key, sign, value):
            column: Any = LeadField.value if isinstance(value, str) else LeadField.number
            return _one(sets.with_field(creator_id, key, _compare(column, sign, value)))
        case SealedIs(key):
            return _one(sets.with_field(creator_id, key, LeadField.digest == names.digests[condition]))
        case Mailed():
            return _Same(lead.email_digest, names.digests[condition])
        case Phoned():
            return _Same(lead.phone_digest, names.digests[condition])
        case Named(words):
            return _Among(tuple((sets.with_word(creator_id, word),) for word in words))
        case WithProduct(how):
            return _with_product(how, names.products[condition], creator_id)
        case Spent(sign, amount):
            return _spent(sign, amount, creator_id)
        case Ordered(sign, count):
            return _ordered(sign, count, creator_id)
        case At(place, key):
            return _one(sets.at_place(creator_id, place, key))
        case Did(event, within):
            return _one(*sets.did(creator_id, event, since=None if within is None else ground.now - within))
        case Drawn(share):
            return lead.dice < share


def _compare(column: Any, sign: Sign, value: object) -> Holds:
    holds: Holds = _COMPARE[sign](column, value)
    return holds


def _instant(lead: type[Lead], what: Instant) -> Any:
    return lead.created_at if what is Instant.CAPTURED else lead.seen_at


def _on_day(condition: Dated, lead: type[Lead], ground: Ground) -> Holds:
    column = _instant(lead, condition.what)
    begins = datetime.combine(condition.day, time(), ground.zone)
    ends = datetime.combine(condition.day + _DAY, time(), ground.zone)
    match condition.sign:
        case Sign.LESS:
            return _compare(column, Sign.LESS, begins)
        case Sign.AT_MOST:
            return _compare(column, Sign.LESS, ends)
        case Sign.AT_LEAST:
            return _compare(column, Sign.AT_LEAST, begins)
        case Sign.MORE:
            return _compare(column, Sign.AT_LEAST, ends)
        case _:
            return and_(column >= begins, column < ends)


def _marked(  # noqa: C901, PLR0911 - one line for each
    mark: Mark, lead: type[Lead], creator_id: int
) -> Holds | _Among:
    match mark:
        case Mark.ALL:
            return true()
        case Mark.SUBSCRIBED:
            return lead.unsubscribed_at.is_(None)
        case Mark.UNSUBSCRIBED:
            return lead.unsubscribed_at.is_not(None)
        case Mark.BLOCKED:
            return _one(sets.blocking(creator_id))
        case Mark.CONSENTED:
            return lead.consented_at.is_not(None)
        case Mark.BANNED:
            return lead.banned_at.is_not(None)
        case Mark.TAKEN_OVER:
            return lead.taken_over_at.is_not(None)
        case Mark.IMPORTED:
            return _one(*sets.did(creator_id, "lead.imported"))
        case Mark.REVIEWED:
            return _one(*sets.did(creator_id, "review.published"))
        case Mark.CLICKED:
            return _one(sets.touched(creator_id, None), *sets.did(creator_id, "link.clicked"))


def _has(  # noqa: PLR0911 - one line for each
    thing: Thing, lead: type[Lead], creator_id: int
) -> Holds | _Among:
    match thing:
        case Thing.EMAIL:
            return lead.email_digest.is_not(None)
        case Thing.PHONE:
            return lead.phone_digest.is_not(None)
        case Thing.NAME:
            return lead.name != ""
        case Thing.TELEGRAM:
            return lead.person_id.is_not(None)
        case Thing.SOURCE:
            return lead.source.is_not(None)
        case Thing.TAG:
            return _one(sets.tagged(creator_id, None))
        case Thing.ORDER:
            return _one(sets.customers(creator_id))


def _with_product(how: Of, products: Sequence[int], creator_id: int) -> _Among:
    match how:
        case Of.BOUGHT:
            return _one(sets.buyers(creator_id, products))
        case Of.OWNS:
            return _one(sets.owners(products))
        case Of.REVIEWED:
            of_it = Event.data["product_id"].as_integer().in_(products)
            return _one(*sets.did(creator_id, "review.published", of_it))


def _spent(sign: Sign, amount: Money, creator_id: int) -> _Among:
    """Whoever never paid has spent nothing, and is in no group: for them the question is turned round."""
    with_nothing = _COMPARE[sign](0, amount.amount_minor)
    asked = _OPPOSITE[sign] if with_nothing else sign
    holds = _compare(func.sum(Payment.amount_minor), asked, amount.amount_minor)
    return _Among(((sets.with_payments(creator_id, amount, holds),),), inverse=bool(with_nothing))


def _ordered(sign: Sign, count: int, creator_id: int) -> _Among:
    with_none = _COMPARE[sign](0, count)
    asked = _OPPOSITE[sign] if with_none else sign
    holds = _compare(func.count(Order.id), asked, count)
    return _Among(((sets.with_orders(creator_id, holds),),), inverse=bool(with_none))
