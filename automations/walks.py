"""What goes into the planner and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.decisions import Trace
from domain.funnels.steps import (
    EnrollStep,
    IdeaStep,
    LeaveStep,
    NotifyStep,
    SendStep,
    SetStep,
    TagStep,
    TicketStep,
    WebhookStep,
)
from domain.windows import Window
from store.models import EnrollmentState

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an enrollment stands. `due_at` is when that fell due, however much later it is looked at."""

    lead_id: int
    funnel_key: str
    step: str
    due_at: datetime
    happened: bool = False
    arms: Mapping[str, str] = field(default_factory=dict)
    # it has failed there: what it stands at is before it still
    undone: bool = False
    # of the walk that goes on at once: what it has behind it
    walked: int = 0
    unsaid: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of the lead and the funnel now. What a walk lacks of it, it asks for."""

    # None: it has to be found out
    zone: ZoneInfo | None = _UTC
    # by question, and by field
    answers: Mapping[str, bool] = field(default_factory=dict)
    dates: Mapping[str, date | None] = field(default_factory=dict)
    # unsubscribed, banned, gone or behind a block: that ends it wherever it stands
    has_left: bool = False
    # has a chat, and has consented where that is asked for; without it, the first message ends it
    can_hear: bool = True
    # the creator's, over everything
    quiet_hours: Window | None = None
    stopped_steps: frozenset[str] = frozenset()
    # since when nothing but other people's turns has kept anybody waiting; None: since now
    worked_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be known before the walk can be decided."""

    questions: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    zone: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A message to queue, due at that instant."""

    step: SendStep
    at: datetime


Done = TagStep | SetStep | EnrollStep | LeaveStep | NotifyStep | IdeaStep | TicketStep | WebhookStep
Act = Said | Done


@dataclass(frozen=True, slots=True)
class Walk:
    """What is done now, in that order, and how the enrollment stands afterwards.

    Without a `due_at` it waits for nothing but its event, or is over, or held. `again`: what was done may change what
    is asked next, so once it is saved the walk goes on from there with `next_standing`.
    """

    acts: tuple[Act, ...]
    step: str
    due_at: datetime | None
    state: EnrollmentState
    arms: Mapping[str, str]
    trace: Trace
    waits_for: str | None = None
    reason: str | None = None
    again: bool = False
    walked: int = 0
    unsaid: str | None = None
    # nothing was asked of the lead: whoever stands there on time goes the same way, and is due as much later
    same_for_all: bool = False


def next_standing(standing: Standing, walk: Walk) -> Standing:
    """Where a walk that has to go on at once goes on from."""
    return Standing(
        lead_id=standing.lead_id,
        funnel_key=standing.funnel_key,
        step=walk.step,
        due_at=walk.due_at or standing.due_at,
        arms=walk.arms,
        walked=walk.walked,
        unsaid=walk.unsaid,
    )
