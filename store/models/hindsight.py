from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered


class Decision(Numbered, Base):
    """What was decided about a lead and why, in words and ids of ours, kept for a configured time."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_lead", "lead_id", "id"), Index("ix_decision_at", "at"))
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    at: Mapped[datetime]
    # `funnel:welcome` or `broadcast:3`
    about: Mapped[str]
    version_id: Mapped[int | None] = mapped_column(ForeignKey("funnel_version.id"))
    enrollment_id: Mapped[int | None]
    # what the walk came by, in order: [[step, outcome, …what it saw], …]
    trace: Mapped[list[Any]] = mapped_column(default=list)


class StepCount(Base):
    """How often something came of a step: `reached`, `sent`, `clicked`, `replied`, `bought`, `left`, `blocked`.

    `about` is a funnel or a broadcast, `arm` the split arms that led there (`ab=a`), "" without any.
    """

    __tablename__ = "step_count"
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"), primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    arm: Mapped[str] = mapped_column(primary_key=True, default="")
    measure: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    # of `bought`: what it brought, by currency in minor units
    money: Mapped[dict[str, Any]] = mapped_column(default=dict)
