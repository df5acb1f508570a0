"""Events: what is recorded can be asked for, and the page on funnels tells all of them with their data."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from domain.events import FOR_SEGMENTS, KNOWN_EVENTS, LEADLESS
from domain.flows.runs import FlowRunState

ROOT = Path(__file__).parents[2]
_OWN = {"creator_id", "lead_id", "subject", "now"}
_NAME = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")


def _functions(file: Path) -> list[ast.AsyncFunctionDef]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.AsyncFunctionDef)]


def _calls(within: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for call in ast.walk(within):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            yield call.func.id, call


def _names(call: ast.Call) -> set[str]:
    """Of the events that stand in it, one or the other."""
    constants = (each for argument in call.args for each in ast.walk(argument) if isinstance(each, ast.Constant))
    return {each.value for each in constants if isinstance(each.value, str) and _NAME.fullmatch(each.value)}


def _data(call: ast.Call, function: ast.AsyncFunctionDef) -> set[str]:
    """What it records of its own, and the kind of thing that it is about."""
    data = {each.arg for each in call.keywords if each.arg is not None} - _OWN
    for told in (each.value for each in call.keywords if each.arg == "subject"):
        made = [each.value for each in ast.walk(function) if isinstance(each, ast.Assign) and _is(each.targets, told)]
        parts = (part for value in (told, *made) for part in ast.walk(value) if isinstance(part, ast.Constant))
        data |= {str(part.value).partition(":")[0] for part in parts if ":" in str(part.value)}
    return data | ({"product"} if "order" in data else set())


def _is(targets: list[ast.expr], told: ast.expr) -> bool:
    return [ast.unparse(each) for each in targets] == [ast.unparse(told)]


@cache
def _recorded() -> Mapping[str, set[str]]:
    """The events that stand in calls that record them, with the data that comes along, as far as the code names it."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in sorted({*ROOT.glob("domain/**/*.py"), *ROOT.glob("payments/**/*.py"), *ROOT.glob("automations/*.py")}):
        # those of the file that record whichever event they are given
        given: dict[str, set[str]] = {}
        calls = [(function, *each) for function in _functions(file) for each in _calls(function)]
        for function, name, call in calls:
            if name == "record_event" and not _names(call):
                given[function.name] = _data(call, function)
        for function, name, call in calls:
            if name == "record_event" or name in given or name == "_record":
                for event in _names(call):
                    found[event] |= _data(call, function) | given.get(name, set())
    return found


def _documented() -> dict[str, set[str]]:
    page = (ROOT / "docs" / "FUNNELS.md").read_text("utf-8").partition("\n## Events\n")[2].partition("\n## ")[0]
    found = {}
    for line in page.splitlines():
        if line.startswith("| `"):
            names, _, data = (each.strip() for each in line.strip("|").split(" | ", 2))
            keys = set(re.findall(r"`([a-z_]+)`", data))
            found.update(dict.fromkeys(re.findall(r"`([^`]+)`", names), keys))
    return found


def test_every_event_that_is_recorded_can_be_asked_for():
    recorded = set(_recorded())
    assert {"lead.imported", "order.paid", "link.made", "order.partly_refunded"} <= recorded
    assert recorded <= KNOWN_EVENTS
    ends = {FlowRunState.CANCELLED, FlowRunState.EXPIRED}
    assert {"flow.finished", *(f"flow.{end}" for end in ends)} <= KNOWN_EVENTS


def test_the_page_on_funnels_tells_every_event_that_happens_to_leads():
    assert set(_documented()) == (KNOWN_EVENTS - LEADLESS) | FOR_SEGMENTS | {"custom.NAME"}


def test_the_page_on_funnels_tells_the_data_of_every_event():
    told, recorded = _documented(), _recorded()
    looked_at = told.keys() & recorded.keys()
    assert len(looked_at) > 40
    assert {name: told[name] for name in looked_at} == {name: recorded[name] for name in looked_at}
