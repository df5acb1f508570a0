"""What can be told of an update before it is understood: rubbish gets a lane too."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

from domain.people import Profile
from domain.raw_words import lane_of
from kit.text import shorten

LONGEST_NAME = 64
_ELSEWHERE = ("group", "supergroup", "channel")


class Urgency(IntEnum):
    """Telegram wants a pre-checkout answered within 10 s and a tap within a few, whatever else is waiting."""

    PRE_CHECKOUT = 0
    TAP = 1
    MESSAGE = 2


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update as it came. `update_id` is None when it cannot even be told."""

    body: str
    raw: dict[str, Any]
    update_id: int | None
    lane: str
    urgency: Urgency
    # in a channel or group, where nobody is answered
    elsewhere: bool = False


def read_incoming(body: bytes) -> Incoming:
    """Never fails: what is no JSON object is an update with nothing in it."""
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError:
        raw = None
    text = body.decode("utf-8", "replace").replace("\x00", "�")
    return _incoming(raw if isinstance(raw, dict) else {}, text)


def _incoming(raw: dict[str, Any], text: str) -> Incoming:
    given = raw.get("update_id")
    update_id = given if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 2**63 else None
    urgency = Urgency.MESSAGE
    if "callback_query" in raw:
        urgency = Urgency.TAP
    person = sender_of(raw)
    lane = lane_of(person) if person is not None else f"update:{update_id}"
    if "pre_checkout_query" in raw:
        # it waits for nobody, not even for the same person's messages
        urgency, lane = Urgency.PRE_CHECKOUT, f"pre_checkout:{update_id}"
    room = _room_of(raw)
    if room is not None:
        # what people do and write to each other there is kept nowhere
        return Incoming("{}", raw, update_id, f"chat:{room}", urgency, elsewhere=True)
    return Incoming(text, raw, update_id, lane, urgency)


def _room_of(raw: dict[str, Any]) -> int | None:
    """The number of the channel or group in which it happened, None for somebody's own chat with the bot."""
    chats = [part.get("chat") for part in raw.values() if isinstance(part, dict)]
    rooms = [chat for chat in chats if isinstance(chat, dict) and chat.get("type") in _ELSEWHERE]
    if not rooms:
        return None
    room = rooms[0].get("id")
    return room if isinstance(room, int) else 0


def sender_of(raw: dict[str, Any]) -> int | None:
    """The Telegram id of whoever did it, None when the update does not say."""
    for part in raw.values():
        if isinstance(part, dict) and isinstance(part.get("from"), dict):
            sender = part["from"].get("id")
            if isinstance(sender, int) and abs(sender) < 2**53:
                return sender
    return None


def language_of_sender(raw: dict[str, Any]) -> str:
    """The language that Telegram tells of whoever did it, English when the update does not say."""
    for part in raw.values():
        if isinstance(part, dict) and isinstance(part.get("from"), dict):
            language = part["from"].get("language_code")
            if isinstance(language, str):
                return language
    return "en"


def profile_of(telegram_id: int, first_name: str, username: str | None, language: str | None) -> Profile:
    return Profile(telegram_id, shorten(first_name, LONGEST_NAME), username, language or "en")
