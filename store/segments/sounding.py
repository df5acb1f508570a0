"""Whether something that was typed is meant as a question about leads, or is a name to look for."""

import re

from store.segments.conditions import Mark
from store.segments.forms import FORMS
from store.segments.question import nearest

_JOINS = frozenset({"and", "or", "not"})
_KEYWORDS = frozenset({*FORMS, *Mark, "everybody"})
# a name that looks a little like a condition is no mistake: “anna” is not “banned”
_NEARNESS = 0.75
# no name has them
_SIGNS = re.compile(r'["“”„%:=<>≤≥≠()]')


def sounds_like_question(text: str) -> bool:
    """True for what is a question, be it a wrong one: then it is answered by what is wrong, not by a search."""
    words = [word.replace("-", "_") for word in text.casefold().split()]
    if not words or _SIGNS.search(text):
        return bool(words)
    if words[0] in _KEYWORDS | {"not"} or words[-1] in _JOINS:
        return True
    return not _JOINS.isdisjoint(words) and not _KEYWORDS.isdisjoint(words)


def meant_condition(text: str) -> str | None:
    """The condition that a single word is nearly the name of, as it is written: `clicked` for `clickd`."""
    if len(text.split()) != 1:
        return None
    name = nearest(text.strip().replace("-", "_"), _KEYWORDS, nearness=_NEARNESS)
    if name is None:
        return None
    return name if name in set(Mark) else FORMS.get(name)
