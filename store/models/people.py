from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered, state_column
from store.models.sealed import Sealed

_FORGETTING = text("forgetting_at IS NOT NULL")


class Creator(Numbered, Base):
    """Whose business it is."""

    __tablename__ = "creator"
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency: Mapped[str]
    time_zone: Mapped[str]
    # how many receipts have been given; the next one's number is one more
    receipts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Person(Numbered, Base):
    """A Telegram user as one bot sees them."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("bot_id", "telegram_id"),
        Index("ix_person_forgetting", "id", sqlite_where=_FORGETTING, postgresql_where=_FORGETTING),
    )
    bot_id: Mapped[int]
    telegram_id: Mapped[int]
    first_name: Mapped[str]
    username: Mapped[str | None]
    language: Mapped[str]
    # by /language; it wins over what Telegram tells
    language_chosen: Mapped[str | None]
    # whom this chat is talking to at present
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("creator.id"))
    blocked_at: Mapped[datetime | None]
    # asked to be forgotten everywhere: what is left goes once the answer to that is out
    forgetting_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]

    @hybrid_property
    def speaks(self) -> str:
        """The language in which to write to this person."""
        return self.language_chosen or self.language

    @speaks.inplace.expression
    @classmethod
    def _speaks(cls) -> ColumnElement[str]:
        return func.coalesce(cls.language_chosen, cls.language)


class Role(StrEnum):
    CREATOR = "creator"
    BUYER = "buyer"
    BRAND = "brand"
    AGENT = "agent"
    ADMIN = "admin"


class Account(Numbered, Base):
    """Someone who can sign in; so far by the Telegram person bound to it."""

    __tablename__ = "account"
    role: Mapped[Role] = state_column(Role, Role.BUYER)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(Sealed("account.email"))
    email_digest: Mapped[str | None] = mapped_column(unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), unique=True)
    created_at: Mapped[datetime]


class Membership(Base):
    """An account acts for a creator."""

    __tablename__ = "membership"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"), primary_key=True, index=True)


class BindToken(Base):
    """A one-time link by which a Telegram person becomes an account's; only its digest is kept."""

    __tablename__ = "bind_token"
    digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
