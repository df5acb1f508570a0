import ast
from pathlib import Path

from domain.events import KNOWN_EVENTS
from domain.flows.runs import FlowRunState

ROOT = Path(__file__).parents[2]
_RECORDING = {"record_event", "_record", "_record_of_leads"}


def _recorded() -> set[str]:
    """The names of events that stand in the calls that record them."""
    found = set()
    for file in (*ROOT.glob("domain/**/*.py"), *ROOT.glob("payments/**/*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _RECORDING:
                named = [each.value for each in call.args[1:2] if isinstance(each, ast.Constant)]
                found |= {each for each in named if isinstance(each, str)}
    return found


def test_every_event_that_is_recorded_can_be_asked_for():
    recorded = _recorded()
    assert {"lead.imported", "order.paid", "link.made"} <= recorded
    assert recorded <= KNOWN_EVENTS
    ends = {FlowRunState.CANCELLED, FlowRunState.EXPIRED}
    assert {"flow.finished", *(f"flow.{end}" for end in ends)} <= KNOWN_EVENTS
