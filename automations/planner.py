from dataclasses import dataclass
from datetime import datetime

from domain.funnels.definition import Funnel, SendStep, WaitStep


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens now, and the step to wait at until `due_at`; no step means that the funnel is done."""

    sends: tuple[SendStep, ...]
    step: str | None
    due_at: datetime | None


def plan(funnel: Funnel, step: str | None, *, now: datetime) -> Plan:
    """Walks on from the step whose time has come (None: from the top) to the next wait. Knows no store, no clock.

    Raises KeyError for a step that this version does not have.
    """
    position = -1 if step is None else funnel.position(step)
    sends: list[SendStep] = []
    for following in funnel.steps[position + 1 :]:
        match following:
            case SendStep():
                sends.append(following)
            case WaitStep(key=key, time=time):
                return Plan(tuple(sends), key, now + time)
    return Plan(tuple(sends), None, None)
