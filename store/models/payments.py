"""Money that came and went, and the providers' own words about it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed

_UNDER_WAY = text("state IN ('asked', 'sent')")


class Payment(Numbered, Base):
    """Money that came, once for each reference of its rail."""

    __tablename__ = "payment"
    __table_args__ = (UniqueConstraint("rail", "reference"),)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    rail: Mapped[str]
    reference: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    # given back, promised to be, or lost to a bank; the same money may be both, so it may come to more than came
    refunded_minor: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]

    @property
    def left_minor(self) -> int:
        """What of it can still be given back."""
        return max(0, self.amount_minor - self.refunded_minor)


class RefundState(StrEnum):
    ASKED = "asked"
    # the rail has taken it; the money may still be on its way
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"


REFUND_MOVES = Moves(
    {
        RefundState.ASKED: frozenset({RefundState.SENT, RefundState.DONE, RefundState.FAILED}),
        RefundState.SENT: frozenset({RefundState.DONE, RefundState.FAILED}),
        # a bank may send it back days later
        RefundState.DONE: frozenset({RefundState.FAILED}),
    }
)


class Refund(Numbered, Base):
    """Money that goes back: asked for by a creator, by an oversold order, or made at the rail's own dashboard."""

    __tablename__ = "refund"
    __table_args__ = (
        UniqueConstraint("rail", "reference"),
        Index("ix_refund_under_way", "retry_at", sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),
    )
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    rail: Mapped[str]
    # the rail's own name for it, once it has one
    reference: Mapped[str | None]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    state: Mapped[RefundState] = state_column(RefundState, RefundState.ASKED)
    reason: Mapped[str] = mapped_column(Sealed("refund.reason"), default="")
    # the rights of a part refund go as well
    revokes: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class DisputeState(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Dispute(Numbered, Base):
    """A buyer's bank wants the money of a payment back."""

    __tablename__ = "dispute"
    __table_args__ = (UniqueConstraint("rail", "reference"),)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    rail: Mapped[str]
    reference: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    state: Mapped[DisputeState] = state_column(DisputeState, DisputeState.OPEN)
    reason: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class RailCustomer(Base):
    """What a rail calls a buyer, so that they need not type everything again."""

    __tablename__ = "rail_customer"
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    rail: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(Sealed("rail_customer.reference"))


class RailCursor(Base):
    """How far a rail's own list of events has been read."""

    __tablename__ = "rail_cursor"
    rail: Mapped[str] = mapped_column(primary_key=True)
    # the newest event read
    reference: Mapped[str | None]
    read_to: Mapped[datetime | None]
    # when the rail was last asked, and answered
    checked_at: Mapped[datetime | None]


class PaymentLink(Numbered, Base):
    """A page of the rail's where anybody can buy one product, for creators to post elsewhere."""

    __tablename__ = "payment_link"
    __table_args__ = (UniqueConstraint("rail", "reference"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("product_variant.id"))
    rail: Mapped[str]
    reference: Mapped[str | None]
    url: Mapped[str | None] = mapped_column(Text)
    price_minor: Mapped[int]
    currency: Mapped[str]
    created_at: Mapped[datetime]
    # it is to be switched off, and has been
    ended_at: Mapped[datetime | None]
    switched_off_at: Mapped[datetime | None]


class ProviderEventState(StrEnum):
    KEPT = "kept"
    APPLIED = "applied"
    IGNORED = "ignored"
    REFUSED = "refused"


class ProviderEvent(Numbered, Base):
    """Stripe's or Telegram's own words about money, kept once, before anything is done about them."""

    __tablename__ = "provider_event"
    __table_args__ = (
        UniqueConstraint("rail", "reference"),
        Index("ix_provider_event_state", "state", "retry_at"),
    )
    rail: Mapped[str]
    reference: Mapped[str]
    kind: Mapped[str]
    body: Mapped[str] = mapped_column(Sealed("provider_event.body"))
    state: Mapped[ProviderEventState] = state_column(ProviderEventState, ProviderEventState.KEPT)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    # whose money it tells of, once that is known: the words go when the buyer is forgotten
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"), index=True)
    retry_at: Mapped[datetime]
    received_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
