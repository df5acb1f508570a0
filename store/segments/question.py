"""A question about leads as it is written, `tag:vip and last_seen<30d`, read into its parts."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Generic, TypeAlias, TypeVar

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args

from kit.errors import Invalid, Reason

# a question is typed by hand: these are far above what anybody writes, and far below what hurts
LONGEST = 2000
DEEPEST = 12

_GRAMMAR = r"""
?start: either
?either: both (_OR both)*        -> any_of
?both: single (_AND single)*     -> all_of
?single: _NOT single             -> opposite
    | "(" either ")"
    | condition
condition: WORD                          -> alone
    | WORD COLON value                   -> told
    | WORD COLON value _WITHIN value     -> within
    | WORD SIGN value                    -> told
    | WORD COLON WORD SIGN value         -> about
    | RANDOM value                       -> random
?value: WORD | STRING

_OR.2: /or(?![^\s()])/i
_AND.2: /and(?![^\s()])/i
_NOT.2: /not(?![^\s()])/i
_WITHIN.2: /within(?![^\s()])/i
RANDOM.2: /random(?=\s)/i
COLON: ":"
SIGN: /[<>=!]=|<>|[<>=≤≥≠]/
STRING: /"(?:[^"\\]|\\.)*"|[“”„](?:[^"“”\\]|\\.)*["“”]/
WORD: /(?:[^\s()"“”„:<>=!≤≥≠]|!(?!=))+/
%ignore /\s+/
"""
_SIGNS = {":": "=", "==": "=", "≤": "<=", "≥": ">=", "≠": "!=", "<>": "!="}
_ESCAPED = re.compile(r"\\(.)")
_FIGURE = re.compile(r"[0-9][0-9.,]*")
_CURRENCY = re.compile(r"[a-zA-Z]{3}")
_SHOWN = 40


class BadSegment(Invalid):
    """The question cannot be asked: one line that says where, why, and what may stand there instead."""

    code = "bad_segment"

    def __init__(self, message: str, *, why: Reason, at: int | None = None) -> None:
        told = message if at is None else f"character {at}: {message}"
        placed = why if at is None else Reason("segment-at", at=at, why=why)
        super().__init__(told, fields={"segment": told}, why=placed)


@dataclass(frozen=True, slots=True)
class Said:
    """One condition as it was written: `field:city!="New York"` has name field, about city, sign !=, and a value.

    `at` is the character, from 1, at which it begins; `value_at` likewise. A value of None was not given.
    """

    name: str
    at: int
    sign: str = ""
    value: str | None = None
    value_at: int = 0
    about: str | None = None
    within: str | None = None


L = TypeVar("L")


@dataclass(frozen=True, slots=True)
class AllOf(Generic[L]):
    parts: "tuple[AllOf[L] | AnyOf[L] | Not[L] | L, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf(Generic[L]):
    parts: "tuple[AllOf[L] | AnyOf[L] | Not[L] | L, ...]"


@dataclass(frozen=True, slots=True)
class Not(Generic[L]):
    part: "AllOf[L] | AnyOf[L] | Not[L] | L"


Tree: TypeAlias = AllOf[L] | AnyOf[L] | Not[L] | L


@dataclass(frozen=True, slots=True)
class _Part:
    """A part with how deep it goes, so that nothing too deep is ever walked."""

    tree: Tree[Said]
    depth: int = 1


@lru_cache(maxsize=512)
def read_question(question: str) -> Tree[Said]:
    """The question's parts. Raises BadSegment for one that cannot be read."""
    if len(question) > LONGEST:
        raise BadSegment(
            f"a segment is {LONGEST} characters at most, this one has {len(question)}",
            why=Reason("segment-long", most=LONGEST, length=len(question)),
        )
    if not question.strip():
        raise BadSegment("a segment says who is meant, like tag:vip; all means everybody", why=Reason("segment-empty"))
    try:
        part: Any = _parser().parse(question)
    except UnexpectedToken as error:
        raise _unexpected(question, error) from None
    except UnexpectedCharacters as error:
        place: Any = error.pos_in_stream
        raise _unreadable(question, place) from None
    if part.depth > DEEPEST:
        raise BadSegment(
            f"this is nested too deeply: {DEEPEST} levels of brackets at most",
            why=Reason("segment-deep", most=DEEPEST),
        )
    tree: Tree[Said] = part.tree
    return tree


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the nearest of `known`, or nothing when none is near."""
    found = nearest(word, known)
    return f"; did you mean {found}?" if found else ""


def near_why(word: str, known: Iterable[str]) -> Reason | str:
    """The same for whoever reads another language."""
    found = nearest(word, known)
    return Reason("segment-near", word=found) if found else ""


def nearest(word: str, known: Iterable[str], *, nearness: float = 0.6) -> str | None:
    """None when none of `known` is as near as that, of 1 for the word itself."""
    return next(iter(difflib.get_close_matches(word.casefold(), sorted(known), n=1, cutoff=nearness)), None)


def listed(words: Iterable[str], *, most: int = 12) -> str:
    """`a, b or c`, in order, cut where there are very many."""
    known = sorted(words)
    if len(known) > most:
        return f"{', '.join(known[:most])} …"
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} or {known[-1]}"


def listed_why(words: Iterable[str], *, most: int = 12) -> Reason | str:
    """The same for whoever reads another language."""
    known = sorted(words)
    if len(known) > most or len(known) == 1:
        return listed(known, most=most)
    return Reason("segment-or", words=", ".join(known[:-1]), last=known[-1])


def shown(text: str) -> str:
    """What was typed, in quotes, on one line and not too long."""
    return f"“{cut(text)}”"


def cut(text: str) -> str:
    """The same without quotes, which each language has its own of."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


@v_args(inline=True)
class _Reader(Transformer[Token, _Part]):
    def alone(self, name: Token) -> _Part:
        return _Part(Said(_name(name), _at(name)))

    def told(self, name: Token, sign: Token, value: Token) -> _Part:
        return _Part(Said(_name(name), _at(name), _sign(sign), _value(value), _at(value)))

    def within(self, name: Token, sign: Token, value: Token, span: Token) -> _Part:
        return _Part(Said(_name(name), _at(name), _sign(sign), _value(value), _at(value), within=_value(span)))

    def about(self, name: Token, _colon: Token, about: Token, sign: Token, value: Token) -> _Part:
        return _Part(Said(_name(name), _at(name), _sign(sign), _value(value), _at(value), about=str(about)))

    def random(self, name: Token, value: Token) -> _Part:
        return _Part(Said("random", _at(name), "=", _value(value), _at(value)))

    def all_of(self, *parts: _Part) -> _Part:
        if len(parts) == 1:
            return parts[0]
        return _Part(AllOf(tuple(each.tree for each in parts)), 1 + max(each.depth for each in parts))

    def any_of(self, *parts: _Part) -> _Part:
        if len(parts) == 1:
            return parts[0]
        return _Part(AnyOf(tuple(each.tree for each in parts)), 1 + max(each.depth for each in parts))

    def opposite(self, part: _Part) -> _Part:
        if isinstance(part.tree, Not):
            return _Part(part.tree.part, part.depth)
        return _Part(Not(part.tree), part.depth)


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=_Reader(), maybe_placeholders=False)


def _name(token: Token) -> str:
    return str(token).casefold().replace("-", "_")


def _sign(token: Token) -> str:
    return _SIGNS.get(str(token), str(token))


def _value(token: Token) -> str:
    return _ESCAPED.sub(r"\1", token[1:-1]) if token.type == "STRING" else str(token)


def _at(token: Token) -> int:
    return (token.start_pos or 0) + 1


def _unexpected(question: str, error: UnexpectedToken) -> BadSegment:
    token: Token = error.token
    at = len(question.rstrip()) + 1 if token.type == "$END" else _at(token)
    ends = token.type == "$END"
    found = "the end" if ends else shown(str(token))
    found_why = Reason("segment-the-end") if ends else Reason("segment-quoted", word=cut(str(token)))
    expected: set[str] = set(error.accepts or error.expected)
    if expected & {"_AND", "RPAR", "$END"}:
        if token.type == "RPAR":
            return BadSegment("this bracket was never opened", why=Reason("segment-bracket-unopened"), at=at)
        if token.type == "$END":
            return BadSegment("a bracket is never closed", why=Reason("segment-bracket-unclosed"), at=at)
        joined = _joined(question, token, error.token_history or ())
        hint = near(str(token), ("and", "or")) or (f"; or write {shown(joined)}" if joined else "")
        hint_why = near_why(str(token), ("and", "or")) or (
            Reason("segment-or-write", form=cut(joined)) if joined else ""
        )
        return BadSegment(
            f"{found} cannot stand here: and, or, or the end comes next{hint}",
            why=Reason("segment-no-and", found=found_why, hint=hint_why),
            at=at,
        )
    if "_NOT" in expected:
        return BadSegment(
            f"{found} cannot stand here: a condition comes next, like tag:vip",
            why=Reason("segment-no-condition", found=found_why),
            at=at,
        )
    return BadSegment(
        f"{found} cannot stand here: a value comes next, like vip or “Preset pack”",
        why=Reason("segment-no-value", found=found_why),
        at=at,
    )


def _joined(question: str, token: Token, history: Sequence[Token]) -> str:
    """For `tag vip`: the two words, joined; for `50 usd` the amount as one word."""
    before = history[-1] if history else None
    if before is None or token.type not in {"WORD", "STRING"} or before.type != "WORD":
        return ""
    start = question[: before.start_pos].rstrip()
    if not start.endswith((":", "<", ">", "=", "≤", "≥", "≠")):
        return f"{before}:{token}"
    return f"{before}{token}" if _FIGURE.fullmatch(before) and _CURRENCY.fullmatch(token) else ""


def _unreadable(question: str, place: int) -> BadSegment:
    character = question[place : place + 1]
    if character in '"“”„':
        return BadSegment("this quotation mark is never closed", why=Reason("segment-quote-unclosed"), at=place + 1)
    return BadSegment(
        f"{shown(character)} cannot stand here", why=Reason("segment-character", word=cut(character)), at=place + 1
    )
