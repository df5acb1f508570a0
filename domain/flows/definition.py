from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.durations import Duration
from domain.fields import Key, Strict
from domain.flows.checking import slips
from domain.flows.commands import SPARKS_OWN
from domain.flows.nodes import AnyNode, EventName, GotoNode, Node
from domain.messages.wording import KEPT, Text

__all__ = [
    "CommandTrigger",
    "EventTrigger",
    "Flow",
    "Idle",
    "Key",
    "KeywordTrigger",
    "SourceTrigger",
    "Strict",
    "Text",
    "Trigger",
    "keywords",
]


class SourceTrigger(Strict):
    """`/start SOURCE`, or a tracked link with that source."""

    source: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


Word = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]


class KeywordTrigger(Strict):
    """Something written while no question is open: any of these `words`, standing in it, or being all of it."""

    keyword: Annotated[
        tuple[Word, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)
    ] = Field(min_length=1, max_length=20)
    match: Literal["word", "exact"] = "word"


class EventTrigger(Strict):
    """Something happened to the lead, `order.fulfilled`; waits its turn while another flow has a question open."""

    event: EventName


def _not_sparks_own(command: str) -> str:
    if command in SPARKS_OWN:
        raise ValueError(f"/{command} is Spark's own; choose another word")
    return command


class CommandTrigger(Strict):
    """A command of the creator's own, without its slash."""

    command: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$"), AfterValidator(_not_sparks_own)]


# what begins a flow where nothing else does: the first /start, a later one, words that nothing fits, and /stop
Default = Literal["start", "returning", "no_match", "unsubscribed"]
Trigger = Default | SourceTrigger | KeywordTrigger | EventTrigger | CommandTrigger
_TRIGGERS = ("source", "keyword", "event", "command")


def _kind(given: object) -> str | None:
    if isinstance(given, str):
        return "default"
    if isinstance(given, Mapping):
        return next((name for name in _TRIGGERS if name in given), None)
    return next((name for name in _TRIGGERS if name in getattr(given, "model_fields_set", ())), None)


# told apart beforehand, so that a mistake is told once
_AnyTrigger = Annotated[
    Annotated[Default, Tag("default")]
    | Annotated[SourceTrigger, Tag("source")]
    | Annotated[KeywordTrigger, Tag("keyword")]
    | Annotated[EventTrigger, Tag("event")]
    | Annotated[CommandTrigger, Tag("command")],
    Discriminator(
        _kind,
        custom_error_type="no_such_trigger",
        custom_error_message="must be start, returning, no_match or unsubscribed, "
        "or one of source, keyword, event and command with its word",
    ),
]


def _listed(given: object) -> object:
    return given if isinstance(given, list | tuple) else [given]


class Idle(Strict):
    """What becomes of a question that nobody answers: a reminder, and an end, each so long after the question."""

    remind_after: Duration | None = None
    reminder: Text | None = None
    end_after: Duration | None = None
    goodbye: Text | None = None

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.remind_after is None and self.end_after is None:
            raise ValueError("give remind_after, end_after, or both, like 1d")
        if self.remind_after is not None and self.end_after is not None and self.end_after <= self.remind_after:
            raise ValueError("end_after must be longer than remind_after")
        if (self.reminder is not None and self.remind_after is None) or (
            self.goodbye is not None and self.end_after is None
        ):
            raise ValueError("a reminder needs remind_after, a goodbye needs end_after")
        return self

    def first(self) -> timedelta:
        """From the question to whatever comes first."""
        return min(each for each in (self.remind_after, self.end_after) if each is not None)


class Flow(Strict):
    """A conversation, and what begins it."""

    trigger: Annotated[tuple[_AnyTrigger, ...], BeforeValidator(_listed)] = ("start",)
    # what it is called where somebody is asked whether to go on with it
    title: Text | None = None
    idle: Idle | None = None
    # told to the creator with all answers once it is through
    tell_creator: bool = True
    nodes: Annotated[list[AnyNode], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _can_be_walked(self, info: ValidationInfo) -> Self:
        if info.context is KEPT:
            return self
        found = [
            InitErrorDetails(type=PydanticCustomError("slip", "{said}", {"said": said}), loc=path, input=None)
            for path, said in slips(self.nodes)
        ]
        if found:
            raise ValidationError.from_exception_data("Flow", found)
        return self

    @classmethod
    def kept(cls, definition: Mapping[str, Any]) -> Self:
        """As it stands in the store. Whoever began with it ends with it, whatever rules came since."""
        return cls.model_validate(definition, context=KEPT)

    def node(self, key: str) -> AnyNode:
        """Raises KeyError for a key that this version does not have."""
        for node in self.nodes:
            if node.key == key:
                return node
        raise KeyError(key)

    def below(self, node: Node) -> AnyNode | None:
        """What `to` or `next` names, else the node below; None at the end."""
        named = node.to if isinstance(node, GotoNode) else node.next
        if named is not None:
            return self.node(named)
        position = next(number for number, each in enumerate(self.nodes) if each.key == node.key) + 1
        return self.nodes[position] if position < len(self.nodes) else None


def keywords(trigger: Trigger) -> Sequence[str]:
    return trigger.keyword if isinstance(trigger, KeywordTrigger) else ()
