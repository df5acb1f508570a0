from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.durations import Duration
from domain.fields import Strict
from domain.funnels.checking import about_orders, slips
from domain.funnels.steps import (
    AnyStep,
    Arm,
    BranchStep,
    EndStep,
    EnrollStep,
    FunnelButton,
    GoalStep,
    IdeaStep,
    LeaveStep,
    NotifyStep,
    SendStep,
    SetStep,
    SplitStep,
    Step,
    StepByWord,
    TagStep,
    TicketStep,
    WaitStep,
    WebhookStep,
)
from domain.funnels.triggers import (
    Again,
    AgainAfter,
    AnyTrigger,
    CronTrigger,
    DateTrigger,
    EntersTrigger,
    EventTrigger,
    Goal,
    HappeningName,
    InactiveTrigger,
    LeavesTrigger,
    Question,
    Trigger,
)
from domain.messages.local import LocalText, wordings
from domain.messages.templates import names_in
from domain.messages.wording import KEPT
from domain.windows import Window
from store.models import Late

__all__ = [
    "LATE_AFTER",
    "Again",
    "AgainAfter",
    "AnyStep",
    "Arm",
    "BranchStep",
    "CronTrigger",
    "DateTrigger",
    "EndStep",
    "EnrollStep",
    "EntersTrigger",
    "EventTrigger",
    "Funnel",
    "FunnelButton",
    "Goal",
    "GoalStep",
    "IdeaStep",
    "InactiveTrigger",
    "LeaveStep",
    "LeavesTrigger",
    "NotifyStep",
    "Retry",
    "SendStep",
    "SetStep",
    "SplitStep",
    "Step",
    "TagStep",
    "TicketStep",
    "Trigger",
    "WaitStep",
    "WebhookStep",
    "Window",
]
# what is overdue by less is said as if it were on time
LATE_AFTER = timedelta(minutes=15)
# the largest follow-ups that people draw have some dozens
MOST_STEPS = 200


class Retry(Strict):
    """How often a step that fails is tried again, and how long after, before the enrollment is parked."""

    times: Annotated[int, Field(ge=0, le=20)] = 3
    wait: Duration = timedelta(minutes=10)


def _listed(given: object) -> object:
    if given is None:
        return ()
    return given if isinstance(given, list | tuple) else (given,)


class Funnel(Strict):
    """A follow-up: begun by one of its triggers, by a flow or by hand; over when one of `stop` happens."""

    trigger: Annotated[tuple[AnyTrigger, ...], BeforeValidator(_listed), Field(max_length=20)] = ()
    again: Again = "never"
    stop: Annotated[tuple[HappeningName, ...], BeforeValidator(_listed), Field(max_length=50)] = ()
    # whoever is in this segment leaves it
    stop_when: Question | None = None
    goal: Goal | None = None
    # when its messages go out, by the lead's clock
    window: Window | None = None
    late: Late = Late.SHIFT
    retry: Retry = Retry()
    steps: Annotated[tuple[StepByWord, ...], Field(min_length=1, max_length=MOST_STEPS)]

    @model_validator(mode="after")
    def _can_be_walked(self, info: ValidationInfo) -> Self:
        if info.context is KEPT:
            return self
        found = [
            InitErrorDetails(type=PydanticCustomError("slip", "{said}", {"said": said}), loc=path, input=None)
            for path, said in slips(self.steps, self.trigger)
        ]
        if found:
            raise ValidationError.from_exception_data("Funnel", found)
        return self

    @classmethod
    def kept(cls, definition: Mapping[str, Any]) -> Self:
        """As it stands in the store. Whoever began with it ends with it, whatever rules came since."""
        return cls.model_validate(definition, context=KEPT)

    @classmethod
    def readable(cls, definition: Mapping[str, Any]) -> Self | None:
        """The same; None for one that this Spark cannot read any more."""
        try:
            return cls.kept(definition)
        except ValidationError:
            return None

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        return self.trigger

    @property
    def names_order(self) -> bool:
        """True when it speaks of an order, so that only an order's event can begin it."""
        asks = any(isinstance(step, SendStep) and step.asks_for_review for step in self.steps)
        wordings_of = (wording for _, text in self.texts() for wording in wordings(text))
        return asks or any(name == "order" for wording in wordings_of for name, _ in names_in(wording))

    @property
    def about_orders(self) -> bool:
        """Whether whatever begins it is an order's event."""
        return about_orders(self.trigger)

    @property
    def has_order(self) -> bool:
        """Whether whatever begins it is an event that brings an order along."""
        return bool(self.trigger) and all(
            isinstance(each, EventTrigger) and each.event.startswith(("order.", "checkout.")) for each in self.trigger
        )

    def texts(self) -> Iterator[tuple[tuple[str | int, ...], LocalText]]:
        """Everything in it that is filled in, by its place."""
        for number, step in enumerate(self.steps):
            for path, text in _templates(step):
                yield ("steps", number, *path), text

    @property
    def keys(self) -> Collection[str]:
        """Of its steps."""
        return self._places.keys()

    def step(self, key: str) -> Step:
        """Raises KeyError for a step that this version does not have."""
        return self.steps[self._places[key]]

    def position(self, key: str) -> int:
        """Raises KeyError for a step that this version does not have."""
        return self._places[key]

    def after(self, key: str) -> str | None:
        """The step that follows: what `next` names, else the one below; of "" the first. None at the end.

        Raises KeyError for a step that this version does not have.
        """
        if key == "":
            return self.steps[0].key
        position = self._places[key]
        if (named := self.steps[position].next) is not None:
            return named
        return self.steps[position + 1].key if position + 1 < len(self.steps) else None

    @cached_property
    def _places(self) -> dict[str, int]:
        return {step.key: position for position, step in enumerate(self.steps)}


def _templates(  # noqa: C901 - one a kind
    step: Step,
) -> Iterator[tuple[tuple[str | int, ...], LocalText]]:
    """What is filled in for each lead."""
    match step:
        case SendStep():
            if step.text is not None:
                yield ("text",), step.text
            for place, button in enumerate(step.buttons):
                if button.url is not None:
                    yield ("buttons", place, "url"), button.url
        case NotifyStep(text=text):
            yield ("text",), text
        case IdeaStep(title=title):
            yield ("title",), title
        case TicketStep(title=title, text=text):
            yield ("title",), title
            if text is not None:
                yield ("text",), text
        case WebhookStep(data=data):
            for name, value in data.items():
                if isinstance(value, str):
                    yield ("data", name), value
        case SetStep(value=str(value)):
            yield ("value",), value
