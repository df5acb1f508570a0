"""Rights to products, and the ways in which they are handed over."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed

_UNASKED = text("may_post IS NULL")
_TO_DO = text("state = 'removing'")


class Entitlement(Numbered, Base):
    """The right to a product; `origin` says where it came from (`line:7`, `gift`) and comes once.

    It holds while `revoked_at` is empty.
    """

    __tablename__ = "entitlement"
    __table_args__ = (
        UniqueConstraint("lead_id", "product_id", "origin"),
        Index("ix_entitlement_product", "product_id", "lead_id"),
    )
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("product_variant.id"), index=True)
    quantity: Mapped[int] = mapped_column(default=1)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"), index=True)
    origin: Mapped[str]
    # why somebody granted or revoked it by hand
    reason: Mapped[str | None] = mapped_column(Sealed("entitlement.reason"))
    granted_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    # `refund`, `dispute` or `hand`: what may bring it back
    revoked_by: Mapped[str | None]


class DownloadLink(Numbered, Base):
    """A signed address of one file, for an owner or for somebody who acts for its creator: so many uses, until then."""

    __tablename__ = "download_link"
    __table_args__ = (
        CheckConstraint("uses <= most_uses", name="download_uses_within_limit"),
        CheckConstraint("(entitlement_id IS NULL) <> (account_id IS NULL)", name="download_link_of_one"),
    )
    entitlement_id: Mapped[int | None] = mapped_column(ForeignKey("entitlement.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), index=True)
    most_uses: Mapped[int]
    uses: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Download(Numbered, Base):
    """One use of a link. `served` counts the bytes promised to it: a download that is resumed stays one use."""

    __tablename__ = "download"
    link_id: Mapped[int] = mapped_column(ForeignKey("download_link.id"), index=True)
    served: Mapped[int]
    opened_at: Mapped[datetime]
    resumed_at: Mapped[datetime]


class PassState(StrEnum):
    PROMISED = "promised"
    INVITED = "invited"
    JOINED = "joined"
    REMOVING = "removing"
    REMOVED = "removed"
    FAILED = "failed"


PASS_MOVES = Moves(
    {
        PassState.PROMISED: frozenset({PassState.INVITED, PassState.REMOVING, PassState.FAILED}),
        PassState.INVITED: frozenset({PassState.INVITED, PassState.JOINED, PassState.REMOVING, PassState.FAILED}),
        # who left on their own is invited again when they ask
        PassState.JOINED: frozenset({PassState.INVITED, PassState.REMOVING}),
        PassState.REMOVING: frozenset({PassState.REMOVED, PassState.FAILED, PassState.INVITED}),
        # and who comes back by a link from before goes out again
        PassState.REMOVED: frozenset({PassState.INVITED, PassState.REMOVING}),
        PassState.FAILED: frozenset({PassState.INVITED, PassState.REMOVING}),
    }
)


class ChannelPass(Numbered, Base):
    """The way into a channel or group for one entitlement: a link for one person, until they lose the right.

    Where the product leads into another chat by now, the entitlement has a pass for each.
    """

    __tablename__ = "channel_pass"
    __table_args__ = (
        UniqueConstraint("entitlement_id", "chat_id"),
        Index("ix_channel_pass_to_do", "retry_at", sqlite_where=_TO_DO, postgresql_where=_TO_DO),
        Index("ix_channel_pass_chat", "chat_id", "telegram_id"),
    )
    entitlement_id: Mapped[int] = mapped_column(ForeignKey("entitlement.id"))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    # whom it lets in
    telegram_id: Mapped[int | None] = mapped_column(BigInteger)
    invite_link: Mapped[str | None] = mapped_column(Sealed("channel_pass.invite_link"))
    state: Mapped[PassState] = state_column(PassState, PassState.PROMISED)
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class Channel(Numbered, Base):
    """A channel or group in which the bot is, and what it may do there."""

    __tablename__ = "channel"
    __table_args__ = (
        UniqueConstraint("bot_id", "chat_id"),
        Index("ix_channel_asked", "bot_id", "id", sqlite_where=_UNASKED, postgresql_where=_UNASKED),
    )
    bot_id: Mapped[int] = mapped_column(BigInteger)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    # whose it is: of whoever made the bot an administrator there
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("creator.id"), index=True)
    title: Mapped[str]
    may_invite: Mapped[bool]
    may_remove: Mapped[bool]
    # of a channel: a group is nowhere to post to; None: Telegram is to be asked
    may_post: Mapped[bool | None] = mapped_column(default=False)
    seen_at: Mapped[datetime]
