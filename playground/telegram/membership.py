from typing import Any

from playground.state import Document
from playground.telegram.chats import PRESENT, chat_json, member_json
from playground.telegram.errors import bad
from playground.telegram.parts import Call, Parts
from playground.telegram.targets import Target, group, readable
from playground.telegram.transitions import move_member

_TOPIC_COLORS = {0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F}
_NAME_LIMIT = 32
_TOPIC_LIMIT = 128
_MOST_USES = 99_999


def get_chat(call: Call) -> dict[str, Any]:
    target = readable(call, call.params["chat_id"])
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    full: dict[str, Any] = {
        **target.json,
        "accent_color_id": abs(target.chat_id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, target.chat is None),
    }
    if "username" in target.json:
        full["active_usernames"] = [target.json["username"]]
    pins = call.parts.core.state.get("pins", target.room)
    if pins and pins["ids"]:
        record = call.parts.rooms.get(target.room, pins["ids"][-1])
        if record is not None:
            full["pinned_message"] = record["message"]
    return full


def get_chat_member(call: Call) -> dict[str, Any]:
    target = readable(call, call.params["chat_id"])
    user = call.parts.user(call.params["user_id"])
    if user is None:
        raise bad("user not found")
    if target.chat is None:
        known = {target.chat_id, call.bot["id"]}
        return {"status": "member" if user["id"] in known else "left", "user": user}
    return member_json(target.chat, call.parts.chats.member(target.chat_id, user["id"]), user)


def get_chat_administrators(call: Call) -> list[dict[str, Any]]:
    _, chat = group(call, bad("there are no administrators in the private chat"))
    shown = []
    for member in call.parts.chats.members(chat["id"]):
        user = call.parts.user(member["user_id"])
        if user is None or member["status"] not in {"creator", "administrator"}:
            continue
        # other bots are listed only when asked for
        if user["is_bot"] and user["id"] != call.bot["id"] and not call.params.get("return_bots"):
            continue
        shown.append(member_json(chat, member, user))
    return shown


def get_chat_member_count(call: Call) -> int:
    target = readable(call, call.params["chat_id"])
    if target.chat is None:
        return 2
    return sum(member["status"] in PRESENT for member in call.parts.chats.members(target.chat_id))


def leave_chat(call: Call) -> bool:
    _, chat = group(call, bad("chat member status can't be changed in private chats"))
    move_member(call.parts, chat, call.bot["id"], {"status": "left"}, call.now, by=call.bot["id"])
    return True


def _other(call: Call, right: str, refusal: str) -> tuple[Target, Document, int]:
    target, chat = group(call, bad("can't ban members in private chats"))
    user_id = call.params["user_id"]
    if call.parts.user(user_id) is None:
        raise bad("user not found")
    if user_id == call.bot["id"]:
        raise bad("can't restrict self")
    target.needs(right, refusal)
    return target, chat, user_id


def ban_chat_member(call: Call) -> bool:
    _, chat, user_id = _other(call, "can_restrict_members", "not enough rights to restrict/unrestrict chat member")
    status = call.parts.chats.member(chat["id"], user_id)["status"]
    if status == "creator":
        raise bad("can't remove chat owner")
    if status == "administrator":
        raise bad("user is an administrator of the chat")
    changes = {"status": "kicked", "until_date": call.params.get("until_date", 0)}
    move_member(call.parts, chat, user_id, changes, call.now, by=call.bot["id"])
    return True


def unban_chat_member(call: Call) -> bool:
    """Someone who is in the chat is put out of it, unless `only_if_banned`."""
    _, chat, user_id = _other(call, "can_restrict_members", "not enough rights to restrict/unrestrict chat member")
    status = call.parts.chats.member(chat["id"], user_id)["status"]
    if status == "creator":
        raise bad("can't remove chat owner")
    if status == "administrator" and not call.params.get("only_if_banned"):
        raise bad("user is an administrator of the chat")
    if status == "kicked" or (status in PRESENT and not call.params.get("only_if_banned")):
        move_member(call.parts, chat, user_id, {"status": "left"}, call.now, by=call.bot["id"])
    return True


def _inviting(call: Call) -> Document:
    target, chat = group(call, bad("can't manage invite links in private chats"))
    target.needs("can_invite_users", "not enough rights to manage chat invite link")
    return chat


def link_json(parts: Parts, link: Document) -> dict[str, Any]:
    creator = parts.user(link["creator_id"])
    shown: dict[str, Any] = {
        "invite_link": link["invite_link"],
        "creator": creator,
        "creates_join_request": bool(link.get("creates_join_request")),
        "is_primary": False,
        "is_revoked": link["is_revoked"],
    }
    for name in ("name", "expire_date", "member_limit"):
        if link.get(name):
            shown[name] = link[name]
    return shown


def create_chat_invite_link(call: Call) -> dict[str, Any]:
    chat = _inviting(call)
    params = call.params
    if len(params.get("name", "")) > _NAME_LIMIT:
        raise bad("INVITE_LINK_NAME_TOO_LONG")
    if "member_limit" in params:
        if params.get("creates_join_request"):
            raise bad("member limit can't be specified for links requiring administrator approval")
        if not 1 <= params["member_limit"] <= _MOST_USES:
            raise bad("USAGE_LIMIT_INVALID")
    if params.get("expire_date") and params["expire_date"] <= call.date:
        raise bad("EXPIRE_DATE_INVALID")
    names = ("name", "expire_date", "member_limit", "creates_join_request")
    link = call.parts.chats.add_link(
        chat["id"], call.bot["id"], **{name: params[name] for name in names if name in params}
    )
    return link_json(call.parts, link)


def revoke_chat_invite_link(call: Call) -> dict[str, Any]:
    chat = _inviting(call)
    link = call.parts.chats.link(call.params["invite_link"])
    if link is None or link["chat_id"] != chat["id"]:
        raise bad("INVITE_HASH_EXPIRED")
    link["is_revoked"] = True
    call.parts.chats.save_link(link)
    return link_json(call.parts, link)


def _requested(call: Call) -> tuple[Document, Document, Document]:
    chat = _inviting(call)
    person = call.parts.people.get(call.params["user_id"])
    if person is None:
        raise bad("user not found")
    if call.parts.chats.member(chat["id"], person["id"])["status"] in PRESENT:
        raise bad("USER_ALREADY_PARTICIPANT")
    request = call.parts.chats.request(chat["id"], person["id"])
    if request is None:
        raise bad("HIDE_REQUESTER_MISSING")
    call.parts.chats.drop_request(chat["id"], person["id"])
    return chat, person, request


def approve_chat_join_request(call: Call) -> bool:
    chat, person, request = _requested(call)
    link = call.parts.chats.link(request["invite_link"])
    shown = None
    if link is not None:
        link["joined"] += 1
        call.parts.chats.save_link(link)
        shown = link_json(call.parts, link)
    move_member(
        call.parts,
        chat,
        person["id"],
        {"status": "member"},
        call.now,
        by=call.bot["id"],
        invite_link=shown,
        via_join_request=True,
    )
    return True


def decline_chat_join_request(call: Call) -> bool:
    chat, _, _ = _requested(call)
    call.parts.core.changes.tell(chat["id"])
    return True


def create_forum_topic(call: Call) -> dict[str, Any]:
    target, chat = group(call, bad("the chat is not a forum"))
    if not chat.get("is_forum"):
        raise bad("the chat is not a forum")
    target.needs("can_manage_topics", "not enough rights to create a topic")
    if len(call.params["name"]) > _TOPIC_LIMIT:
        raise bad("TOPIC_TITLE_INVALID")
    color = call.params.get("icon_color", 0x6FB9F0)
    if color not in _TOPIC_COLORS:
        raise bad("invalid icon color specified")
    thread_id = call.parts.rooms.new_id(call.bot["id"], chat["id"])
    topic = {"name": call.params["name"], "icon_color": color}
    if icon := call.params.get("icon_custom_emoji_id"):
        topic["icon_custom_emoji_id"] = icon
    call.parts.core.state.put(f"topic.{chat['id']}", thread_id, {"message_thread_id": thread_id, **topic})
    message = {
        "message_id": thread_id,
        "from": call.parts.user(call.bot["id"]),
        "chat": chat_json(chat),
        "date": call.date,
        "message_thread_id": thread_id,
        "is_topic_message": True,
        "forum_topic_created": topic,
    }
    call.parts.rooms.add(target.room, message, by_bot=True)
    call.parts.core.changes.tell(chat["id"])
    return {"message_thread_id": thread_id, **topic}
