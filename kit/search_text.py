"""The words of a text as full-text search keeps and asks for them, alike on every database.

A word is what remains of it without accents, casefolded. Where a script leaves no space between words, one begins at
each character: whoever looks for 旅行 finds 東京旅行 too.
"""

import re
import unicodedata
from functools import cache

# longer words are looked for by how they begin
WORD_LIMIT = 40
_UNSPACED_LIMIT = 8
# Thai to Khmer, Japanese and Chinese
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
_UNSPACED += "\U00020000-\U0003ffff"
_WORDS = re.compile(f"[{_UNSPACED}]+|[^\\s{_UNSPACED}]+")
_STARTS_UNSPACED = re.compile(f"[{_UNSPACED}]")


def kept_words(*texts: str) -> set[str]:
    """Everything that these texts are found by."""
    kept: set[str] = set()
    for word in _words(" ".join(texts)):
        if _STARTS_UNSPACED.match(word):
            kept.update(word[start : start + _UNSPACED_LIMIT] for start in range(len(word)))
        else:
            kept.add(word[:WORD_LIMIT])
    return kept


def asked_words(text: str) -> list[str]:
    """The beginnings to look for among `kept_words`, each once: all of them must be there."""
    asked: dict[str, None] = {}
    for word in _words(text):
        asked[word[: _UNSPACED_LIMIT if _STARTS_UNSPACED.match(word) else WORD_LIMIT]] = None
    return list(asked)


def _words(text: str) -> list[str]:
    if text.isascii():
        return _ASCII.findall(text.lower())
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return _WORDS.findall("".join(map(_letter, plain)))


_ASCII = re.compile(r"[a-z0-9]+")


@cache
def _letter(character: str) -> str:
    """A letter, digit or vowel sign as it is, an accent as nothing, everything else as a space."""
    kind = unicodedata.category(character)
    if kind in {"Mn", "Me"}:
        return ""
    return character if kind[0] in "LN" or kind == "Mc" else " "
