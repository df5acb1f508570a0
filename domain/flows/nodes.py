"""What a flow is made of. Which node leads to which, and whether that makes sense, is checked in checking.py."""

import re
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from domain.durations import Duration
from domain.fields import Key, Strict
from domain.flows.patterns import check_pattern
from domain.messages.wording import Label, Language, Text
from store.models import Shape

EventName = Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
# in any script, as by chat
Tag = Annotated[str, StringConstraints(pattern=r"^[\p{Ll}\p{Lo}\p{Nd}][\p{Ll}\p{Lo}\p{Nd}_-]{0,39}$")]
# a file beside the file that the flow stands in, by its path from there
MediaPath = Annotated[str, StringConstraints(pattern=r"^[^/\s][^\s]*\.[A-Za-z0-9]{1,5}$")]
MEDIA = "photo, video, animation, audio, voice and document"


def _day(given: Any) -> Any:
    if given is None or given == "today" or isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise ValueError(f"“{given}” is no day; write one like 2026-12-31, or today") from None


def _score(given: Any) -> Any:
    # YAML reads +5 as 5, which would set the score where it was to be raised
    if not isinstance(given, str) or not re.fullmatch(r"[+-]?[0-9]{1,6}", given):
        raise ValueError('write a score in quotes: "+5" and "-2" change it, "10" sets it')
    return given


def _plain(given: Any) -> Any:
    if given is not None and not isinstance(given, str | int | float | bool):
        raise ValueError("must be one plain value: text, a number, true or false")
    return given


Day = Annotated[date | Literal["today"], BeforeValidator(_day)]


class Node(Strict):
    """`next` names the node that follows; without it, the one below."""

    key: Key
    next: Key | None = None


class FlowButton(Strict):
    """Under a message, and good for as long as the message stands: opens a page, shows a product, begins a flow.

    `pay` opens the page where a product is paid, without its card in between.
    """

    KNOWN: ClassVar[str] = "url, product, pay and flow"

    text: Label
    url: Text | None = None
    product: Slug | None = None
    pay: Slug | None = None
    flow: Key | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if sum(each is not None for each in self._things()) != 1:
            raise ValueError(f"a button has one of {self.KNOWN}")
        return self

    def _things(self) -> tuple[object, ...]:
        return self.url, self.product, self.pay, self.flow


class Media(Strict):
    """What a message can carry: one of these files."""

    photo: MediaPath | None = None
    video: MediaPath | None = None
    # a GIF, or a video without sound: it plays by itself
    animation: MediaPath | None = None
    audio: MediaPath | None = None
    voice: MediaPath | None = None
    document: MediaPath | None = None
    # SHA-256 of the media file, put here when the definition is published
    sha256: str | None = None

    @model_validator(mode="after")
    def _carries_one(self) -> Self:
        if len(self.shown) > 1:
            raise ValueError(f"a message carries one of {MEDIA}")
        return self

    @property
    def shown(self) -> dict[Shape, str]:
        """The path of what is shown, by how Telegram shows it; one at most in whatever was checked."""
        given = {
            Shape.PHOTO: self.photo,
            Shape.VIDEO: self.video,
            Shape.ANIMATION: self.animation,
            Shape.AUDIO: self.audio,
            Shape.VOICE: self.voice,
            Shape.DOCUMENT: self.document,
        }
        return {shape: path for shape, path in given.items() if path is not None}

    @property
    def media(self) -> str | None:
        return next(iter(self.shown.values()), None)

    @property
    def shape(self) -> Shape:
        return next(iter(self.shown), Shape.DOCUMENT)


class SayNode(Media, Node):
    """A message; with a file its text is the caption (1024 characters)."""

    do: Literal["say"]
    text: Text | None = None
    buttons: Annotated[tuple[FlowButton, ...], Field(max_length=8)] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and self.media is None:
            raise ValueError(f"say needs a text or one of {MEDIA}")
        return self


class Question(Node):
    """What asking has in common. An answer that this lead has given before is not asked for `again` unless told."""

    field: Key
    text: Text
    again: bool = False
    # /skip and a key for it
    optional: bool = False
    # /back and a key for it, to the question before
    back: bool = False
    # wrong answers taken before the way out
    tries: Annotated[int, Field(ge=1, le=20)] = 3
    # where a lead goes who gets it wrong so often; without it the conversation ends there
    otherwise: Key | None = None


class AskNode(Question):
    """A typed question."""

    do: Literal["ask"]
    kind: Literal[
        "text",
        "email",
        "phone",
        "number",
        "date",
        "yes_no",
        "file",
        "photo",
        "location",
        "rating",
        "time_zone",
    ]
    # of a text: characters, and what all of it must match; `hint` says so in words
    min_length: Annotated[int, Field(ge=1, le=1000)] = 1
    max_length: Annotated[int, Field(ge=1, le=1000)] = 200
    pattern: Annotated[str, AfterValidator(check_pattern)] | None = None
    hint: Text | None = None
    # of a number
    least: float | None = None
    most: float | None = None
    whole: bool = False
    # of a date; `today` is the day in the lead's time zone
    earliest: Day | None = None
    latest: Day | None = None
    # of a rating: 1 to so many
    stars: Annotated[int, Field(ge=2, le=10)] = 5


class Option(Strict):
    value: Key
    label: Label
    # where this choice leads; without it, where the question leads
    next: Key | None = None


class ChooseNode(Question):
    """One of several by buttons, or with `many` between `least` and `most` of them."""

    do: Literal["choose"]
    options: Annotated[list[Option], Field(min_length=1, max_length=20)]
    many: bool = False
    least: Annotated[int, Field(ge=0, le=20)] = 1
    most: Annotated[int, Field(ge=1, le=20)] | None = None


class ConsentNode(Node):
    """Asks for consent in just these words; what was shown is kept with `version`. Yes goes on, no to `otherwise`."""

    do: Literal["consent"]
    text: Text
    version: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    otherwise: Key | None = None


class Setting(Strict):
    """What is set of a lead's: a field, its score (`"+5"`, `"-2"`, `"10"`), its stage or its language.

    The value is a template or a plain one; `""` empties the field.
    """

    field: Key | None = None
    value: Annotated[str | int | float | bool | None, BeforeValidator(_plain)] = None
    score: Annotated[str, BeforeValidator(_score)] | None = None
    stage: Key | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _sets_something(self) -> Self:
        if (self.field is None) != (self.value is None):
            raise ValueError("field and value go together")
        if self.field is None and self.score is None and self.stage is None and self.language is None:
            raise ValueError("set needs a field with its value, a score, a stage or a language")
        return self


class SetNode(Setting, Node):
    do: Literal["set"]


class Tagging(Strict):
    add: tuple[Tag, ...] = ()
    remove: tuple[Tag, ...] = ()

    @model_validator(mode="after")
    def _tags_something(self) -> Self:
        if not self.add and not self.remove:
            raise ValueError("tag needs add or remove")
        return self


class TagNode(Tagging, Node):
    do: Literal["tag"]


class Case(Strict):
    """`when` is a question in the segment language, asked about this lead."""

    when: str
    to: Key


class BranchNode(Node):
    """The first case that holds leads on; none: `next`, or the node below."""

    do: Literal["branch"]
    cases: Annotated[list[Case], Field(min_length=1, max_length=20)]


class GotoNode(Node):
    do: Literal["goto"]
    to: Key


class WaitNode(Node):
    """Stands until `event` happens to this lead, at most for `time`; without an event, for that time.

    The event goes on to `next`; time that runs out leads to `otherwise` (the same, without one).
    """

    do: Literal["wait"]
    event: EventName | None = None
    time: Duration | None = None
    otherwise: Key | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.time is None and self.event is None:
            raise ValueError("wait needs an event, a time, or both")
        if self.event is not None and self.time is None:
            raise ValueError("a wait for an event needs a time too, after which it goes on without")
        if self.time is not None and self.time.total_seconds() < 1:
            raise ValueError("a wait takes a second at least")
        if self.otherwise is not None and self.event is None:
            raise ValueError("otherwise is for a wait for an event")
        return self


class OfferNode(Node):
    """Shows a product with its price and a button to buy it."""

    do: Literal["offer"]
    product: Slug
    text: Text | None = None


class GiveNode(Node):
    """Hands over a free product of this creator's, by its slug: the lead magnet."""

    do: Literal["give"]
    product: Slug
    text: Text


class HandoverNode(Node):
    """A person of the creator's takes the chat over; the bot keeps quiet until they give it back."""

    do: Literal["handover"]
    text: Text


class EnrollNode(Node):
    """Begins a funnel, once for each lead and flow run."""

    do: Literal["enroll"]
    funnel: Key


class EndNode(Node):
    """The conversation is over, whatever stands below."""

    do: Literal["end"]
    text: Text | None = None


AnyNode = Annotated[
    SayNode
    | AskNode
    | ChooseNode
    | ConsentNode
    | SetNode
    | TagNode
    | BranchNode
    | GotoNode
    | WaitNode
    | OfferNode
    | GiveNode
    | HandoverNode
    | EnrollNode
    | EndNode,
    Field(discriminator="do"),
]
# these stop and wait for the person
ASKING = (AskNode, ChooseNode, ConsentNode)
