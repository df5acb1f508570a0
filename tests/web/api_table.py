"""The table of docs/API.md: each endpoint, who may, and which test proves it. Written anew by

python -m tests.web.api_table
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from domain.access import RULES, Rule
from web.api.route import Route
from web.api.table import PREFIX, ROUTES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "API.md"
BEGIN, END = "<!-- endpoints: begin -->", "<!-- endpoints: end -->"


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


def page(text: str) -> str:
    """The page with the table of today."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table(ROUTES)}\n{END}{tail}"


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
