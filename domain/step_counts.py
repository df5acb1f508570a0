"""How often something came of the steps of funnels and broadcasts."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from store.hot import Bulk
from store.models import StepCount

_COLUMNS = ("creator_id", "about", "step", "arm", "measure", "count")


class Measure(StrEnum):
    REACHED = "reached"
    SENT = "sent"
    CLICKED = "clicked"
    REPLIED = "replied"
    BOUGHT = "bought"
    # what the funnel is for
    GOAL = "goal"
    LEFT = "left"
    BLOCKED = "blocked"
    # of those sent and blocked: how many there were when the breaker's present look began
    SEEN_SENT = "seen-sent"
    SEEN_BLOCKED = "seen-blocked"


# what people are told; the rest is the breaker's own
SHOWN = tuple(each for each in Measure if each not in {Measure.SEEN_SENT, Measure.SEEN_BLOCKED})


class Counted(NamedTuple):
    """What is counted; `about` is `funnel:KEY` or `broadcast:ID`, `arm` as `arm_label` makes it."""

    creator_id: int
    about: str
    step: str
    arm: str
    measure: Measure


def arm_label(arms: Mapping[str, str]) -> str:
    """The split arms that led somewhere, as they are counted under: `ab=a,color=red`."""
    return ",".join(f"{split}={arm}" for split, arm in sorted(arms.items()))


def add_counts(bulk: Bulk, counted: Iterable[tuple[Counted, int]]) -> None:
    """Adds so many of each, as the last that is written: whoever counts the same waits for the end."""
    bulk.add_up(StepCount, _COLUMNS, [(*each, count) for each, count in counted])


async def count_steps(session: AsyncSession, counted: Mapping[Counted, int]) -> None:
    """The same in a transaction that writes nothing else in bulk."""
    bulk = Bulk()
    add_counts(bulk, counted.items())
    await bulk.write(session)
