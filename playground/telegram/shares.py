"""What a person can put into a message."""

from typing import Any

from kit.text import CAPTION_LIMIT, TEXT_LIMIT, utf16_length
from playground.refusal import invalid, missing
from playground.state import Document
from playground.telegram.errors import Refused
from playground.telegram.fields_given import bytes_of, mapping, number, text_of, text_or, whole, whole_or
from playground.telegram.files import dimensions, media, photo_sizes
from playground.telegram.parts import Parts
from playground.telegram.rooms import room_of
from playground.telegram.sending import origin
from playground.telegram.text import formatted, tidied, with_detected

_KINDS = ("text", "contact", "document", "photo", "location", "voice", "video", "forward")
_FORWARDED = ("text", "entities", "caption", "caption_entities", "photo", "document", "video", "voice", "audio",
              "animation", "location", "contact")  # fmt: skip
_SIZE_LIMIT = 50 * 1024 * 1024


def shared(parts: Parts, bot: Document, person: Document, room: str, body: dict[str, Any]) -> dict[str, Any]:
    """The content of a new message. `room` is where a forwarded message is looked up."""
    kinds = [kind for kind in _KINDS if body.get(kind) is not None]
    if len(kinds) != 1:
        raise invalid(f"a message has exactly one of {', '.join(_KINDS)}")
    match kinds[0]:
        case "text":
            return typed(text_of(body, "text"), body)
        case "contact":
            return {"contact": _contact(parts, person, mapping(body, "contact"))}
        case "location":
            return {"location": _location(mapping(body, "location"))}
        case "forward":
            return _forward(parts, bot, room, body["forward"])
        case kind:
            return _file(parts, bot, kind, mapping(body, kind), body)


def typed(text: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    plain, entities = _marked(text, body or {})
    if not plain:
        raise invalid("the text is empty")
    if utf16_length(plain) > TEXT_LIMIT:
        raise invalid(f"the text is longer than {TEXT_LIMIT} characters")
    return {"text": plain, **({"entities": entities} if entities else {})}


def _marked(text: str, body: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """With `"parse_mode": "HTML"`, what somebody has made bold or linked in their app."""
    if body.get("parse_mode") is None:
        return with_detected(*tidied(text, []))
    try:
        return formatted(text, text_of(body, "parse_mode"), None)
    except Refused as refused:
        raise invalid(str(refused)) from refused


def _contact(parts: Parts, person: Document, given: dict[str, Any]) -> dict[str, Any]:
    """One's own contact, unless `user_id` is someone else's, or null for nobody on Telegram."""
    user_id = person["id"] if "user_id" not in given else given["user_id"]
    if user_id is not None:
        user_id = whole({"user_id": user_id}, "user_id")
    named = (parts.people.get(user_id) if user_id is not None else None) or {}
    contact: dict[str, Any] = {
        "phone_number": text_or(given, "phone_number", str(named.get("phone_number", "+15550000000"))),
        "first_name": text_or(given, "first_name", str(named.get("first_name", "Somebody"))),
    }
    if last_name := text_or(given, "last_name", str(named.get("last_name") or "")):
        contact["last_name"] = last_name
    if user_id is not None:
        contact["user_id"] = user_id
    return contact


def _location(given: dict[str, Any]) -> dict[str, Any]:
    latitude, longitude = number(given, "latitude"), number(given, "longitude")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):  # noqa: PLR2004 - degrees
        raise invalid("latitude is within ±90 and longitude within ±180 degrees")
    return {"latitude": latitude, "longitude": longitude}


def _forward(parts: Parts, bot: Document, room: str, given: Any) -> dict[str, Any]:
    """An earlier message by its id (of another person's chat with `person`), or a `text` from outside."""
    if isinstance(given, dict) and "message_id" not in given:
        sender = {
            "type": "hidden_user",
            "date": int(parts.core.clock().timestamp()),
            "sender_user_name": text_or(given, "from", "Somebody"),
        }
        return {"forward_origin": sender, **typed(text_of(given, "text"))}
    wanted = given if isinstance(given, dict) else {"message_id": given}
    if wanted.get("person") is not None:
        room = room_of(bot["id"], whole(wanted, "person"))
    message_id = whole(wanted, "message_id")
    record = parts.rooms.get(room, message_id)
    if record is None:
        raise missing(f"there is no message {message_id} to forward")
    message = record["message"]
    content = {name: message[name] for name in _FORWARDED if name in message}
    if not content:
        raise invalid(f"message {message_id} can't be forwarded")
    return {"forward_origin": origin(message), **content}


def _file(parts: Parts, bot: Document, kind: str, given: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    content = bytes_of(given, "content_base64") if kind in {"document", "photo"} or "content_base64" in given else b"\0"
    if not content:
        raise invalid("the file is empty")
    if len(content) > _SIZE_LIMIT:
        raise invalid("the file is larger than 50 MB")
    more = _measures(kind, given, content)
    mime_types = {"photo": "image/jpeg", "voice": "audio/ogg", "video": "video/mp4"}
    caption, entities = _marked(_caption(given, body), body)
    if utf16_length(caption) > CAPTION_LIMIT:
        raise invalid(f"the caption is longer than {CAPTION_LIMIT} characters")
    file = parts.files.keep(
        bot["id"],
        kind,
        content,
        file_name=text_of(given, "file_name") if given.get("file_name") is not None else None,
        mime_type=text_or(given, "mime_type", mime_types.get(kind, "application/octet-stream")),
        **more,
    )
    message: dict[str, Any] = {kind: photo_sizes(file) if kind == "photo" else media(file)}
    if caption:
        message["caption"] = caption
    if entities:
        message["caption_entities"] = entities
    if body.get("media_group_id") is not None:
        # sent together with others, each of which comes by itself
        message["media_group_id"] = text_of(body, "media_group_id")
    return message


def _caption(given: dict[str, Any], body: dict[str, Any]) -> str:
    return text_or(given, "caption", text_or(body, "caption", ""))


def _measures(kind: str, given: dict[str, Any], content: bytes) -> dict[str, int]:
    match kind:
        case "photo":
            width, height = dimensions(content) or (1280, 960)
            return {"width": width, "height": height}
        case "voice":
            return {"duration": whole_or(given, "duration", 1)}
        case "video":
            return {name: whole_or(given, name, usual) for name, usual in
                    (("width", 1280), ("height", 720), ("duration", 1))}  # fmt: skip
        case _:
            return {}
