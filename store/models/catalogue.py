from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered, state_column

_FORGETTING = text("forgetting_at IS NOT NULL")


class ProductKind(StrEnum):
    FILE = "file"
    LICENCE_KEY = "licence_key"
    LINK = "link"
    CHANNEL = "channel"
    SERVICE = "service"
    PHYSICAL = "physical"
    BUNDLE = "bundle"


class Product(Numbered, Base):
    """`price_minor` 0 is a free one (a lead magnet); `stock` None is unlimited."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("creator_id", "slug"),
        CheckConstraint("stock >= 0", name="stock_never_below_zero"),
        Index("ix_product_shop", "creator_id", "active", "id"),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    slug: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    kind: Mapped[ProductKind] = state_column(ProductKind, ProductKind.FILE)
    price_minor: Mapped[int]
    currency: Mapped[str]
    stock: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Shape(StrEnum):
    """As what Telegram shows a file; its handles are good for that one shape."""

    DOCUMENT = "document"
    PHOTO = "photo"
    VIDEO = "video"
    # only ever received
    VOICE = "voice"
    AUDIO = "audio"


class StoredFile(Numbered, Base):
    """A file of a product, of a flow's text, or of a lead's answer.

    Its bytes stand under `blob` in the file store, or there is only Telegram's handle for it.
    """

    __tablename__ = "stored_file"
    __table_args__ = (
        Index("ix_stored_file_content", "creator_id", "sha256", "shape"),
        Index("ix_stored_file_forgetting", "id", sqlite_where=_FORGETTING, postgresql_where=_FORGETTING),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    # whose answer it is
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)
    shape: Mapped[Shape] = state_column(Shape, Shape.DOCUMENT)
    file_name: Mapped[str]
    mime_type: Mapped[str]
    size: Mapped[int | None]
    sha256: Mapped[str | None]
    blob: Mapped[str | None]
    created_at: Mapped[datetime]
    attached_at: Mapped[datetime | None]
    # whose it was is forgotten: content, handle and row go soon
    forgetting_at: Mapped[datetime | None]


class FileHandle(Base):
    """What one bot calls a file that Telegram already holds: https://core.telegram.org/bots/api#sending-files"""

    __tablename__ = "file_handle"
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), primary_key=True)
    bot_id: Mapped[int] = mapped_column(primary_key=True)
    telegram_file_id: Mapped[str]
