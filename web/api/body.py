"""JSON bodies in, checked whole: every wrong part is named at once."""

import hashlib
from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from kit.errors import Invalid
from web.api.query import reason_of
from web.bodies import read_body

B = TypeVar("B", bound=BaseModel)
_MOST_BYTES = 64 * 1024
# lists and objects within each other: more than anything of ours has, and few enough for whoever walks through them
_MOST_LEVELS = 100
# of the body as it came
BODY_DIGEST = web.RequestKey("body_digest", str)


async def read_json(request: web.Request, model: type[B], *, most: int = _MOST_BYTES) -> B:
    """Raises Invalid with a reason for each part that is wrong; what is no JSON is a 415 or a 400.

    Nothing at all is as good as `{}` where no part has to be there.
    """
    nothing = may_be_left_out(model) and not request.body_exists
    if request.content_type != "application/json" and not nothing:
        raise web.HTTPUnsupportedMediaType
    try:
        body = b"{}" if nothing else await read_body(request, most=most)
        request[BODY_DIGEST] = hashlib.sha256(body).hexdigest()
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise web.HTTPBadRequest from None
    if not isinstance(given, dict):
        raise Invalid("send a JSON object")
    if _is_deeper(given, _MOST_LEVELS):
        raise Invalid(f"nest lists and objects {_MOST_LEVELS} deep at most")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        fields = {".".join(str(part) for part in each["loc"]): reason_of(each) for each in error.errors()}
        # of the parts taken together
        whole = fields.pop("", None)
        raise Invalid(whole or "some parts are wrong: " + ", ".join(sorted(fields)), fields=fields) from None


def may_be_left_out(model: type[BaseModel]) -> bool:
    return not any(part.is_required() for part in model.model_fields.values())


def _is_deeper(given: Any, most: int) -> bool:
    """Level by level, since a walk that calls itself is what such a body would break."""
    level = [given]
    for _ in range(most):
        level = [
            part
            for each in level
            for part in (each.values() if isinstance(each, dict) else each)
            if isinstance(part, dict | list)
        ]
        if not level:
            return False
    return True
