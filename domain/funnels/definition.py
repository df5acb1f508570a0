from collections.abc import Iterator
from typing import Annotated, Literal, Self

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


class SendStep(Strict):
    key: Key
    do: Literal["send"]
    text: Text
    buttons: Annotated[tuple[FlowButton, ...], Field(max_length=8)] = ()


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

    @property
    def names_order(self) -> bool:
        """True when its texts speak of an order, so that only an order's event can begin it."""
        return any(name == "order" for text in self._texts() for name, _ in names_in(text))

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
