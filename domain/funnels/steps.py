"""What a follow-up is made of. Which step leads to which, and whether that makes sense, is checked in checking.py."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    model_validator,
)

from domain.durations import Duration
from domain.fields import Key, Strict, check_numbers
from domain.flows.nodes import MEDIA, Case, FlowButton, Media, Setting, Slug, Tagging
from domain.funnels.triggers import HappeningName, Question
from domain.messages.templates import check_template
from domain.messages.wording import KEPT, Text
from domain.windows import TimeOfDay, Weekday, Window

_LONGEST_PRICE = timedelta(days=365)


def _can_be_filled_in(wording: str, info: ValidationInfo) -> str:
    return wording if info.context is KEPT else check_template(wording)


# plain words with {{ … }}
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(_can_be_filled_in)
]
Cell = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_can_be_filled_in)]
# as codes are kept, whatever the case they are written in
Code = Annotated[
    str,
    BeforeValidator(lambda given: given.strip().upper() if isinstance(given, str) else given),
    StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{1,31}$"),
]


class AnyStep(Strict):
    """`next` names the step that follows; without it, the one below. `only_if`: passed by for everybody else."""

    key: Key
    next: Key | None = None
    only_if: Question | None = None


class FunnelButton(FlowButton):
    """Of a follow-up: a price of its own for a time (`pay` with `code`), or the stars of what was bought, too."""

    KNOWN: ClassVar[str] = "url, product, pay, flow and review"

    review: Literal[True] | None = None
    # of `pay`: this code is taken off, for so long from when the message is put into words
    code: Code | None = None
    good_for: Duration | None = None

    @model_validator(mode="after")
    def _reduces_what_is_paid(self) -> Self:
        if self.pay is None and (self.code is not None or self.good_for is not None):
            raise ValueError("code and good_for go with pay")
        if self.good_for is not None and not timedelta(minutes=1) <= self.good_for <= _LONGEST_PRICE:
            raise ValueError("good_for is a minute at least, and a year at most")
        return self

    def _things(self) -> tuple[object, ...]:
        return *super()._things(), self.review


class SendStep(Media, AnyStep):
    """A message: words, a file with words under it, or a product's card."""

    do: Literal["send"]
    text: Text | None = None
    # a card with picture, price and button
    product: Slug | None = None
    # without a sound
    silent: bool = False
    # instead of the funnel's own
    window: Window | None = None
    buttons: Annotated[tuple[FunnelButton, ...], Field(max_length=8)] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and self.media is None and self.product is None:
            raise ValueError(f"send needs a text, a product, or one of {MEDIA}")
        if self.media is not None and self.product is not None:
            raise ValueError("a product's card has a picture of its own; take the file out")
        return self

    @property
    def asks_for_review(self) -> bool:
        """It is left out for whoever has nothing to review, or has done so."""
        return any(button.review for button in self.buttons)


def _days_kind(given: object) -> str:
    return "weekdays" if isinstance(given, list | tuple | str) else "number"


def _listed(given: object) -> object:
    return (given,) if isinstance(given, str) else given


Days = Annotated[
    Annotated[Annotated[int, Field(ge=-3650, le=3650)], Tag("number")]
    | Annotated[
        Annotated[tuple[Weekday, ...], BeforeValidator(_listed), Field(min_length=1, max_length=7)], Tag("weekdays")
    ],
    Discriminator(_days_kind),
]


class WaitStep(AnyStep):
    """Stands until something: a `time` is over, a time of day comes, a day in a field, or an `event`.

    An event that does not come within `time` leads to `otherwise` (without one, where the event leads). `days` are
    weekdays beside `at`, and days after the date beside `date`.
    """

    do: Literal["wait"]
    time: Duration | None = None
    at: TimeOfDay | None = None
    date: Key | None = None
    event: HappeningName | None = None
    days: Days | None = None
    otherwise: Key | None = None

    @property
    def weekdays(self) -> tuple[Weekday, ...]:
        """On which `at` counts; none is all of them."""
        return () if self.days is None or isinstance(self.days, int) else self.days

    @property
    def offset(self) -> int:
        """Days from the date in the field."""
        return self.days if isinstance(self.days, int) else 0

    @model_validator(mode="after")
    def _waits_for_one_thing(self) -> Self:
        kinds = [self.event is not None, self.date is not None]
        kinds += [self.at is not None and self.date is None, self.time is not None and self.event is None]
        if sum(kinds) != 1:
            raise ValueError("wait has one of time, at, date and event (beside a date an at, beside an event a time)")
        if self.otherwise is not None and (self.event is None or self.time is None):
            raise ValueError("otherwise is for a wait for an event with a time")
        if self.days is not None and isinstance(self.days, int) != (self.date is not None):
            raise ValueError("days are weekdays like [mon, tue] beside at, and a number like -7 beside date")
        if self.days is not None and self.at is None and self.date is None:
            raise ValueError("days go with at or date")
        return self


class BranchStep(AnyStep):
    """The first case that holds leads on; none: `next`, or the step below."""

    do: Literal["branch"]
    cases: Annotated[tuple[Case, ...], Field(min_length=1, max_length=20)]


Weight = Annotated[int, Field(ge=0, le=10_000)]


class Arm(Strict):
    """Without `to`, it goes on as the split does."""

    weight: Weight = 1
    to: Key | None = None


def _in_order(arms: dict[str, Arm]) -> dict[str, Arm]:
    """By name: which arm somebody takes hangs on it, and the store keeps no order of its own."""
    return dict(sorted(arms.items()))


class SplitStep(AnyStep):
    """Each lead takes one arm, always the same. Those of the `holdout` get nothing, and are counted beside them."""

    do: Literal["split"]
    arms: Annotated[dict[Key, Arm], Field(min_length=1, max_length=10), AfterValidator(_in_order)]
    holdout: Weight = 0


class TagStep(Tagging, AnyStep):
    do: Literal["tag"]


class SetStep(Setting, AnyStep):
    do: Literal["set"]


class EnrollStep(AnyStep):
    """Begins another follow-up for this lead, if its own rules let them in."""

    do: Literal["enroll"]
    funnel: Key


class LeaveStep(AnyStep):
    """Ends another follow-up of this lead."""

    do: Literal["leave"]
    funnel: Key


class NotifyStep(AnyStep):
    """Tells the creator, and with `team` everybody who acts for them."""

    do: Literal["notify"]
    text: Text
    to: Literal["creator", "team"] = "creator"


class IdeaStep(AnyStep):
    """Notes an idea of the creator's, once for each enrollment."""

    do: Literal["idea"]
    title: Line


class TicketStep(AnyStep):
    """Opens a ticket about the lead for everybody who acts for the creator, once for each enrollment."""

    do: Literal["ticket"]
    title: Line
    text: Text | None = None


class WebhookStep(AnyStep):
    """Calls one of the creator's addresses, by its name under webhooks:, with `data` beside what happened."""

    do: Literal["webhook"]
    webhook: Key
    data: Annotated[dict[Key, bool | int | float | Cell], Field(max_length=40), AfterValidator(check_numbers)] = {}  # noqa: RUF012 - pydantic copies it


class GoalStep(AnyStep):
    """What the follow-up is for is reached here; it goes on."""

    do: Literal["goal"]


class EndStep(AnyStep):
    """Over, whatever stands below."""

    do: Literal["end"]


Step = (
    SendStep
    | WaitStep
    | BranchStep
    | SplitStep
    | TagStep
    | SetStep
    | EnrollStep
    | LeaveStep
    | NotifyStep
    | IdeaStep
    | TicketStep
    | WebhookStep
    | GoalStep
    | EndStep
)
StepByWord = Annotated[Step, Discriminator("do")]
