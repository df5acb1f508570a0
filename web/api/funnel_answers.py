"""Funnels as JSON: how one stands, what came of its steps, and what would become of a change."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from automations.proposing import Proposed
from automations.resuming import Resuming
from automations.simulated import Simulation, Spoken
from automations.step_results import arm_results, by_step, taken_arms
from domain.durations import FOR_PEOPLE
from domain.funnels.definition import Funnel
from domain.funnels.moving import Policy
from domain.funnels.steps import SplitStep
from domain.messages.catalogue import plain_why
from domain.step_counts import SHOWN
from domain.why import why
from kit.text import unmarked
from kit.yaml_text import Problem
from store.models import EnrollmentState, FunnelHead, FunnelState, Kept
from store.queries.funnel_views import StepNumbers


class FunnelItem(BaseModel):
    """`counts` are of all wordings: how many are, or were, in it, by state."""

    key: str
    state: FunnelState
    kept: Kept
    version: int | None
    reason: str | None
    stopped_steps: list[str]
    # those under way are being taken over into the present wording
    moving: bool
    counts: dict[str, int]
    changed_at: datetime

    @classmethod
    def of(cls, head: FunnelHead, version: int | None, counts: Mapping[EnrollmentState, int]) -> "FunnelItem":
        return cls(
            key=head.key,
            state=head.state,
            kept=head.kept,
            version=version,
            reason=head.reason,
            stopped_steps=head.stopped_steps,
            moving=head.moves_by is not None,
            counts={state.value: counts.get(state, 0) for state in EnrollmentState},
            changed_at=head.changed_at,
        )


class FunnelDetail(FunnelItem):
    """With what those who begin now take, as it would stand in YAML."""

    definition: dict[str, Any] | None


class ProblemItem(BaseModel):
    """`line` is of the YAML that was sent, None for plain data."""

    path: str
    line: int | None
    message: str

    @classmethod
    def of(cls, problem: Problem) -> "ProblemItem":
        return cls(path=problem.key, line=problem.line, message=problem.message)


class GroupItem(BaseModel):
    """Those who stand at one step of an earlier wording, and how many would get which step's message at once."""

    version: int
    step: str
    people: int
    held: int
    # by policy: stays, moves or ends
    under: dict[str, str]
    at_once: dict[str, int]


class ProposedItem(BaseModel):
    """`differences` has lines that go (`- `) and that come (`+ `) since `version`, 0 for a new one."""

    key: str
    version: int
    differences: list[str]
    under_way: list[GroupItem]

    @classmethod
    def of(cls, proposed: Proposed) -> "ProposedItem":
        return cls(
            key=proposed.key,
            version=proposed.number,
            differences=list(proposed.changed),
            under_way=[
                GroupItem(
                    version=each.group.number,
                    step=each.group.step,
                    people=each.group.people,
                    held=each.group.held,
                    under={policy.value: each.under(policy) for policy in Policy},
                    at_once=dict(each.at_once),
                )
                for each in proposed.foreseen
            ],
        )


class Validated(BaseModel):
    valid: bool
    problems: list[ProblemItem]
    funnels: list[ProposedItem]


class Choice(BaseModel):
    """Messages that would go out at once, when somebody's hours come, and never."""

    at_once: int
    later: int
    left_out: int


class ResumingAnswer(BaseModel):
    held: int
    overdue: int
    # so many were looked at one by one; the choices are of them
    looked_at: int
    choices: dict[str, Choice]

    @classmethod
    def of(cls, resuming: Resuming) -> "ResumingAnswer":
        return cls(
            held=resuming.held,
            overdue=resuming.overdue,
            looked_at=resuming.walked,
            choices={
                late.value: Choice(at_once=under.now, later=under.later, left_out=under.left_out)
                for late, under in resuming.under.items()
            },
        )


class WayItem(BaseModel):
    """What came of a step on one way through the splits; `money` is in minor units by currency."""

    arms: dict[str, str]
    counts: dict[str, int]
    money: dict[str, int]

    @classmethod
    def of(cls, numbers: StepNumbers) -> "WayItem":
        counts = {measure.value: numbers.measures.get(measure, 0) for measure in SHOWN}
        return cls(arms=taken_arms(numbers.arm), counts=counts, money=dict(numbers.money))


class StepItem(WayItem):
    """All ways together, and each for itself where there are several."""

    key: str
    do: str
    ways: list[WayItem]
    # of a split: each arm, its holdout last
    split: dict[str, dict[str, Any]]


class Statistics(BaseModel):
    key: str
    steps: list[StepItem]


def statistics(key: str, funnel: Funnel, numbers: Sequence[StepNumbers]) -> Statistics:
    totals = by_step(numbers)
    steps = []
    for step in funnel.steps:
        whole = WayItem.of(totals.get(step.key, StepNumbers(step.key, "", {})))
        ways = [WayItem.of(each) for each in numbers if each.step == step.key and each.arm]
        split = _split(step, numbers) if isinstance(step, SplitStep) else {}
        steps.append(StepItem(key=step.key, do=step.do, ways=ways, split=split, **whole.model_dump()))
    return Statistics(key=key, steps=steps)


def _split(step: SplitStep, numbers: Iterable[StepNumbers]) -> dict[str, dict[str, Any]]:
    return {
        arm: {"reached": result.reached, "bought": result.bought, "money": dict(result.money)}
        for arm, result in arm_results(step, numbers).items()
    }


class MomentItem(BaseModel):
    """A message, with its `text` in Telegram's HTML taken away, or a decision in words."""

    at: datetime
    kind: str
    lead_id: int | None
    about: str | None
    step: str | None
    text: str | None
    decided: list[str]


class CountItem(BaseModel):
    """What came of one step on one way through the splits."""

    about: str
    step: str
    arms: dict[str, str]
    counts: dict[str, int]


class SimulationAnswer(BaseModel):
    """`moments` are the first ones, `counts` of all. `cut_at`: too much, and what comes later was not looked at."""

    since: datetime
    until: datetime
    lead_ids: list[int]
    begun: int
    messages: int
    refused: dict[int, str]
    cut_at: datetime | None
    moments: list[MomentItem]
    counts: list[CountItem]

    @classmethod
    def of(cls, simulation: Simulation, zone: ZoneInfo) -> "SimulationAnswer":
        moments = []
        for each in simulation.moments:
            if isinstance(each, Spoken):
                moments.append(
                    MomentItem(
                        at=each.at,
                        kind="message",
                        lead_id=each.lead_id,
                        about=each.about,
                        step=each.step,
                        text=unmarked(each.message.text),
                        decided=[],
                    )
                )
                continue
            lines = [plain_why(reason) for reason in why(each, "en", zone)]
            moments.append(
                MomentItem(
                    at=each.at,
                    kind="decision",
                    lead_id=each.lead_id,
                    about=each.about,
                    step=None,
                    text=None,
                    decided=lines,
                )
            )
        return cls(
            since=simulation.since,
            until=simulation.until,
            lead_ids=list(simulation.leads),
            begun=simulation.begun,
            messages=simulation.said,
            refused={lead: plain_why(reason) for lead, reason in simulation.refused.items()},
            cut_at=simulation.cut_at,
            moments=moments,
            counts=_counts(simulation),
        )


def _counts(simulation: Simulation) -> list[CountItem]:
    steps: dict[tuple[str, str, str], dict[str, int]] = {}
    for counted, count in simulation.counts.items():
        if counted.measure not in SHOWN:
            continue
        steps.setdefault((counted.about, counted.step, counted.arm), {})[counted.measure.value] = count
    return [
        CountItem(about=about, step=step, arms=taken_arms(arm), counts=counts)
        for (about, step, arm), counts in sorted(steps.items())
    ]


def as_written(funnel: Funnel) -> dict[str, Any]:
    """Plain data that is read back as the same funnel."""
    return funnel.model_dump(mode="json", by_alias=True, exclude_defaults=True, context=FOR_PEOPLE)
