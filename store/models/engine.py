from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import SealedJson

_UNROUTED = text("routed_at IS NULL")
_WAITING = text("state IN ('queued', 'sending')")
# what a creator may reply to
_OF_LEAD = text("kind = 'notice' AND lead_id IS NOT NULL")


class Event(Numbered, Base):
    """An immutable fact in the past tense. `data` holds ids and words of ours, never personal data."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_unrouted", "id", sqlite_where=_UNROUTED, postgresql_where=_UNROUTED),
        Index("ix_event_unrouted_lead", "lead_id", sqlite_where=_UNROUTED, postgresql_where=_UNROUTED),
        Index("ix_event_name", "creator_id", "name", "lead_id", "occurred_at"),
        Index("ix_event_lead", "lead_id", "name", "id"),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    name: Mapped[str]
    # what the event is about, `order:7`: it tells one enrollment of a funnel from the next
    subject: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    occurred_at: Mapped[datetime]
    routed_at: Mapped[datetime | None]


class FunnelVersion(Numbered, Base):
    """One wording of a funnel, never changed; an enrollment is pinned to it."""

    __tablename__ = "funnel_version"
    __table_args__ = (UniqueConstraint("creator_id", "key", "digest"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    key: Mapped[str]
    digest: Mapped[str]
    definition: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class EnrollmentState(StrEnum):
    ACTIVE = "active"
    DONE = "done"
    STOPPED = "stopped"
    PARKED = "parked"


class Enrollment(Numbered, Base):
    """One lead in one funnel about one subject, once; `reason` tells why it ended."""

    __tablename__ = "enrollment"
    __table_args__ = (
        UniqueConstraint("lead_id", "funnel_key", "subject"),
        Index("ix_enrollment_funnel", "creator_id", "funnel_key", "state", "lead_id"),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    funnel_key: Mapped[str]
    version_id: Mapped[int] = mapped_column(ForeignKey("funnel_version.id"))
    subject: Mapped[str]
    step: Mapped[str]
    state: Mapped[EnrollmentState] = state_column(EnrollmentState, EnrollmentState.ACTIVE)
    reason: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Timer(Base):
    """When an enrollment is due next: narrow, and clustered on the due time."""

    __tablename__ = "timer"
    __table_args__ = ({"sqlite_with_rowid": False},)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    enrollment_id: Mapped[int] = mapped_column(
        ForeignKey("enrollment.id"),
        primary_key=True,
        unique=True,
    )


class OutboxKind(StrEnum):
    DELIVERY = "delivery"
    NOTICE = "notice"
    FUNNEL = "funnel"
    # what a flow says unasked: after a wait, or to remind
    FLOW = "flow"


class OutboxState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


OUTBOX_MOVES = Moves(
    {
        OutboxState.QUEUED: frozenset({OutboxState.SENDING, OutboxState.CANCELLED, OutboxState.BLOCKED}),
        OutboxState.SENDING: frozenset(
            {
                OutboxState.QUEUED,
                OutboxState.SENT,
                OutboxState.FAILED,
                OutboxState.BLOCKED,
                OutboxState.UNCERTAIN,
                # what it hands over was taken away
                OutboxState.CANCELLED,
            }
        ),
        # a confirmation that comes late is still accepted
        OutboxState.UNCERTAIN: frozenset({OutboxState.SENT}),
    }
)


class OutboxMessage(Numbered, Base):
    """A promise to send, made in the transaction that decided it; `key` lets it be made once."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_message_due", "due_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_outbox_message_chat", "person_id", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_outbox_message_enrollment", "enrollment_id"),
        Index("ix_outbox_message_lead", "lead_id", "id"),
        Index("ix_outbox_message_person", "person_id", "id"),
        Index(
            "ix_outbox_message_reply",
            "person_id",
            "telegram_message_id",
            sqlite_where=_OF_LEAD,
            postgresql_where=_OF_LEAD,
        ),
    )
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[OutboxKind] = state_column(OutboxKind, OutboxKind.NOTICE)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    enrollment_id: Mapped[int | None] = mapped_column(ForeignKey("enrollment.id"))
    entitlement_id: Mapped[int | None] = mapped_column(ForeignKey("entitlement.id"))
    message: Mapped[dict[str, Any]] = mapped_column(SealedJson("outbox_message.message"))
    state: Mapped[OutboxState] = state_column(OutboxState, OutboxState.QUEUED)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    # how often nobody can tell whether it went out; above zero it may have arrived twice
    uncertain: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    telegram_message_id: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Lease(Base):
    """Who does what only one process may do (polling, sending), until when by the database's clock."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    expires_at: Mapped[datetime]
