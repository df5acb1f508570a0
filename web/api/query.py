"""Query parameters in, checked whole: every wrong one is named at once."""

from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kit.errors import Invalid, NotFound
from kit.paging import MOST, USUAL, Paging

_LARGEST_OFFSET = 2**63 - 1
# more than any number of ours has, and few enough for every store
_MOST_DIGITS = 18
_MOST_TEXT = 200
Q = TypeVar("Q", bound=BaseModel)


def _whole(text: Any) -> Any:
    """Plain digits only: `int` alone would take ` 5`, `1_0` and digits of other scripts."""
    if isinstance(text, str) and not (text.isascii() and text.isdigit() and len(text) < 20):  # noqa: PLR2004 - 2**63 has 19 digits
        raise ValueError("write it in plain digits")
    return text


def _printable(text: Any) -> Any:
    """Refuses what no store keeps in a text: NUL, and halves of characters."""
    if isinstance(text, str) and any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text):
        raise ValueError("holds characters that no text has")
    return text


def _comma_separated(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    words = (word.strip() for word in _printable(text).split(","))
    return tuple(dict.fromkeys(word for word in words if word))


Whole = Annotated[int, BeforeValidator(_whole)]
Printable = BeforeValidator(_printable)
Text = Annotated[str, Printable, Field(max_length=_MOST_TEXT)]
Words = Annotated[tuple[str, ...], BeforeValidator(_comma_separated), Field(max_length=50)]


class ListQuery(BaseModel):
    """What every list takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    limit: Annotated[Whole, Field(ge=1, le=MOST)] = USUAL
    offset: Annotated[Whole, Field(ge=0, le=_LARGEST_OFFSET)] = 0

    def paging(self) -> Paging:
        return Paging(self.limit, self.offset)


def read_id(request: web.Request, name: str) -> int:
    """The number that an address names. Raises NotFound for what can be none of ours."""
    text = request.match_info[name]
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise NotFound("there is nothing of that number")
    return int(text)


def read_query(request: web.Request, model: type[Q]) -> Q:
    """Raises Invalid with a reason for each parameter that is wrong, unknown or given twice."""
    fields = {name: "give it once" for name in set(request.query) if len(request.query.getall(name)) > 1}
    try:
        query = model.model_validate({name: request.query.get(name) for name in request.query})
    except ValidationError as error:
        # what no parameter alone is wrong about has no place of its own
        fields = {str(next(iter(each["loc"]), "query")): reason_of(each) for each in error.errors()} | fields
    else:
        if not fields:
            return query
    raise Invalid("some parameters are wrong: " + ", ".join(sorted(fields)), fields=fields)


# in the place of pydantic's own words, by its kinds of mistakes
_SAID = {
    "extra_forbidden": "there is no such parameter here",
    "missing": "has to be there",
    "string_type": "has to be a text",
    "int_type": "has to be a whole number",
    "int_parsing": "has to be a whole number",
    "int_parsing_size": "is too large a number",
    "bool_type": "has to be true or false",
    "bool_parsing": "has to be true or false",
    "list_type": "has to be a list",
    "tuple_type": "has to be a list",
    "dict_type": "has to be an object",
    "model_type": "has to be an object",
    "model_attributes_type": "has to be an object",
    "enum": "use {expected}",
    "literal_error": "use {expected}",
    "greater_than_equal": "is at least {ge}",
    "less_than_equal": "is at most {le}",
    "greater_than": "is more than {gt}",
    "less_than": "is less than {lt}",
    "string_too_long": "has at most {max_length} characters",
    "string_too_short": "has at least {min_length} characters",
    "too_long": "has at most {max_length} parts",
    "too_short": "has at least {min_length} that is not empty",
}


def reason_of(error: Any) -> str:
    kind, context = str(error["type"]), error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    given = error["input"]
    # words between commas come as one text, and are counted as words
    if kind in {"too_long", "too_short"} and isinstance(given, str) and context["actual_length"] == len(given):
        kind = f"string_{kind}"
    said = _SAID.get(kind)
    return str(error["msg"]) if said is None else said.format(**context)
