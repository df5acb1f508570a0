from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Numbered, state_column
from store.models.sealed import Sealed


class LeadStage(StrEnum):
    """The stages that Spark itself moves leads through; creators may name others."""

    NEW = "new"
    ENGAGED = "engaged"
    CUSTOMER = "customer"
    LOST = "lost"


class FieldKind(StrEnum):
    """Of a creator's own field."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"
    # several of a choice
    CHOICES = "choices"
    # a stored file, by its id in `value`
    FILE = "file"
    # latitude and longitude in degrees, `52.52,13.405`, always sealed
    LOCATION = "location"


class Proof(StrEnum):
    """How sure an e-mail or phone is. What is only typed claims nothing: another lead may have it too."""

    TYPED = "typed"
    ENTERED = "entered"
    VERIFIED = "verified"


_EMAIL_CLAIMED = text("email_proof IN ('entered', 'verified') AND email_digest IS NOT NULL")
_PHONE_CLAIMED = text("phone_proof IN ('entered', 'verified') AND phone_digest IS NOT NULL")
# segments never meet those who were merged or forgotten
_LIVING = text("merged_into_id IS NULL AND forgotten_at IS NULL")
_MERGED = text("merged_into_id IS NOT NULL")
_OF_ACCOUNT = text("account_id IS NOT NULL")
# a value stands in one of three columns
_NUMBER = text("number IS NOT NULL")
_DIGEST = text("digest IS NOT NULL")


class Lead(Numbered, Base):
    """A person one creator knows, at any stage.

    `email_digest` and `phone_digest` are keyed digests by which the sealed values are found. `dice`, 0 to 9999, is
    thrown once, so that a share of all leads is always the same ones.
    """

    __tablename__ = "lead"
    __table_args__ = (
        UniqueConstraint("creator_id", "person_id"),
        Index(
            "uq_lead_account",
            *("account_id", "creator_id"),
            unique=True,
            sqlite_where=_OF_ACCOUNT,
            postgresql_where=_OF_ACCOUNT,
        ),
        Index(
            "uq_lead_email_claimed",
            "creator_id",
            "email_digest",
            unique=True,
            sqlite_where=_EMAIL_CLAIMED,
            postgresql_where=_EMAIL_CLAIMED,
        ),
        Index(
            "uq_lead_phone_claimed",
            "creator_id",
            "phone_digest",
            unique=True,
            sqlite_where=_PHONE_CLAIMED,
            postgresql_where=_PHONE_CLAIMED,
        ),
        Index("ix_lead_email", "creator_id", "email_digest"),
        Index("ix_lead_phone", "creator_id", "phone_digest"),
        # what nearly every segment asks besides stands in it, so that a count need not look at the leads themselves
        Index(
            "ix_lead_list",
            *("creator_id", "id", "created_at", "dice", "unsubscribed_at", "consented_at"),
            *("merged_into_id", "forgotten_at"),
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        ),
        Index("ix_lead_stage", "creator_id", "stage", "id", sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index("ix_lead_score", "creator_id", "score", "id", sqlite_where=_LIVING, postgresql_where=_LIVING),
        # with all that sources are counted by, so that the leads themselves need not be looked at
        Index(
            "ix_lead_source",
            *("creator_id", "source", "id", "created_at", "merged_into_id", "forgotten_at"),
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        ),
        Index("ix_lead_seen", "creator_id", "seen_at", "id", sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index("ix_lead_merged", "merged_into_id", sqlite_where=_MERGED, postgresql_where=_MERGED),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    # who has bought by the API as this lead
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(Sealed("lead.email"))
    email_digest: Mapped[str | None]
    email_proof: Mapped[Proof] = state_column(Proof, Proof.TYPED)
    phone: Mapped[str | None] = mapped_column(Sealed("lead.phone"))
    phone_digest: Mapped[str | None]
    phone_proof: Mapped[Proof] = state_column(Proof, Proof.TYPED)
    # the first one wins; later ones are touches
    source: Mapped[str | None]
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id"), index=True)
    stage: Mapped[str] = mapped_column(default=LeadStage.NEW)
    score: Mapped[int] = mapped_column(default=0)
    # an IANA name; without one the creator's counts
    time_zone: Mapped[str | None]
    dice: Mapped[int] = mapped_column(default=0)
    consented_at: Mapped[datetime | None]
    unsubscribed_at: Mapped[datetime | None]
    # by the creator: the bot does not answer this lead
    banned_at: Mapped[datetime | None]
    # a person of the creator's writes in this chat, and the bot keeps quiet
    taken_over_at: Mapped[datetime | None]
    # once an hour; empty for somebody who was entered or imported, and never here
    seen_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    forgotten_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class LeadField(Base):
    """One value of a creator's own field. A choice of several has one row for each, `item` 0 onwards.

    Text, and whatever the creator marks private, is `sealed` and found by its `digest` only; numbers stand in
    `number` (yes and no in `value`), the rest in `value` (dates as ISO 8601).
    """

    __tablename__ = "lead_field"
    __table_args__ = (
        Index("ix_lead_field_value", "creator_id", "key", "value", "lead_id"),
        Index(
            "ix_lead_field_number",
            *("creator_id", "key", "number", "lead_id"),
            sqlite_where=_NUMBER,
            postgresql_where=_NUMBER,
        ),
        Index(
            "ix_lead_field_digest",
            *("creator_id", "key", "digest", "lead_id"),
            sqlite_where=_DIGEST,
            postgresql_where=_DIGEST,
        ),
    )
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[int] = mapped_column(primary_key=True, default=0, autoincrement=False)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    value: Mapped[str | None]
    number: Mapped[float | None] = mapped_column(Float(53))
    sealed: Mapped[str | None] = mapped_column(Sealed("lead_field.sealed"))
    digest: Mapped[str | None]
    answered_at: Mapped[datetime]


class LeadTag(Base):
    __tablename__ = "lead_tag"
    __table_args__ = (Index("ix_lead_tag_tag", "creator_id", "tag", "lead_id"),)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    tagged_at: Mapped[datetime]


class LeadWord(Base):
    """A word of a lead's name or username, casefolded: names are searched by how a word begins."""

    __tablename__ = "lead_word"
    __table_args__ = (Index("ix_lead_word_word", "creator_id", "word", "lead_id"),)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    # byte by byte, whatever the database's locale: a beginning is then a range of the index
    word: Mapped[str] = mapped_column(Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))


class LeadNote(Numbered, Base):
    """What a creator wrote down about a lead."""

    __tablename__ = "lead_note"
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    text: Mapped[str] = mapped_column(Sealed("lead_note.text"))
    created_at: Mapped[datetime]


class Consent(Numbered, Base):
    """What a lead agreed to, in the words that were shown, until it was withdrawn."""

    __tablename__ = "consent"
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[str]
    channel: Mapped[str]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class LinkTarget(StrEnum):
    """What a tracked deep link leads to."""

    START = "start"
    FLOW = "flow"
    PRODUCT = "product"
    FUNNEL = "funnel"
    IDEA = "idea"
    PACKAGE = "package"
    COUPON = "coupon"


class Link(Numbered, Base):
    """A tracked deep link: `key` is its `/start` payload."""

    __tablename__ = "link"
    __table_args__ = (
        Index("ix_link_list", "creator_id", "id"),
        # what leads to an idea
        Index("ix_link_target", "creator_id", "target", "name"),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    key: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    target: Mapped[LinkTarget] = state_column(LinkTarget, LinkTarget.START)
    # the flow's or funnel's key, the product's slug, the idea's number, the discount code (`CODE/slug` for one product)
    name: Mapped[str]
    utm: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class Touch(Numbered, Base):
    """One time that a lead came by a link or source, the first and every later one."""

    __tablename__ = "touch"
    __table_args__ = (Index("ix_touch_link", "link_id", "lead_id"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id"))
    source: Mapped[str | None]
    touched_at: Mapped[datetime]


class TrackedUrl(Numbered, Base):
    """An address in a creator's texts whose clicks are counted."""

    __tablename__ = "tracked_url"
    __table_args__ = (UniqueConstraint("creator_id", "digest"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    digest: Mapped[str]
    url: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class Segment(Numbered, Base):
    """A saved question about leads."""

    __tablename__ = "segment"
    __table_args__ = (UniqueConstraint("creator_id", "key"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    key: Mapped[str]
    question: Mapped[str] = mapped_column(Sealed("segment.question"))
    created_at: Mapped[datetime]


class LeadView(Numbered, Base):
    """A list of leads that a creator looks at: what its buttons mean by its number."""

    __tablename__ = "lead_view"
    __table_args__ = (Index("ix_lead_view_age", "created_at"),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    question: Mapped[str] = mapped_column(Sealed("lead_view.question"))
    created_at: Mapped[datetime]
