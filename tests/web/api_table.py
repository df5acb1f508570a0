"""The tables of docs/API.md: each endpoint, who may, and which test proves it; each code of a refusal. Written anew by

python -m tests.web.api_table
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from domain.access import RULES, NoSuchRight, Rule, SignInNeeded
from domain.accounts import RegistrationClosed
from kit.errors import Refusal
from web.api.repeating import AnswerForgotten, KeyReused, StillUnderWay
from web.api.route import Route
from web.api.table import PREFIX, ROUTES
from web.auth import CreatorNeeded

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "API.md"
BEGIN, END = "<!-- endpoints: begin -->", "<!-- endpoints: end -->"
CODES_BEGIN, CODES_END = "<!-- codes: begin -->", "<!-- codes: end -->"
# what any request may meet
_USUAL = (RegistrationClosed, NoSuchRight, CreatorNeeded, SignInNeeded, KeyReused, StillUnderWay, AnswerForgotten)


def who_may(rule: Rule) -> str:
    if rule.public:
        return "anybody"
    if rule.in_person:
        return f"{who_may(replace(rule, in_person=False))}, in person"
    if rule.owner:
        return "owner"
    if rule.right is not None:
        return f"team: {rule.right}"
    return "signed in" if rule.roles is None else ", ".join(sorted(rule.roles))


def table(routes: Sequence[Route[Any, Any]]) -> str:
    """In the order of their addresses; a test stands in tests/web/."""
    lines = ["| endpoint | who | what | proven by |", "|---|---|---|---|"]
    for route in sorted(routes, key=lambda each: (each.path.split("/")[1], each.path, each.method)):
        proofs = "<br>".join(f"`{each}`" for each in route.proves)
        cells = (f"`{route.method} {route.path}`", who_may(RULES[route.act]), route.summary, proofs)
        lines.append(f"| {' | '.join(each.replace('|', '&#124;') for each in cells)} |")
    return "\n".join(lines)


def codes(routes: Sequence[Route[Any, Any]]) -> str:
    """Each refusal that a route names; what its class says of it, or else the words of the code."""
    named = {each for route in routes for each in route.refuses} | set(_USUAL)
    lines = {
        f"| `{each.code.upper()}` | {each.status} | {_meaning(each)} |"
        for each in sorted(named, key=lambda one: (one.code, one.__name__))
    }
    return "\n".join(["| code | status | means |", "|---|---|---|", *sorted(lines)])


def _meaning(refusal: type[Refusal]) -> str:
    told = " ".join((refusal.__doc__ or "").split("\n\n")[0].split())
    return (told or f"{refusal.code.replace('_', ' ').capitalize()}.").replace("|", "&#124;")


def page(text: str) -> str:
    """The page with the tables of today."""
    return _between(_between(text, BEGIN, table(ROUTES), END), CODES_BEGIN, codes(ROUTES), CODES_END)


def _between(text: str, begin: str, told: str, end: str) -> str:
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    return f"{head}{begin}\n{told}\n{end}{tail}"


def unproven(routes: Sequence[Route[Any, Any]]) -> list[str]:
    """Endpoints that name no test, or one that is not there."""
    told = []
    for route in routes:
        named = f"{route.method} {PREFIX}{route.path}"
        told += [named] if not route.proves else []
        told += [f"{named}: {each}" for each in route.proves if each not in tests()]
    return told


@cache
def tests() -> Mapping[str, int]:
    """The tests of this folder, `test_web_leads.py::test_…`, and in which line each stands."""
    found = {}
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found[f"{file.name}::{node.name}"] = node.lineno
    return found


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
