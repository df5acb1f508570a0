"""Reading a control request's JSON: what is wrong with it is told in one line."""

import base64
import binascii
from typing import Any

from playground.refusal import invalid


def text_of(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise invalid(f"{name} must be a text" if name in body else f"{name} is missing")
    return value


def text_or(body: dict[str, Any], name: str, otherwise: str) -> str:
    return otherwise if body.get(name) is None else text_of(body, name)


def whole(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(f"{name} must be a whole number" if name in body else f"{name} is missing")
    return value


def whole_or(body: dict[str, Any], name: str, otherwise: int) -> int:
    return otherwise if body.get(name) is None else whole(body, name)


def number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise invalid(f"{name} must be a number" if name in body else f"{name} is missing")
    return float(value)


def flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise invalid(f"{name} must be true or false" if name in body else f"{name} is missing")
    return value


def mapping(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise invalid(f"{name} must be an object")
    return value


def bytes_of(body: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(text_of(body, name), validate=True)
    except binascii.Error:
        raise invalid(f"{name} is not base64") from None
