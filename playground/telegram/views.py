"""Messages as the chat page shows them."""

from datetime import UTC, datetime
from typing import Any

from playground.state import Document
from playground.telegram.parts import Parts
from playground.telegram.profile import commands_seen
from playground.telegram.rooms import room_of
from playground.telegram.text import render

_AS_IT_IS = (
    "caption",
    "contact",
    "location",
    "successful_payment",
    "refunded_payment",
    "forward_origin",
    "message_thread_id",
    "media_group_id",
)
_FILES = ("document", "video", "voice", "audio", "animation")


def chat_view(parts: Parts, bot: Document | None, person: Document, after: int) -> dict[str, Any]:
    """A person's chat with the bot, from the message after `after` on."""
    if bot is None:
        return {"messages": [], "keyboard": None, "commands": [], "blocked": False, "started": False, "bot": None}
    tie = parts.people.tie(bot["id"], person["id"])
    keyboard = tie["keyboard"]
    return {
        "messages": messages_view(parts, room_of(bot["id"], person["id"]), after),
        "keyboard": keyboard["keyboard"] if keyboard else None,
        "keyboard_placeholder": (keyboard or {}).get("input_field_placeholder"),
        "commands": commands_seen(bot, person),
        "blocked": tie["blocked"],
        "started": tie["started"],
        "bot": {"id": bot["id"], "first_name": bot["name"], "username": bot["username"]},
    }


def messages_view(parts: Parts, room: str, after: int) -> list[dict[str, Any]]:
    pins = (parts.core.state.get("pins", room) or {"ids": []})["ids"]
    return [
        message_view(parts, record, pinned=record["message"]["message_id"] in pins)
        for record in parts.rooms.all(room)
        if record["message"]["message_id"] > after
    ]


def message_view(parts: Parts, record: Document, *, pinned: bool) -> dict[str, Any]:
    message = record["message"]
    text = message.get("text", message.get("caption", ""))
    entities = message.get("entities", message.get("caption_entities", []))
    view: dict[str, Any] = {
        "message_id": message["message_id"],
        "from": "bot" if record["by_bot"] else "person",
        "text": text or _said(message),
        "html": render(text or _said(message), entities if text else []),
        "entities": entities,
        "buttons": [[_button(button) for button in row] for row in _inline(message)],
        "edited": record["edited"],
        "deleted": record["deleted"],
        "pinned": pinned,
        "date": datetime.fromtimestamp(message["date"], UTC).isoformat().replace("+00:00", "Z"),
    }
    return view | _attached(parts, record)


def _attached(parts: Parts, record: Document) -> dict[str, Any]:
    """Files, keyboard, invoice and whatever else the message carries."""
    message = record["message"]
    view = {name: message[name] for name in _AS_IT_IS if name in message}
    markup = record.get("markup")
    if markup and "keyboard" in markup:
        view["keyboard"] = markup["keyboard"]
    for kind in _FILES:
        if kind in message and not (kind == "document" and "animation" in message):
            view[kind] = _file(parts, message[kind]["file_id"])
    if "photo" in message:
        view["photo"] = _file(parts, message["photo"][-1]["file_id"])
    if "invoice" in message:
        view["invoice"] = {**message["invoice"], "paid": bool(record.get("paid"))}
    if "reply_to_message" in message:
        view["reply_to"] = message["reply_to_message"]["message_id"]
    if "from" in message:
        view["sender"] = {"id": message["from"]["id"], "first_name": message["from"]["first_name"]}
    return view


def _said(message: dict[str, Any]) -> str:
    """A line for messages that carry no text of their own, empty for those that show themselves."""
    if "successful_payment" in message:
        return f"Paid {message['successful_payment']['total_amount']} ⭐️"
    if "refunded_payment" in message:
        return f"{message['refunded_payment']['total_amount']} ⭐️ refunded"
    if "new_chat_members" in message:
        return f"{message['new_chat_members'][0]['first_name']} joined"
    if "left_chat_member" in message:
        return f"{message['left_chat_member']['first_name']} left"
    if "forum_topic_created" in message:
        return f"Topic “{message['forum_topic_created']['name']}” created"
    return ""


def _inline(message: dict[str, Any]) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return rows


def _button(button: dict[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = {"text": button["text"]}
    if "callback_data" in button:
        view["data"] = button["callback_data"]
    for name in ("url", "pay", "copy_text", "web_app", "style"):
        if name in button:
            view[name] = button[name]
    return view


def _file(parts: Parts, file_id: str) -> dict[str, Any]:
    file = parts.files.get(file_id) or {}
    names = ("file_id", "file_name", "mime_type", "file_size", "width", "height", "duration")
    return {
        **{name: file.get(name) for name in names if name in file},
        "url": f"/playground/api/files/{file_id}",
    }
