from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Enum, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed

_WAITS_FOR_EVENT = text("waits_for IS NOT NULL")
_HELD = text("state = 'held'")
_UNFIRED = text("fired_at IS NULL")
_UNFINISHED = text("ended_at IS NULL")


class Kept(StrEnum):
    """Where a funnel's wording comes from: a name that stands in the file is the file's alone."""

    FILE = "file"
    CHAT = "chat"
    API = "api"


class FunnelState(StrEnum):
    ACTIVE = "active"
    # nobody begins, and whoever is due is held where they stand
    PAUSED = "paused"
    # those who were held are being taken up again, as `late` says
    RESUMING = "resuming"
    # its wording is wrong; `reason` says how
    DISABLED = "disabled"
    ARCHIVED = "archived"


FUNNEL_MOVES = Moves(
    {
        FunnelState.ACTIVE: frozenset({FunnelState.PAUSED, FunnelState.DISABLED, FunnelState.ARCHIVED}),
        FunnelState.PAUSED: frozenset({FunnelState.RESUMING, FunnelState.DISABLED, FunnelState.ARCHIVED}),
        FunnelState.RESUMING: frozenset(
            {FunnelState.ACTIVE, FunnelState.PAUSED, FunnelState.DISABLED, FunnelState.ARCHIVED}
        ),
        FunnelState.DISABLED: frozenset(
            {FunnelState.ACTIVE, FunnelState.PAUSED, FunnelState.RESUMING, FunnelState.ARCHIVED}
        ),
        FunnelState.ARCHIVED: frozenset({FunnelState.ACTIVE, FunnelState.RESUMING, FunnelState.DISABLED}),
    }
)


class Late(StrEnum):
    """What becomes of what fell due while a funnel was paused or Spark was down."""

    # left out; what follows keeps its times
    SKIP = "skip"
    # of all that is overdue only the last is said; what follows keeps its times
    ONCE = "once"
    # said now, and what follows is as much later
    SHIFT = "shift"


# nobody is held, and anybody can begin
RUNS = frozenset({FunnelState.ACTIVE, FunnelState.RESUMING})


class FunnelHead(Numbered, Base):
    """A funnel by its name: which version those who begin now take, and whether it runs."""

    __tablename__ = "funnel"
    __table_args__ = (UniqueConstraint("creator_id", "key"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    key: Mapped[str]
    version_id: Mapped[int | None] = mapped_column(ForeignKey("funnel_version.id"))
    kept: Mapped[Kept] = state_column(Kept, Kept.FILE)
    state: Mapped[FunnelState] = state_column(FunnelState, FunnelState.ACTIVE)
    # why it is disabled, or paused by itself
    reason: Mapped[str | None] = mapped_column(Text)
    # how those who were held go on; chosen when it is resumed, and until then unknown
    late: Mapped[Late | None] = mapped_column(
        Enum(Late, native_enum=False, length=24, values_callable=lambda enum: [str(each) for each in enum])
    )
    # keys of steps that stand still by themselves, because too many blocked the bot there
    stopped_steps: Mapped[list[Any]] = mapped_column(default=list)
    # since when it has been paused, until all who were held are taken up
    paused_at: Mapped[datetime | None]
    # when that was chosen: it is for whoever was due before and held, for whom that is overdue, and for nobody else
    stood_until: Mapped[datetime | None]
    # the policy by which those in earlier wordings are being taken over, behind which enrollment, how many were, and
    # how many ended for it
    moves_by: Mapped[str | None]
    moved_to: Mapped[int] = mapped_column(default=0)
    moved: Mapped[int] = mapped_column(default=0)
    ended: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]

    @property
    def holds(self) -> bool:
        """Whoever is due stands still: one that was paused goes on so, whatever has become of its wording since."""
        return holds(self.state, self.paused_at, self.late)

    @property
    def resumes(self) -> bool:
        """Those who were held are being taken up again as was chosen, whatever has become of its wording since."""
        return self.paused_at is not None and self.late is not None


def holds(state: FunnelState | str, paused_at: datetime | None, late: Late | str | None) -> bool:
    """Of a funnel by these of its head's."""
    return state == FunnelState.PAUSED or (state not in RUNS and paused_at is not None and late is None)


class FunnelVersion(Numbered, Base):
    """One wording of a funnel, never changed; an enrollment is pinned to it. `number` counts up for each name."""

    __tablename__ = "funnel_version"
    __table_args__ = (UniqueConstraint("creator_id", "key", "digest"), UniqueConstraint("creator_id", "key", "number"))
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    key: Mapped[str]
    number: Mapped[int]
    digest: Mapped[str]
    definition: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class EnrollmentState(StrEnum):
    ACTIVE = "active"
    # its funnel or its step stands still; `held_at` is when it had been due
    HELD = "held"
    DONE = "done"
    STOPPED = "stopped"
    PARKED = "parked"


class Enrollment(Numbered, Base):
    """One lead in one funnel about one subject; `reason` tells why it ended.

    `round` counts how often the lead has been in it about that subject before: of two that begin at once the unique
    key lets one.
    """

    __tablename__ = "enrollment"
    __table_args__ = (
        UniqueConstraint("lead_id", "funnel_key", "subject", "round"),
        Index("ix_enrollment_funnel", "creator_id", "funnel_key", "state", "lead_id"),
        Index("ix_enrollment_version", "version_id", "state"),
        # those who are taken up again: a few at a time, and nobody at a step that stands still
        Index(
            "ix_enrollment_held",
            *("creator_id", "funnel_key", "step", "held_at", "id"),
            sqlite_where=_HELD,
            postgresql_where=_HELD,
        ),
        Index(
            "ix_enrollment_waits",
            "lead_id",
            "waits_for",
            sqlite_where=_WAITS_FOR_EVENT,
            postgresql_where=_WAITS_FOR_EVENT,
        ),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    funnel_key: Mapped[str]
    version_id: Mapped[int] = mapped_column(ForeignKey("funnel_version.id"))
    subject: Mapped[str]
    round: Mapped[int] = mapped_column(default=0)
    # the step that it stands at ("": above the first); the engine goes on from there when the timer is due
    step: Mapped[str]
    # of a wait for an event: its name. When it happens, `happened` is set and the timer is due
    waits_for: Mapped[str | None]
    happened: Mapped[bool] = mapped_column(default=False)
    # how many messages it has queued: the next one's number in it
    seq: Mapped[int] = mapped_column(default=0)
    # how often the step that it stands at has failed, and whether that is before it still
    attempts: Mapped[int] = mapped_column(default=0)
    undone: Mapped[bool] = mapped_column(default=False)
    # the split arms that it went down, by the split's key
    arms: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # what began it: `event:12`, `segment`, `date`, `cron`, `inactive`, `hand`, `funnel:KEY`, `flow`, `link`
    begun_by: Mapped[str] = mapped_column(default="")
    state: Mapped[EnrollmentState] = state_column(EnrollmentState, EnrollmentState.ACTIVE)
    reason: Mapped[str | None]
    # when it was due, of one that is held or goes on as was chosen for those; else until when it was kept waiting, by a
    # step that stood still or, for whoever is overdue by that, by a move. None: by nothing but its turn
    held_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Timer(Base):
    """When an enrollment is due next: narrow, and clustered on the due time. One for each, so that none piles up."""

    __tablename__ = "timer"
    __table_args__ = ({"sqlite_with_rowid": False},)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    enrollment_id: Mapped[int] = mapped_column(
        ForeignKey("enrollment.id"),
        primary_key=True,
        unique=True,
    )


class PlanningSpan(Base):
    """Since when due timers have been taken without a rest, and until when that is known, by the app's clock.

    What fell due meanwhile has at most waited for its turn; what fell due before had been kept waiting by a rest. There
    is one row, written about once a minute while something is due.
    """

    __tablename__ = "planning_span"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime]
    until: Mapped[datetime]


class CronFiring(Numbered, Base):
    """The next time that a trigger looks for those who are to begin; of many processes one does, as it takes the row.

    Each firing of a schedule is a row. A trigger that looks for what has fallen due (a day in a field, a silence) has
    one row, which goes from one look to the next: each is about what lies after `since` and not after `fire_at`.
    """

    __tablename__ = "cron_firing"
    __table_args__ = (
        UniqueConstraint("creator_id", "schedule", "fire_at"),
        Index("ix_cron_firing_due", "fire_at", sqlite_where=_UNFIRED, postgresql_where=_UNFIRED),
        # of two processes that work the next one out, one writes it down
        Index(
            "uq_cron_firing_open",
            "creator_id",
            "schedule",
            unique=True,
            sqlite_where=_UNFIRED,
            postgresql_where=_UNFIRED,
        ),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    # `funnel:KEY:2:…`, the third trigger of that funnel, with all that its times depend on
    schedule: Mapped[str]
    since: Mapped[datetime | None]
    fire_at: Mapped[datetime]
    # the last lead whose turn it was, while it takes more than one batch
    reached: Mapped[int] = mapped_column(default=0)
    fired_at: Mapped[datetime | None]


class StartByHand(Numbered, Base):
    """A creator's wish that everybody in a segment begins a funnel, fulfilled in batches by the leads' numbers.

    By hand, or told beforehand by a trigger for something of the creator's own, such as an idea whose day has come.
    """

    __tablename__ = "start_by_hand"
    __table_args__ = (Index("ix_start_by_hand_open", "id", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    funnel_key: Mapped[str]
    # the wording that was looked at when it was wished
    version_id: Mapped[int] = mapped_column(ForeignKey("funnel_version.id"))
    question: Mapped[str] = mapped_column(Sealed("start_by_hand.question"))
    begun_by: Mapped[str] = mapped_column(default="hand")
    # nobody who came later begins
    last_lead: Mapped[int]
    reached: Mapped[int] = mapped_column(default=0)
    # how many were in the segment, and how many of them have begun
    met: Mapped[int] = mapped_column(default=0)
    begun: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class FunnelDraft(Numbered, Base):
    """Wordings that somebody has sent by chat and that were found good, until they are confirmed or others come."""

    __tablename__ = "funnel_draft"
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"), unique=True)
    # drawn anew for each that is sent: the buttons under an earlier one do nothing
    number: Mapped[int]
    # by name: the wording, and the version that it was compared with (None: there was none)
    definitions: Mapped[dict[str, Any]]
    bases: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class SegmentWatch(Numbered, Base):
    """A segment whose coming and going is watched. Those who are in it when the watch begins have not entered.

    One that is watched no more asks nothing, and goes with its members: whoever watches the same later begins anew.
    """

    __tablename__ = "segment_watch"
    __table_args__ = (UniqueConstraint("creator_id", "question"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    question: Mapped[str | None] = mapped_column(Text)
    # None until those who are in it from the beginning are known: up to which lead they are
    checked_at: Mapped[datetime | None]
    listed_to: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)


class SegmentMember(Base):
    """A lead who was in the watched segment when it was last looked at."""

    __tablename__ = "segment_member"
    __table_args__ = ({"sqlite_with_rowid": False},)
    watch_id: Mapped[int] = mapped_column(ForeignKey("segment_watch.id"), primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), primary_key=True, index=True)
