"""What was given to a question, checked and normalised, or told why not."""

from collections.abc import Sequence

from domain.flows.given import (
    BACK,
    DONE,
    NO,
    SKIP,
    YES,
    Answer,
    Back,
    Given,
    Ground,
    Marked,
    SentFile,
    SharedContact,
    SharedLocation,
    Skipped,
    Tapped,
    Typed,
    Unreadable,
    WrongAnswer,
)
from domain.flows.nodes import AskNode, ChooseNode, ConsentNode, Option, Question
from domain.flows.typed import clean, folded, needs, position, read_phone, read_typed, read_yes_or_no, words_for
from domain.messages.local import wordings
from domain.zones import COMMON_ZONES
from store.models import Proof, Shape

__all__ = [
    "Answer",
    "Back",
    "Given",
    "Ground",
    "Marked",
    "SentFile",
    "SharedContact",
    "SharedLocation",
    "Skipped",
    "Tapped",
    "Typed",
    "Unreadable",
    "WrongAnswer",
    "meant",
    "read_answer",
    "read_consent",
    "read_option",
    "read_options",
]


def meant(node: Question | ConsentNode, given: Given) -> Given:
    """Skipped or Back for their button, key, command or word; else what was given.

    Where the question has no such key its word means that all the same, unless it may be an answer.
    """
    may_skip = isinstance(node, Question) and node.optional
    may_go_back = isinstance(node, Question) and node.back
    match given:
        case Tapped(option=option) if may_skip and option == SKIP:
            return Skipped()
        case Tapped(option=option) if may_go_back and option == BACK:
            return Back()
        case Typed(text=text) if (may_skip or not _may_answer(node, text)) and folded(text) in words_for("skip"):
            return Skipped()
        case Typed(text=text) if (may_go_back or not _may_answer(node, text)) and folded(text) in words_for("back"):
            return Back()
    return given


def _may_answer(node: Question | ConsentNode, text: str) -> bool:
    """Whether any word at all, or this one, answers the question."""
    match node:
        case AskNode(kind=kind):
            return kind == "text"
        case ChooseNode():
            return _named(node, text) is not None
    return False


def read_answer(node: AskNode, given: Given, ground: Ground) -> Answer:
    """What was given, checked and normalised for the question. Raises WrongAnswer with a text's key."""
    match node.kind, given:
        case "phone", SharedContact(own=False):
            raise WrongAnswer("answer-own-contact")
        case "phone", SharedContact(phone=phone):
            return Answer(read_phone(phone if phone.startswith("+") else f"+{phone}"), Proof.VERIFIED)
        case "location", SharedLocation(latitude=latitude, longitude=longitude):
            return Answer(position(latitude, longitude))
        case "file", SentFile():
            return Answer("", file=given)
        case "photo", SentFile(shape=shape, mime_type=mime) if shape == Shape.PHOTO or mime.startswith("image/"):
            return Answer("", file=given)
        case "yes_no", Tapped(option=option) if option in {YES, NO}:
            return Answer(option == YES)
        case "rating", Tapped(option=option) if 1 <= option <= node.stars:
            return Answer(option)
        case "time_zone", Tapped(option=option) if 0 <= option < len(COMMON_ZONES):
            return Answer(COMMON_ZONES[option])
        case _, Typed(text=text):
            return Answer(read_typed(node, clean(text), ground))
    raise needs(node, ground)


def read_option(node: ChooseNode, given: Given) -> Option:
    """The one that was tapped, or typed by its label in any language or its value. Raises WrongAnswer."""
    match given:
        case Tapped(option=number) if 0 <= number < len(node.options):
            return node.options[number]
        case Typed(text=text):
            found = _named(node, text)
            if found is not None:
                return found
    raise WrongAnswer("answer-needs-choice")


def read_options(node: ChooseNode, given: Given, marked: Sequence[str]) -> Marked:
    """A tap marks an option or takes its mark away; Done, or all of them typed with commas, is the answer.

    Raises WrongAnswer, for an answer of too few or too many as well, and for a mark beyond the most.
    """
    chosen = set(marked)
    match given:
        case Tapped(option=option) if option == DONE:
            return _enough(node, chosen, free=True)
        case Tapped(option=number) if 0 <= number < len(node.options):
            now = chosen ^ {node.options[number].value}
            if len(now) > max(_most(node), len(chosen)):
                raise WrongAnswer("answer-too-many", free=True, most=_most(node))
            return Marked(_in_order(node, now), done=False)
        case Typed(text=text) if folded(text) in words_for("done"):
            return _enough(node, chosen)
        case Typed(text=text):
            whole = _named(node, text)
            named = [whole] if whole else [_named(node, part) for part in text.replace("\n", ",").split(",")]
            values = {option.value for option in named if option is not None}
            if None not in named:
                return _enough(node, values)
    raise WrongAnswer("answer-needs-choices")


def read_consent(given: Given) -> bool:
    """Nothing but a plain yes is one. Raises WrongAnswer."""
    match given:
        case Tapped(option=option) if option in {YES, NO}:
            return option == YES
        case Typed(text=text):
            return read_yes_or_no(text)
    raise WrongAnswer("answer-needs-yes_no")


def _named(node: ChooseNode, text: str) -> Option | None:
    wanted = folded(text)
    for option in node.options:
        if wanted == option.value or wanted in {folded(label) for label in wordings(option.label)}:
            return option
    return None


def _enough(node: ChooseNode, chosen: set[str], *, free: bool = False) -> Marked:
    values = _in_order(node, chosen)
    if len(values) < node.least:
        raise WrongAnswer("answer-too-few", free=free, least=node.least)
    if len(values) > _most(node):
        raise WrongAnswer("answer-too-many", free=free, most=_most(node))
    return Marked(values, done=True)


def _most(node: ChooseNode) -> int:
    return len(node.options) if node.most is None else node.most


def _in_order(node: ChooseNode, chosen: set[str]) -> tuple[str, ...]:
    return tuple(option.value for option in node.options if option.value in chosen)
