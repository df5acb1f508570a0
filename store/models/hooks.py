"""Outgoing webhooks: a creator's events, told to programs of theirs (https://www.standardwebhooks.com)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed

_WAITING = text("state = 'waiting'")
_ENDED = text("ended_at IS NOT NULL")


class Hook(Numbered, Base):
    """An address that is told of a creator's events."""

    __tablename__ = "hook"
    __table_args__ = (Index("ix_hook_creator", "creator_id", "id"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    url: Mapped[str] = mapped_column(Text)
    # `whsec_…`; while it is being changed the older one signs too
    secret: Mapped[str] = mapped_column(Sealed("hook.secret"))
    older_secret: Mapped[str | None] = mapped_column(Sealed("hook.older_secret"))
    older_until: Mapped[datetime | None]
    # names of events, and beginnings such as `order.*`; none are all
    events: Mapped[list[Any]] = mapped_column(default=list)
    # by its owner, or because nobody has answered for days: `disabled_why` says which
    disabled_at: Mapped[datetime | None]
    disabled_why: Mapped[str | None]
    # since when every call has failed
    failing_since: Mapped[datetime | None]
    # until when nobody else calls it; by the database's clock
    leased_until: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class HookState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    # no more tries: it was tried for days, or its hook is gone
    FAILED = "failed"


HOOK_MOVES = Moves(
    {
        HookState.WAITING: frozenset({HookState.DELIVERED, HookState.FAILED}),
        # by redelivery
        HookState.DELIVERED: frozenset({HookState.WAITING}),
        HookState.FAILED: frozenset({HookState.WAITING}),
    }
)


class HookMessage(Numbered, Base):
    """A promise to tell one event to one hook; they go out in the order of their events."""

    __tablename__ = "hook_message"
    __table_args__ = (
        UniqueConstraint("hook_id", "event_id"),
        Index("ix_hook_message_waiting", "hook_id", "event_id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_hook_message_log", "hook_id", "id"),
        # whose time in the log comes to its end
        Index("ix_hook_message_ended", "ended_at", sqlite_where=_ENDED, postgresql_where=_ENDED),
    )
    hook_id: Mapped[int] = mapped_column(ForeignKey("hook.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    state: Mapped[HookState] = state_column(HookState, HookState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class HookTry(Numbered, Base):
    """One call, and what came of it: a status, or why there is none."""

    __tablename__ = "hook_try"
    message_id: Mapped[int] = mapped_column(ForeignKey("hook_message.id"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    milliseconds: Mapped[int]
