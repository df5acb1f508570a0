from aiohttp import web

from playground.control_wire import optional_number
from playground.refusal import conflict, missing
from playground.state import Document
from playground.telegram.parts import Parts

_LONGEST_ID = 19  # digits


def bot_asked(parts: Parts, request: web.Request) -> Document:
    """The bot that `bot` names, the latest to call otherwise."""
    bot = bot_or_none(parts, request)
    if bot is None:
        raise conflict("no bot has called yet: start the app, and it will be known")
    return bot


def bot_or_none(parts: Parts, request: web.Request) -> Document | None:
    bot_id = optional_number(request, "bot")
    if bot_id is None:
        return parts.bots.latest()
    bot = parts.bots.get(bot_id)
    if bot is None:
        raise missing(f"there is no bot {bot_id}")
    return bot


def number_asked(request: web.Request, name: str) -> int | None:
    """A whole number in the path, None for anything else."""
    given = request.match_info[name]
    digits = given.removeprefix("-")
    return int(given) if digits.isascii() and digits.isdecimal() and len(digits) <= _LONGEST_ID else None


def person_asked(parts: Parts, request: web.Request) -> Document:
    person_id = number_asked(request, "id")
    person = None if person_id is None else parts.people.get(person_id)
    if person is None:
        raise missing(f"there is no person {request.match_info['id']}")
    return person


def chat_asked(parts: Parts, request: web.Request) -> Document:
    chat_id = number_asked(request, "id")
    chat = None if chat_id is None else parts.chats.get(chat_id)
    if chat is None:
        raise missing(f"there is no chat {request.match_info['id']}")
    return chat
