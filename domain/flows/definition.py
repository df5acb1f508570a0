from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.messages.templates import check_template
from kit.text import TEXT_LIMIT, check_markup, utf16_length

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


def _fits_a_message(text: str) -> str:
    if not text.strip():
        raise ValueError("a text must not be empty")
    if utf16_length(text) > TEXT_LIMIT:
        raise ValueError(f"a Telegram message holds {TEXT_LIMIT} characters, this has {utf16_length(text)}")
    return check_markup(check_template(text))


Text = Annotated[str, AfterValidator(_fits_a_message)]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Node(Strict):
    """`next` names the node that follows; without it, the one below."""

    key: Key
    next: Key | None = None


class SayNode(Node):
    do: Literal["say"]
    text: Text


class AskNode(Node):
    """A typed question; an answer that this lead has given before is not asked for again."""

    do: Literal["ask"]
    kind: Literal["text", "email", "phone"]
    field: Key
    text: Text
    optional: bool = False
    max_length: Annotated[int, Field(ge=1, le=1000)] = 200


class Option(Strict):
    value: Key
    label: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ChooseNode(Node):
    """One of several, by buttons."""

    do: Literal["choose"]
    field: Key
    text: Text
    options: Annotated[list[Option], Field(min_length=1, max_length=20)]


class GiveNode(Node):
    """Hands over a free product of this creator's, by its slug: the lead magnet."""

    do: Literal["give"]
    product: str
    text: Text


AnyNode = Annotated[SayNode | AskNode | ChooseNode | GiveNode, Field(discriminator="do")]


class Flow(Strict):
    """A conversation. `trigger: start` makes it the one that a new lead meets."""

    trigger: Literal["start"] = "start"
    nodes: Annotated[list[AnyNode], Field(min_length=1)]

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        keys = [node.key for node in self.nodes]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(f"two nodes are called “{key}”")
        for node in self.nodes:
            if node.next is not None and node.next not in keys:
                raise ValueError(f"node “{node.key}” goes to “{node.next}”, which is not there")
        for node in self.nodes:
            self._check_ends(node)
        return self

    def _check_ends(self, start: AnyNode) -> None:
        """No way through may come back: a question answered once is passed over, so nothing would stop it."""
        seen = set()
        node: AnyNode | None = start
        while node is not None:
            if node.key in seen:
                raise ValueError(f"the nodes from “{node.key}” go round for ever; let `next` point forward only")
            seen.add(node.key)
            node = self.after(node)

    def node(self, key: str) -> AnyNode:
        """Raises KeyError for a key that this version does not have."""
        for node in self.nodes:
            if node.key == key:
                return node
        raise KeyError(key)

    def after(self, node: AnyNode) -> AnyNode | None:
        """The node that follows, None at the end."""
        if node.next is not None:
            return self.node(node.next)
        position = self.nodes.index(node) + 1
        return self.nodes[position] if position < len(self.nodes) else None
