from dataclasses import dataclass
from typing import Any

from playground.state import Document
from playground.telegram.chats import PRESENT, chat_json, may
from playground.telegram.errors import Refused, bad, forbidden, upgraded
from playground.telegram.parts import Call
from playground.telegram.people import private_chat
from playground.telegram.rooms import room_of

_KIND_WORDS = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}


@dataclass(frozen=True, slots=True)
class Target:
    """A chat that the bot may act in."""

    chat_id: int
    room: str
    json: dict[str, Any]
    chat: Document | None  # the group or channel, None for a private chat
    bot_member: Document | None

    @property
    def type(self) -> str:
        return str(self.json["type"])

    def needs(self, right: str, refusal: str) -> None:
        """A right that the bot needs among administrators; private chats need none."""
        if self.bot_member is not None and not may(self.bot_member, right):
            raise bad(refusal)


def readable(call: Call, chat_id: int | str) -> Target:
    """The chat as far as the bot can see it. Raises Refused in Telegram's words."""
    if isinstance(chat_id, str):
        chat = call.parts.chats.named(chat_id)
    elif chat_id > 0:
        return _private(call, chat_id)
    else:
        chat = call.parts.chats.get(chat_id)
    if chat is None:
        raise bad("chat not found")
    if chat.get("upgraded_to"):
        raise upgraded(chat["upgraded_to"])
    member = call.parts.chats.member(chat["id"], call.bot["id"])
    words = _KIND_WORDS[chat["type"]]
    if member["status"] == "kicked":
        raise forbidden(f"bot was kicked from the {words}")
    if member["status"] not in PRESENT:
        if call.parts.core.state.get(f"member.{chat['id']}", call.bot["id"]) is None and not chat["username"]:
            raise bad("chat not found")
        raise forbidden(f"bot is not a member of the {words}")
    return Target(chat["id"], room_of(call.bot["id"], chat["id"]), chat_json(chat), chat, member)


def _private(call: Call, person_id: int) -> Target:
    person = call.parts.people.get(person_id)
    if person is None:
        if call.parts.bots.get(person_id) is not None:
            raise forbidden("bot can't send messages to bots")
        raise bad("chat not found")
    tie = call.parts.people.tie(call.bot["id"], person_id)
    if not tie["started"]:
        raise forbidden("bot can't initiate conversation with a user")
    return Target(person_id, room_of(call.bot["id"], person_id), private_chat(person), None, None)


def editable(call: Call, chat_id: int | str) -> Target:
    target = readable(call, chat_id)
    if target.chat is None and call.parts.people.tie(call.bot["id"], target.chat_id)["blocked"]:
        raise forbidden("bot was blocked by the user")
    return target


def writable(call: Call, chat_id: int | str, thread_id: int | None = None) -> Target:
    target = editable(call, chat_id)
    if target.type == "channel":
        target.needs("can_post_messages", "need administrator rights in the channel chat")
    member = target.bot_member
    if member is not None and member["status"] == "restricted" and not member.get("can_send_messages"):
        raise bad("not enough rights to send text messages to the chat")
    if thread_id and not (target.chat and target.chat.get("is_forum") and _topic(call, target, thread_id)):
        raise bad("message thread not found")
    return target


def _topic(call: Call, target: Target, thread_id: int) -> bool:
    return call.parts.core.state.get(f"topic.{target.chat_id}", thread_id) is not None


def group(call: Call, refusal: Refused) -> tuple[Target, Document]:
    """The group or channel that a call is about, `refusal` for a private chat."""
    target = readable(call, call.params["chat_id"])
    if target.chat is None:
        raise refusal
    return target, target.chat
