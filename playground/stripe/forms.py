import re
from typing import Any
from urllib.parse import parse_qsl

from playground.stripe.errors import StripeError

# A branch is a dict whatever its keys look like: whether `a[0]` means a list is for the parameter's type to say.
Raw = dict[str, Any]

_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_DEEPEST = 20
_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(encoded: str) -> Raw:
    """Stripe's bracket notation, `a[b][0]=c` and `expand[]=d`, as nested dicts of strings."""
    root: Raw = {}
    for key, value in parse_qsl(encoded, keep_blank_values=True):
        found = _KEY.match(key)
        if found is None:
            raise StripeError(f"Invalid parameter name: {key}", param=key)
        parts = [found[1], *_PART.findall(found[2])]
        if len(parts) > _DEEPEST:
            raise StripeError("Invalid object: nested too deeply", param=found[1])
        node = root
        for part in parts[:-1]:
            child = node.setdefault(part or str(len(node)), {})
            if not isinstance(child, dict):
                raise StripeError("Invalid object", param=key)
            node = child
        leaf = parts[-1] or str(len(node))
        if isinstance(node.get(leaf), dict):
            raise StripeError("Invalid object", param=key)
        node[leaf] = value
    return root


def in_order(node: Raw) -> list[Any] | None:
    """The values of a branch that is a list, by their numbers; None when a key is no number."""
    if not all(_NUMBER.fullmatch(key) for key in node):
        return None
    return [node[key] for key in sorted(node, key=int)]


def as_json(node: Any) -> Any:
    """A decoded body for the call log, numbered branches shown as lists."""
    if not isinstance(node, dict):
        return node
    values = in_order(node) if node else None
    if values is not None:
        return [as_json(value) for value in values]
    return {key: as_json(value) for key, value in node.items()}
