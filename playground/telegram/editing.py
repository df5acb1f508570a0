from datetime import timedelta
from typing import Any

from playground.state import Document
from playground.telegram.checks import Upload
from playground.telegram.errors import NOT_MODIFIED, bad
from playground.telegram.keyboards import inline_keyboard
from playground.telegram.media import edited_media
from playground.telegram.parts import Call
from playground.telegram.sending import captioned
from playground.telegram.targets import Target, editable
from playground.telegram.text import text_of

_MEDIA = {"photo", "document", "video", "animation", "audio", "voice"}
_DELETABLE_FOR = timedelta(hours=48)
_MOST_DELETED = 100


def _own(call: Call) -> tuple[Target, Document]:
    """The message of the bot that a call edits."""
    if "chat_id" not in call.params or "message_id" not in call.params:
        raise bad("message identifier is not specified")
    target = editable(call, call.params["chat_id"])
    record = call.parts.rooms.get(target.room, call.params["message_id"])
    if record is None:
        raise bad("message to edit not found")
    message = record["message"]
    # a message with any other keyboard than an inline one stays as it is: TDLib's can_edit_message
    other_keyboard = record.get("markup") and "inline_keyboard" not in record["markup"]
    if not record["by_bot"] or other_keyboard or "forward_origin" in message:
        raise bad("message can't be edited")
    return target, record


def _save(call: Call, target: Target, record: Document, changed: dict[str, Any]) -> dict[str, Any]:
    before = {name: value for name, value in record["message"].items() if name != "edit_date"}
    if changed == before:
        raise bad(NOT_MODIFIED)
    same_content = {**changed, "reply_markup": None} == {**before, "reply_markup": None}
    message = {**changed, "edit_date": call.date}
    record |= {"message": message, "markup": message.get("reply_markup")}
    record["edited"] = record["edited"] or not same_content
    call.parts.rooms.put(target.room, record)
    call.parts.core.changes.tell(target.chat_id)
    return message


def _without(message: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in {*names, "edit_date", "reply_markup"}}


def _with_keyboard(call: Call, message: dict[str, Any]) -> dict[str, Any]:
    markup = inline_keyboard(call.params.get("reply_markup"), invoice="invoice" in message)
    return {**message, "reply_markup": markup} if markup else message


def edit_message_text(call: Call) -> dict[str, Any]:
    text, entities = text_of(call.params)
    target, record = _own(call)
    if "text" not in record["message"]:
        raise bad("there is no text in the message to edit")
    changed = _without(record["message"], "text", "entities", "link_preview_options") | {"text": text}
    if entities:
        changed["entities"] = entities
    if preview := call.params.get("link_preview_options"):
        changed["link_preview_options"] = preview
    return _save(call, target, record, _with_keyboard(call, changed))


def edit_message_caption(call: Call) -> dict[str, Any]:
    caption = captioned(call.params)
    target, record = _own(call)
    if not _MEDIA & record["message"].keys():
        raise bad("there is no caption in the message to edit")
    changed = _without(record["message"], "caption", "caption_entities", "show_caption_above_media")
    return _save(call, target, record, _with_keyboard(call, changed | caption))


def edit_message_reply_markup(call: Call) -> dict[str, Any]:
    target, record = _own(call)
    return _save(call, target, record, _with_keyboard(call, _without(record["message"])))


def edit_message_media(call: Call, uploads: dict[str, Upload]) -> dict[str, Any]:
    target, record = _own(call)
    if not (_MEDIA | {"text"}) & record["message"].keys():
        raise bad("message can't be edited")
    content = edited_media(call, uploads) | captioned(call.params["media"])
    gone = {"text", "entities", "link_preview_options", "caption", "caption_entities", "show_caption_above_media"}
    changed = _without(record["message"], *gone, *_MEDIA, "has_media_spoiler") | content
    return _save(call, target, record, _with_keyboard(call, changed))


def _refusal_to_delete(call: Call, target: Target, record: Document) -> str | None:
    message = record["message"]
    if target.chat is None and call.date - message["date"] > _DELETABLE_FOR.total_seconds():
        return "message can't be deleted for everyone"
    if target.chat is not None and not record["by_bot"]:
        target.needs("can_delete_messages", "message can't be deleted")
    return None


def _delete(call: Call, target: Target, record: Document) -> None:
    record["deleted"] = True
    call.parts.rooms.put(target.room, record)
    call.parts.core.changes.tell(target.chat_id)


def delete_message(call: Call) -> bool:
    target = editable(call, call.params["chat_id"])
    record = call.parts.rooms.get(target.room, call.params["message_id"])
    if record is None:
        raise bad("message to delete not found")
    if refusal := _refusal_to_delete(call, target, record):
        raise bad(refusal)
    _delete(call, target, record)
    return True


def delete_messages(call: Call) -> bool:
    """Deletes those that it finds; the others are passed over."""
    ids = call.params["message_ids"]
    if len(ids) > _MOST_DELETED:
        raise bad("too many message identifiers specified")
    for message_id in ids:
        if isinstance(message_id, bool) or not isinstance(message_id, int):
            raise bad("message identifier must be a Number")
        if message_id <= 0:
            raise bad("invalid message identifier specified")
    target = editable(call, call.params["chat_id"])
    records = [record for one in ids if (record := call.parts.rooms.get(target.room, one)) is not None]
    for record in records:
        if refusal := _refusal_to_delete(call, target, record):
            raise bad(refusal)
    for record in records:
        _delete(call, target, record)
    return True


def pin_chat_message(call: Call) -> bool:
    target = editable(call, call.params["chat_id"])
    _check_pinning(target)
    message_id = call.params["message_id"]
    if call.parts.rooms.get(target.room, message_id) is None:
        raise bad("message to pin not found")
    pins = call.parts.core.state.get("pins", target.room) or {"ids": []}
    pins["ids"] = [one for one in pins["ids"] if one != message_id] + [message_id]
    call.parts.core.state.put("pins", target.room, pins)
    call.parts.core.changes.tell(target.chat_id)
    return True


def unpin_chat_message(call: Call) -> bool:
    target = editable(call, call.params["chat_id"])
    _check_pinning(target)
    pins = call.parts.core.state.get("pins", target.room) or {"ids": []}
    message_id = call.params.get("message_id", pins["ids"][-1] if pins["ids"] else None)
    if message_id not in pins["ids"]:
        raise bad("message to unpin not found")
    pins["ids"].remove(message_id)
    call.parts.core.state.put("pins", target.room, pins)
    call.parts.core.changes.tell(target.chat_id)
    return True


def _check_pinning(target: Target) -> None:
    right = "can_edit_messages" if target.type == "channel" else "can_pin_messages"
    target.needs(right, "not enough rights to manage pinned messages in the chat")
