"""What somebody typed into Telegram, as its HTML: what is to be filled in stands there as they typed it."""

import html
import re

from kit.text import escape

_TAGS = r"(?:<[^>]*>)*"
# {{ … }} and {% … %}; what was made bold may begin between the two braces
_FILLED = re.compile(rf"\{{{_TAGS}(?:\{{.*?\}}{_TAGS}\}}|%.*?%{_TAGS}\}})", re.DOTALL)
_TAG = re.compile(r"<(/?)[a-z][^>]*>")
# phones make them of the straight ones
_CURLY = str.maketrans(dict.fromkeys("“”„«»", '"') | dict.fromkeys("‘’‚", "'"))
_STRAIGHT = frozenset("\"'")


def as_typed(marked_up: str) -> str:
    """Quotes and signs inside of {{ … }} and {% … %} are as they were typed, and what was formatted is it around them.

    Quotes that a phone has curled are straight again there, and nowhere else.
    """
    return _FILLED.sub(_one, marked_up)


def plain_fillings(marked_up: str) -> str:
    """The same text, to be looked at as markup: a sign such as < in {% if … %} opens no tag."""
    return _FILLED.sub(lambda found: escape(found[0]), marked_up)


def _one(found: re.Match[str]) -> str:
    filled = html.unescape(_TAG.sub("", found[0]))
    if not _STRAIGHT & set(filled):
        filled = filled.translate(_CURLY)
    opened, closed = list[str](), list[str]()
    for tag in _TAG.finditer(found[0]):
        if not tag[1]:
            opened.append(tag[0])
        elif opened:
            filled = f"{opened.pop()}{filled}{tag[0]}"
        else:
            closed.append(tag[0])
    # what ends in it was begun before, what begins in it ends after: only where it does both is it neither
    before, after = (closed, opened) if opened and closed else (opened, closed)
    return f"{''.join(before)}{filled}{''.join(after)}"
