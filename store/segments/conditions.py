"""What a segment can ask of a lead, once it is checked."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeAlias

from kit.money import Money
from store.segments.question import Tree


class Sign(StrEnum):
    LESS = "<"
    AT_MOST = "<="
    EQUAL = "="
    UNEQUAL = "!="
    AT_LEAST = ">="
    MORE = ">"


class Mark(StrEnum):
    """What holds or does not, and takes no value."""

    ALL = "all"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    BLOCKED = "blocked"
    CONSENTED = "consented"
    BANNED = "banned"
    TAKEN_OVER = "taken_over"
    IMPORTED = "imported"
    REVIEWED = "reviewed"
    CLICKED = "clicked"


class Thing(StrEnum):
    """What a lead can have: `has:email`."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    TELEGRAM = "telegram"
    SOURCE = "source"
    TAG = "tag"
    ORDER = "order"


class Instant(StrEnum):
    CAPTURED = "captured"
    LAST_SEEN = "last_seen"


class Of(StrEnum):
    """How a product is meant."""

    BOUGHT = "bought"
    OWNS = "owns"
    REVIEWED = "reviewed"


class Place(StrEnum):
    """Where in a flow or funnel."""

    IN_FUNNEL = "in_funnel"
    WAS_IN_FUNNEL = "was_in_funnel"
    IN_FLOW = "in_flow"
    FINISHED_FLOW = "finished_flow"


@dataclass(frozen=True, slots=True)
class Tagged:
    tag: str


@dataclass(frozen=True, slots=True)
class CameFrom:
    source: str


@dataclass(frozen=True, slots=True)
class CameBy:
    """A tracked link, by its key or number, that brought the lead first."""

    link: str
    at: int


@dataclass(frozen=True, slots=True)
class Clicked:
    """A tracked link by its key or number, ever; or an address whose clicks are counted."""

    link: str
    at: int


@dataclass(frozen=True, slots=True)
class Speaks:
    """A language such as `pt`, with all its kinds, or one of them, `pt-br`."""

    language: str


@dataclass(frozen=True, slots=True)
class InStage:
    stage: str


@dataclass(frozen=True, slots=True)
class Scored:
    sign: Sign
    points: int


@dataclass(frozen=True, slots=True)
class Aged:
    """How long ago: `captured<7d` is less than seven days."""

    what: Instant
    sign: Sign
    age: timedelta


@dataclass(frozen=True, slots=True)
class Dated:
    """On which day, in the creator's time zone."""

    what: Instant
    sign: Sign
    day: date


@dataclass(frozen=True, slots=True)
class Is:
    mark: Mark


@dataclass(frozen=True, slots=True)
class Has:
    thing: Thing


@dataclass(frozen=True, slots=True)
class FieldKnown:
    key: str


@dataclass(frozen=True, slots=True)
class FieldIs:
    """A field that stands in the open; dates as ISO 8601, yes and no as `yes` and `no`."""

    key: str
    sign: Sign
    value: str | float


@dataclass(frozen=True, slots=True)
class SealedIs:
    """A field that stands sealed: its value is found by its digest."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Mailed:
    """By the whole e-mail address."""

    email: str


@dataclass(frozen=True, slots=True)
class Phoned:
    """By the whole number, in E.164."""

    phone: str


@dataclass(frozen=True, slots=True)
class Named:
    """Each of the words begins a word of the lead's name."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WithProduct:
    """By a product's title or slug."""

    how: Of
    product: str
    at: int


@dataclass(frozen=True, slots=True)
class Spent:
    """All that was paid in this currency."""

    sign: Sign
    amount: Money


@dataclass(frozen=True, slots=True)
class Ordered:
    """How many orders were paid."""

    sign: Sign
    count: int


@dataclass(frozen=True, slots=True)
class At:
    place: Place
    key: str


@dataclass(frozen=True, slots=True)
class Did:
    event: str
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """By lot: the same leads each time, and more of them for a larger share. In hundredths of a percent."""

    share: int


Condition: TypeAlias = (
    Tagged
    | CameFrom
    | CameBy
    | Clicked
    | Speaks
    | InStage
    | Scored
    | Aged
    | Dated
    | Is
    | Has
    | FieldKnown
    | FieldIs
    | SealedIs
    | Mailed
    | Phoned
    | Named
    | WithProduct
    | Spent
    | Ordered
    | At
    | Did
    | Drawn
)
Question: TypeAlias = Tree[Condition]
