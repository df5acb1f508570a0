"""Funnels as people write them, from how they stand in the store, and what sets one wording off from another."""

import difflib
from collections.abc import Mapping
from typing import Any

from domain.durations import FOR_PEOPLE
from domain.funnels.definition import Funnel
from kit.yaml_text import write_yaml

# around what has changed
_LINES_BESIDE = 2


def write_funnels(funnels: Mapping[str, Funnel]) -> str:
    """YAML that reads back as the same funnels."""
    return write_yaml({key: _plain(funnel) for key, funnel in funnels.items()})


def differences(before: Funnel | None, after: Funnel | None) -> list[str]:
    """The lines that go (`- `), that come (`+ `) and a few beside them (`  `); none where they say the same."""
    one, other = (write_yaml(_plain(each)).splitlines() if each is not None else [] for each in (before, after))
    told = list(difflib.unified_diff(one, other, lineterm="", n=_LINES_BESIDE))[2:]
    # where it stands says nothing to whoever wrote another file
    found = ["  …" if line.startswith("@@") else f"{line[:1]} {line[1:]}" for line in told]
    return found[1:] if found[:1] == ["  …"] else found


def _plain(funnel: Funnel) -> dict[str, Any]:
    dumped = funnel.model_dump(mode="json", by_alias=True, exclude_defaults=True, context=FOR_PEOPLE)
    triggers = dumped.get("trigger", [])
    if len(triggers) == 1:
        dumped["trigger"] = triggers[0]
    dumped["steps"] = [_in_order(step) for step in dumped["steps"]]
    return dumped


def _in_order(step: dict[str, Any]) -> dict[str, Any]:
    """Its name and what it does first, where it leads last. What Spark noted of a file is not the writer's."""
    first = {"key": step["key"], "do": step["do"]}
    last = {"next": step["next"]} if "next" in step else {}
    return {**first, **{name: value for name, value in step.items() if name not in _PLACED}, **last}


_PLACED = {"key", "do", "next", "sha256"}
