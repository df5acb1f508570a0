"""Every text of Spark's own is there in every language, says the same things, and Telegram can show it."""

import re
from collections.abc import Mapping
from functools import cache

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from domain.messages.catalogue import FALLBACK, LANGUAGES, say, source, spoken
from kit.text import check_markup, visible_length

OTHERS = sorted(LANGUAGES - {FALLBACK})
# of a tap's answer, of a command in the menu, and of a button: https://core.telegram.org/bots/api#botcommand
DESCRIPTION_LIMIT = 256
NUMBERS = (0, 1, 2, 5, 21)


class _Parts(Visitor):
    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.tags: list[str] = []
        self.commands: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 - the library's name
        self.variables.add(node.id.name)

    def visit_TextElement(self, node: ast.TextElement) -> None:  # noqa: N802 - the library's name
        self.tags += re.findall(r"</?[a-z-]+", node.value)
        self.commands |= set(re.findall(r"(?<![\w/<])/[a-z_]+\b", node.value))


@cache
def _texts(language: str) -> Mapping[str, ast.Message]:
    return {
        entry.id.name: entry for entry in FluentParser().parse(source(language)).body if isinstance(entry, ast.Message)
    }


def _parts(message: ast.Message) -> _Parts:
    parts = _Parts()
    parts.visit(message)
    return parts


def test_english_is_not_the_only_language():
    assert OTHERS == ["de"]


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_missing_and_none_is_left_over(language: str):
    assert set(_texts(language)) == set(_texts(FALLBACK))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_each_text_is_there_once_and_every_line_can_be_read(language: str):
    body = FluentParser().parse(source(language)).body
    names = [entry.id.name for entry in body if isinstance(entry, ast.Message)]
    assert sorted(names) == sorted(set(names))
    assert [entry.content for entry in body if isinstance(entry, ast.Junk)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_shows_the_same_values_commands_and_markup(language: str):
    for key in set(_texts(FALLBACK)) & set(_texts(language)):
        english, other = _parts(_texts(FALLBACK)[key]), _parts(_texts(language)[key])
        assert other.variables == english.variables, key
        assert other.commands == english.commands, key
        assert set(other.tags) == set(english.tags), key


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_is_translated(language: str):
    """But for those that hold nothing but values, signs, names and words that are the same."""
    same = {
        key
        for key, message in _texts(language).items()
        if key in _texts(FALLBACK) and message.equals(_texts(FALLBACK)[key])
    }
    longer = {
        key
        for key in same
        if len(re.findall(r"[a-zäöüß]{3,}", re.sub(r"\{[^}]*\}|<[^>]*>", "", _plain(language, key)))) > 2
    }
    assert longer == set()


def _plain(language: str, key: str) -> str:
    return say(key, language, **dict.fromkeys(_parts(_texts(language)[key]).variables, 5))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("number", NUMBERS)
def test_every_text_can_be_said_and_is_markup_that_telegram_takes(language: str, number: int):
    for key, message in _texts(language).items():
        for value in (number, "Tom & <b>Jerry</b>"):
            text = say(key, language, **dict.fromkeys(_parts(message).variables, value))
            check_markup(text)
            assert text.strip(), key
            assert "Tom & <b>" not in text, key


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_commands_and_keys_fit_where_they_stand(language: str):
    for key in _texts(language):
        if key.startswith("command-"):
            assert 1 <= visible_length(say(key, language)) <= DESCRIPTION_LIMIT
        elif key.startswith("key-"):
            assert 1 <= visible_length(say(key, language)) <= 64


def test_a_language_that_spark_does_not_speak_gets_english():
    assert (say("key-yes", "de-AT"), say("key-yes", "xx"), say("key-yes", "")) == ("Ja", "Yes", "Yes")
    assert (spoken("de-CH"), spoken("fr"), spoken("EN-us")) == ("de", "en", "en")


def test_each_language_has_its_own_plural():
    assert [say("stock-left", "de", stock=number) for number in (1, 2)] == ["noch 1 Stück", "noch 2 Stück"]
    assert [say("answer-too-few", "de", least=number) for number in (1, 2)] == [
        "Bitte markiere mindestens eins.",
        "Bitte markiere mindestens 2.",
    ]


def test_a_key_that_no_catalogue_has_is_our_mistake():
    with pytest.raises(KeyError):
        say("no-such-key", "de")
