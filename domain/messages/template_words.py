"""What is wrong with a creator's text, in plain words: the template engine's own speak of tokens."""

import re
from collections.abc import Callable, Iterator

# whatever begins like one, closed or not
_FILLED_IN = re.compile(r"\{\{.*?(?:\}\}|$)|\{%.*?(?:%\}|$)|\{#.*?(?:#\}|$)", re.DOTALL)
_ENDS = {"end of print statement": "}}", "end of statement block": "%}"}
_TOO_DEEP = (RecursionError, MemoryError, SyntaxError)
# a number that became infinite is written as a name that nothing has
_TOO_LARGE = (OverflowError, NameError)
_LONGEST = 60
# what the engine says, and what it means; `{0}` is what it speaks of
_MEANT = [
    (re.compile(said), meant)
    for said, meant in (
        (r"unexpected end of template, expected '(.+?)'", "“{0}” is missing"),
        (r"Unexpected end of template\. .*closed is 'if'", "“{{% endif %}}” is missing"),
        (r"Missing end of comment tag", "“#}}” is missing"),
        (r"Encountered unknown tag '(else|elif|endif)'", "no “{{% if … %}}” stands before it"),
        (r"Encountered unknown tag '(.+?)'", "“{0}” cannot be used here, only values and if"),
        (r"tag name expected", "only {{% if … %}}, {{% elif … %}}, {{% else %}} and {{% endif %}} can be used"),
        (r"expected name or number", "a name is missing behind the dot"),
        (r"No test named '(.+?)'", "“is {0}” cannot be used here"),
        (
            r"(?:Expected an expression, got|expected token 'name', got|^unexpected) '(end of .+?)'",
            "a value is missing",
        ),
        (r"unexpected '.+?', expected '(.+?)'", "“{0}” is missing"),
        (r"unexpected char (?:'\"'|\"'\") at", "a quotation mark is not closed"),
        (r"unexpected char '(.+?)' at", "“{0}” cannot stand there"),
        (r"expected token '.+?', got '(.+?)'", "“{0}” cannot stand there"),
        (r"^unexpected '(.+?)'", "“{0}” cannot stand there"),
        (r"'dict object' has no attribute '(.+?)'", "“{0}” is not there for everybody, so nothing can be done with it"),
    )
]


def in_plain_words(error: Exception) -> str:
    """On one line."""
    match error:
        case _ if isinstance(error, _TOO_DEEP):
            return "it is nested too deeply"
        case _ if isinstance(error, _TOO_LARGE):
            return "a number in it grows too large"
        case ZeroDivisionError():
            return "it divides by zero"
    said = " ".join(str(error).split())
    for pattern, meant in _MEANT:
        if found := pattern.search(said):
            return meant.format(*(_ENDS.get(each, each) for each in found.groups()))
    return said


def place_of_mistake(template: str, read: Callable[[str], object]) -> str:
    """The `{{ … }}` that `read` cannot read, as `in “{{ … }}”: `; nothing when it is none of them by itself."""
    for each in _each(template):
        try:
            read(_by_itself(each))
        except Exception:  # noqa: BLE001 - whatever it is, that is the one
            short = each if len(each) <= _LONGEST else f"{each[: _LONGEST - 1]}…"
            return f"in “{' '.join(short.split())}”: "
    return ""


def _each(template: str) -> Iterator[str]:
    return (found[0] for found in _FILLED_IN.finditer(template))


def _by_itself(piece: str) -> str:
    """Something that can be read where the piece can: what opens is closed, and what closes is opened."""
    word = piece.removeprefix("{%").lstrip("-+ \n").partition(" ")[0].removesuffix("%}") if piece[:2] == "{%" else ""
    match word:
        case "if":
            return piece + "{% endif %}"
        case "elif" | "else" | "endif":
            closed = "" if word == "endif" else "{% endif %}"
            return "{% if 1 %}" + piece + closed
    return piece
