import contextlib
import math
from dataclasses import dataclass
from typing import Any

import orjson

from playground.telegram.errors import Refused, bad
from playground.telegram.fields import FIELDS, Kinds


@dataclass(frozen=True, slots=True)
class Upload:
    file_name: str
    mime_type: str
    content: bytes


_MISSING = {
    "chat_id": "chat_id is empty",
    "from_chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "user_id": "invalid user_id specified",
    "action": "wrong parameter action in request",
    "file_id": "file_id not specified",
    "latitude": "latitude is empty",
    "longitude": "longitude is empty",
    **{
        name: f"there is no {name} in the request"
        for name in ("photo", "document", "video", "voice", "audio", "animation")
    },
}
_EXPECTED = {
    "reply_markup": "object expected as reply markup",
    "reply_parameters": "object expected as reply parameters",
    "link_preview_options": "object expected as link preview options",
    "commands": "expected an Array of BotCommand",
    "prices": "expected an Array of labeled prices",
    "media": "expected an Array of InputMedia",
    "message_ids": "expected an Array of message identifiers",
    "scope": "can't parse BotCommandScope: BotCommandScope must be an Object",
    "menu_button": "can't parse menu button: MenuButton must be an Object",
    "allowed_updates": "expected an Array of String",
}
_UNPARSABLE = {"reply_markup": "reply keyboard markup", "scope": "BotCommandScope"}
_BIGGEST = 2**63 - 1
_YES = {"true", "yes", "1"}
_NO = {"false", "no", "0"}


def check(method: str, given: dict[str, Any], uploads: dict[str, Upload]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The method's parameters in their own types, and what else was sent. Raises Refused in Telegram's words.

    An empty value is an absent one, as in a form; what the method does not know is not acted on.
    """
    kinds, required = FIELDS[method]
    typed: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, value in given.items():
        if name not in kinds:
            others[name] = value
        elif value is not None and value != "":
            typed[name] = _convert(name, kinds[name], value)
    for name, upload in uploads.items():
        if name not in kinds:
            others[name] = upload
        elif "InputFile" in kinds[name]:
            typed[name] = upload
        else:
            raise bad(f'parameter "{name}" can\'t be a file')
    for name in required:
        if name not in typed and not (method == "setWebhook" and name == "url"):
            raise bad(_MISSING.get(name, f'parameter "{name}" is required'))
    return typed, others


def _convert(name: str, kinds: Kinds, value: Any) -> Any:
    match kinds:
        case ("Integer",):
            return _integer(name, value)
        case ("Integer", "String"):
            return _chat(value)
        case ("Float",):
            return _number(name, value)
        case ("Boolean",):
            return _flag(name, value)
        case ("Array",):
            return _json(name, value, list)
        case ("Object",):
            return _json(name, value, dict)
        case ("InputFile",):
            raise bad(f'parameter "{name}" must be a file')
        case _:
            return _string(name, value)


def _integer(name: str, value: Any) -> int:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _BIGGEST:
        raise bad(_MISSING.get(name, f'parameter "{name}" must be an Integer'))
    return value


def _chat(value: Any) -> int | str:
    if isinstance(value, str) and value.startswith("@"):
        return value
    try:
        return _integer("chat_id", value)
    except Refused:
        raise bad("chat not found") from None


def _number(name: str, value: Any) -> float:
    if not isinstance(value, bool):
        with contextlib.suppress(ValueError, TypeError):
            converted = float(value)
            if math.isfinite(converted):
                return converted
    raise bad(f'parameter "{name}" must be a Float')


def _flag(name: str, value: Any) -> bool:
    word = str(value).lower()
    if isinstance(value, (bool, str, int)) and word in _YES | _NO:
        return word in _YES
    raise bad(f'parameter "{name}" must be a Boolean')


def _string(name: str, value: Any) -> str:
    # in a JSON body a number stands for its digits, as Telegram's own server reads it
    if isinstance(value, (bool, dict, list)):
        raise bad(f'parameter "{name}" must be a String')
    return str(value)


def _json(name: str, value: Any, wanted: type) -> Any:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise bad(f"can't parse {_UNPARSABLE.get(name, name.replace('_', ' '))} JSON object") from None
    if not isinstance(value, wanted):
        kind = "an Array" if wanted is list else "an Object"
        raise bad(_EXPECTED.get(name, f'parameter "{name}" must be {kind}'))
    return value


def for_log(params: dict[str, Any]) -> dict[str, Any]:
    """Parameters as JSON values: files are named and not held."""
    return {
        name: {"file_name": value.file_name, "size": len(value.content)} if isinstance(value, Upload) else value
        for name, value in params.items()
    }


def opened(params: dict[str, Any]) -> dict[str, Any]:
    """Parameters of a refused call, with the JSON that they carry opened where it can be read."""
    result = dict(params)
    for name, value in params.items():
        if isinstance(value, str) and value[:1] in {"{", "["}:
            with contextlib.suppress(orjson.JSONDecodeError):
                result[name] = orjson.loads(value)
    return result
