"""What becomes of a message that is due: it goes, or why it does not."""

from dataclasses import dataclass
from datetime import datetime

from domain.funnels.definition import Funnel
from store.models import EnrollmentState


@dataclass(frozen=True, slots=True)
class Goes:
    """`funnel` is the wording that says what; without one the message stands on its row, or is a broadcast's."""

    funnel: Funnel | None = None


@dataclass(frozen=True, slots=True)
class Drops:
    reason: str


@dataclass(frozen=True, slots=True)
class Blocks:
    """Nobody is there to read it."""


@dataclass(frozen=True, slots=True)
class PutsOff:
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class EndsAll:
    """The enrollment is over, and whatever else of it waits."""

    state: EnrollmentState
    reason: str


@dataclass(frozen=True, slots=True)
class Parks:
    error: Exception | str


Verdict = Goes | Drops | Blocks | PutsOff | EndsAll | Parks
