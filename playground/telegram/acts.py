"""What a person does: write, tap, pay. Raises ControlRefusal in words for the control API's caller."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kit.text import CAPTION_LIMIT, utf16_length
from playground.refusal import ControlRefusal, conflict, invalid, missing
from playground.state import Document
from playground.telegram.chats import PRESENT, chat_json, may
from playground.telegram.fields_given import mapping, text_of, whole
from playground.telegram.parts import Parts
from playground.telegram.people import person_user, private_chat
from playground.telegram.rooms import room_of
from playground.telegram.shares import shared, typed
from playground.telegram.transitions import bots_in

ANSWER_WITHIN = 10.0  # seconds of real time


@dataclass(frozen=True, slots=True)
class Place:
    """A person in a chat: their own with the bot, or a group that they are in."""

    parts: Parts
    bot: Document
    person: Document
    chat: Document | None
    now: datetime

    @property
    def chat_id(self) -> int:
        return int(self.person["id"] if self.chat is None else self.chat["id"])

    @property
    def room(self) -> str:
        return room_of(self.bot["id"], self.chat_id)

    def record(self, message_id: int) -> Document:
        record = self.parts.rooms.get(self.room, message_id)
        if record is None:
            raise missing(f"there is no message {message_id} in this chat")
        return record

    def check_not_blocked(self) -> None:
        if self.chat is None and self.parts.people.tie(self.bot["id"], self.person["id"])["blocked"]:
            raise ControlRefusal(409, "BLOCKED", "this person has blocked the bot; unblock it first")


def place(parts: Parts, bot: Document, person: Document, chat_id: int | None) -> Place:
    chat = None
    if chat_id is not None and chat_id != person["id"]:
        chat = parts.chats.get(chat_id)
        if chat is None:
            raise missing(f"there is no chat {chat_id}")
        if parts.chats.member(chat_id, person["id"])["status"] not in PRESENT:
            raise conflict(f"{person['first_name']} is not in the chat {chat_id}")
    return Place(parts, bot, person, chat, parts.core.clock())


def write(at: Place, body: dict[str, Any]) -> dict[str, Any]:
    """A message of the person, or an edit of an earlier one."""
    at.check_not_blocked()
    content, edited_id = _written(at, body)
    with at.parts.core.state.together():
        answer = _send(at, content, body) if edited_id is None else _edit(at, edited_id, content)
    at.parts.core.changes.tell(at.person["id"], at.chat_id)
    return answer


def _written(at: Place, body: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
    edit = body.get("edit")
    if edit is None:
        return shared(at.parts, at.bot, at.person, at.room, body), None
    given = {**mapping(body, "edit")} if isinstance(edit, dict) else {**body, "message_id": edit}
    edited_id = whole(given, "message_id")
    text = given.get("text", given.get("caption"))
    if not isinstance(text, str):
        raise invalid("an edit needs a text")
    return typed(text), edited_id


def _base(at: Place, message_id: int) -> dict[str, Any]:
    message: dict[str, Any] = {"message_id": message_id}
    if at.chat is not None and at.chat["type"] == "channel":
        message["sender_chat"] = chat_json(at.chat)
    else:
        message["from"] = person_user(at.person)
    chat = private_chat(at.person) if at.chat is None else chat_json(at.chat)
    return message | {"chat": chat, "date": int(at.now.timestamp())}


def _send(at: Place, content: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    if at.chat is not None and at.chat["type"] == "channel":
        member = at.parts.chats.member(at.chat_id, at.person["id"])
        if not may(member, "can_post_messages"):
            raise conflict("only administrators with the right to post may write in a channel")
    message = _base(at, at.parts.rooms.new_id(at.bot["id"], at.chat_id))
    if body.get("reply_to") is not None:
        replied = at.record(whole(body, "reply_to"))["message"]
        message["reply_to_message"] = {name: value for name, value in replied.items() if name != "reply_to_message"}
    if body.get("message_thread_id") is not None:
        thread = whole(body, "message_thread_id")
        if at.parts.core.state.get(f"topic.{at.chat_id}", thread) is None:
            raise missing(f"there is no topic {thread} in this chat")
        message |= {"message_thread_id": thread, "is_topic_message": True}
    message |= content
    at.parts.rooms.add(at.room, message, by_bot=False)
    if at.chat is None:
        _note_written(at)
    kind = "channel_post" if at.chat is not None and at.chat["type"] == "channel" else "message"
    return {"message_id": message["message_id"], "update_id": _tell_bots(at, kind, message)}


def _note_written(at: Place) -> None:
    tie = at.parts.people.tie(at.bot["id"], at.person["id"])
    used_up = bool(tie["keyboard"] and tie["keyboard"].get("one_time_keyboard"))
    if not tie["started"] or used_up:
        tie["started"] = True
        tie["keyboard"] = None if used_up else tie["keyboard"]
        at.parts.people.save_tie(at.bot["id"], at.person["id"], tie)


def _tell_bots(at: Place, kind: str, message: dict[str, Any]) -> int | None:
    """The id of the update that the chosen bot gets, None when it gets none."""
    if at.chat is None:
        return at.parts.mail.box(at.bot).add(kind, message)
    told: dict[int, int | None] = {}
    for bot, member in bots_in(at.parts, at.chat_id):
        if at.chat["type"] == "channel" or may(member, "can_manage_chat") or _is_for(bot, message):
            told[bot["id"]] = at.parts.mail.box(bot).add(kind, message)
    return told.get(at.bot["id"])


def _is_for(bot: Document, message: dict[str, Any]) -> bool:
    """What a bot in privacy mode sees of a group: https://core.telegram.org/bots/features#privacy-mode"""
    text = message.get("text", message.get("caption", ""))
    replied = message.get("reply_to_message", {}).get("from", {}).get("id")
    mentioned = f"@{bot['username']}".lower() in text.lower()
    other_bot = text.startswith("/") and "@" in text.split()[0] and not mentioned
    return (text.startswith("/") and not other_bot) or replied == bot["id"] or mentioned


def _edit(at: Place, message_id: int, content: dict[str, Any]) -> dict[str, Any]:
    record = at.record(message_id)
    message = record["message"]
    if record["by_bot"] or message.get("from", {}).get("id") != at.person["id"]:
        raise conflict("only one's own messages can be edited")
    if "text" in message:
        changed = {name: value for name, value in message.items() if name not in {"text", "entities"}} | content
    elif {"document", "photo", "video", "voice"} & message.keys():
        if utf16_length(content["text"]) > CAPTION_LIMIT:
            raise invalid(f"the caption is longer than {CAPTION_LIMIT} characters")
        changed = {name: value for name, value in message.items() if name not in {"caption", "caption_entities"}}
        changed["caption"] = content["text"]
        if "entities" in content:
            changed["caption_entities"] = content["entities"]
    else:
        raise conflict("this message has no text to edit")
    changed["edit_date"] = int(at.now.timestamp())
    record |= {"message": changed, "edited": True}
    at.parts.rooms.put(at.room, record)
    kind = "edited_channel_post" if at.chat is not None and at.chat["type"] == "channel" else "edited_message"
    return {"message_id": message_id, "update_id": _tell_bots(at, kind, changed)}


async def tap(at: Place, body: dict[str, Any]) -> dict[str, Any]:
    """Presses an inline button and waits for the bot's answer to it, ten seconds at most."""
    message_id, data = whole(body, "message_id"), text_of(body, "data")
    record = at.record(message_id)
    markup = record["message"].get("reply_markup") or {"inline_keyboard": []}
    buttons = [button for row in markup["inline_keyboard"] for button in row]
    if not any(button.get("callback_data") == data for button in buttons):
        raise invalid(f"message {message_id} has no button with the data {data!r}")
    at.check_not_blocked()
    with at.parts.core.state.together():
        query = at.parts.queries.add("callback_query", at.bot["id"], at.now, person_id=at.person["id"])
        update = {
            "id": query["id"],
            "from": person_user(at.person),
            "message": record["message"],
            "chat_instance": str(hash((at.bot["id"], at.chat_id)) & 0x7FFFFFFFFFFFFFFF),
            "data": data,
        }
        update_id = at.parts.mail.box(at.bot).add("callback_query", update)
    answer = await at.parts.queries.answer_to(query, within=ANSWER_WITHIN) or {}
    return {
        "update_id": update_id,
        "answer": answer.get("text"),
        "show_alert": answer.get("show_alert", False),
        "url": answer.get("url"),
    }
