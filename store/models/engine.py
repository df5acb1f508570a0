from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered

_UNROUTED = text("routed_at IS NULL")
_TOLD = text("told_as IS NOT NULL")


class Event(Numbered, Base):
    """An immutable fact in the past tense. `data` holds ids and words of ours, never personal data."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_unrouted", "id", sqlite_where=_UNROUTED, postgresql_where=_UNROUTED),
        Index("ix_event_unrouted_lead", "lead_id", sqlite_where=_UNROUTED, postgresql_where=_UNROUTED),
        Index("ix_event_name", "creator_id", "name", "lead_id", "occurred_at"),
        Index("ix_event_lead", "lead_id", "name", "id"),
        Index("ix_event_creator", "creator_id", "id"),
        Index(
            "uq_event_told",
            "creator_id",
            "told_as",
            unique=True,
            sqlite_where=_TOLD,
            postgresql_where=_TOLD,
        ),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    name: Mapped[str]
    # what the event is about, `order:7`: it tells one enrollment of a funnel from the next
    subject: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # of one that another program tells: its own name for it, so that it is told once
    told_as: Mapped[str | None]
    occurred_at: Mapped[datetime]
    routed_at: Mapped[datetime | None]


class Lease(Base):
    """Who does what only one process may do (polling, sending), until when by the database's clock."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    # counts the holders: what an earlier one still wants to write is known by it
    epoch: Mapped[int] = mapped_column(default=1)
    expires_at: Mapped[datetime]


class ClockJump(Numbered, Base):
    """A process saw its machine's clock jump, when by the database's own clock; less than 0 seconds: backwards."""

    __tablename__ = "clock_jump"
    noticed_at: Mapped[datetime]
    seconds: Mapped[int]
