from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered


class DiscountCode(Numbered, Base):
    """`percent` off, or `amount_minor` of `currency` off an order. `code` is kept in capital letters."""

    __tablename__ = "discount_code"
    __table_args__ = (
        UniqueConstraint("creator_id", "code"),
        Index("ix_discount_code_creator", "creator_id", "id"),
        CheckConstraint("(percent IS NULL) <> (amount_minor IS NULL)", name="discount_percent_or_amount"),
        CheckConstraint("uses >= 0", name="discount_uses_never_below_zero"),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    code: Mapped[str]
    percent: Mapped[int | None]
    amount_minor: Mapped[int | None]
    currency: Mapped[str | None]
    # ids of the products it is for; empty is all of them
    products: Mapped[list[Any]] = mapped_column(default=list)
    # a question about leads; those it does not fit cannot use the code
    segment: Mapped[str | None] = mapped_column(Text)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    most_uses: Mapped[int | None]
    most_per_person: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class DiscountUse(Numbered, Base):
    """One use by one order, from its opening until it ends unpaid or is refunded in full.

    `slot` counts a lead's own uses from 1: the unique key keeps them within the limit.
    """

    __tablename__ = "discount_use"
    __table_args__ = (UniqueConstraint("discount_code_id", "lead_id", "slot"),)
    discount_code_id: Mapped[int] = mapped_column(ForeignKey("discount_code.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    slot: Mapped[int]
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), unique=True)
