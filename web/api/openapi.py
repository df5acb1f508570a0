"""`/openapi.json`: the document of the API, made of the table of routes and its models (OpenAPI 3.1)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from domain.access import RULES, NoSuchRight, SignInNeeded
from domain.accounts import RegistrationClosed
from kit.errors import Refusal
from web.answers import answer
from web.api.body import may_be_left_out
from web.api.event_stream import EVENTS, LAST
from web.api.repeating import AnswerForgotten, KeyReused, StillUnderWay
from web.api.route import Media, NoBody, NoQuery, Route
from web.api.schemas import Mode, Schema, Schemas
from web.api.table import PREFIX, ROUTES
from web.auth import CreatorNeeded

_PARAMETER = re.compile(r"\{(\w+)\}")
_OUR_WORDS = {
    400: "The body is no JSON.",
    401: "No token, or one that is not good.",
    403: "Not for accounts of this role, or this right is missing.",
    404: "There is no such thing, or it is somebody else's.",
    409: "A state that forbids it.",
    413: "The body is too large.",
    415: "The body is of another kind.",
    422: "Some parts are wrong; `fields` says which and why.",
    429: "Too often; `Retry-After` says when again.",
    503: "Not at present; `Retry-After` says when again.",
}
_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "INVALID",
    429: "TOO_MANY",
    503: "STORE_UNAVAILABLE",
}


class ErrorDetail(BaseModel):
    """`code` is a word that stays the same; `message` says to a person how to mend it."""

    code: str
    message: str
    correlation_id: str
    # of a wrong part: why
    fields: dict[str, str] = {}


class ErrorAnswer(BaseModel):
    """What every refusal looks like."""

    error: ErrorDetail


async def show_openapi(_request: web.Request) -> web.Response:
    return answer(document())


@cache
def document() -> Mapping[str, Any]:
    return describe(ROUTES)


def describe(routes: Sequence[Route[Any, Any]]) -> Mapping[str, Any]:
    """The document of these routes."""
    schemas = Schemas([*_models(routes), (ErrorAnswer, "serialization")])
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Spark",
            "version": version("spark"),
            "description": "What Spark does in chat, for programs. Money is in minor units, instants are UTC.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token of `POST /api/v1/auth/login`, of /token in the bot, of an outside "
                    "issuer that the operator trusts, or an API key.",
                }
            },
        },
    }


def _models(routes: Iterable[Route[Any, Any]]) -> Iterable[tuple[type[BaseModel], Mode]]:
    for route in routes:
        if route.query is not NoQuery:
            yield route.query, "validation"
        if route.body is not NoBody:
            yield route.body, "validation"
        for model in route.answers.values():
            if model is not None and not isinstance(model, Media):
                yield model, "serialization"


def _operation(route: Route[Any, Any], schemas: Schemas) -> dict[str, Any]:
    rule = RULES[route.act]
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{_camel(route.path)}",
        "summary": route.summary,
        "tags": [route.tag],
        "security": [{}, {"bearer": []}] if rule.public else [{"bearer": []}],
        "parameters": [*_path(route), *_query(route, schemas), *_headers(route)],
        "responses": _responses(route, schemas),
    }
    if route.does.__doc__:
        operation["description"] = " ".join(route.does.__doc__.split())
    if (body := _body(route, schemas)) is not None:
        operation["requestBody"] = body
    return operation


def _body(route: Route[Any, Any], schemas: Schemas) -> dict[str, Any] | None:
    """Of JSON, of what is no JSON, or of either."""
    content: dict[str, Any] = {}
    told: dict[str, Any] = {"required": route.takes is not None or not may_be_left_out(route.body)}
    if route.takes is not None:
        form = {"type": "object", "properties": route.takes.fields, "required": route.takes.needs}
        told["description"] = route.takes.means
        content[route.takes.kind] = {"schema": form} if "form" in route.takes.kind else {}
        content[route.takes.kind]["example"] = route.takes.example
    if route.body is not NoBody:
        json: dict[str, Any] = {"schema": schemas.ref(route.body, "validation")}
        content["application/json"] = json | ({} if route.example is None else {"example": route.example})
    return {**told, "content": content} if content else None


def _camel(path: str) -> str:
    return "".join(word.title() for word in re.split(r"[^A-Za-z0-9]+", path))


def _path(route: Route[Any, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _of_path(route, name)}
        for name in _PARAMETER.findall(route.path)
    ]


def _of_path(route: Route[Any, Any], name: str) -> Schema:
    if name.endswith("_id") and name not in route.words:
        return {"type": "integer", "minimum": 1}
    return {"type": "string", "minLength": 1}


def _query(route: Route[Any, Any], schemas: Schemas) -> list[dict[str, Any]]:
    if route.query is NoQuery:
        return []
    whole = schemas.whole(route.query, "validation")
    needed = whole.get("required", ())
    found = []
    for name, schema in whole.get("properties", {}).items():
        told: dict[str, Any] = {"name": name, "in": "query", "required": name in needed, "schema": schema}
        if schema.get("type") == "array":
            # several words with commas between
            told |= {"style": "form", "explode": False}
        if "description" in schema:
            told["description"] = schema["description"]
        found.append(told)
    return found


def _headers(route: Route[Any, Any]) -> list[dict[str, Any]]:
    found = []
    if RULES[route.act].of_creator:
        means = "The slug of the creator, for somebody who acts for several; without it, the one they own."
        found.append({"name": "X-Creator", "in": "header", "description": means, "schema": {"type": "string"}})
    if route.repeatable:
        means = "Your own name for this request: a repeat under it is answered the same, and does nothing."
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        found.append({"name": "Idempotency-Key", "in": "header", "description": means, "schema": schema})
    if any(isinstance(each, Media) and each.kind == EVENTS for each in route.answers.values()):
        means = "The `id` of the last event that was heard: what came after it is told first."
        schema = {"type": "string", "pattern": "^[0-9]{1,18}$"}
        found.append({"name": LAST, "in": "header", "description": means, "schema": schema})
    return found


def _responses(route: Route[Any, Any], schemas: Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, model in route.answers.items():
        told: dict[str, Any] = {"description": route.summary}
        if isinstance(model, Media):
            told = {"description": model.means or route.summary, "content": {model.kind: {}}}
        elif model is not None:
            content: dict[str, Any] = {"schema": schemas.ref(model, "serialization")}
            if status in route.shows:
                content["example"] = route.shows[status]
            told["content"] = {"application/json": content}
        if route.heads and status == route.usual:
            told["headers"] = {
                name: {"description": means, "schema": {"type": "string"}} for name, means in route.heads.items()
            }
        found[str(status)] = told
    error = schemas.ref(ErrorAnswer, "serialization")
    for status, codes in sorted(refusals(route).items()):
        response: dict[str, Any] = {
            "description": f"{_OUR_WORDS.get(status, 'Refused.')} {', '.join(f'`{code}`' for code in codes)}",
            "content": {"application/json": {"schema": error}},
        }
        if status in {429, 503}:
            response["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
        found[str(status)] = response
    return found


def refusals(route: Route[Any, Any]) -> Mapping[int, Sequence[str]]:
    """The statuses with which it can refuse, and the codes of each: its act's own, and what any request may meet."""
    rule = RULES[route.act]
    statuses = {401, 422, 429, 503}
    if not rule.way_in:
        statuses.add(403)
    if _PARAMETER.search(route.path):
        statuses.add(404)
    if route.body is not NoBody or route.takes is not None:
        statuses |= {400, 413, 415}
    # what any request of its kind may meet
    usual: list[type[Refusal]] = []
    if not rule.way_in:
        usual.append(RegistrationClosed)
    if rule.of_creator:
        usual += [NoSuchRight, CreatorNeeded]
    if rule.in_person:
        usual.append(SignInNeeded)
    if route.repeatable:
        usual += [KeyReused, StillUnderWay, AnswerForgotten]
    found = {status: [_CODES[status]] for status in statuses}
    for each in (*usual, *route.refuses):
        codes = found.setdefault(each.status, [])
        if each.code.upper() not in codes:
            codes.append(each.code.upper())
    return found
