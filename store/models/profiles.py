"""How people and creators show themselves to others."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class Profile(Base):
    """What an account says about itself; found by others only when it is public."""

    __tablename__ = "profile"
    __table_args__ = (Index("ix_profile_public", "public", "account_id"),)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    public: Mapped[bool] = mapped_column(default=False)
    bio: Mapped[str] = mapped_column(Text, default="")
    location: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(Text, default="")
    # a brand's
    company: Mapped[str] = mapped_column(default="")
    # what they chose for themselves: language, time zone, which notices they want
    preferences: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime]


class AccountWord(Base):
    """A word of an account's name or company, casefolded: people are searched by how a word begins."""

    __tablename__ = "account_word"
    __table_args__ = (Index("ix_account_word_word", "word", "account_id"),)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    # byte by byte, whatever the database's locale: a beginning is then a range of the index
    word: Mapped[str] = mapped_column(Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True)


class CreatorProfile(Base):
    """What brands and buyers find a creator by; `rate_minor` is what one piece of work costs, in `currency`."""

    __tablename__ = "creator_profile"
    __table_args__ = (
        Index("ix_creator_profile_public", "public", "creator_id"),
        Index("ix_creator_profile_category", "public", "category", "creator_id"),
        Index("ix_creator_profile_rate", "public", "rate_minor", "creator_id"),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"), primary_key=True)
    public: Mapped[bool] = mapped_column(default=False)
    bio: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(default="")
    location: Mapped[str] = mapped_column(default="")
    rate_minor: Mapped[int | None]
    currency: Mapped[str]
    available: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime]


class CreatorPlatform(Base):
    """Where else a creator publishes."""

    __tablename__ = "creator_platform"
    __table_args__ = (Index("ix_creator_platform_platform", "platform", "followers", "creator_id"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"), primary_key=True)
    # `instagram`, `youtube`, in small letters
    platform: Mapped[str] = mapped_column(primary_key=True)
    handle: Mapped[str]
    followers: Mapped[int] = mapped_column(default=0)
