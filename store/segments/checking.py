"""Whether a question can be asked of a creator's leads, and what its conditions are."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from kit.text import plain_number, search_words
from store.models import FieldKind
from store.segments import values
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
    Place,
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
from store.segments.known import Known, KnownField
from store.segments.question import AllOf, AnyOf, BadSegment, Not, Said, Tree, listed, near, read_question, shown

# with the saved segments that it names put in their places
MOST_CONDITIONS = 60
DEEPEST = 24
# each condition that takes a value, with how it is written
FORMS = {
    "tag": "tag:vip",
    "source": "source:ad42",
    "link": "link:KEY",
    "language": "language:de",
    "stage": "stage:customer",
    "score": "score>=5",
    "field": "field:city=Berlin",
    "has": "has:email",
    "email": "email:ada@example.com",
    "phone": "phone:+4915123456789",
    "name": "name:ada",
    "bought": "bought:“Preset pack”",
    "owns": "owns:starter-guide",
    "reviewed": "reviewed:“Preset pack”",
    "spent": "spent>=50usd",
    "orders": "orders>=2",
    "captured": "captured<7d",
    "last_seen": "last_seen<30d",
    "in_funnel": "in_funnel:welcome",
    "was_in_funnel": "was_in_funnel:welcome",
    "in_flow": "in_flow:welcome",
    "finished_flow": "finished_flow:welcome",
    "clicked": "clicked:KEY",
    "did": "did:order.paid within 30d",
    "random": "random 10%",
    "segment": "segment:NAME",
}
_MARKS = frozenset(Mark)
_EVENT = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_LONGEST_VALUE = 200


def check_question(question: str, known: Known) -> None:
    """Raises BadSegment for a question that cannot be asked, saying where and why."""
    understand(question, known)


def understand(question: str, known: Known) -> Question:
    """The question's conditions, saved segments put in their places. Raises BadSegment."""
    return _Check(known).question(question, (), 1)


def segments_in(question: str) -> set[str]:
    """The segments that a question names itself. Raises BadSegment for one that cannot be read."""

    def named(tree: Tree[Said]) -> Iterator[str]:
        match tree:
            case AllOf(parts) | AnyOf(parts):
                for part in parts:
                    yield from named(part)
            case Not(part):
                yield from named(part)
            case Said(name="segment", value=str(name)):
                yield name.strip().casefold()
            case _:
                pass

    return set(named(read_question(question)))


class _Check:
    def __init__(self, known: Known) -> None:
        self.known = known
        self.count = 0

    def question(self, question: str, inside: tuple[str, ...], depth: int) -> Question:
        return self.tree(read_question(question), inside, depth)

    def tree(self, tree: Tree[Said], inside: tuple[str, ...], depth: int) -> Question:
        if depth > DEEPEST:
            raise BadSegment("this is nested too deeply, with the segments that it names")
        match tree:
            case AllOf(parts):
                return AllOf(tuple(self.tree(each, inside, depth + 1) for each in parts))
            case AnyOf(parts):
                return AnyOf(tuple(self.tree(each, inside, depth + 1) for each in parts))
            case Not(part):
                return Not(self.tree(part, inside, depth + 1))
            case Said(sign="!=", name=name) if name not in {"score", "spent", "orders"}:
                # in other words, `not x:y`
                return Not(self.tree(replace(tree, sign="="), inside, depth + 1))
            case Said(name="segment"):
                return self.saved(tree, inside, depth + 1)
            case _:
                return self.single(tree)

    def single(self, said: Said) -> Question:
        self.count += 1
        if self.count > MOST_CONDITIONS:
            raise BadSegment(f"this asks for more than {MOST_CONDITIONS} conditions at once")
        return _condition(said, self.known)

    def saved(self, said: Said, inside: tuple[str, ...], depth: int) -> Question:
        if said.value is None:
            raise BadSegment(f"segment needs a value: write {_form(said)}", at=said.at)
        name = _equal(said).strip().casefold()
        question = self.known.segments.get(name)
        if question is None:
            raise _unknown(said, "segment", name, self.known.segments)
        if name in inside:
            raise BadSegment(f"segment {shown(name)} is made of itself: {' → '.join((*inside, name))}", at=said.at)
        try:
            return self.question(question, (*inside, name), depth)
        except BadSegment as bad:
            raise BadSegment(f"in segment {shown(name)}: {bad}") from None


def _condition(said: Said, known: Known) -> Condition:
    if said.about is not None and said.name != "field":
        raise BadSegment(f"only field:NAME takes a second value; write {_form(said)}", at=said.at)
    if said.within is not None and said.name != "did":
        raise BadSegment(f"only did: takes within, like {FORMS['did']}", at=said.at)
    if said.name == "everybody":
        said = replace(said, name="all")
    if said.value is None and said.name in _MARKS:
        return Is(Mark(said.name))
    if said.name not in FORMS:
        if said.name in _MARKS:
            raise BadSegment(f"{said.name} takes no value", at=said.at)
        raise BadSegment(f"there is no condition {shown(said.name)}{_near_condition(said.name)}", at=said.at)
    if said.value is None:
        raise BadSegment(f"{said.name} needs a value: write {_form(said)}", at=said.at)
    if len(values.told(said)) > _LONGEST_VALUE:
        raise BadSegment(f"a value is {_LONGEST_VALUE} characters at most", at=said.value_at)
    return _with_value(said, known)


def _with_value(said: Said, known: Known) -> Condition:  # noqa: C901, PLR0911, PLR0912 - one line for each condition
    match said.name:
        case "tag":
            return Tagged(_tag(said, known))
        case "source":
            return CameFrom(_equal(said))
        case "link":
            return CameBy(_equal(said), said.value_at)
        case "clicked":
            return Clicked(_equal(said), said.value_at)
        case "language":
            return Speaks(_language(said))
        case "stage":
            return InStage(_one_of(said, "stage", known.stages))
        case "score":
            return Scored(Sign(said.sign), values.read_whole(said))
        case "field":
            return _field(said, known)
        case "has":
            return _has(said)
        case "email":
            return Mailed(values.read_email(_only_equal(said)))
        case "phone":
            return Phoned(values.read_phone(_only_equal(said)))
        case "name":
            return Named(_words(said))
        case "bought" | "owns" | "reviewed":
            return WithProduct(Of(said.name), _equal(said), said.value_at)
        case "spent":
            return Spent(Sign(said.sign), values.read_amount(said, known.currency))
        case "orders":
            return Ordered(Sign(said.sign), values.read_whole(said))
        case "captured" | "last_seen":
            return _when(said)
        case "in_funnel" | "was_in_funnel":
            return At(Place(said.name), _one_of(said, "funnel", known.funnels))
        case "in_flow" | "finished_flow":
            return At(Place(said.name), _one_of(said, "flow", known.flows))
        case "did":
            return _did(said, known)
        case "random":
            _equal(said)
            return Drawn(values.read_share(said))
        case _:
            raise BadSegment(f"there is no condition {shown(said.name)}", at=said.at)


def _field(said: Said, known: Known) -> Condition:
    if said.about is None:
        # `field:city` asks whether it was answered
        key = _equal(said).casefold()
        _field_of(key, said, known)
        return FieldKnown(key)
    key = said.about.casefold()
    field = _field_of(key, said, known)
    if field.kind is FieldKind.FILE:
        raise BadSegment(f"a file has no value to compare; field:{key} asks whether there is one", at=said.at)
    if field.sealed:
        if said.sign != "=":
            raise BadSegment(
                f"field {shown(key)} is private, so it stands encrypted: it can only be asked for equality, "
                f"field:{key}=… or field:{key}!=…",
                at=said.at,
            )
        return SealedIs(key, _sealed_text(said, field))
    match field.kind:
        case FieldKind.NUMBER:
            return FieldIs(key, Sign(said.sign), values.read_number(said))
        case FieldKind.DATE:
            return FieldIs(key, Sign(said.sign), values.read_day(said).isoformat())
        case FieldKind.YES_NO:
            return FieldIs(key, Sign.EQUAL, values.read_yes_no(_only_equal(said)))
        case _:
            return FieldIs(key, Sign.EQUAL, _option(_only_equal(said), key, field))


def _field_of(key: str, said: Said, known: Known) -> KnownField:
    found = known.fields.get(key)
    if found is None:
        if key in {"name", "email", "phone"}:
            raise BadSegment(f"{key} is no field of your own: write {FORMS[key]}", at=said.at)
        raise _unknown(said, "field", key, known.fields)
    return found


def _sealed_text(said: Said, field: KnownField) -> str:
    """As the answer was written when it was sealed."""
    match field.kind:
        case FieldKind.NUMBER:
            return plain_number(values.read_number(said))
        case FieldKind.DATE:
            return values.read_day(said).isoformat()
        case FieldKind.YES_NO:
            return values.read_yes_no(said)
        case _:
            return " ".join(values.told(said).split())


def _option(said: Said, key: str, field: KnownField) -> str:
    value = values.told(said).strip()
    if field.options and value not in field.options:
        lowered = value.casefold()
        if lowered in field.options:
            return lowered
        hint = near(value, field.options) or f"; it is {listed(field.options)}"
        raise BadSegment(f"field {shown(key)} is never {shown(value)}{hint}", at=said.value_at)
    return value


def _tag(said: Said, known: Known) -> str:
    tag = "-".join(_equal(said).strip().removeprefix("#").casefold().split())
    if known.tags is not None and tag not in known.tags:
        raise _unknown(said, "tag", tag, known.tags)
    return tag


def _language(said: Said) -> str:
    language = _equal(said).strip().lower().replace("_", "-")
    if not _LANGUAGE.fullmatch(language):
        raise BadSegment(f"{shown(language)} is no language: write it like de or pt-br", at=said.value_at)
    return language


def _has(said: Said) -> Has:
    thing = _equal(said).strip().casefold()
    if thing not in set(Thing):
        hint = near(thing, Thing) or f"; it takes {listed(Thing)}, and field:NAME asks for a field"
        raise BadSegment(f"has: knows no {shown(thing)}{hint}", at=said.value_at)
    return Has(Thing(thing))


def _words(said: Said) -> tuple[str, ...]:
    words = search_words(_equal(said))
    if not words:
        raise BadSegment(f"{shown(values.told(said))} has no letter or digit to look for", at=said.value_at)
    return tuple(words)


def _when(said: Said) -> Condition:
    instant, sign, when = Instant(said.name), Sign(said.sign), values.read_when(said)
    if not isinstance(when, timedelta):
        return Dated(instant, sign, when)
    if sign is Sign.EQUAL:
        raise BadSegment(f"write {said.name}<30d for less than that ago, or {said.name}>30d for more", at=said.at)
    return Aged(instant, sign, when)


def _did(said: Said, known: Known) -> Did:
    event = _equal(said).strip().casefold()
    if not _EVENT.fullmatch(event):
        raise BadSegment(f"{shown(event)} is no event: write it like order.paid", at=said.value_at)
    if known.events is not None and event not in known.events:
        raise _unknown(said, "event", event, known.events)
    return Did(event, None if said.within is None else values.read_age(said.within, said.value_at))


def _one_of(said: Said, noun: str, names: Collection[str] | None) -> str:
    name = _equal(said).strip()
    if names is None or name in names:
        return name
    if name.casefold() in names:
        return name.casefold()
    raise _unknown(said, noun, name, names)


def _equal(said: Said) -> str:
    return values.told(_only_equal(said))


def _only_equal(said: Said) -> Said:
    if said.sign != "=":
        raise BadSegment(f"{said.name} can only be asked for equality: write {_form(said)}", at=said.at)
    return said


def _unknown(said: Said, noun: str, name: str, names: Iterable[str]) -> BadSegment:
    known = list(names)
    hint = near(name, known) or (f"; there is {listed(known)}" if known else f"; there is no {noun} yet")
    return BadSegment(f"there is no {noun} {shown(name)}{hint}", at=said.at)


def _near_condition(name: str) -> str:
    hint = near(name, [*FORMS, *_MARKS, "all"])
    return hint or "; docs/SEGMENTS.md lists them, the plainest is tag:vip"


def _form(said: Said) -> str:
    return FORMS.get(said.name, said.name)
