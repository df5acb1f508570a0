"""Ideas as they come and go: bodies and answers of `web.api.ideas`."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from domain.idea_parts import CHECK_LENGTH, MOST_CHECKS, MOST_PRODUCTS, NOTES_LENGTH, TITLE_LENGTH
from store.models import AttachmentKind, Idea, IdeaStage, PostState, Priority
from store.queries.idea_whole import WholeIdea
from web.api.product_bodies import Id
from web.api.query import Printable

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# before they are made plain, and the same ones are one
_MOST_TAGS_TOLD = 100
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


def _day(told: Any) -> Any:
    """Raises ValueError for what is no day, or lies outside of 1970 to 2200."""
    if told is None:
        return None
    if not isinstance(told, str) or _DAY.fullmatch(told) is None:
        raise ValueError("write a day as 2026-12-01")
    day = date.fromisoformat(told)
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(f"use a day between {_FIRST_YEAR} and {_LAST_YEAR}")
    return day


Title = Annotated[str, Printable, Field(min_length=1, max_length=TITLE_LENGTH)]
Notes = Annotated[str, Printable, Field(max_length=NOTES_LENGTH)]
Tags = Annotated[tuple[Annotated[str, Printable, Field(max_length=64)], ...], Field(max_length=_MOST_TAGS_TOLD)]
Day = Annotated[date | None, BeforeValidator(_day)]
Products = Annotated[tuple[Id, ...], Field(max_length=MOST_PRODUCTS)]
Funnel = Annotated[str, Printable, Field(min_length=1, max_length=100)]
What = Annotated[str, Printable, Field(min_length=1, max_length=CHECK_LENGTH)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PutIdea(_Body):
    """All of it: what is left out is as if nothing had ever been said of it. `link` is the number of a deep link."""

    title: Title
    notes: Notes = ""
    stage: IdeaStage = IdeaStage.IDEA
    priority: Priority = Priority.MEDIUM
    tags: Tags = ()
    due_date: Day = None
    products: Products = ()
    funnel: Funnel | None = None
    link: Id | None = None


class NewIdea(PutIdea):
    """`tags` are kept without `#`, in small letters; `checklist` are its lines."""

    checklist: Annotated[tuple[What, ...], Field(max_length=MOST_CHECKS)] = ()


class SomeOfIdea(_Body):
    """What is left out stays; null takes the day, the funnel or the link away."""

    title: Title = ""
    notes: Notes = ""
    stage: IdeaStage = IdeaStage.IDEA
    priority: Priority = Priority.MEDIUM
    tags: Tags = ()
    due_date: Day = None
    products: Products = ()
    funnel: Funnel | None = None
    link: Id | None = None


class NewCheck(_Body):
    """A line of its checklist."""

    what: What


class SomeOfCheck(_Body):
    """What is left out stays."""

    what: What = ""
    done: StrictBool = False


class IdeaItem(BaseModel):
    """An idea in a list. `number` is its name in chat; `stage_since`: since when it is in its stage."""

    id: UUID
    number: int
    title: str
    notes: str
    stage: IdeaStage
    stage_since: datetime
    priority: Priority
    tags: list[str]
    due_date: date | None
    funnel: str | None
    link: int | None
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, idea: Idea) -> Self:
        return cls(**_own(idea))


class CheckItem(BaseModel):
    """A line of a checklist; `done_at` is null as long as it is to be done."""

    id: int
    what: str
    done_at: datetime | None


class AttachmentItem(BaseModel):
    """What was sent to the bot for it. The file itself stays at Telegram."""

    id: int
    kind: AttachmentKind
    file_name: str | None
    words: str | None
    forwarded_from: str | None
    created_at: datetime


class MoveItem(BaseModel):
    """One move from stage to stage."""

    before: IdeaStage
    stage: IdeaStage
    moved_at: datetime


class PostItem(BaseModel):
    """Its latest post in a channel: `due_at` is when it goes out, `error` why it did not."""

    state: PostState
    silent: bool
    due_at: datetime | None
    posted_at: datetime | None
    error: str | None


class WholeItem(IdeaItem):
    """An idea with all that hangs on it; `history` are its last moves, newest first."""

    products: list[int]
    checklist: list[CheckItem]
    attachments: list[AttachmentItem]
    history: list[MoveItem]
    post: PostItem | None

    @classmethod
    def whole(cls, found: WholeIdea) -> Self:
        return cls(
            **_own(found.idea),
            products=list(found.products),
            checklist=[CheckItem.model_validate(row, from_attributes=True) for row in found.checks],
            attachments=[AttachmentItem.model_validate(row, from_attributes=True) for row in found.attachments],
            history=[MoveItem.model_validate(row, from_attributes=True) for row in found.moves],
            post=None if found.post is None else PostItem.model_validate(found.post, from_attributes=True),
        )


def _own(idea: Idea) -> dict[str, Any]:
    return {
        "id": idea.public_id,
        "number": idea.number,
        "title": idea.title,
        "notes": idea.notes,
        "stage": idea.stage,
        "stage_since": idea.stage_at,
        "priority": idea.priority,
        "tags": idea.tags,
        "due_date": idea.due_date,
        "funnel": idea.funnel_key,
        "link": idea.link_id,
        "published_at": idea.published_at,
        "created_at": idea.created_at,
        "updated_at": idea.updated_at,
    }
