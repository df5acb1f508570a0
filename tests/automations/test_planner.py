from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.planner import plan
from domain.funnels.definition import Funnel

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


def funnel(*steps: dict[str, Any]) -> Funnel:
    return Funnel.model_validate({"trigger": {"event": "lead.captured"}, "steps": list(steps)})


def wait(key: str, time: str = "1d") -> dict[str, Any]:
    return {"key": key, "do": "wait", "time": time}


def send(key: str) -> dict[str, Any]:
    return {"key": key, "do": "send", "text": key}


def test_from_the_top_it_walks_to_the_first_wait():
    decided = plan(funnel(send("hello"), wait("a-day"), send("later")), None, now=NOON)
    assert [step.key for step in decided.sends] == ["hello"]
    assert (decided.step, decided.due_at) == ("a-day", NOON + timedelta(days=1))


def test_from_a_wait_whose_time_has_come_it_walks_on_behind_it():
    decided = plan(funnel(wait("first"), send("a"), send("b"), wait("second", "2h"), send("c")), "first", now=NOON)
    assert [step.key for step in decided.sends] == ["a", "b"]
    assert (decided.step, decided.due_at) == ("second", NOON + timedelta(hours=2))


def test_behind_the_last_wait_it_is_done():
    decided = plan(funnel(wait("first"), send("a")), "first", now=NOON)
    assert [step.key for step in decided.sends] == ["a"]
    assert (decided.step, decided.due_at) == (None, None)


def test_two_waits_in_a_row_are_waited_for_one_after_the_other():
    both = funnel(wait("first"), wait("second"), send("a"))
    assert plan(both, "first", now=NOON).step == "second"
    assert plan(both, "first", now=NOON).sends == ()


def test_a_step_that_this_version_does_not_have_is_refused():
    with pytest.raises(KeyError):
        plan(funnel(send("a")), "gone", now=NOON)


@given(kinds=st.lists(st.booleans(), min_size=1, max_size=12))
def test_walked_to_its_end_every_message_is_sent_once_and_in_order(kinds: list[bool]):
    steps = [send(f"s{number}") if sends else wait(f"w{number}") for number, sends in enumerate(kinds)]
    whole = funnel(*steps)
    sent: list[str] = []
    step: str | None = None
    waits = 0
    while True:
        decided = plan(whole, step, now=NOON)
        sent += [each.key for each in decided.sends]
        if decided.step is None:
            break
        step, waits = decided.step, waits + 1
    assert sent == [each["key"] for each in steps if each["do"] == "send"]
    assert waits == kinds.count(False)
