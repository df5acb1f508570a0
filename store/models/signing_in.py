"""What somebody signs in with, and what they hold once they have."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered, state_column
from store.models.people import Role
from store.models.sealed import Sealed, SealedJson


class ExternalIdentity(Base):
    """An account is known to an outside issuer as this subject (OpenID Connect Core, section 2: `iss`, `sub`)."""

    __tablename__ = "external_identity"
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]


class SignIn(Numbered, Base):
    """One session: a family of refresh tokens, each good for one turn. Access tokens name it, and end with it."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_account", "account_id", "id"),)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    # `password`, `code`, `telegram`, `bot`
    way: Mapped[str]
    # what their program calls itself, and from where it came
    agent: Mapped[str] = mapped_column(Sealed("sign_in.agent"))
    address: Mapped[str] = mapped_column(Sealed("sign_in.address"))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]


class RefreshToken(Base):
    """Only its digest is kept. One that comes again after its turn revokes its whole family (RFC 9700, 4.14.2)."""

    __tablename__ = "refresh_token"
    digest: Mapped[str] = mapped_column(primary_key=True)
    sign_in_id: Mapped[int] = mapped_column(ForeignKey("sign_in.id"), index=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class CodePurpose(StrEnum):
    SIGN_IN = "sign_in"
    # a new password for one that was lost
    RECOVERY = "recovery"
    # the first password, or another, by a link that the operator hands over
    SET_PASSWORD = "set_password"  # noqa: S105 - a purpose's name


class OneTimeCode(Numbered, Base):
    """A code or a link that is good once, for a while; only its digest is kept, and wrong tries are counted."""

    __tablename__ = "one_time_code"
    __table_args__ = (Index("ix_one_time_code_account", "account_id", "purpose", "id"),)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[CodePurpose] = state_column(CodePurpose, CodePurpose.SIGN_IN)
    digest: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)
    # asked for where somebody had signed in to the account before
    at_home: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class ApiKey(Numbered, Base):
    """A program's key to one creator's business, with the rights it was made with; shown once, its digest kept."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_creator", "creator_id", "id"),)
    # who made it: it may do no more than they may
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    name: Mapped[str]
    # its first characters, by which its owner knows it again
    beginning: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    # of `Right`
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Invitation(Numbered, Base):
    """Somebody is asked to join, once, by a link: a creator's team with some rights, or the instance in a role."""

    __tablename__ = "invitation"
    __table_args__ = (Index("ix_invitation_creator", "creator_id", "id"),)
    # of a team; None where an administrator asks
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("creator.id"))
    role: Mapped[Role] = state_column(Role, Role.BUYER)
    rights: Mapped[list[Any]] = mapped_column(default=list)
    # whom it is for, in the words of whoever asks
    note: Mapped[str] = mapped_column(Sealed("invitation.note"))
    digest: Mapped[str] = mapped_column(unique=True)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    taken_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class RateCount(Base):
    """How often something was done since the beginning of its window; what is over is pruned."""

    __tablename__ = "rate_count"
    name: Mapped[str] = mapped_column(primary_key=True)
    began_at: Mapped[datetime] = mapped_column(index=True)
    count: Mapped[int]


class Repeatable(Base):
    """What was answered to a request with an `Idempotency-Key`, so that its repeat is answered the same."""

    __tablename__ = "repeatable"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    # of the method, the address and the body
    digest: Mapped[str]
    status: Mapped[int]
    answer: Mapped[Any] = mapped_column(SealedJson("repeatable.answer"))
    created_at: Mapped[datetime] = mapped_column(index=True)
