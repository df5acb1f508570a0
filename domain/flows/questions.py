"""How a question looks: its words, and the buttons or keys under it. A message carries one of the two."""

from collections.abc import Iterable, Mapping

from domain.flows.given import BACK, DONE, NO, SKIP, YES, Back, Given, Skipped, Tapped, WrongAnswer
from domain.flows.nodes import AskNode, ChooseNode, ConsentNode, Question
from domain.messages.catalogue import plain, say, say_why
from domain.messages.local import pick
from domain.messages.plain import Button, Message, Rows
from domain.messages.templates import render
from domain.zones import COMMON_ZONES, city_of, likely_zones
from kit.text import TEXT_LIMIT, visible_length
from store.models import FlowRun

Facts = Mapping[str, Mapping[str, object]]
Asking = AskNode | ChooseNode | ConsentNode
# what a phone shows side by side without cutting it
STARS_ABREAST = 5
ZONES_ABREAST = 2


def question(run: FlowRun, node: Asking, facts: Facts, *, language: str, fallback: str) -> Message:
    """The question as run `run` asks it now. A tap gives `flow:RUN:TURN:OPTION` back.

    `fallback` is the creator's language, where a text is not given in `language`. Raises BadTemplate.
    """
    text = render(pick(node.text, language, fallback), facts)
    match node:
        case AskNode(kind="phone"):
            return Message(text=text, contact_key=say("key-share-contact", language), keys=_keys(node, language))
        case AskNode(kind="location"):
            return Message(text=text, location_key=say("key-share-location", language), keys=_keys(node, language))
    rows = [*_options(run, node, language, fallback), *_leaving(run, node, language)]
    return Message(text=text, buttons=tuple(rows)) if rows else Message(text=text, drop_keys=True)


def asked_again(
    run: FlowRun, node: Asking, facts: Facts, wrong: WrongAnswer, *, language: str, fallback: str
) -> Message:
    """Why the answer was wrong, above the keys of the question; above all of it where it has buttons.

    What a tapped button stood under is what stays in the chat. Raises BadTemplate.
    """
    why = say_why(wrong.reason, language)
    if str(wrong) == "answer-wrong-form" and isinstance(node, AskNode) and node.hint is not None:
        why = render(pick(node.hint, language, fallback), facts)
    message = question(run, node, facts, language=language, fallback=fallback)
    whole = f"{why}\n\n{message.text}"
    told = whole if message.buttons and visible_length(whole) <= TEXT_LIMIT else why
    return message.model_copy(update={"text": told})


def closing(run: FlowRun, node: Asking, given: Given, *, language: str, fallback: str) -> str | None:
    """What stands below a question once it is answered by a button; None for what is answered in words."""
    match node, given:
        case _, Skipped():
            return plain("question-skipped", language)
        case _, Back():
            return plain("question-left", language)
        case ChooseNode(many=True, options=options), Tapped(option=option) if option == DONE:
            chosen = [pick(each.label, language, fallback) for each in options if each.value in run.marked]
            return f"✓ {', '.join(chosen) or '—'}"
        case ChooseNode(many=False, options=options), Tapped(option=number) if 0 <= number < len(options):
            return f"✓ {pick(options[number].label, language, fallback)}"
        case AskNode(kind="rating", stars=stars), Tapped(option=option) if 1 <= option <= stars:
            return "★" * option + "☆" * (stars - option)
        case AskNode(kind="time_zone"), Tapped(option=option) if 0 <= option < len(COMMON_ZONES):
            return f"✓ {city_of(COMMON_ZONES[option], language)}"
        case ConsentNode() | AskNode(kind="yes_no"), Tapped(option=option):
            return f"✓ {plain('key-yes' if option == YES else 'key-no', language)}"
    return None


def has_keys(node: Asking) -> bool:
    """Whether it puts keys below the chat, which stay there until a message without buttons drops them."""
    return isinstance(node, AskNode) and node.kind in {"phone", "location"}


def _options(run: FlowRun, node: Asking, language: str, fallback: str) -> Iterable[tuple[Button, ...]]:
    """The buttons that answer it, row by row."""
    match node:
        case ChooseNode(many=many, options=options):
            marks = dict.fromkeys(run.marked, "✓ ") if many else {}
            for number, option in enumerate(options):
                label = marks.get(option.value, "") + pick(option.label, language, fallback)
                yield (_button(run, number, label),)
            if many:
                yield (_button(run, DONE, say("key-done", language)),)
        case ConsentNode() | AskNode(kind="yes_no"):
            yield _button(run, YES, say("key-yes", language)), _button(run, NO, say("key-no", language))
        case AskNode(kind="rating", stars=stars):
            yield from _abreast([_button(run, star, f"{star} ★") for star in range(1, stars + 1)], STARS_ABREAST)
        case AskNode(kind="time_zone"):
            likely = [
                _button(run, COMMON_ZONES.index(zone), city_of(zone, language)) for zone in likely_zones(language)
            ]
            yield from _abreast(likely, ZONES_ABREAST)


def _leaving(run: FlowRun, node: Asking, language: str) -> Rows:
    """Back and skip, side by side."""
    row = [
        _button(run, option, label)
        for option, label in ((BACK, _back(node, language)), (SKIP, _skip(node, language)))
        if label is not None
    ]
    return (tuple(row),) if row else ()


def _keys(node: Asking, language: str) -> tuple[str, ...]:
    return tuple(label for label in (_back(node, language), _skip(node, language)) if label is not None)


def _back(node: Asking, language: str) -> str | None:
    return say("key-back", language) if isinstance(node, Question) and node.back else None


def _skip(node: Asking, language: str) -> str | None:
    return say("key-skip", language) if isinstance(node, Question) and node.optional else None


def _button(run: FlowRun, option: int, label: str) -> Button:
    return Button(text=label, data=f"flow:{run.id}:{run.turn}:{option}")


def _abreast(buttons: list[Button], many: int) -> Rows:
    return tuple(tuple(buttons[first : first + many]) for first in range(0, len(buttons), many))
