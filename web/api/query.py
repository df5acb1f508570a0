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
        fields = {str(each["loc"][0]): reason_of(each) for each in error.errors()} | fields
    else:
        if not fields:
            return query
    raise Invalid("some parameters are wrong: " + ", ".join(sorted(fields)), fields=fields)


def reason_of(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "there is no such parameter here"
        case "value_error":
            return str(error["ctx"]["error"])
        case "too_long" if isinstance(error["input"], str):
            return f"has at most {error['ctx']['max_length']} characters"
        case "too_short" if isinstance(error["input"], str):
            return f"has at least {error['ctx']['min_length']} characters"
        case "enum":
            return f"use {error['ctx']['expected']}"
        case _:
            return str(error["msg"])
