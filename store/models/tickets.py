from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed


class TicketState(StrEnum):
    OPEN = "open"
    SOLVED = "solved"


TICKET_MOVES = Moves(
    {
        TicketState.OPEN: frozenset({TicketState.SOLVED}),
        TicketState.SOLVED: frozenset({TicketState.OPEN}),
    }
)


class Ticket(Numbered, Base):
    """What somebody who acts for a creator has to look into: `number` (counted per creator) in chat.

    Title and text may hold a lead's own words. The same `public_id` opens one ticket only.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("creator_id", "number"),
        Index("ix_ticket_list", "creator_id", "state", "id"),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)
    public_id: Mapped[UUID] = mapped_column(unique=True)
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Sealed("ticket.title"))
    text: Mapped[str] = mapped_column(Sealed("ticket.text"), default="")
    state: Mapped[TicketState] = state_column(TicketState, TicketState.OPEN)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    solved_at: Mapped[datetime | None]
