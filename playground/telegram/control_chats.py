"""The part of the control API that is about groups, forums and channels, and who is in them."""

import re
from typing import Any

from aiohttp import web

from playground.control_wire import answer, json_body, optional_number
from playground.refusal import conflict, invalid, missing
from playground.state import Document
from playground.telegram.asked import bot_asked, chat_asked, number_asked, person_asked
from playground.telegram.chats import (
    CHANNEL_RIGHTS,
    GROUP_RIGHTS,
    PERMISSIONS,
    PRESENT,
    RIGHTS,
    STATUSES,
    chat_json,
    may,
    member_json,
)
from playground.telegram.fields_given import flag, text_of, text_or, whole
from playground.telegram.membership import link_json
from playground.telegram.parts import Parts
from playground.telegram.people import person_user
from playground.telegram.transitions import bots_in, move_member, upgrade
from playground.telegram.views import messages_view

_KINDS = {"group": "group", "supergroup": "supergroup", "forum": "supergroup", "channel": "channel"}
_TITLE_LIMIT = 128
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}")
_FLAGS = {*RIGHTS, *GROUP_RIGHTS, *CHANNEL_RIGHTS, *PERMISSIONS, "is_member"}


def chat_routes(parts: Parts) -> list[web.RouteDef]:
    desk = _Chats(parts)
    return [
        web.get("/chats", desk.chats),
        web.post("/chats", desk.add),
        web.get("/chats/{id}", desk.chat),
        web.put("/chats/{id}/members/{person}", desk.set_member),
        web.post("/chats/{id}/upgrade", desk.upgrade),
        web.post("/people/{id}/joins", desk.join),
    ]


class _Chats:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def _members(self, chat: Document) -> list[dict[str, Any]]:
        return [
            member_json(chat, member, user)
            for member in self._parts.chats.members(chat["id"])
            if (user := self._parts.user(member["user_id"])) is not None
        ]

    async def chats(self, request: web.Request) -> web.Response:
        return answer(
            {"items": [{**chat_json(chat), "members": self._members(chat)} for chat in self._parts.chats.all()]}
        )

    async def chat(self, request: web.Request) -> web.Response:
        chat = chat_asked(self._parts, request)
        return answer(
            {
                **chat_json(chat),
                "members": self._members(chat),
                "join_requests": [one["user_id"] for one in self._parts.chats.requests(chat["id"])],
                "topics": self._parts.core.state.all(f"topic.{chat['id']}"),
                "messages": messages_view(self._parts, str(chat["id"]), optional_number(request, "after") or 0),
            }
        )

    async def add(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        kind = text_or(body, "type", "supergroup")
        if kind not in _KINDS:
            raise invalid(f"type must be one of {', '.join(_KINDS)}")
        title = text_of(body, "title").strip()
        if not 1 <= len(title) <= _TITLE_LIMIT:
            raise invalid(f"title has 1 to {_TITLE_LIMIT} characters")
        is_forum = kind == "forum" or (body.get("is_forum") is not None and flag(body, "is_forum"))
        if is_forum and _KINDS[kind] != "supergroup":
            raise invalid("only a supergroup can be a forum")
        username = text_of(body, "username") if body.get("username") is not None else None
        if username is not None:
            if kind == "group" or not _USERNAME.fullmatch(username):
                raise invalid("a username has 3 to 32 letters, digits and underscores; a basic group has none")
            if self._parts.chats.named(username) or self._parts.people.by_username(username):
                raise conflict(f"the username {username} is taken")
        owner = whole(body, "owner") if body.get("owner") is not None else None
        if owner is not None and self._parts.people.get(owner) is None:
            raise missing(f"there is no person {owner}")
        chat = self._parts.chats.add(_KINDS[kind], title, username=username, is_forum=is_forum)
        if owner is not None:
            self._parts.chats.set_member(chat["id"], owner, "creator")
        self._parts.core.changes.tell(chat["id"])
        return answer({**chat_json(chat), "members": self._members(chat)})

    async def set_member(self, request: web.Request) -> web.Response:
        """`bot` in the place of a person means the bot that the control API speaks of."""
        chat = chat_asked(self._parts, request)
        body = await json_body(request)
        if request.match_info["person"] == "bot":
            user_id: int | None = bot_asked(self._parts, request)["id"]
        else:
            user_id = number_asked(request, "person")
        user = None if user_id is None else self._parts.user(user_id)
        if user is None:
            raise missing(f"there is no person {request.match_info['person']}")
        status = text_or(body, "status", "member")
        if status not in STATUSES:
            raise invalid(f"status must be one of {', '.join(STATUSES)}")
        given = {**body, **(body["rights"] if isinstance(body.get("rights"), dict) else {})}
        rights: dict[str, Any] = {name: flag(given, name) for name in _FLAGS if name in given}
        if body.get("until_date") is not None:
            rights["until_date"] = whole(body, "until_date")
        if body.get("custom_title") is not None:
            rights["custom_title"] = text_of(body, "custom_title")
        owner = next((one for one in self._parts.chats.members(chat["id"]) if one["status"] == "creator"), None)
        actor = owner["user_id"] if owner is not None and not user["is_bot"] else None
        if actor is None:
            first = self._parts.people.all()[0]["id"]
            actor = (owner["user_id"] if owner else first) if user["is_bot"] else user["id"]
        with self._parts.core.state.together():
            update_ids = move_member(
                self._parts, chat, user["id"], {"status": status, **rights}, self._parts.core.clock(), by=actor
            )
        member = self._parts.chats.member(chat["id"], user["id"])
        return answer({**member_json(chat, member, user), "update_ids": update_ids})

    async def upgrade(self, request: web.Request) -> web.Response:
        """A group becomes a supergroup: another chat with the same people in it. Its links open nothing any more."""
        chat = chat_asked(self._parts, request)
        deliver = text_or(await json_body(request), "deliver", "once")
        if deliver not in {"once", "never"}:
            raise invalid("deliver must be once or never")
        if chat["type"] != "group" or chat.get("upgraded_to"):
            raise conflict("only a group that has not been upgraded yet can be")
        with self._parts.core.state.together():
            new, update_ids = upgrade(self._parts, chat, self._parts.core.clock(), told=deliver == "once")
        return answer({**chat_json(new), "members": self._members(new), "update_ids": update_ids})

    async def join(self, request: web.Request) -> web.Response:
        """A person follows an invite link."""
        person = person_asked(self._parts, request)
        body = await json_body(request)
        link = self._parts.chats.link(text_of(body, "invite_link"))
        if link is None:
            raise missing("there is no such invite link")
        chat = self._parts.chats.get(link["chat_id"])
        if chat is None:
            raise missing("the link's chat is gone")
        self._check_link(link, person, chat)
        now = self._parts.core.clock()
        with self._parts.core.state.together():
            if link.get("creates_join_request"):
                update_ids = self._request(person, chat, link, int(now.timestamp()))
                return answer({"status": "requested", "chat_id": chat["id"], "update_ids": update_ids})
            link["joined"] += 1
            self._parts.chats.save_link(link)
            update_ids = move_member(
                self._parts,
                chat,
                person["id"],
                {"status": "member"},
                now,
                by=person["id"],
                invite_link=link_json(self._parts, link),
            )
        return answer({"status": "joined", "chat_id": chat["id"], "update_ids": update_ids})

    def _check_link(self, link: Document, person: Document, chat: Document) -> None:
        status = self._parts.chats.member(chat["id"], person["id"])["status"]
        if status in PRESENT:
            raise conflict("this person is in the chat already")
        if status == "kicked":
            raise conflict("this person is banned from the chat")
        expired = link.get("expire_date") and link["expire_date"] <= self._parts.core.clock().timestamp()
        used_up = link.get("member_limit") and link["joined"] >= link["member_limit"]
        if link["is_revoked"] or expired or used_up:
            raise conflict("the invite link has been revoked, has expired, or is used up")

    def _request(self, person: Document, chat: Document, link: Document, date: int) -> list[int]:
        self._parts.chats.add_request(chat["id"], person["id"], link["invite_link"])
        body = {
            "chat": chat_json(chat),
            "from": person_user(person),
            "user_chat_id": person["id"],
            "date": date,
            "invite_link": link_json(self._parts, link),
        }
        self._parts.core.changes.tell(chat["id"], person["id"])
        told = [
            self._parts.mail.box(bot).add("chat_join_request", body)
            for bot, member in bots_in(self._parts, chat["id"])
            if may(member, "can_invite_users")
        ]
        return [update_id for update_id in told if update_id is not None]
