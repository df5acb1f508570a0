from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import SealedJson

_TO_LOOK_AT = text("look_at IS NOT NULL")
_HELD = text("state = 'held'")
_TO_BE_ABANDONED = text("abandons_at IS NOT NULL")


class OrderState(StrEnum):
    OPEN = "open"
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    FULFILLED = "fulfilled"
    OVERSOLD = "oversold"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    PARTLY_REFUNDED = "partly_refunded"
    DISPUTED = "disputed"


_MONEY_CAME = frozenset(
    {OrderState.REFUNDED, OrderState.PARTLY_REFUNDED, OrderState.DISPUTED},
)
_HAS_IT = frozenset({OrderState.PAID, OrderState.FULFILLED, OrderState.OVERSOLD})
ORDER_MOVES = Moves(
    {
        # the provider's word may arrive before our own note that the checkout was made
        OrderState.OPEN: frozenset(
            {
                OrderState.AWAITING_PAYMENT,
                OrderState.PAID,
                OrderState.OVERSOLD,
                OrderState.EXPIRED,
                OrderState.CANCELLED,
            }
        ),
        OrderState.AWAITING_PAYMENT: frozenset(
            {OrderState.PAID, OrderState.OVERSOLD, OrderState.EXPIRED, OrderState.CANCELLED}
        ),
        # money that arrives is never turned away
        OrderState.EXPIRED: frozenset({OrderState.PAID, OrderState.OVERSOLD}),
        OrderState.CANCELLED: frozenset({OrderState.PAID, OrderState.OVERSOLD}),
        OrderState.PAID: frozenset({OrderState.FULFILLED, *_MONEY_CAME}),
        OrderState.FULFILLED: _MONEY_CAME,
        OrderState.OVERSOLD: frozenset({OrderState.PAID, *_MONEY_CAME}),
        # a bank may send a refund back, and a dispute that is won gives the order back the state it had
        OrderState.PARTLY_REFUNDED: frozenset({*_HAS_IT, OrderState.REFUNDED, OrderState.DISPUTED}),
        OrderState.DISPUTED: frozenset({*_HAS_IT, OrderState.PARTLY_REFUNDED, OrderState.REFUNDED}),
        OrderState.REFUNDED: frozenset({*_HAS_IT, OrderState.PARTLY_REFUNDED, OrderState.DISPUTED}),
    }
)


class Order(Numbered, Base):
    """What a lead wants for how much, by one rail. `total_minor` is without tax and shipping, which the rail adds."""

    __tablename__ = "order"
    __table_args__ = (
        UniqueConstraint("creator_id", "receipt_number"),
        # to when they were paid: SQLite would look for one lead's through all that their creator was paid for
        Index("ix_order_lead", "lead_id", "creator_id", "paid_at"),
        Index("ix_order_creator", "creator_id", "id"),
        Index("ix_order_created", "creator_id", "created_at"),
        Index("ix_order_paid", "creator_id", "paid_at"),
        Index("ix_order_look_at", "look_at", sqlite_where=_TO_LOOK_AT, postgresql_where=_TO_LOOK_AT),
        Index("ix_order_abandons", "abandons_at", sqlite_where=_TO_BE_ABANDONED, postgresql_where=_TO_BE_ABANDONED),
        CheckConstraint("refunded_minor >= 0", name="order_refunded_never_below_zero"),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    # by who acts for the creator, for this lead: nobody else changes what is in it, and nobody what others put together
    by_seller: Mapped[bool] = mapped_column(default=False)
    # what a rail knows the order by: no other store, on the same account, ever has the same
    reference: Mapped[str] = mapped_column(unique=True)
    state: Mapped[OrderState] = state_column(OrderState, OrderState.OPEN)
    # `stripe`, `stars`, `free`; the currency of Stars is xtr
    rail: Mapped[str] = mapped_column(default="stripe")
    # `lead:product` while it can still be paid: two taps on one button open one order
    open_key: Mapped[str | None] = mapped_column(unique=True)
    # of all lines, before the discount
    subtotal_minor: Mapped[int]
    discount_minor: Mapped[int] = mapped_column(default=0)
    discount_code_id: Mapped[int | None] = mapped_column(ForeignKey("discount_code.id"), index=True)
    total_minor: Mapped[int]
    currency: Mapped[str]
    # what the rail took on top
    tax_minor: Mapped[int] = mapped_column(default=0)
    shipping_minor: Mapped[int] = mapped_column(default=0)
    refunded_minor: Mapped[int] = mapped_column(default=0)
    # given when it is paid, counted by creator
    receipt_number: Mapped[int | None]
    # counts the checkouts that the rail failed to make: it would repeat its failure for the same key
    failures: Mapped[int] = mapped_column(default=0)
    session_id: Mapped[str | None] = mapped_column(unique=True)
    checkout_url: Mapped[str | None] = mapped_column(Text)
    # what the buyer told the rail: name, e-mail, shipping address
    details: Mapped[Any | None] = mapped_column(SealedJson("order.details"))
    # `success` and `cancel`: where the rail sends its buyer back to, other than everybody
    pages: Mapped[Any | None] = mapped_column(SealedJson("order.pages"))
    expires_at: Mapped[datetime]
    # when the rail is asked next how it stands with the order
    look_at: Mapped[datetime | None]
    # it counts as abandoned then, unless it is paid; empty once that is said
    abandons_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # the buyer has paid by a way that takes days, and the money is on its way
    pending_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]


class OrderLine(Numbered, Base):
    """Title and price as they were when the order was opened; `price_minor` is for one, before the discount."""

    __tablename__ = "order_line"
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("product_variant.id"), index=True)
    title: Mapped[str]
    price_minor: Mapped[int]
    quantity: Mapped[int] = mapped_column(default=1)
    # of the whole line
    discount_minor: Mapped[int] = mapped_column(default=0)


class ReservationState(StrEnum):
    HELD = "held"
    SOLD = "sold"
    RELEASED = "released"


class Reservation(Numbered, Base):
    """Stock that an order holds, then sells or lets go. A bundle's line holds its own and that of what is in it."""

    __tablename__ = "reservation"
    __table_args__ = (
        UniqueConstraint("line_id", "product_id"),
        Index("ix_reservation_held", "until", sqlite_where=_HELD, postgresql_where=_HELD),
    )
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("product_variant.id"), index=True)
    quantity: Mapped[int]
    state: Mapped[ReservationState] = state_column(ReservationState, ReservationState.HELD)
    # it goes back by itself then; None where only the rail's word ends it
    until: Mapped[datetime | None]
