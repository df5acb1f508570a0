"""What came of a funnel's steps, added up: over the ways that lead there, and by the arms of a split."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from automations.planner import HOLDOUT
from domain.attribution import WHOLE
from domain.funnels.steps import SplitStep
from domain.step_counts import Measure
from store.queries.funnel_views import StepNumbers

_PERCENT = 100


@dataclass(frozen=True, slots=True)
class ArmResult:
    """How many took one arm, how many purchases came of it, and what they brought by currency."""

    reached: int
    bought: int
    money: Mapping[str, int]

    @property
    def share(self) -> int:
        """Purchases for each hundred who took it."""
        return round(self.bought * _PERCENT / self.reached) if self.reached else 0


def by_step(numbers: Iterable[StepNumbers]) -> dict[str, StepNumbers]:
    """Each step with all ways that lead to it."""
    measures: dict[str, Counter[str]] = {}
    money: dict[str, Counter[str]] = {}
    for each in numbers:
        measures.setdefault(each.step, Counter()).update(each.measures)
        money.setdefault(each.step, Counter()).update(each.money)
    return {step: StepNumbers(step, "", counts, money[step]) for step, counts in measures.items()}


def arm_results(step: SplitStep, numbers: Iterable[StepNumbers]) -> dict[str, ArmResult]:
    """Every arm of the split, its holdout last, whether anybody took it or not."""
    arms = [*step.arms, *([HOLDOUT] if step.holdout and HOLDOUT not in step.arms else [])]
    reached, bought = Counter[str](), Counter[str]()
    money: dict[str, Counter[str]] = {arm: Counter() for arm in arms}
    for each in numbers:
        arm = taken_arms(each.arm).get(step.key)
        if arm is None or arm not in money:
            continue
        if each.step == step.key:
            reached[arm] += each.measures.get(Measure.REACHED, 0)
        if each.step == WHOLE:
            # also what those bought who were told nothing
            bought[arm] += each.measures.get(Measure.BOUGHT, 0)
            money[arm].update(each.money)
    return {arm: ArmResult(reached[arm], bought[arm], money[arm]) for arm in arms}


def taken_arms(label: str) -> dict[str, str]:
    """The arms by split, as `arm_label` writes them."""
    return dict(part.split("=", 1) for part in label.split(",") if "=" in part)
