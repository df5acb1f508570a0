from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed

_FORGETTING = text("forgetting_at IS NOT NULL")
_CLOSED = text("closed_at IS NOT NULL")


class Creator(Numbered, Base):
    """Whose business it is."""

    __tablename__ = "creator"
    __table_args__ = (Index("ix_creator_closed", "id", sqlite_where=_CLOSED, postgresql_where=_CLOSED),)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency: Mapped[str]
    time_zone: Mapped[str]
    # how many receipts have been given; the next one's number is one more
    receipts: Mapped[int] = mapped_column(default=0)
    # since when none of its owners is active
    closed_at: Mapped[datetime | None]
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
    # the same in small letters: who is found by it writes it in any
    username_key: Mapped[str | None] = mapped_column(index=True)
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


class AccountState(StrEnum):
    # waits for an administrator's word, or for its own to be proven
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    BANNED = "banned"
    # its owner has deleted it; what orders and events point at stays
    DELETED = "deleted"


ACCOUNT_MOVES = Moves(
    {
        AccountState.PENDING: frozenset({AccountState.ACTIVE, AccountState.BANNED, AccountState.DELETED}),
        AccountState.ACTIVE: frozenset({AccountState.SUSPENDED, AccountState.BANNED, AccountState.DELETED}),
        AccountState.SUSPENDED: frozenset({AccountState.ACTIVE, AccountState.BANNED, AccountState.DELETED}),
        AccountState.BANNED: frozenset({AccountState.ACTIVE}),
        AccountState.DELETED: frozenset(),
    }
)


class Account(Numbered, Base):
    """Someone who can sign in: by password, by an external identity, or by the Telegram person bound to it."""

    __tablename__ = "account"
    role: Mapped[Role] = state_column(Role, Role.BUYER)
    state: Mapped[AccountState] = state_column(AccountState, AccountState.ACTIVE)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(Sealed("account.email"))
    email_digest: Mapped[str | None] = mapped_column(unique=True)
    # proven to be theirs, by an issuer that vouches for it or by an operator
    email_verified_at: Mapped[datetime | None]
    # argon2id, in its PHC string form
    password_hash: Mapped[str | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), unique=True)
    created_at: Mapped[datetime]


class Right(StrEnum):
    """What a member of a creator's team may do for them. To manage a broadcast is not to send it."""

    VIEW = "view"
    MANAGE = "manage"
    SEND = "send"
    MONEY = "money"
    SUPPORT = "support"


class Membership(Base):
    """An account acts for a creator: as its owner, who may do everything, or with some rights."""

    __tablename__ = "membership"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"), primary_key=True, index=True)
    owner: Mapped[bool] = mapped_column(default=True)
    # of `Right`; an owner has them all, whatever stands here
    rights: Mapped[list[Any]] = mapped_column(default=list)
    joined_at: Mapped[datetime | None]


class BindToken(Base):
    """A one-time link by which a Telegram person becomes an account's; only its digest is kept."""

    __tablename__ = "bind_token"
    digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
