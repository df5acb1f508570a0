"""Lists of ideas that people look at in the chat."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered
from store.models.sealed import Sealed


class IdeaView(Numbered, Base):
    """A list of ideas that a creator looks at: what its buttons mean by its number."""

    __tablename__ = "idea_view"
    __table_args__ = (Index("ix_idea_view_age", "created_at"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    wanted: Mapped[str] = mapped_column(Sealed("idea_view.wanted"))
    created_at: Mapped[datetime]
