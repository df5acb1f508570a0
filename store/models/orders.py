from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed


class OrderState(StrEnum):
    OPEN = "open"
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    FULFILLED = "fulfilled"
    OVERSOLD = "oversold"
    EXPIRED = "expired"


ORDER_MOVES = Moves(
    {
        # the provider's word may arrive before our own note that the checkout was made
        OrderState.OPEN: frozenset(
            {OrderState.AWAITING_PAYMENT, OrderState.PAID, OrderState.OVERSOLD, OrderState.EXPIRED}
        ),
        OrderState.AWAITING_PAYMENT: frozenset({OrderState.PAID, OrderState.OVERSOLD, OrderState.EXPIRED}),
        # money that arrives is never turned away
        OrderState.EXPIRED: frozenset({OrderState.PAID, OrderState.OVERSOLD}),
        OrderState.PAID: frozenset({OrderState.FULFILLED}),
    }
)


class Order(Numbered, Base):
    __tablename__ = "order"
    __table_args__ = (
        Index("ix_order_lead", "lead_id", "creator_id", "id"),
        Index("ix_order_creator", "creator_id", "id"),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    # what a rail knows the order by: no other store, on the same account, ever has the same
    reference: Mapped[str] = mapped_column(unique=True)
    state: Mapped[OrderState] = state_column(OrderState, OrderState.OPEN)
    # `lead:product` while it can still be paid: two taps on one button open one order
    open_key: Mapped[str | None] = mapped_column(unique=True)
    total_minor: Mapped[int]
    currency: Mapped[str]
    # counts the checkouts that the rail failed to make: it would repeat its failure for the same key
    failures: Mapped[int] = mapped_column(default=0)
    session_id: Mapped[str | None] = mapped_column(unique=True)
    checkout_url: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    # the buyer has paid by a way that takes days, and the money is on its way
    pending_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]


class OrderLine(Numbered, Base):
    """Title and price as they were when the order was opened."""

    __tablename__ = "order_line"
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    title: Mapped[str]
    price_minor: Mapped[int]


class Payment(Numbered, Base):
    """Money that came, once for each reference of its rail."""

    __tablename__ = "payment"
    __table_args__ = (UniqueConstraint("rail", "reference"),)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    rail: Mapped[str]
    reference: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    created_at: Mapped[datetime]


class Entitlement(Numbered, Base):
    """The right to a product; `origin` says where it came from (`line:7`, `gift`) and comes once."""

    __tablename__ = "entitlement"
    __table_args__ = (
        UniqueConstraint("lead_id", "product_id", "origin"),
        Index("ix_entitlement_product", "product_id", "lead_id"),
    )
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"), index=True)
    origin: Mapped[str]
    granted_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class ProviderEventState(StrEnum):
    KEPT = "kept"
    APPLIED = "applied"
    IGNORED = "ignored"
    REFUSED = "refused"


class ProviderEvent(Numbered, Base):
    """Stripe's own words, kept once, before anything is done about them."""

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
