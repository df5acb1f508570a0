"""Broadcasts as JSON: how one stands, what it says, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, model_validator

from domain.broadcasts.definition import BadBroadcast, Content, Variant, Wording, content_of
from domain.durations import FOR_PEOPLE
from domain.setups import CreatorSetup
from store.models import Broadcast, BroadcastState
from store.queries.broadcasts import Counts, Outcome
from web.api.query import Printable

_LARGEST = 2**63
# what is no text and no number that a program may write as a text
_WHOLE = frozenset({"weight", "file"})


def _as_sent(given: Any) -> Any:
    """Refuses what a file may hold and a program may not: numbers as text, and characters that no text has."""
    match given:
        case dict():
            for name, value in given.items():
                if name in _WHOLE and value is not None and not _is_number(value):
                    raise ValueError(f"“{name}” is a whole number")
                if name == "silent" and not isinstance(value, bool):
                    raise ValueError("“silent” is true or false")
                _as_sent(value)
        case list():
            for each in given:
                _as_sent(each)
        case str() if any(each == "\0" or "\ud800" <= each <= "\udfff" for each in given):
            raise ValueError("holds characters that no text has")
    return given


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _LARGEST


Said = Annotated[Content, BeforeValidator(_as_sent)]
HtmlText = Annotated[str, Printable, Field(min_length=1, max_length=5000)]
Question = Annotated[str, Printable, Field(max_length=2000)]
Revision = Annotated[StrictInt, Field(ge=0, lt=_LARGEST)]


class Draft(BaseModel):
    """What it says: `text` in Telegram's HTML, or all of it as `content`. An empty `segment` is everybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: HtmlText | None = None
    content: Said | None = None
    segment: Question = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) == (self.content is None):
            raise ValueError("give text or content")
        return self

    def says(self, setup: CreatorSetup) -> Content:
        content = said(self.text, self.content, setup)
        if content is None:
            raise RuntimeError("one of both is given, or it would not have been read")
        return content


class Change(BaseModel):
    """What is left out stays; `revision` is the one that was read, so that nobody's change is written over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: HtmlText | None = None
    content: Said | None = None
    segment: Question | None = None
    revision: Revision | None = None

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.text is not None and self.content is not None:
            raise ValueError("give text or content")
        return self


def said(text: str | None, content: Content | None, setup: CreatorSetup) -> Content | None:
    """A text alone is in the creator's own language."""
    if text is None:
        return content
    return Content(variants=(Variant(wordings={setup.language: Wording(text=text)}),))


class BroadcastItem(BaseModel):
    """`audience` is how many it is for, once that is fixed; `local_at` is by each lead's own clock."""

    id: int
    title: str
    state: BroadcastState
    segment: str
    revision: int
    starts_at: datetime | None
    local_at: str | None
    audience: int | None
    created_at: datetime
    started_at: datetime | None
    paused_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, broadcast: Broadcast) -> "BroadcastItem":
        return cls(
            id=broadcast.id,
            title=broadcast.title,
            state=broadcast.state,
            segment=broadcast.segment,
            revision=broadcast.revision,
            starts_at=broadcast.starts_at,
            local_at=broadcast.local_at,
            audience=broadcast.audience,
            created_at=broadcast.created_at,
            started_at=broadcast.started_at,
            paused_at=broadcast.paused_at,
            ended_at=broadcast.ended_at,
        )


class BroadcastDetail(BroadcastItem):
    """With what it says, which can be sent back as it is; None for what cannot be read any more."""

    content: dict[str, Any] | None

    @classmethod
    def whole(cls, broadcast: Broadcast) -> "BroadcastDetail":
        try:
            content = content_of(broadcast).model_dump(
                mode="json", by_alias=True, exclude_defaults=True, context=FOR_PEOPLE
            )
        except BadBroadcast:
            content = None
        return cls(**BroadcastItem.of(broadcast).model_dump(), content=content)


class Checked(BaseModel):
    """`problem` is why it could not go out so; `met` leads are asked for, and `reached` of them can be written to."""

    valid: bool
    problem: str | None
    met: int
    reached: int


class ShownButton(BaseModel):
    text: str
    url: str | None


class ShownMessage(BaseModel):
    """One wording as a lead reads it, in Telegram's HTML."""

    variant: str
    language: str
    text: str
    buttons: list[list[ShownButton]]


class BroadcastPreview(BaseModel):
    met: int
    reached: int
    messages: list[ShownMessage]


class CountsAnswer(BaseModel):
    """Each recipient counts once."""

    waiting: int
    queued: int
    sending: int
    sent: int
    failed: int
    blocked: int
    cancelled: int
    uncertain: int
    dropped: int


class OutcomeItem(BaseModel):
    """What came of one variant; `measures` are leads who clicked, replied, …; `money` is in minor units by currency."""

    variant: str
    counts: dict[str, int]
    measures: dict[str, int]
    orders: int
    money: dict[str, int]


class NotSent(BaseModel):
    reason: str
    times: int


class BroadcastStatistics(BaseModel):
    """`orders` count that were paid within seven days after it, as the last message before them."""

    id: int
    state: BroadcastState
    audience: int | None
    counts: CountsAnswer
    variants: list[OutcomeItem]
    not_sent: list[NotSent]

    @classmethod
    def of(
        cls,
        broadcast: Broadcast,
        counts: Counts,
        outcomes: Mapping[str, Outcome],
        reasons: Sequence[tuple[str, int]],
    ) -> "BroadcastStatistics":
        return cls(
            id=broadcast.id,
            state=broadcast.state,
            audience=broadcast.audience,
            counts=CountsAnswer(**asdict(counts)),
            variants=[
                OutcomeItem(
                    variant=name,
                    counts=outcome.counts,
                    measures=outcome.measures,
                    orders=outcome.orders,
                    money=outcome.money,
                )
                for name, outcome in sorted(outcomes.items())
            ],
            not_sent=[NotSent(reason=reason, times=times) for reason, times in reasons],
        )
