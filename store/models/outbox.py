from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import SealedJson

_WAITING = text("state IN ('queued', 'sending')")
_QUEUED = text("state = 'queued'")
_SENDING = text("state = 'sending'")
_CLOSED = text("closed_at IS NOT NULL")
_UNCLEAR = text("state IN ('uncertain', 'failed')")
_TOLD = text("state = 'sent' AND urgency > 1")
_OF_POST = text("post_id IS NOT NULL")
# what a creator may reply to
_OF_LEAD = text("kind = 'notice' AND lead_id IS NOT NULL")


class OutboxKind(StrEnum):
    DELIVERY = "delivery"
    NOTICE = "notice"
    FUNNEL = "funnel"
    # what a flow says unasked: after a wait, or to remind
    FLOW = "flow"
    BROADCAST = "broadcast"
    # one of a broadcast's, sent to whoever writes it
    TRIAL = "trial"
    # of an idea, into a channel
    POST = "post"


class Urgency(IntEnum):
    """Which goes first when the pace has no room for all; answers to people never wait in the outbox."""

    PROMISED = 1
    FOLLOW_UP = 2
    BROADCAST = 3


URGENCY = {
    OutboxKind.DELIVERY: Urgency.PROMISED,
    OutboxKind.NOTICE: Urgency.PROMISED,
    OutboxKind.TRIAL: Urgency.PROMISED,
    # at the minute that was chosen
    OutboxKind.POST: Urgency.PROMISED,
    OutboxKind.FLOW: Urgency.FOLLOW_UP,
    OutboxKind.FUNNEL: Urgency.FOLLOW_UP,
    OutboxKind.BROADCAST: Urgency.BROADCAST,
}


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
        # sent: the answer to an earlier try comes late; failed: there are no words for it
        OutboxState.QUEUED: frozenset(
            {
                OutboxState.SENDING,
                OutboxState.SENT,
                OutboxState.CANCELLED,
                OutboxState.BLOCKED,
                OutboxState.FAILED,
            }
        ),
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
        # and a person may settle it: it arrived, it did not, or it is to go out again
        OutboxState.UNCERTAIN: frozenset({OutboxState.SENT, OutboxState.FAILED, OutboxState.QUEUED}),
        OutboxState.FAILED: frozenset({OutboxState.QUEUED}),
    }
)


# when a message is due that waits for somebody and not for an instant: to come back, or to let a funnel run again
WAITS_FOR_SOMEBODY = datetime(9999, 1, 1, tzinfo=UTC)


class OutboxMessage(Numbered, Base):
    """A promise to send, made in the transaction that decided it; `key` lets it be made once.

    One of a funnel's or a broadcast's has no `message` until it is taken: it is put into words then, from what is
    true then, by the `step` of the enrollment's version or by the broadcast.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "seq"),
        CheckConstraint("(person_id IS NULL) <> (post_id IS NULL)", name="outbox_to_one"),
        Index("ix_outbox_message_post", "post_id", "id", sqlite_where=_OF_POST, postgresql_where=_OF_POST),
        # the only index on the due time: with another beside it PostgreSQL walks past a backlog of one creator's to
        # come to what is due of another's
        Index(
            "ix_outbox_message_turn",
            "urgency",
            "creator_id",
            "due_at",
            "id",
            sqlite_where=_QUEUED,
            postgresql_where=_QUEUED,
        ),
        # whose chat is spoken to this very moment
        Index(
            "ix_outbox_message_sending",
            "person_id",
            sqlite_where=_SENDING,
            postgresql_where=_SENDING,
        ),
        # what a lead was told of late, for the most that they are to get
        Index("ix_outbox_message_told", "lead_id", "closed_at", sqlite_where=_TOLD, postgresql_where=_TOLD),
        # what waits for a person to say what became of it
        Index(
            "ix_outbox_message_unclear",
            "creator_id",
            "id",
            sqlite_where=_UNCLEAR,
            postgresql_where=_UNCLEAR,
        ),
        Index("ix_outbox_message_broadcast", "broadcast_id", "state"),
        Index("ix_outbox_message_chat", "person_id", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
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
    urgency: Mapped[int] = mapped_column(default=Urgency.PROMISED)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    # none of what goes into a channel, which its post names
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("idea_post.id"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    enrollment_id: Mapped[int | None] = mapped_column(ForeignKey("enrollment.id"))
    seq: Mapped[int | None]
    step: Mapped[str | None]
    broadcast_id: Mapped[int | None] = mapped_column(ForeignKey("broadcast.id"))
    entitlement_id: Mapped[int | None] = mapped_column(ForeignKey("entitlement.id"))
    message: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("outbox_message.message"))
    state: Mapped[OutboxState] = state_column(OutboxState, OutboxState.QUEUED)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    # how often nobody can tell whether it went out; above zero it may have arrived twice
    uncertain: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    # how often it was taken: what is heard of an earlier call says nothing about a later one
    claim: Mapped[int | None]
    telegram_message_id: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class CallState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"


class OutgoingCall(Numbered, Base):
    """A promise to tell another service of a creator's: a funnel's webhook step."""

    __tablename__ = "outgoing_call"
    __table_args__ = (
        Index("ix_outgoing_call_due", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_outgoing_call_closed", "closed_at", sqlite_where=_CLOSED, postgresql_where=_CLOSED),
    )
    key: Mapped[str] = mapped_column(unique=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)
    # the name that the configuration gives the address
    target: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(SealedJson("outgoing_call.body"))
    state: Mapped[CallState] = state_column(CallState, CallState.QUEUED)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
