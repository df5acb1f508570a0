"""JSON out: bodies, and the one shape that every error has."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web
from pydantic import BaseModel


def answer(body: BaseModel | Mapping[str, Any], *, status: int = 200) -> web.Response:
    """Instants are written as RFC 3339 with `Z`. Nobody on the way may keep a copy."""
    return answer_in(json_of(body), status=status)


def json_of(body: BaseModel | Mapping[str, Any]) -> bytes:
    content = body.model_dump() if isinstance(body, BaseModel) else body
    return orjson.dumps(content, default=_plain, option=orjson.OPT_UTC_Z)


def answer_in(json: bytes, *, status: int = 200) -> web.Response:
    return web.Response(
        body=json,
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _plain(value: Any) -> str:
    """For the UUID type that asyncpg hands out, which orjson does not take for one."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def error_body(code: str, message: str, correlation_id: str, fields: Mapping[str, str]) -> dict[str, Any]:
    error: dict[str, Any] = {
        "code": code,
        "message": _sendable(message),
        "correlation_id": correlation_id,
    }
    if fields:
        error["fields"] = {_sendable(name): _sendable(why) for name, why in fields.items()}
    return {"error": error}


def _sendable(text: str) -> str:
    """Bytes that were no UTF-8 when they came in stand here as halves of characters, which JSON refuses."""
    return text.encode("utf-8", "replace").decode()
