"""What a parameter may hold, and the check that refuses the rest in Stripe's words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from playground.stripe.errors import StripeError, missing_param, unknown_params
from playground.stripe.forms import Raw, as_json, in_order

_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_URL = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
METADATA_KEYS, METADATA_KEY, METADATA_VALUE = 50, 40, 500  # https://docs.stripe.com/api/metadata
DECIMAL_PLACES = 12


@dataclass(frozen=True)
class Text:
    longest: int = 5000
    clearable: bool = False  # an empty value unsets it


@dataclass(frozen=True)
class Url:
    pass


@dataclass(frozen=True)
class Email:
    pass


@dataclass(frozen=True)
class Whole:
    lowest: int | None = None
    highest: int | None = None


@dataclass(frozen=True)
class Fraction:
    """A decimal of at least zero, kept as a string."""


@dataclass(frozen=True)
class Flag:
    pass


@dataclass(frozen=True)
class OneOf:
    values: tuple[str, ...]


@dataclass(frozen=True)
class Metadata:
    pass


@dataclass(frozen=True)
class Anything:
    """Known by name and not acted on."""


@dataclass(frozen=True)
class Many:
    of: "Kind"
    most: int | None = None


@dataclass(frozen=True)
class Fields:
    known: Mapping[str, "Kind"]
    required: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Instants:
    """A Unix time, or bounds on one: `created=5`, `created[gte]=5`."""

    bounds: Fields = field(
        default_factory=lambda: Fields({"gt": Whole(), "gte": Whole(), "lt": Whole(), "lte": Whole()})
    )


Kind: TypeAlias = Text | Url | Email | Whole | Fraction | Flag | OneOf | Metadata | Anything | Many | Fields | Instants

EXPAND = Many(Text())
RETRIEVE = Fields({"expand": EXPAND})


def fields(*required: str, **known: Kind) -> Fields:
    return Fields(known, frozenset(required))


def check(spec: Fields, raw: Raw) -> dict[str, Any]:
    """The parameters in their own types; raises StripeError on the first that Stripe would refuse."""
    return _fields(spec, raw, "")


def _fields(spec: Fields, raw: Any, path: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise StripeError("Invalid object", param=path)
    unknown = [_inside(path, name) for name in raw if name not in spec.known]
    if unknown:
        raise unknown_params(unknown)
    for name in spec.known:
        if name in spec.required and name not in raw:
            raise missing_param(_inside(path, name))
    return {name: _value(spec.known[name], value, _inside(path, name)) for name, value in raw.items()}


def _inside(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _value(kind: Kind, raw: Any, path: str) -> Any:
    match kind:
        case Fields():
            return _fields(kind, raw, path)
        case Many():
            return _many(kind, raw, path)
        case Metadata():
            return _metadata(raw, path)
        case Anything():
            return as_json(raw)
        case Instants():
            return _fields(kind.bounds, raw, path) if isinstance(raw, dict) else _whole(Whole(), raw, path)
        case _:
            return _leaf(kind, raw, path)


def _leaf(kind: Text | Url | Email | Whole | Fraction | Flag | OneOf, raw: Any, path: str) -> Any:
    if not isinstance(raw, str):
        raise StripeError("Invalid string: must be a single value", param=path)
    if raw == "":
        return _empty(kind, path)
    match kind:
        case Whole():
            return _whole(kind, raw, path)
        case Fraction():
            return _fraction(raw, path)
        case Flag() if raw not in {"true", "false"}:
            raise StripeError(f"Invalid boolean: {raw}", param=path)
        case Flag():
            return raw == "true"
        case _:
            return _word(kind, raw, path)


def _word(kind: Text | Url | Email | OneOf, raw: str, path: str) -> str:
    match kind:
        case Text() if len(raw) > kind.longest:
            shown = f"{raw[:5]}…{raw[-5:]}"
            message = f"Invalid string: {shown}; must be at most {kind.longest} characters"
            raise StripeError(message, param=path)
        case Url() if not _URL.fullmatch(raw):
            raise StripeError("Not a valid URL", code="url_invalid", param=path)
        case Email() if not EMAIL.fullmatch(raw):
            raise StripeError(f"Invalid email address: {raw}", code="email_invalid", param=path)
        case OneOf() if raw not in kind.values:
            raise StripeError(f"Invalid {path}: must be {_choices(kind.values)}", param=path)
        case _:
            return raw


def _empty(kind: Kind, path: str) -> None:
    if isinstance(kind, Text) and kind.clearable:
        return
    raise StripeError(
        f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a "
        f"parameter; however '{path}' cannot be unset. You should remove '{path}' from your request or "
        "supply a non-empty value.",
        code="parameter_invalid_empty",
        param=path,
    )


def _whole(kind: Whole, raw: str, path: str) -> int:
    if not _INTEGER.fullmatch(raw):
        raise StripeError(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=path)
    number = int(raw)
    bound = None
    if kind.lowest is not None and number < kind.lowest:
        bound = f"This value must be greater than or equal to {kind.lowest}."
    elif kind.highest is not None and number > kind.highest:
        bound = f"This value must be less than or equal to {kind.highest}."
    if bound is not None:
        raise StripeError(bound, code="parameter_invalid_integer", param=path)
    return number


def _fraction(raw: str, path: str) -> str:
    try:
        number = Decimal(raw)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise StripeError(f"Invalid decimal: {raw}", param=path)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DECIMAL_PLACES:
        raise StripeError(f"Invalid decimal: {raw}; has more than {DECIMAL_PLACES} decimal places", param=path)
    return raw


def _many(kind: Many, raw: Any, path: str) -> list[Any]:
    values = in_order(raw) if isinstance(raw, dict) else None
    if values is None:
        raise StripeError("Invalid array", param=path)
    if kind.most is not None and len(values) > kind.most:
        raise StripeError(f"Array too long: {path} can hold at most {kind.most} items.", param=path)
    return [_value(kind.of, value, f"{path}[{n}]") for n, value in enumerate(values)]


def _metadata(raw: Any, path: str) -> dict[str, str]:
    """An empty dict for an empty value: all keys unset."""
    if raw == "":
        return {}
    if not isinstance(raw, dict):
        raise StripeError("Invalid object", param=path)
    if len(raw) > METADATA_KEYS:
        raise StripeError(
            f"You can specify up to {METADATA_KEYS} metadata keys, but you passed {len(raw)}.", param=path
        )
    for key, value in raw.items():
        place = _inside(path, key)
        if not isinstance(value, str):
            raise StripeError("Metadata values must be strings", param=place)
        for what, text, longest in (("keys", key, METADATA_KEY), ("values", value, METADATA_VALUE)):
            if len(text) > longest:
                raise StripeError(
                    f"Metadata {what} can have up to {longest} characters, but you passed in one that is "
                    f"{len(text)} characters. Invalid: {text[:longest]}",
                    param=place,
                )
    return dict(raw)


def merged_metadata(kept: Mapping[str, str], sent: Mapping[str, str]) -> dict[str, str]:
    """An empty value unsets a key, nothing at all unsets every key."""
    if not sent:
        return {}
    return {key: value for key, value in {**kept, **sent}.items() if value != ""}


def _choices(values: tuple[str, ...]) -> str:
    if len(values) == 1:
        return values[0]
    return f"one of {', '.join(values[:-1])}, or {values[-1]}"
