"""Content ideas, from a thought to a published post: docs/decisions/0032-ideas.md."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed, SealedJson

_COMES = text("due_date IS NOT NULL AND due_noted_at IS NULL")
_PASSED_ON = text("origin_digest IS NOT NULL")
_SCHEDULED = text("state = 'scheduled'")
_TO_COME = text("state IN ('scheduled', 'posting')")
_EDITED = text("edit_at IS NOT NULL")
# as PostgreSQL would sort it by the machine's language, and SQLite byte by byte
_BY_LETTER = Text().with_variant(Text(collation="C"), "postgresql")


class IdeaStage(StrEnum):
    """In the order of the work; an idea may go from any to any other."""

    IDEA = "idea"
    OUTLINE = "outline"
    DRAFT = "draft"
    PUBLISHED = "published"


class Priority(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Idea(Numbered, Base):
    """`public_id` outside, `number` (counted per creator) in chat.

    `due_noted_at`: that its day has come has been told; whoever gives it another day empties it. `title_key`,
    `stage_place` and `priority_place` are what lists are sorted by: `domain.ideas` keeps them in step.
    """

    __tablename__ = "idea"
    __table_args__ = (
        UniqueConstraint("creator_id", "number"),
        Index("ix_idea_list", "creator_id", "created_at", "id"),
        Index("ix_idea_updated", "creator_id", "updated_at", "id"),
        Index("ix_idea_title", "creator_id", "title_key", "id"),
        Index("ix_idea_stage", "creator_id", "stage_place", "id"),
        Index("ix_idea_priority", "creator_id", "priority_place", "id"),
        Index("ix_idea_by_due", "creator_id", "due_date", "id"),
        Index("ix_idea_due", "due_date", "creator_id", sqlite_where=_COMES, postgresql_where=_COMES),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    public_id: Mapped[UUID] = mapped_column(unique=True)
    number: Mapped[int]
    title: Mapped[str]
    title_key: Mapped[str] = mapped_column(_BY_LETTER)
    notes: Mapped[str] = mapped_column(Text, default="")
    stage: Mapped[IdeaStage] = state_column(IdeaStage, IdeaStage.IDEA)
    stage_place: Mapped[int] = mapped_column(default=0)
    # since when it is in its stage
    stage_at: Mapped[datetime]
    priority: Mapped[Priority] = state_column(Priority, Priority.MEDIUM)
    priority_place: Mapped[int] = mapped_column(default=1)
    # sorted; each of them is a row of IdeaTag too
    tags: Mapped[list[Any]] = mapped_column(default=list)
    due_date: Mapped[date | None]
    due_noted_at: Mapped[datetime | None]
    # of this creator's, in config.yaml or saved
    funnel_key: Mapped[str | None]
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id"), index=True)
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class IdeaCount(Base):
    """The last number that a creator's ideas were given: one that is deleted leaves it taken."""

    __tablename__ = "idea_count"
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"), primary_key=True)
    last: Mapped[int]


class IdeaTag(Base):
    """A tag of an idea, found by its index."""

    __tablename__ = "idea_tag"
    __table_args__ = (Index("ix_idea_tag_tag", "creator_id", "tag", "idea_id"),)
    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))


class IdeaMove(Numbered, Base):
    """One move from stage to stage."""

    __tablename__ = "idea_move"
    __table_args__ = (
        Index("ix_idea_move_idea", "idea_id", "id"),
        # what moved in a week
        Index("ix_idea_move_moved", "creator_id", "moved_at"),
    )
    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.id", ondelete="CASCADE"))
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    before: Mapped[IdeaStage] = state_column(IdeaStage, IdeaStage.IDEA)
    stage: Mapped[IdeaStage] = state_column(IdeaStage, IdeaStage.IDEA)
    moved_at: Mapped[datetime]


class IdeaCheck(Numbered, Base):
    """A line of an idea's checklist."""

    __tablename__ = "idea_check"
    __table_args__ = (Index("ix_idea_check_idea", "idea_id", "id"),)
    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.id", ondelete="CASCADE"))
    what: Mapped[str]
    done_at: Mapped[datetime | None]


class IdeaProduct(Base):
    """A product that an idea is to sell."""

    __tablename__ = "idea_product"
    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True, index=True)


class AttachmentKind(StrEnum):
    """What was sent to the bot."""

    TEXT = "text"
    LINK = "link"
    PHOTO = "photo"
    VIDEO = "video"
    VOICE = "voice"
    AUDIO = "audio"
    DOCUMENT = "document"


class IdeaAttachment(Numbered, Base):
    """What an idea came from, or what was sent for it later; a file stays at Telegram, under its name there."""

    __tablename__ = "idea_attachment"
    __table_args__ = (
        Index("ix_idea_attachment_idea", "idea_id", "id"),
        # the same update twice is one
        UniqueConstraint("idea_id", "chat_id", "message_id"),
        Index("ix_idea_attachment_chat", "chat_id", "album"),
        Index("ix_idea_attachment_origin", "origin_digest", sqlite_where=_PASSED_ON, postgresql_where=_PASSED_ON),
    )
    idea_id: Mapped[int] = mapped_column(ForeignKey("idea.id", ondelete="CASCADE"))
    kind: Mapped[AttachmentKind] = state_column(AttachmentKind, AttachmentKind.TEXT)
    # where it was sent to the bot
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    # what Telegram calls the group of pictures in which it came
    album: Mapped[str | None]
    telegram_file_id: Mapped[str | None]
    file_name: Mapped[str | None]
    # what was written beside it, or the address
    words: Mapped[str | None] = mapped_column(Sealed("idea_attachment.words"))
    # whose message it was, as Telegram names them, of what was forwarded
    forwarded_from: Mapped[str | None] = mapped_column(Sealed("idea_attachment.forwarded_from"))
    # of their Telegram id, where it is told: by this they are forgotten here too
    origin_digest: Mapped[str | None]
    created_at: Mapped[datetime]


class PostState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    # it has gone to the outbox
    POSTING = "posting"
    POSTED = "posted"
    FAILED = "failed"
    # the answer to it was lost: only a person can see whether it stands in the channel
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


POST_MOVES = Moves(
    {
        PostState.DRAFT: frozenset({PostState.SCHEDULED, PostState.POSTING, PostState.CANCELLED}),
        # failed: when its time came there was no channel for it
        PostState.SCHEDULED: frozenset(
            {PostState.DRAFT, PostState.SCHEDULED, PostState.POSTING, PostState.FAILED, PostState.CANCELLED}
        ),
        # draft: called off while it still waited
        PostState.POSTING: frozenset(
            {PostState.POSTED, PostState.FAILED, PostState.UNCERTAIN, PostState.DRAFT, PostState.CANCELLED}
        ),
        # settled by a person, or by an answer that comes late
        PostState.UNCERTAIN: frozenset({PostState.POSTED, PostState.FAILED, PostState.POSTING}),
        # tried again by its creator
        PostState.FAILED: frozenset({PostState.DRAFT, PostState.SCHEDULED, PostState.POSTING, PostState.CANCELLED}),
    }
)


class IdeaPost(Numbered, Base):
    """What is to be said of an idea in a channel, when, and what became of it.

    `local_at` is what the creator chose, by the clock of their time zone; `due_at` is the instant that it means.
    """

    __tablename__ = "idea_post"
    __table_args__ = (
        Index("ix_idea_post_idea", "idea_id", "id"),
        Index("ix_idea_post_due", "due_at", sqlite_where=_SCHEDULED, postgresql_where=_SCHEDULED),
        # what goes into a channel at which minute
        Index("ix_idea_post_to_come", "channel_id", "due_at", sqlite_where=_TO_COME, postgresql_where=_TO_COME),
        Index("ix_idea_post_list", "creator_id", "id"),
        Index("ix_idea_post_edit", "edit_at", sqlite_where=_EDITED, postgresql_where=_EDITED),
    )
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    # an idea that is deleted leaves what was posted of it
    idea_id: Mapped[int | None] = mapped_column(ForeignKey("idea.id", ondelete="SET NULL"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"), index=True)
    # a plain message (`domain.messages.plain.Message`), with its media and buttons
    message: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("idea_post.message"))
    # the one that stands in it, which is kept for as long as a post has it
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id", ondelete="SET NULL"), index=True)
    silent: Mapped[bool] = mapped_column(default=False)
    state: Mapped[PostState] = state_column(PostState, PostState.DRAFT)
    # counted up by each edit, so that an edit of what was posted goes out once
    revision: Mapped[int] = mapped_column(default=1)
    local_at: Mapped[str | None]
    due_at: Mapped[datetime | None]
    # when what stands in the channel is to be edited, or tried to again
    edit_at: Mapped[datetime | None]
    telegram_message_id: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)
    posted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class IdeaDigest(Base):
    """What a creator is reminded of, and up to which day they were: each is told once."""

    __tablename__ = "idea_digest"
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"), primary_key=True)
    # days by the creator's clock
    reminded_on: Mapped[date | None]
    digested_on: Mapped[date | None]
