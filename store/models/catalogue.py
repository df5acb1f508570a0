from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed

_FORGETTING = text("forgetting_at IS NOT NULL")
_FETCHING = text("fetch_at IS NOT NULL")
_LOOSE = text("loose_until IS NOT NULL")
_REPORTED = text("state = 'reported'")
_KEPT_STARS = text("giver IS NOT NULL")
_LISTED = text("active AND archived_at IS NULL")
_OWN = text("archived_at IS NULL")
_ARCHIVED = text("archived_at IS NOT NULL")
# of what is listed: on sale from or until some day, or a bundle, which may hold nothing
_CONDITIONED = text(
    "active AND archived_at IS NULL AND (active_from IS NOT NULL OR active_until IS NOT NULL OR kind = 'bundle')"
)
_FREE_KEY = text("entitlement_id IS NULL")
# either both are empty, or they fit
_STOCK_ADDS_UP = "COALESCE(stock + reserved + sold, -1) = COALESCE(initial, -1)"


class ProductKind(StrEnum):
    FILE = "file"
    LICENCE_KEY = "licence_key"
    LINK = "link"
    CHANNEL = "channel"
    SERVICE = "service"
    PHYSICAL = "physical"
    BUNDLE = "bundle"


class Stocked:
    """What is bought and what of it is left: `stock` None is unlimited.

    `stock + reserved + sold = initial` for whatever is limited; only `domain.stock` changes the four.
    """

    price_minor: Mapped[int]
    # the price in Stars, where the creator has set one
    price_stars: Mapped[int | None]
    stock: Mapped[int | None]
    # of orders that can still be paid
    reserved: Mapped[int] = mapped_column(default=0)
    sold: Mapped[int] = mapped_column(default=0)
    initial: Mapped[int | None]


class Product(Stocked, Numbered, Base):
    """`price_minor` 0 is a free one (a lead magnet); with `pay_what_you_want` it is the least that is taken."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("creator_id", "slug"),
        CheckConstraint("stock >= 0", name="stock_never_below_zero"),
        CheckConstraint("reserved >= 0 AND sold >= 0", name="product_counts_never_below_zero"),
        CheckConstraint(_STOCK_ADDS_UP, name="product_stock_adds_up"),
        Index("ix_product_listed_creator", "creator_id", "id", sqlite_where=_LISTED, postgresql_where=_LISTED),
        Index("ix_product_listed_new", "created_at", "id", sqlite_where=_LISTED, postgresql_where=_LISTED),
        Index("ix_product_listed_price", "price_minor", "id", sqlite_where=_LISTED, postgresql_where=_LISTED),
        Index("ix_product_listed_title", "title", "id", sqlite_where=_LISTED, postgresql_where=_LISTED),
        Index("ix_product_listed_rating", "rating_milli", "id", sqlite_where=_LISTED, postgresql_where=_LISTED),
        Index("ix_product_listed_sold", "sold", "id", sqlite_where=_LISTED, postgresql_where=_LISTED),
        Index(
            "ix_product_listed_category", "category", "created_at", "id", sqlite_where=_LISTED, postgresql_where=_LISTED
        ),
        Index(
            "ix_product_listed_category_price",
            *("category", "price_minor", "id"),
            sqlite_where=_LISTED,
            postgresql_where=_LISTED,
        ),
        Index("ix_product_conditioned", "id", sqlite_where=_CONDITIONED, postgresql_where=_CONDITIONED),
        Index("ix_product_own", "creator_id", "id", sqlite_where=_OWN, postgresql_where=_OWN),
        Index("ix_product_archived", "creator_id", "id", sqlite_where=_ARCHIVED, postgresql_where=_ARCHIVED),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    slug: Mapped[str]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(Text)
    kind: Mapped[ProductKind] = state_column(ProductKind, ProductKind.FILE)
    currency: Mapped[str]
    # the struck-out price beside its own
    compare_at_minor: Mapped[int | None]
    pay_what_you_want: Mapped[bool] = mapped_column(default=False)
    category: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[Any]] = mapped_column(default=list)
    limit_per_person: Mapped[int | None]
    # the creator is told when no more than so many are left, of it or of one of its variants
    low_stock: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    active_from: Mapped[datetime | None]
    active_until: Mapped[datetime | None]
    # off the shop for good; those who own it keep it
    archived_at: Mapped[datetime | None]
    # where a link leads
    url: Mapped[str | None] = mapped_column(Text)
    # the channel or group that a buyer is let into
    chat_id: Mapped[int | None]
    # the creator's own words to whoever has bought it
    instructions: Mapped[str] = mapped_column(Text, default="")
    # Telegram lets nobody pass on what is delivered
    protected: Mapped[bool] = mapped_column(default=False)
    # licence keys are made when the uploaded ones are used up
    makes_keys: Mapped[bool] = mapped_column(default=False)
    # what it is found by, as `domain.products.found_by` writes it
    words: Mapped[str] = mapped_column(Text, default="")
    # over the reviews that are not hidden
    rating_sum: Mapped[int] = mapped_column(default=0)
    rating_count: Mapped[int] = mapped_column(default=0)
    # their mean, in thousandths of a star: what lists are sorted by
    rating_milli: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class ProductWord(Base):
    """A word that a product is found by, and `#tag` for each of its tags; the same as in `words`."""

    __tablename__ = "product_word"
    __table_args__ = (Index("ix_product_word_word", "word", "product_id"),)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    # byte by byte, whatever the database's locale: a beginning is then a range of the index
    word: Mapped[str] = mapped_column(Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True)


class ProductVariant(Stocked, Numbered, Base):
    """One choice of a product (a size, a licence), with a price and stock of its own. Archived ones stay for owners."""

    __tablename__ = "product_variant"
    __table_args__ = (
        UniqueConstraint("product_id", "title"),
        CheckConstraint("stock >= 0", name="variant_stock_never_below_zero"),
        CheckConstraint("reserved >= 0 AND sold >= 0", name="variant_counts_never_below_zero"),
        CheckConstraint(_STOCK_ADDS_UP, name="variant_stock_adds_up"),
    )
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    title: Mapped[str]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class BundleItem(Base):
    """A product that a bundle holds."""

    __tablename__ = "bundle_item"
    bundle_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True, index=True)


class Upsell(Base):
    """What is offered to whoever has just bought a product."""

    __tablename__ = "upsell"
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    offered_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True, index=True)
    # a code that the offer applies
    discount_code_id: Mapped[int | None] = mapped_column(ForeignKey("discount_code.id"))


class Shape(StrEnum):
    """As what Telegram shows a file; its handles are good for that one shape."""

    DOCUMENT = "document"
    PHOTO = "photo"
    VIDEO = "video"
    # a GIF, or a video without sound: it plays by itself
    ANIMATION = "animation"
    VOICE = "voice"
    AUDIO = "audio"


class FileRole(StrEnum):
    """What a product's file is for: the goods themselves, the picture on its card, or a list of keys to be read."""

    GOODS = "goods"
    COVER = "cover"
    KEYS = "keys"


class StoredFile(Numbered, Base):
    """A file of a product, of a flow's text, or of a lead's answer.

    Its bytes stand under `blob` in the file store, or there is only Telegram's handle for it.
    """

    __tablename__ = "stored_file"
    __table_args__ = (
        Index("ix_stored_file_content", "creator_id", "sha256", "shape"),
        Index("ix_stored_file_forgetting", "id", sqlite_where=_FORGETTING, postgresql_where=_FORGETTING),
        Index("ix_stored_file_fetching", "fetch_at", sqlite_where=_FETCHING, postgresql_where=_FETCHING),
        Index("ix_stored_file_loose", "loose_until", sqlite_where=_LOOSE, postgresql_where=_LOOSE),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    role: Mapped[FileRole] = state_column(FileRole, FileRole.GOODS)
    # counts what has stood under this name of this product
    version: Mapped[int] = mapped_column(default=1)
    # a later version, or another cover, has taken its place
    replaced_at: Mapped[datetime | None]
    # the creator has taken it away: nobody gets it, by no link either
    removed_at: Mapped[datetime | None]
    # whose answer it is
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)
    shape: Mapped[Shape] = state_column(Shape, Shape.DOCUMENT)
    file_name: Mapped[str]
    mime_type: Mapped[str]
    size: Mapped[int | None]
    sha256: Mapped[str | None]
    blob: Mapped[str | None]
    # of a picture that was drawn anew, in pixels
    width: Mapped[int | None]
    height: Mapped[int | None]
    created_at: Mapped[datetime]
    # came up by the API or in the chat and belongs to nothing yet: then it goes; empty for everything else
    loose_until: Mapped[datetime | None]
    attached_at: Mapped[datetime | None]
    # when the bot next tries to fetch its bytes; empty once it has them, and for what it never can
    fetch_at: Mapped[datetime | None]
    # whose it was is forgotten: content, handle and row go soon
    forgetting_at: Mapped[datetime | None]


class FileHandle(Base):
    """What one bot calls a file that Telegram already holds: https://core.telegram.org/bots/api#sending-files"""

    __tablename__ = "file_handle"
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), primary_key=True)
    bot_id: Mapped[int] = mapped_column(primary_key=True)
    telegram_file_id: Mapped[str]


class UploadLink(Numbered, Base):
    """A signed address at which one account sends up one file for one product: once, until then."""

    __tablename__ = "upload_link"
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class LicenceKey(Numbered, Base):
    """One key, uploaded or made; it goes to one line of one order and is never given twice."""

    __tablename__ = "licence_key"
    __table_args__ = (
        UniqueConstraint("product_id", "digest"),
        Index("ix_licence_key_free", "product_id", "id", sqlite_where=_FREE_KEY, postgresql_where=_FREE_KEY),
    )
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    key: Mapped[str] = mapped_column(Sealed("licence_key.key"))
    digest: Mapped[str]
    entitlement_id: Mapped[int | None] = mapped_column(ForeignKey("entitlement.id"), index=True)
    created_at: Mapped[datetime]
    given_at: Mapped[datetime | None]
    # the right to it was taken back
    voided_at: Mapped[datetime | None]


class ReviewState(StrEnum):
    SHOWN = "shown"
    # somebody minds it; it stays in sight until it is looked at
    REPORTED = "reported"
    HIDDEN = "hidden"


REVIEW_MOVES = Moves(
    {
        ReviewState.SHOWN: frozenset({ReviewState.REPORTED, ReviewState.HIDDEN}),
        ReviewState.REPORTED: frozenset({ReviewState.SHOWN, ReviewState.HIDDEN}),
        ReviewState.HIDDEN: frozenset({ReviewState.SHOWN}),
    }
)


class Review(Numbered, Base):
    """What an owner says of a product, once; only `domain.reviews` moves the product's sum and count with it."""

    __tablename__ = "review"
    __table_args__ = (
        UniqueConstraint("lead_id", "product_id"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="review_one_to_five"),
        Index("ix_review_product", "product_id", "id", "state"),
        Index("ix_review_creator", "creator_id", "id"),
        Index("ix_review_giver", "giver", "product_id", sqlite_where=_KEPT_STARS, postgresql_where=_KEPT_STARS),
        Index("ix_review_reported", "reported_at", "id", sqlite_where=_REPORTED, postgresql_where=_REPORTED),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    rating: Mapped[int]
    text: Mapped[str] = mapped_column(Sealed("review.text"))
    # the creator's
    answer: Mapped[str | None] = mapped_column(Text)
    # of stars that outlasted who gave them: a keyed digest of their chat or account (`domain.review_givers`)
    giver: Mapped[str | None]
    state: Mapped[ReviewState] = state_column(ReviewState, ReviewState.SHOWN)
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
