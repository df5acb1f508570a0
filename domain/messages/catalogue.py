from functools import cache
from importlib import resources

from fluent.runtime import FluentBundle
from fluent.syntax import FluentParser
from fluent.syntax.ast import Message, Resource

from kit.text import escape

FALLBACK = "en"
LANGUAGES = (FALLBACK,)


def say(key: str, language: str = FALLBACK, **values: object) -> str:
    """Spark's own words as Telegram HTML; every value is escaped here, so what people typed stays text.

    A language without a catalogue of its own gets English. Raises KeyError for a key that no catalogue has.
    """
    bundle = _bundle(language if language in LANGUAGES else FALLBACK)
    message = bundle.get_message(key)
    if message.value is None:
        raise KeyError(key)
    safe = {name: each if isinstance(each, int | float) else escape(each) for name, each in values.items()}
    text, errors = bundle.format_pattern(message.value, safe)
    if errors:
        raise KeyError(f"{key}: {errors[0]}")
    return str(text)


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
    source = resources.files("domain.messages").joinpath("texts", f"{language}.ftl").read_text("utf-8")
    return FluentParser().parse(source)
