"""Whether a question can be asked of a creator's leads, and what its conditions are."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import timedelta

from kit.errors import Reason
from kit.text import search_words
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
    Sign,
    Speaks,
    Spent,
    Tagged,
    Thing,
    WithProduct,
)
from store.segments.forms import FORMS, equal, form_of, only_equal, unknown
from store.segments.known import Known
from store.segments.own_fields import read_field
from store.segments.question import (
    AllOf,
    AnyOf,
    BadSegment,
    Not,
    Said,
    Tree,
    cut,
    listed,
    listed_why,
    near,
    near_why,
    read_question,
    shown,
)

# with the saved segments that it names put in their places
MOST_CONDITIONS = 60
DEEPEST = 24
_MARKS = frozenset(Mark)
_EVENT = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
# what other programs tell, under names of their own
_TOLD_BY_OTHERS = re.compile(r"custom\.[a-z][a-z0-9_]{0,59}")
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
            raise BadSegment(
                "this is nested too deeply, with the segments that it names", why=Reason("segment-deep-named")
            )
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
            raise BadSegment(
                f"this asks for more than {MOST_CONDITIONS} conditions at once",
                why=Reason("segment-many", most=MOST_CONDITIONS),
            )
        return _condition(said, self.known)

    def saved(self, said: Said, inside: tuple[str, ...], depth: int) -> Question:
        if said.value is None:
            raise BadSegment(
                f"segment needs a value: write {form_of(said)}",
                why=Reason("segment-needs-value", name="segment", form=form_of(said)),
                at=said.at,
            )
        name = equal(said).strip().casefold()
        question = self.known.segments.get(name)
        if question is None:
            raise unknown(said, "segment", name, self.known.segments)
        if name in inside:
            circle = " → ".join((*inside, name))
            raise BadSegment(
                f"segment {shown(name)} is made of itself: {circle}",
                why=Reason("segment-circle", name=cut(name), circle=circle),
                at=said.at,
            )
        try:
            return self.question(question, (*inside, name), depth)
        except BadSegment as bad:
            raise BadSegment(
                f"in segment {shown(name)}: {bad}", why=Reason("segment-inside", name=cut(name), why=bad.why)
            ) from None


def _condition(said: Said, known: Known) -> Condition:
    if said.about is not None and said.name != "field":
        raise BadSegment(
            f"only field:NAME takes a second value; write {form_of(said)}",
            why=Reason("segment-second-value", form=form_of(said)),
            at=said.at,
        )
    if said.within is not None and said.name != "did":
        raise BadSegment(
            f"only did: takes within, like {FORMS['did']}", why=Reason("segment-within", form=FORMS["did"]), at=said.at
        )
    if said.name == "everybody":
        said = replace(said, name="all")
    if said.value is None and said.name in _MARKS:
        return Is(Mark(said.name))
    if said.name not in FORMS:
        if said.name in _MARKS:
            raise BadSegment(
                f"{said.name} takes no value", why=Reason("segment-takes-none", name=said.name), at=said.at
            )
        known_names = [*FORMS, *_MARKS, "all"]
        hint = near(said.name, known_names) or "; docs/SEGMENTS.md lists them, the plainest is tag:vip"
        hint_why = near_why(said.name, known_names) or Reason("segment-see-docs")
        raise BadSegment(
            f"there is no condition {shown(said.name)}{hint}",
            why=Reason("segment-unknown-condition", name=cut(said.name), hint=hint_why),
            at=said.at,
        )
    if said.value is None:
        raise BadSegment(
            f"{said.name} needs a value: write {form_of(said)}",
            why=Reason("segment-needs-value", name=said.name, form=form_of(said)),
            at=said.at,
        )
    if len(values.told(said)) > _LONGEST_VALUE:
        raise BadSegment(
            f"a value is {_LONGEST_VALUE} characters at most",
            why=Reason("segment-long-value", most=_LONGEST_VALUE),
            at=said.value_at,
        )
    return _with_value(said, known)


def _with_value(said: Said, known: Known) -> Condition:  # noqa: C901, PLR0912 - one line for each condition
    match said.name:
        case "tag":
            return Tagged(_tag(said, known))
        case "source":
            return CameFrom(equal(said))
        case "link":
            return CameBy(equal(said), said.value_at)
        case "clicked":
            return Clicked(equal(said), said.value_at)
        case "language":
            return Speaks(_language(said))
        case "stage":
            return InStage(_one_of(said, "stage", known.stages))
        case "score":
            return Scored(Sign(said.sign), values.read_whole(said))
        case "field":
            return read_field(said, known)
        case "has":
            return _has(said)
        case "email":
            return Mailed(values.read_email(only_equal(said)))
        case "phone":
            return Phoned(values.read_phone(only_equal(said)))
        case "name":
            return Named(_words(said))
        case "bought" | "owns" | "reviewed":
            return WithProduct(Of(said.name), equal(said), said.value_at)
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
            equal(said)
            return Drawn(values.read_share(said))
        case _:
            raise BadSegment(
                f"there is no condition {shown(said.name)}",
                why=Reason("segment-unknown-condition", name=cut(said.name), hint=""),
                at=said.at,
            )


def _tag(said: Said, known: Known) -> str:
    tag = "-".join(equal(said).strip().removeprefix("#").casefold().split())
    if known.tags is not None and tag not in known.tags:
        raise unknown(said, "tag", tag, known.tags)
    return tag


def _language(said: Said) -> str:
    language = equal(said).strip().lower().replace("_", "-")
    if not _LANGUAGE.fullmatch(language):
        raise BadSegment(
            f"{shown(language)} is no language: write it like de or pt-br",
            why=Reason("segment-bad-language", value=cut(language)),
            at=said.value_at,
        )
    return language


def _has(said: Said) -> Has:
    thing = equal(said).strip().casefold()
    if thing not in set(Thing):
        hint = near(thing, Thing) or f"; it takes {listed(Thing)}, and field:NAME asks for a field"
        hint_why = near_why(thing, Thing) or Reason("segment-has-takes", words=listed_why(Thing))
        raise BadSegment(
            f"has: knows no {shown(thing)}{hint}",
            why=Reason("segment-has", value=cut(thing), hint=hint_why),
            at=said.value_at,
        )
    return Has(Thing(thing))


def _words(said: Said) -> tuple[str, ...]:
    words = search_words(equal(said))
    if not words:
        raise BadSegment(
            f"{shown(values.told(said))} has no letter or digit to look for",
            why=Reason("segment-no-words", value=cut(values.told(said))),
            at=said.value_at,
        )
    return tuple(words)


def _when(said: Said) -> Condition:
    instant, sign, when = Instant(said.name), Sign(said.sign), values.read_when(said)
    if not isinstance(when, timedelta):
        return Dated(instant, sign, when)
    if sign is Sign.EQUAL:
        raise BadSegment(
            f"write {said.name}<30d for less than that ago, or {said.name}>30d for more",
            why=Reason("segment-ago", name=said.name),
            at=said.at,
        )
    return Aged(instant, sign, when)


def _did(said: Said, known: Known) -> Did:
    event = equal(said).strip().casefold()
    told_by_others = _TOLD_BY_OTHERS.fullmatch(event) is not None
    if not told_by_others and not _EVENT.fullmatch(event):
        raise BadSegment(
            f"{shown(event)} is no event: write it like order.paid",
            why=Reason("segment-bad-event", value=cut(event)),
            at=said.value_at,
        )
    if not told_by_others and known.events is not None and event not in known.events:
        raise unknown(said, "event", event, known.events)
    return Did(event, None if said.within is None else values.read_age(said.within, said.value_at))


def _one_of(said: Said, noun: str, names: Collection[str] | None) -> str:
    name = equal(said).strip()
    if names is None or name in names:
        return name
    if name.casefold() in names:
        return name.casefold()
    raise unknown(said, noun, name, names)
