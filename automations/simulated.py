"""What a simulation is asked for, and what it tells."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.decisions import Decided
from domain.messages.plain import Message
from domain.step_counts import Counted
from kit.errors import Invalid, Reason
from store.models import OutboxKind

MOST_DAYS = 366
MOST_LEADS = 1000
# so many decisions are made at most, and so many of the first are told one by one
MOST_DECISIONS = 200_000
MOST_TOLD = 1000
# asked for by chat or API it shares the process with everybody who is to be answered
MOST_ASKED_LEADS = 100
MOST_ASKED_DECISIONS = 20_000


class BadSimulation(Invalid):
    """It cannot be simulated so."""

    code = "bad_simulation"


@dataclass(frozen=True, slots=True)
class Wish:
    """One funnel, or with None whatever is under way or begins by itself; for one lead, a new one, or a sample."""

    creator_id: int
    funnel_key: str | None = None
    lead_id: int | None = None
    # of the creator's leads, spread over all of them; with neither, a lead who comes just now
    sample: int = 0
    days: int = 30
    most_decisions: int = MOST_DECISIONS


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message that would be sent."""

    at: datetime
    lead_id: int | None
    kind: OutboxKind
    # None for what is said to the creator
    message: Message
    # `funnel:KEY` and its step, where a funnel says it
    about: str | None = None
    step: str | None = None


Moment = Decided | Spoken


@dataclass(slots=True)
class Simulation:
    """What would happen from one instant to another."""

    wish: Wish
    since: datetime
    until: datetime
    leads: tuple[int, ...]
    # the lead is nobody of the creator's, but somebody who comes just now
    newcomer: bool = False
    # in their order; no more than MOST_TOLD
    moments: list[Moment] = field(default_factory=list)
    # who would not begin it, and why
    refused: Mapping[int, Reason] = field(default_factory=dict)
    begun: int = 0
    decisions: int = 0
    said: int = 0
    # of those: what no funnel says, such as broadcasts and deliveries
    beside: Counter[OutboxKind] = field(default_factory=Counter)
    counts: Mapping[Counted, int] = field(default_factory=dict)
    # it was too much: what comes after this instant was not looked at
    cut_at: datetime | None = None
