from datetime import datetime
from typing import Any

from playground.state import Document
from playground.telegram.chats import PRESENT, chat_json, may, member_json
from playground.telegram.parts import Parts
from playground.telegram.people import person_user, private_chat


def bots_in(parts: Parts, chat_id: int) -> list[tuple[Document, Document]]:
    """The bots that are in a chat, each with its membership."""
    found = []
    for bot in parts.bots.all():
        member = parts.chats.member(chat_id, bot["id"])
        if member["status"] in PRESENT:
            found.append((bot, member))
    return found


def move_member(
    parts: Parts,
    chat: Document,
    user_id: int,
    changes: dict[str, Any],
    now: datetime,
    *,
    by: int,
    **more: Any,
) -> list[int]:
    """Gives someone another status in a chat and tells the bots that may know; `more` goes into the update."""
    user = parts.user(user_id)
    actor = parts.user(by)
    if user is None or actor is None:
        return []
    old = parts.chats.member(chat["id"], user_id)
    new = parts.chats.set_member(chat["id"], user_id, **changes)
    body = {
        "chat": chat_json(chat),
        "from": actor,
        "date": int(now.timestamp()),
        "old_chat_member": member_json(chat, old, user),
        "new_chat_member": member_json(chat, new, user),
        **{name: value for name, value in more.items() if value is not None},
    }
    update_ids: list[int | None] = []
    bot = parts.bots.get(user_id)
    if bot is not None:
        update_ids.append(parts.mail.box(bot).add("my_chat_member", body))
    else:
        for other, member in bots_in(parts, chat["id"]):
            if may(member, "can_manage_chat"):
                update_ids.append(parts.mail.box(other).add("chat_member", body))
        update_ids.extend(_announce(parts, chat, user, body))
    parts.core.changes.tell(chat["id"], user_id)
    return [update_id for update_id in update_ids if update_id is not None]


def _announce(parts: Parts, chat: Document, user: dict[str, Any], body: dict[str, Any]) -> list[int | None]:
    """The service message that a group shows when somebody comes or goes."""
    is_in = body["new_chat_member"]["status"] in PRESENT
    if chat["type"] == "channel" or is_in == (body["old_chat_member"]["status"] in PRESENT):
        return []
    message = {
        "message_id": parts.rooms.new_id(0, chat["id"]),
        "from": user,
        "chat": body["chat"],
        "date": body["date"],
        **({"new_chat_members": [user]} if is_in else {"left_chat_member": user}),
    }
    parts.rooms.add(str(chat["id"]), message, by_bot=False)
    return [parts.mail.box(bot).add("message", message) for bot, _ in bots_in(parts, chat["id"])]


def upgrade(parts: Parts, chat: Document, now: datetime, *, told: bool) -> tuple[Document, list[int]]:
    """https://core.telegram.org/bots/api#message: told in both chats, unless the bots are to find out by themselves."""
    new = parts.chats.add("supergroup", chat["title"])
    for member in parts.chats.members(chat["id"]):
        kept = {name: value for name, value in member.items() if name not in {"user_id", "status"}}
        parts.chats.set_member(new["id"], member["user_id"], member["status"], **kept)
    parts.chats.close(chat, new["id"])
    parts.core.changes.tell(chat["id"], new["id"])
    update_ids: list[int | None] = []
    words = ((chat, {"migrate_to_chat_id": new["id"]}), (new, {"migrate_from_chat_id": chat["id"]}))
    for where, word in words if told else ():
        message = {
            "message_id": parts.rooms.new_id(0, where["id"]),
            "chat": chat_json(where),
            "date": int(now.timestamp()),
            **word,
        }
        parts.rooms.add(str(where["id"]), message, by_bot=False)
        update_ids += [parts.mail.box(bot).add("message", message) for bot, _ in bots_in(parts, where["id"])]
    return new, [update_id for update_id in update_ids if update_id is not None]


def block(parts: Parts, bot: Document, person: Document, now: datetime, *, blocked: bool) -> int | None:
    """The person stops or restarts the bot; the same again changes nothing."""
    tie = parts.people.tie(bot["id"], person["id"])
    if tie["blocked"] == blocked:
        return None
    tie["blocked"] = blocked
    parts.people.save_tie(bot["id"], person["id"], tie)
    user = parts.user(bot["id"])
    banned = {"status": "kicked", "user": user, "until_date": 0}
    member = {"status": "member", "user": user}
    update_id = parts.mail.box(bot).add(
        "my_chat_member",
        {
            "chat": private_chat(person),
            "from": person_user(person),
            "date": int(now.timestamp()),
            "old_chat_member": member if blocked else banned,
            "new_chat_member": banned if blocked else member,
        },
    )
    parts.core.changes.tell(person["id"])
    return update_id
