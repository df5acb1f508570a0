import secrets
from typing import Any

from playground.state import Document, State

# https://core.telegram.org/bots/api#chatmemberadministrator: those that every administrator carries
RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
GROUP_RIGHTS = ("can_pin_messages", "can_manage_topics")
CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages")
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
STATUSES = ("creator", "administrator", "member", "restricted", "left", "kicked")
PRESENT = {"creator", "administrator", "member", "restricted"}
_FIRST_GROUP = 4_000_001
_FIRST_SUPERGROUP = 1_000_000_000_001


class Chats:
    """Groups, forums and channels, who is in them and with what rights, and the links into them."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_username = {chat["username"].lower(): chat["id"] for chat in state.all("chat") if chat.get("username")}

    def get(self, chat_id: int) -> Document | None:
        return self._state.get("chat", chat_id)

    def named(self, username: str) -> Document | None:
        chat_id = self._by_username.get(username.removeprefix("@").lower())
        return None if chat_id is None else self.get(chat_id)

    def all(self) -> list[Document]:
        return self._state.all("chat")

    def add(self, kind: str, title: str, *, username: str | None = None, is_forum: bool = False) -> Document:
        if kind == "group":
            chat_id = -self._state.next_number("group", start=_FIRST_GROUP)
        else:
            chat_id = -self._state.next_number("supergroup", start=_FIRST_SUPERGROUP)
        chat = {"id": chat_id, "type": kind, "title": title, "username": username, "is_forum": is_forum}
        self.save(chat)
        if username:
            self._by_username[username.lower()] = chat_id
        return chat

    def save(self, chat: Document) -> None:
        self._state.put("chat", chat["id"], chat)

    def close(self, chat: Document, upgraded_to: int) -> None:
        """The chat goes on as another one; its links open nothing any more."""
        self.save({**chat, "upgraded_to": upgraded_to})
        for link in self._state.all("link"):
            if link["chat_id"] == chat["id"]:
                self.save_link({**link, "is_revoked": True})

    def member(self, chat_id: int, user_id: int) -> Document:
        return self._state.get(f"member.{chat_id}", user_id) or {"user_id": user_id, "status": "left"}

    def members(self, chat_id: int) -> list[Document]:
        return self._state.all(f"member.{chat_id}")

    def set_member(self, chat_id: int, user_id: int, status: str, **more: Any) -> Document:
        member = {"user_id": user_id, "status": status, **more}
        self._state.put(f"member.{chat_id}", user_id, member)
        return member

    def add_link(self, chat_id: int, creator_id: int, **more: Any) -> Document:
        link = {
            "invite_link": f"https://t.me/+{secrets.token_urlsafe(12)}",
            "chat_id": chat_id,
            "creator_id": creator_id,
            "is_revoked": False,
            "joined": 0,
            **more,
        }
        self.save_link(link)
        return link

    def save_link(self, link: Document) -> None:
        self._state.put("link", link["invite_link"], link)

    def link(self, url: str) -> Document | None:
        return self._state.get("link", url)

    def request(self, chat_id: int, user_id: int) -> Document | None:
        return self._state.get("join_request", f"{chat_id}.{user_id}")

    def add_request(self, chat_id: int, user_id: int, invite_link: str) -> None:
        self._state.put(
            "join_request",
            f"{chat_id}.{user_id}",
            {"chat_id": chat_id, "user_id": user_id, "invite_link": invite_link},
        )

    def drop_request(self, chat_id: int, user_id: int) -> None:
        self._state.delete("join_request", f"{chat_id}.{user_id}")

    def requests(self, chat_id: int) -> list[Document]:
        return [one for one in self._state.all("join_request") if one["chat_id"] == chat_id]


def chat_json(chat: Document) -> dict[str, Any]:
    shown = {"id": chat["id"], "type": chat["type"], "title": chat["title"]}
    if chat.get("username"):
        shown["username"] = chat["username"]
    if chat.get("is_forum"):
        shown["is_forum"] = True
    return shown


def member_json(chat: Document, member: Document, user: dict[str, Any]) -> dict[str, Any]:
    """One of the six kinds of ChatMember."""
    status = member["status"]
    shown: dict[str, Any] = {"status": status, "user": user}
    match status:
        case "creator":
            shown["is_anonymous"] = bool(member.get("is_anonymous"))
        case "administrator":
            extra = CHANNEL_RIGHTS if chat["type"] == "channel" else GROUP_RIGHTS
            shown.update({right: bool(member.get(right)) for right in (*RIGHTS, *extra)})
            shown["can_manage_chat"] = True
        case "restricted":
            shown["is_member"] = bool(member.get("is_member", True))
            shown.update({name: bool(member.get(name)) for name in PERMISSIONS})
            shown["until_date"] = member.get("until_date", 0)
        case "kicked":
            shown["until_date"] = member.get("until_date", 0)
        case _:
            pass
    if status in {"creator", "administrator"} and member.get("custom_title"):
        shown["custom_title"] = member["custom_title"]
    return shown


def may(member: Document, right: str) -> bool:
    return member["status"] == "creator" or (
        member["status"] == "administrator" and (right == "can_manage_chat" or bool(member.get(right)))
    )
