import re
from functools import cache, reduce
from importlib import resources

from fluent.runtime import FluentBundle
from fluent.runtime.types import fluent_number
from fluent.syntax import FluentParser
from fluent.syntax.ast import Message, Resource

from kit.errors import Reason
from kit.text import escape, unmarked

FALLBACK = "en"
_LONG = 1000
_WORDS = re.compile("[a-z0-9]+")
_FOLDERS = resources.files("domain.messages").joinpath("texts")
# each language is a folder by its two letters
LANGUAGES = frozenset(folder.name for folder in _FOLDERS.iterdir() if folder.is_dir())


def say(key: str, language: str = FALLBACK, /, **values: object) -> str:
    """Spark's own words as Telegram HTML; every value is escaped here, so what people typed stays text.

    A language without a catalogue of its own gets English. Raises KeyError for a key that no catalogue has.
    """
    bundle = _bundle(spoken(language))
    message = (bundle if bundle.has_message(key) else _bundle(FALLBACK)).get_message(key)
    if message.value is None:
        raise KeyError(key)
    safe = {name: _safe(value) for name, value in values.items()}
    # Fluent takes no value of half a message's length, so a long one is put in afterwards
    long = {f"\0{name}\0": value for name, value in safe.items() if isinstance(value, str) and len(value) > _LONG}
    text, errors = bundle.format_pattern(message.value, safe | {mark.strip("\0"): mark for mark in long})
    if errors:
        raise KeyError(f"{key}: {errors[0]}")
    return reduce(lambda said, mark: said.replace(mark, long[mark]), long, str(text))


def plain(key: str, language: str = FALLBACK, /, **values: object) -> str:
    """The same without any markup: as it stands on a button, in a file, or as a value of another text."""
    return unmarked(say(key, language, **values))


def say_why(reason: Reason, language: str = FALLBACK) -> str:
    """A reason in that language, as Telegram HTML."""
    return say(reason.key, language, **_heard(reason, language))


def plain_why(reason: Reason, language: str = FALLBACK) -> str:
    """The same without any markup."""
    return plain(reason.key, language, **_heard(reason, language))


def _heard(reason: Reason, language: str) -> dict[str, object]:
    return {
        name: plain_why(value, language) if isinstance(value, Reason) else value
        for name, value in reason.values.items()
    }


def word_for(key: str, otherwise: str, language: str) -> str:
    """Spark's own word for a state, a stage or an event, `event-order.paid`; any other stays as it is. No markup."""
    known = key.replace(".", "-")
    return plain(known, language) if known in keys() else otherwise


def word_for_reason(reason: str, language: str) -> str:
    """A reason as it is kept in English, where it is one of Spark's own or an event; what others said stays."""
    key = "-".join(_WORDS.findall(reason.casefold()))
    return word_for(f"reason-{key}", word_for(f"event-{key}", reason, language), language)


def spoken(language: str) -> str:
    """The language of ours that serves one as Telegram tells it: `de-at` is `de`, and what we do not speak English."""
    base = language.partition("-")[0].lower()
    return base if base in LANGUAGES else FALLBACK


def _safe(value: object) -> object:
    """Numbers stay numbers, so that the language picks its plural, but are not grouped: most of ours are ids."""
    return fluent_number(value, useGrouping=False) if isinstance(value, int | float) else escape(value)


def read_all() -> None:
    """Reads every catalogue now: a good part of a second, for which nobody who asks later should wait."""
    for language in LANGUAGES:
        _bundle(language)


@cache
def keys(language: str = FALLBACK) -> frozenset[str]:
    """Every key of one catalogue."""
    return frozenset(entry.id.name for entry in _resource(language).body if isinstance(entry, Message))


@cache
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(_resource(language))
    return bundle


@cache
def _resource(language: str) -> Resource:
    return FluentParser().parse(source(language))


def source(language: str) -> str:
    """One catalogue, as its files stand in a folder by the language's code."""
    files = sorted(
        (file for file in _FOLDERS.joinpath(language).iterdir() if file.name.endswith(".ftl")),
        key=lambda file: file.name,
    )
    return "\n".join(file.read_text("utf-8") for file in files)
