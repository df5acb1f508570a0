from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered, state_column


class LeadStage(StrEnum):
    NEW = "new"
    ENGAGED = "engaged"
    CUSTOMER = "customer"


class Lead(Numbered, Base):
    """A person one creator knows, at any stage."""

    __tablename__ = "lead"
    __table_args__ = (UniqueConstraint("creator_id", "person_id"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    phone_verified: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str | None]
    stage: Mapped[LeadStage] = state_column(LeadStage, LeadStage.NEW)
    unsubscribed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class LeadField(Base):
    """One answer of a lead's that has no column of its own."""

    __tablename__ = "lead_field"
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class FlowVersion(Numbered, Base):
    """One wording of a flow, never changed: whoever began with it ends with it."""

    __tablename__ = "flow_version"
    __table_args__ = (UniqueConstraint("creator_id", "key", "digest"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    key: Mapped[str]
    digest: Mapped[str]
    definition: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class FlowRunState(StrEnum):
    ACTIVE = "active"
    DONE = "done"
    CANCELLED = "cancelled"


class FlowRun(Numbered, Base):
    """One lead in one flow. `turn` counts the questions shown, so that an answer fits one question only."""

    __tablename__ = "flow_run"
    __table_args__ = (
        # one conversation at a time: whichever start comes second finds the first
        Index(
            "uq_flow_run_active",
            "lead_id",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index("ix_flow_run_lead", "lead_id", "flow_key"),
    )
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    flow_key: Mapped[str]
    version_id: Mapped[int] = mapped_column(ForeignKey("flow_version.id"))
    node: Mapped[str]
    turn: Mapped[int] = mapped_column(default=0)
    state: Mapped[FlowRunState] = state_column(FlowRunState, FlowRunState.ACTIVE)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
