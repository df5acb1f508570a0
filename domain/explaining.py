from collections.abc import Collection, Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from domain.fields import Key
from domain.flows.definition import CommandTrigger, SourceTrigger
from domain.flows.nodes import EventName, MediaPath, Slug
from domain.flows.nodes import Tag as LeadTag
from domain.funnels.steps import Code
from domain.funnels.triggers import HappeningName
from domain.messages.wording import Language
from kit.text import shorten
from kit.yaml_text import KeyPath, did_you_mean, either


def explain(error: ValidationError, shape: Any, by_file: Collection[KeyPath] = ()) -> Iterator[tuple[KeyPath, str]]:
    """Everything that pydantic found wrong in a `shape`, in plain words, each with its path of keys.

    Keys of `by_file` are called `…_file`. A value is repeated only where it should be one of a few words.
    """
    found = error.errors(include_url=False)
    for each in found:
        if each["type"] == "too_short" and any(_stands_in(other["loc"], each["loc"]) for other in found):
            # pydantic counts only what is right
            continue
        path, holder, kind = _walk(each["loc"], shape)
        names = [field.alias or name for name, field in holder.model_fields.items()] if _is_model(holder) else []
        known = [f"{name}_file" if (*path[:-1], name) in by_file else name for name in names if name not in _OUR_OWN]
        match each["type"]:
            case "extra_forbidden":
                near = did_you_mean(str(path[-1]), known)
                yield path, f"not a setting here; known: {', '.join(known)}{near}"
            case "union_tag_not_found":
                yield (*path, "do"), f"is missing; use {either(_words(kind))}"
            case "union_tag_invalid":
                yield (*path, "do"), f"there is no “{_short(each['ctx']['tag'])}”; use {either(_words(kind))}"
            case _:
                yield path, _in_words(each)


def _stands_in(location: tuple[int | str, ...], above: tuple[int | str, ...]) -> bool:
    return len(location) > len(above) and location[: len(above)] == above


def _in_words(error: ErrorDetails) -> str:
    facts = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is missing"
        case "literal_error":
            words = facts["expected"].replace("'", "")
            return (
                f"there is no “{_short(error['input'])}”; use {words}"
                if isinstance(error["input"], str)
                else f"must be {words}"
            )
        case "string_pattern_mismatch":
            return _FORMS.get(facts["pattern"], "is not written as it should be").format(_short(error["input"]))
        case "value_error" | "slip":
            return str(facts.get("said", facts.get("error")))
        case "too_short" | "too_long":
            number = facts.get("min_length", facts.get("max_length"))
            bound = f"{'least' if 'min_length' in facts else 'most'} {number} {'entry' if number == 1 else 'entries'}"
            return f"must have at {bound}, this has {facts['actual_length']}"
        case kind:
            return _PLAIN.get(kind, error["msg"].removeprefix("Input ")).format(**facts)


def _short(given: object) -> str:
    return shorten(str(given), 60)


def _walk(location: tuple[int | str, ...], shape: Any) -> tuple[KeyPath, Any, Any]:
    """The path as written, what its last key is a key of, and what belongs there.

    pydantic puts a union's tags and `[key]` in between, which nobody wrote.
    """
    path: list[int | str] = []
    holder: Any = None
    kind: Any = shape
    for part in (each for each in location if each != "[key]"):
        kind = _bare(kind)
        tagged = [each for each in get_args(kind) if _is_model(each) and part in _words(each)]
        tagged += [each for each in get_args(kind) if part in _tags(each)]
        if tagged:
            kind = tagged[0]
            continue
        path.append(part)
        holder = kind
        if _is_model(kind):
            fields = kind.model_fields.items()
            kind = next((each.annotation for name, each in fields if part == (each.alias or name)), None)
        else:
            # a list's or tuple's entries, or a mapping's values
            kind = next(iter(get_args(kind)[get_origin(kind) is dict :]), None)
    return tuple(path), holder, _bare(kind)


def _bare(kind: Any) -> Any:
    """Without `Annotated[…]` and `… | None`."""
    while get_origin(kind) is Annotated or type(None) in get_args(kind):
        kind = next(each for each in get_args(kind) if each is not type(None))
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _words(kind: Any) -> list[str]:
    """What `do` may be in a node or step, or in any of a union of them."""
    if _is_model(kind):
        return list(get_args(kind.model_fields["do"].annotation)) if "do" in kind.model_fields else []
    return [word for each in get_args(kind) for word in _words(each)]


def _tags(kind: Any) -> list[str]:
    """What pydantic calls one of a union that is told apart by its looks."""
    return [each.tag for each in get_args(kind)[1:] if isinstance(each, Tag)]


def _pattern(name: Any) -> str:
    return next(str(each.pattern) for each in get_args(name)[1:] if getattr(each, "pattern", None))


def _pattern_of(model: type[BaseModel], key: str) -> str:
    found = (getattr(each, "pattern", None) for each in model.model_fields[key].metadata)
    return next(str(pattern) for pattern in found if pattern)


# what Spark puts there, and nobody writes
_OUR_OWN = {"sha256"}
_FORMS = {
    _pattern(Slug): "“{}” is not a slug: use a-z and 0-9, with hyphens between them",
    _pattern(Key): "“{}” is not a name: use a letter, then up to 39 of a-z, 0-9, _ and -",
    _pattern(EventName): "“{}” is not an event: they are written like order.paid",
    _pattern(HappeningName): "“{}” is not an event: they are written like order.paid, and your own like custom.webinar",
    _pattern(Code): "“{}” is not a code: use up to 32 of A-Z, 0-9, _ and -",
    _pattern(Language): "“{}” is not a language: use two letters, like en or de",
    _pattern(LeadTag): "“{}” is not a tag: use up to 40 small letters, digits, _ and -",
    _pattern(MediaPath): "“{}” is not the path of a file from here, like media/hello.jpg",
    _pattern_of(SourceTrigger, "source"): "“{}” is not a source: use up to 64 of A-Z, a-z, 0-9, _ and -",
    _pattern_of(CommandTrigger, "command"): "“{}” is not a command: use a letter, then up to 31 of a-z, 0-9 and _",
}
_BLOCK = "must be a block of keys, each written like “name: value”"
_LIST = "must be a list, each entry behind a hyphen"
_WHOLE = "must be a whole number"
_PLAIN = {
    "string_type": "must be text; put it in quotes",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": _BLOCK,
    "model_type": _BLOCK,
    "model_attributes_type": _BLOCK,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
}
