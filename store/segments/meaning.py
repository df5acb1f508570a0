"""What one condition asks for: a comparison of the lead's own columns, or sets of lead ids that an index tells."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, true

from kit.money import Money
from store.kept_money import KEPT_MINOR
from store.models import Event, Lead, LeadField, Order
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
class Among:
    """A lead whose id is in all of `every`, each the union of some; `inverse` is everybody else."""

    every: tuple[tuple[LeadIds, ...], ...]
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Same:
    """A column that may be empty, and the value that it should have; an empty one is another."""

    column: Any
    value: object


@dataclass(frozen=True, slots=True)
class Given:
    """What holds of a column that may be empty; of an empty one it does not."""

    column: Any
    holds: Holds


def _one(*ids: LeadIds) -> Among:
    return Among((ids,))


def meaning(  # noqa: C901, PLR0912 - one line for each condition
    condition: Condition, lead: type[Lead], ground: Ground
) -> Holds | Among | Same | Given:
    creator_id, names = ground.creator_id, ground.names
    match condition:
        case Tagged(tag):
            return _one(sets.tagged(creator_id, tag))
        case CameFrom(source):
            return Same(lead.source, source)
        case CameBy():
            return Same(lead.link_id, names.links[condition])
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
            column: Any = _instant(lead, what)
            return Given(column, _compare(column, _AGO[sign], ground.now - age))
        case Dated(what):
            return Given(_instant(lead, what), _on_day(condition, lead, ground))
        case Is(mark):
            return _marked(mark, lead, creator_id)
        case Has(thing):
            return _has(thing, lead, creator_id)
        case FieldKnown(key):
            return _one(sets.with_field(creator_id, key))
        case FieldIs(key, sign, value):
            column = LeadField.value if isinstance(value, str) else LeadField.number
            return _one(sets.with_field(creator_id, key, _compare(column, sign, value)))
        case SealedIs(key):
            return _one(sets.with_field(creator_id, key, LeadField.digest == names.digests[condition]))
        case Mailed():
            return Same(lead.email_digest, names.digests[condition])
        case Phoned():
            return Same(lead.phone_digest, names.digests[condition])
        case Named(words):
            return Among(tuple((sets.with_word(creator_id, word),) for word in words))
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


def _marked(  # noqa: C901 - one line for each
    mark: Mark, lead: type[Lead], creator_id: int
) -> Holds | Among:
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


def _has(thing: Thing, lead: type[Lead], creator_id: int) -> Holds | Among:
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


def _with_product(how: Of, products: Sequence[int], creator_id: int) -> Among:
    match how:
        case Of.BOUGHT:
            return _one(sets.buyers(creator_id, products))
        case Of.OWNS:
            return _one(sets.owners(products))
        case Of.REVIEWED:
            of_it = Event.data["product_id"].as_integer().in_(products)
            return _one(*sets.did(creator_id, "review.published", of_it))


def _spent(sign: Sign, amount: Money, creator_id: int) -> Among:
    """Whoever never paid has spent nothing, and is in no group: for them the question is turned round."""
    with_nothing = _COMPARE[sign](0, amount.amount_minor)
    asked = _OPPOSITE[sign] if with_nothing else sign
    holds = _compare(func.sum(KEPT_MINOR), asked, amount.amount_minor)
    return Among(((sets.with_payments(creator_id, amount, holds),),), inverse=bool(with_nothing))


def _ordered(sign: Sign, count: int, creator_id: int) -> Among:
    with_none = _COMPARE[sign](0, count)
    asked = _OPPOSITE[sign] if with_none else sign
    holds = _compare(func.count(Order.id), asked, count)
    return Among(((sets.with_orders(creator_id, holds),),), inverse=bool(with_none))
