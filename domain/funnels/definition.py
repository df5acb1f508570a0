from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from domain.durations import Duration
from domain.fields import Key, Strict
from domain.flows.nodes import EventName, FlowButton
from domain.messages.local import wordings
from domain.messages.templates import names_in
from domain.messages.wording import Text


class Trigger(Strict):
    """`when` is a segment: of all leads to whom the event happens, only those who are in it begin."""

    event: EventName
    when: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None


class WaitStep(Strict):
    key: Key
    do: Literal["wait"]
    time: Duration


class FunnelButton(FlowButton):
    """Of a follow-up about an order: may ask for the stars of what was bought, too."""

    KNOWN: ClassVar[str] = "url, product, pay, flow and review"

    review: Literal[True] | None = None

    def _things(self) -> tuple[object, ...]:
        return *super()._things(), self.review


class SendStep(Strict):
    key: Key
    do: Literal["send"]
    text: Text
    buttons: Annotated[tuple[FunnelButton, ...], Field(max_length=8)] = ()

    @property
    def asks_for_review(self) -> bool:
        """It is left out for whoever has nothing to review, or has done so."""
        return any(button.review for button in self.buttons)


Step = Annotated[WaitStep | SendStep, Field(discriminator="do")]


class Funnel(Strict):
    """A follow-up: begun by an event, by a flow or by hand; left when one of `stop` happens about the same subject."""

    trigger: Trigger | None = None
    stop: tuple[EventName, ...] = ()
    steps: Annotated[list[Step], Field(min_length=1)]

    @model_validator(mode="after")
    def _keys_are_single(self) -> Self:
        keys = [step.key for step in self.steps]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(f"two steps are called “{key}”")
        return self

    @model_validator(mode="after")
    def _reviews_what_was_ordered(self) -> Self:
        if self._asks_for_review and (self.trigger is None or not self.trigger.event.startswith("order.")):
            raise ValueError("a review is asked for in a funnel that an order's event begins, such as order.fulfilled")
        return self

    @property
    def names_order(self) -> bool:
        """True when it speaks of an order, so that only an order's event can begin it."""
        return self._asks_for_review or any(name == "order" for text in self._texts() for name, _ in names_in(text))

    @property
    def _asks_for_review(self) -> bool:
        return any(isinstance(step, SendStep) and step.asks_for_review for step in self.steps)

    def _texts(self) -> Iterator[str]:
        for step in self.steps:
            if isinstance(step, SendStep):
                yield from wordings(step.text)
                for button in step.buttons:
                    yield from wordings(button.url) if button.url is not None else ()

    def position(self, key: str) -> int:
        """Raises KeyError for a step that this version does not have."""
        for position, step in enumerate(self.steps):
            if step.key == key:
                return position
        raise KeyError(key)
