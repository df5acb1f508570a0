"""JSON bodies in, checked whole: every wrong part is named at once."""

import hashlib
from typing import TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from kit.errors import Invalid
from web.api.query import reason_of
from web.bodies import read_body

B = TypeVar("B", bound=BaseModel)
_MOST_BYTES = 64 * 1024
# of the body as it came
BODY_DIGEST = web.RequestKey("body_digest", str)


async def read_json(request: web.Request, model: type[B], *, most: int = _MOST_BYTES) -> B:
    """Raises Invalid with a reason for each part that is wrong; what is no JSON is a 415 or a 400."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        body = await read_body(request, most=most)
        request[BODY_DIGEST] = hashlib.sha256(body).hexdigest()
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise web.HTTPBadRequest from None
    if not isinstance(given, dict):
        raise Invalid("send a JSON object")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        fields = {".".join(str(part) for part in each["loc"]): reason_of(each) for each in error.errors()}
        # of the parts taken together
        whole = fields.pop("", None)
        raise Invalid(whole or "some parts are wrong: " + ", ".join(sorted(fields)), fields=fields) from None
