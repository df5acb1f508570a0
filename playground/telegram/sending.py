import secrets
from typing import Any

from playground.state import Document
from playground.telegram.bots import bot_user
from playground.telegram.checks import Upload
from playground.telegram.errors import bad
from playground.telegram.keyboards import any_keyboard
from playground.telegram.media import Media, album_item, given_media
from playground.telegram.parts import Call
from playground.telegram.targets import Target, writable
from playground.telegram.text import caption_of, text_of

_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
_ALBUM = range(2, 11)


def deliver(call: Call, target: Target, content: dict[str, Any], **kept: Any) -> dict[str, Any]:
    """Puts the bot's message into the chat, with the answer-to, thread and keyboard that the call asks for."""
    params = call.params
    markup = kept.pop("markup", None)
    message = base(call, target)
    replied = _replied(call, target)
    if replied is not None:
        message["reply_to_message"] = replied
    if thread := params.get("message_thread_id"):
        message |= {"message_thread_id": thread, "is_topic_message": True}
    if params.get("protect_content"):
        message["has_protected_content"] = True
    message |= content
    if markup and "inline_keyboard" in markup:
        message["reply_markup"] = markup
    call.parts.rooms.add(target.room, message, by_bot=True, markup=markup, **kept)
    if markup and target.chat is None:
        _show_keyboard(call, target, markup)
    call.parts.core.changes.tell(target.chat_id)
    return message


def base(call: Call, target: Target) -> dict[str, Any]:
    message: dict[str, Any] = {"message_id": call.parts.rooms.new_id(call.bot["id"], target.chat_id)}
    if target.type == "channel":
        message["sender_chat"] = target.json
    else:
        message["from"] = bot_user(call.bot)
    return message | {"chat": target.json, "date": call.date}


def _show_keyboard(call: Call, target: Target, markup: dict[str, Any]) -> None:
    if "keyboard" in markup or "remove_keyboard" in markup:
        tie = call.parts.people.tie(call.bot["id"], target.chat_id)
        tie["keyboard"] = markup if "keyboard" in markup else None
        call.parts.people.save_tie(call.bot["id"], target.chat_id, tie)


def _replied(call: Call, target: Target) -> dict[str, Any] | None:
    reply = call.params.get("reply_parameters")
    if not reply:
        return None
    message_id = reply.get("message_id")
    if not isinstance(message_id, int):
        raise bad("can't parse reply parameters: can't find field \"message_id\"")
    record = call.parts.rooms.get(target.room, message_id)
    if record is None:
        if reply.get("allow_sending_without_reply"):
            return None
        raise bad("message to be replied not found")
    return {name: value for name, value in record["message"].items() if name != "reply_to_message"}


def _ready(call: Call) -> tuple[Target, dict[str, Any] | None]:
    target = writable(call, call.params["chat_id"], call.params.get("message_thread_id"))
    return target, any_keyboard(call.params.get("reply_markup"), target.type)


def send_message(call: Call) -> dict[str, Any]:
    text, entities = text_of(call.params)
    target, markup = _ready(call)
    content: dict[str, Any] = {"text": text}
    if entities:
        content["entities"] = entities
    if preview := call.params.get("link_preview_options"):
        content["link_preview_options"] = preview
    return deliver(call, target, content, markup=markup)


def captioned(params: dict[str, Any]) -> dict[str, Any]:
    text, entities = caption_of(params)
    content: dict[str, Any] = {"caption": text} if text else {}
    if entities:
        content["caption_entities"] = entities
    if params.get("show_caption_above_media"):
        content["show_caption_above_media"] = True
    return content


def _send_media(call: Call, kind: Media) -> dict[str, Any]:
    caption = captioned(call.params)
    target, markup = _ready(call)
    content = given_media(call, kind, call.params[kind], call.params)
    if call.params.get("has_spoiler"):
        content["has_media_spoiler"] = True
    return deliver(call, target, content | caption, markup=markup)


def send_photo(call: Call) -> dict[str, Any]:
    return _send_media(call, "photo")


def send_document(call: Call) -> dict[str, Any]:
    return _send_media(call, "document")


def send_video(call: Call) -> dict[str, Any]:
    return _send_media(call, "video")


def send_animation(call: Call) -> dict[str, Any]:
    return _send_media(call, "animation")


def send_audio(call: Call) -> dict[str, Any]:
    return _send_media(call, "audio")


def send_voice(call: Call) -> dict[str, Any]:
    return _send_media(call, "voice")


def send_media_group(call: Call, uploads: dict[str, Upload]) -> list[dict[str, Any]]:
    items = call.params["media"]
    if len(items) not in _ALBUM:
        raise bad("expected 2-10 media in the album" if items else "media not found")
    target = writable(call, call.params["chat_id"], call.params.get("message_thread_id"))
    contents = [album_item(call, item, uploads) for item in items]
    kinds = {kind for kind, _ in contents}
    if len(kinds) > 1 and kinds & {"document", "audio"}:
        raise bad("can't use the media of the specified type in the album")
    group_id = str(secrets.randbits(53))
    return [
        deliver(call, target, {"media_group_id": group_id, **content, **captioned(item)})
        for item, (_, content) in zip(items, contents, strict=True)
    ]


def send_location(call: Call) -> dict[str, Any]:
    target, markup = _ready(call)
    names = ("latitude", "longitude", "horizontal_accuracy", "live_period", "heading", "proximity_alert_radius")
    location = {name: call.params[name] for name in names if name in call.params}
    if not (-90 <= location["latitude"] <= 90 and -180 <= location["longitude"] <= 180):  # noqa: PLR2004 - degrees
        raise bad("wrong latitude or longitude specified")
    return deliver(call, target, {"location": location}, markup=markup)


def send_contact(call: Call) -> dict[str, Any]:
    target, markup = _ready(call)
    names = ("phone_number", "first_name", "last_name", "vcard")
    contact = {name: call.params[name] for name in names if name in call.params}
    return deliver(call, target, {"contact": contact}, markup=markup)


def send_chat_action(call: Call) -> bool:
    if call.params["action"] not in _ACTIONS:
        raise bad("wrong parameter action in request")
    writable(call, call.params["chat_id"], call.params.get("message_thread_id"))
    return True


_NOT_COPIED = {
    "message_id", "from", "sender_chat", "chat", "date", "edit_date", "reply_to_message", "reply_markup",
    "message_thread_id", "is_topic_message", "has_protected_content", "forward_origin", "media_group_id",
    "has_media_spoiler",
}  # fmt: skip
_COPIABLE = {"text", "photo", "document", "video", "animation", "audio", "voice", "location", "contact"}


def _source(call: Call, what: str) -> Document:
    source = writable(call, call.params["from_chat_id"])
    record = call.parts.rooms.get(source.room, call.params["message_id"])
    if record is None:
        raise bad(f"message to {what} not found")
    if record["message"].get("has_protected_content"):
        raise bad("message has protected content and can't be forwarded")
    return record


def _content(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in _NOT_COPIED}


def copy_message(call: Call) -> dict[str, Any]:
    target, markup = _ready(call)
    message = _source(call, "copy")["message"]
    if not _COPIABLE & message.keys():
        raise bad("message can't be copied")
    content = _content(message)
    if "caption" in call.params and "text" not in content:
        content = {name: value for name, value in content.items() if not name.startswith("caption")}
        content |= captioned(call.params)
    return {"message_id": deliver(call, target, content, markup=markup)["message_id"]}


def forward_message(call: Call) -> dict[str, Any]:
    target = writable(call, call.params["chat_id"], call.params.get("message_thread_id"))
    record = _source(call, "forward")
    message = record["message"]
    if not (_COPIABLE | {"invoice"}) & message.keys():
        raise bad("message can't be forwarded")
    return deliver(call, target, {"forward_origin": origin(message), **_content(message)})


def origin(message: dict[str, Any]) -> dict[str, Any]:
    """Where a forwarded message first stood."""
    if "forward_origin" in message:
        return dict(message["forward_origin"])
    if "from" in message:
        return {"type": "user", "date": message["date"], "sender_user": message["from"]}
    return {
        "type": "channel",
        "date": message["date"],
        "chat": message["sender_chat"],
        "message_id": message["message_id"],
    }
