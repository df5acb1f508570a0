from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed, SealedJson

_WAITING = text("state = 'waiting'")
_AT_WORK = text("state IN ('scheduled', 'starting', 'running')")


class BroadcastState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    # its audience is being written down
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


BROADCAST_MOVES = Moves(
    {
        BroadcastState.DRAFT: frozenset({BroadcastState.SCHEDULED, BroadcastState.STARTING, BroadcastState.CANCELLED}),
        BroadcastState.SCHEDULED: frozenset({BroadcastState.DRAFT, BroadcastState.STARTING, BroadcastState.CANCELLED}),
        BroadcastState.STARTING: frozenset({BroadcastState.RUNNING, BroadcastState.PAUSED, BroadcastState.CANCELLED}),
        BroadcastState.RUNNING: frozenset({BroadcastState.PAUSED, BroadcastState.DONE, BroadcastState.CANCELLED}),
        BroadcastState.PAUSED: frozenset({BroadcastState.STARTING, BroadcastState.RUNNING, BroadcastState.CANCELLED}),
    }
)


class Broadcast(Numbered, Base):
    """One message to a segment. Its audience is fixed when it starts."""

    __tablename__ = "broadcast"
    __table_args__ = (
        Index("ix_broadcast_creator", "creator_id", "id"),
        Index("ix_broadcast_at_work", "starts_at", sqlite_where=_AT_WORK, postgresql_where=_AT_WORK),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    # its first words
    title: Mapped[str] = mapped_column(Sealed("broadcast.title"))
    # a question in the segment language; "" is everybody who may be written to
    segment: Mapped[str] = mapped_column(Sealed("broadcast.segment"), default="")
    # variants with their weights, each with its wordings, media and buttons: domain/broadcasts/definition.py
    content: Mapped[dict[str, Any]] = mapped_column(SealedJson("broadcast.content"))
    state: Mapped[BroadcastState] = state_column(BroadcastState, BroadcastState.DRAFT)
    # one more each time that what it says, or to whom, is changed: a yes is to what was shown with it
    revision: Mapped[int] = mapped_column(default=0)
    # a draft that nobody goes on with is thrown away then
    lapses_at: Mapped[datetime | None]
    # None until it is told when; its audience is fixed then
    starts_at: Mapped[datetime | None]
    # `2026-12-01T10:00`: when each lead's own clock shows that, and `starts_at` is when the first one's does
    local_at: Mapped[str | None]
    # to whom its progress is shown: who wrote it, or whoever said since that it is to go out, or to pause
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    # how many it is for, once that is fixed; the last lead of it that is written down while it starts
    audience: Mapped[int | None]
    listed_to: Mapped[int] = mapped_column(default=0)
    progress_message_id: Mapped[int | None]
    # when that was last changed; None: there is something new to say
    progress_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    # when it last began to run, and how many had been sent by then: for rate and time left
    resumed_at: Mapped[datetime | None]
    sent_before: Mapped[int] = mapped_column(default=0)
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class RecipientState(StrEnum):
    WAITING = "waiting"
    # it is in the outbox, which says what came of it
    QUEUED = "queued"
    # it was cancelled before it was this lead's turn, or they have left
    DROPPED = "dropped"


class BroadcastRecipient(Base):
    """One lead of a broadcast's audience, and when it is their turn."""

    __tablename__ = "broadcast_recipient"
    __table_args__ = (
        Index(
            "ix_broadcast_recipient_due",
            "broadcast_id",
            "due_at",
            "lead_id",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
    )
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"), primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), primary_key=True, index=True)
    variant: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    state: Mapped[RecipientState] = state_column(RecipientState, RecipientState.WAITING)
