from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column

_ACTIVE = text("state = 'active'")


class FlowVersion(Numbered, Base):
    """One wording of a flow, never changed: whoever began with it ends with it."""

    __tablename__ = "flow_version"
    __table_args__ = (UniqueConstraint("creator_id", "key", "digest"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    key: Mapped[str]
    digest: Mapped[str]
    definition: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class FlowHead(Base):
    """What chat and API say of a flow: which wording those who begin now take, and whether anybody begins at all."""

    __tablename__ = "flow_head"
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    # None of one that stands in the file, which says so itself
    version_id: Mapped[int | None] = mapped_column(ForeignKey("flow_version.id"), index=True)
    paused_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class FlowRunState(StrEnum):
    """ACTIVE has a question open, WAITING stands at a wait, PAUSED made room for another run."""

    ACTIVE = "active"
    WAITING = "waiting"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_OPEN = frozenset({FlowRunState.ACTIVE, FlowRunState.WAITING, FlowRunState.PAUSED})
_ENDS = frozenset({FlowRunState.DONE, FlowRunState.CANCELLED, FlowRunState.EXPIRED})
FLOW_RUN_MOVES = Moves({state: (_OPEN - {state}) | _ENDS for state in _OPEN})


class FlowRun(Numbered, Base):
    """One lead in one flow. `turn` counts the questions shown, so that an answer fits one question only."""

    __tablename__ = "flow_run"
    __table_args__ = (
        # one conversation at a time: whichever start comes second finds the first
        Index("uq_flow_run_active", "lead_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index("ix_flow_run_lead", "lead_id", "flow_key"),
        Index("ix_flow_run_version", "version_id", "state", "lead_id"),
    )
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    flow_key: Mapped[str]
    version_id: Mapped[int] = mapped_column(ForeignKey("flow_version.id"))
    node: Mapped[str]
    turn: Mapped[int] = mapped_column(default=0)
    # wrong answers to the open question
    tries: Mapped[int] = mapped_column(default=0)
    # keys of the questions asked so far, oldest first: the way back
    asked: Mapped[list[Any]] = mapped_column(default=list)
    # keys of all questions met so far, asked or passed over: one met again is asked again
    met: Mapped[list[Any]] = mapped_column(default=list)
    # values marked so far in a choice of several
    marked: Mapped[list[Any]] = mapped_column(default=list)
    # the event that a WAITING run waits for
    waits_for: Mapped[str | None]
    # events that a WAITING run leaves alone: they had happened before, and were not routed yet
    ignores: Mapped[list[Any]] = mapped_column(default=list)
    reminded_at: Mapped[datetime | None]
    state: Mapped[FlowRunState] = state_column(FlowRunState, FlowRunState.ACTIVE)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class FlowTimer(Base):
    """When a run is reminded, ended or moved on next: narrow, and clustered on the due time."""

    __tablename__ = "flow_timer"
    __table_args__ = ({"sqlite_with_rowid": False},)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("flow_run.id"), primary_key=True, unique=True)


class Prompt(Base):
    """What the next thing that a creator types is for, `write to lead 7`; one at a time, and not for ever."""

    __tablename__ = "prompt"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    act: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    expires_at: Mapped[datetime]
