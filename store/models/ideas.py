from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered, state_column

_COMES = text("due_date IS NOT NULL AND due_noted_at IS NULL")


class IdeaStage(StrEnum):
    IDEA = "idea"
    OUTLINE = "outline"
    DRAFT = "draft"
    PUBLISHED = "published"


class Priority(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Idea(Numbered, Base):
    """`public_id` outside, `number` (counted per creator) in chat.

    `due_noted_at`: that its day has come has been told; whoever gives it another day empties it.
    """

    __tablename__ = "idea"
    __table_args__ = (
        UniqueConstraint("creator_id", "number"),
        Index("ix_idea_list", "creator_id", "created_at", "id"),
        Index("ix_idea_due", "creator_id", "due_date", sqlite_where=_COMES, postgresql_where=_COMES),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    public_id: Mapped[UUID] = mapped_column(unique=True)
    number: Mapped[int]
    title: Mapped[str]
    notes: Mapped[str] = mapped_column(Text, default="")
    stage: Mapped[IdeaStage] = state_column(IdeaStage, IdeaStage.IDEA)
    priority: Mapped[Priority] = state_column(Priority, Priority.MEDIUM)
    tags: Mapped[list[Any]] = mapped_column(default=list)
    due_date: Mapped[date | None]
    due_noted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
