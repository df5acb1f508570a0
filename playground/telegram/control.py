"""The part of the control API that is about people, their chats, and groups."""

import re
from typing import Any

from aiohttp import web

from playground.control_wire import answer, json_body, optional_number
from playground.refusal import conflict, invalid, missing
from playground.state import Document
from playground.telegram import acts, paying
from playground.telegram.asked import bot_asked, bot_or_none, person_asked
from playground.telegram.control_chats import chat_routes
from playground.telegram.fields_given import flag, text_of, whole
from playground.telegram.parts import Parts
from playground.telegram.transitions import block
from playground.telegram.views import chat_view

_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}")
_NAME_LIMIT = 64
_BIGGEST_ID = 2**52
_MIME_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_UNSAFE = re.compile(r"[^\w. -]", re.ASCII)
_INLINE_TYPES = ("image/", "video/", "audio/")


def control_routes(parts: Parts) -> list[web.RouteDef]:
    desk = _Desk(parts)
    return [
        *chat_routes(parts),
        web.get("/people", desk.people),
        web.post("/people", desk.add_person),
        web.get("/people/{id}", desk.person),
        web.get("/people/{id}/chat", desk.chat),
        web.post("/people/{id}/messages", desk.write),
        web.post("/people/{id}/taps", desk.tap),
        web.post("/people/{id}/star-payments", desk.pay),
        web.put("/people/{id}/blocked", desk.block),
        web.get("/bots", desk.bots),
        web.get("/files/{file_id}", desk.file),
    ]


class _Desk:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def _shown(self, person: Document) -> dict[str, Any]:
        return {"last_name": None, "username": None, "language_code": None, **person}

    async def people(self, request: web.Request) -> web.Response:
        return answer({"items": [self._shown(person) for person in self._parts.people.all()]})

    async def person(self, request: web.Request) -> web.Response:
        return answer(self._shown(person_asked(self._parts, request)))

    async def add_person(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        name = text_of(body, "first_name").strip()
        if not 1 <= len(name) <= _NAME_LIMIT:
            raise invalid(f"first_name has 1 to {_NAME_LIMIT} characters")
        person: Document = {"first_name": name}
        for field in ("last_name", "username", "language_code", "phone_number"):
            if body.get(field) is not None:
                person[field] = text_of(body, field)
        if "username" in person:
            self._check_username(person["username"])
        if body.get("id") is not None:
            person["id"] = whole(body, "id")
            if not 0 < person["id"] < _BIGGEST_ID:
                raise invalid("id must be a positive whole number of at most 52 bits")
            if self._parts.user(person["id"]) is not None:
                raise conflict(f"the id {person['id']} is taken")
        self._parts.people.add(person)
        self._parts.core.changes.tell(person["id"])
        return answer(self._shown(person))

    def _check_username(self, username: str) -> None:
        if not _USERNAME.fullmatch(username):
            raise invalid("a username has 3 to 32 letters, digits and underscores, and begins with a letter")
        if self._parts.people.by_username(username) is not None:
            raise conflict(f"the username {username} is taken")

    async def chat(self, request: web.Request) -> web.Response:
        person = person_asked(self._parts, request)
        bot = bot_or_none(self._parts, request)
        return answer(chat_view(self._parts, bot, person, optional_number(request, "after") or 0))

    async def _place(self, request: web.Request) -> tuple[acts.Place, dict[str, Any]]:
        person = person_asked(self._parts, request)
        body = await json_body(request)
        chat_id = whole(body, "chat_id") if body.get("chat_id") is not None else None
        return acts.place(self._parts, bot_asked(self._parts, request), person, chat_id), body

    async def write(self, request: web.Request) -> web.Response:
        at, body = await self._place(request)
        return answer(acts.write(at, body))

    async def tap(self, request: web.Request) -> web.Response:
        at, body = await self._place(request)
        return answer(await acts.tap(at, body))

    async def pay(self, request: web.Request) -> web.Response:
        at, body = await self._place(request)
        return answer(await paying.pay(at, body))

    async def block(self, request: web.Request) -> web.Response:
        person = person_asked(self._parts, request)
        body = await json_body(request)
        blocked = flag(body, "blocked")
        bot = bot_asked(self._parts, request)
        update_id = block(self._parts, bot, person, self._parts.core.clock(), blocked=blocked)
        return answer({"blocked": blocked, "update_id": update_id})

    async def bots(self, request: web.Request) -> web.Response:
        latest = self._parts.bots.latest()
        return answer(
            {
                "items": [
                    {
                        "id": bot["id"],
                        "first_name": bot["name"],
                        "username": bot["username"],
                        "latest": bot is latest,
                        "webhook": (bot["webhook"] or {}).get("url"),
                        "pending_update_count": len(self._parts.mail.box(bot).pending),
                    }
                    for bot in self._parts.bots.all()
                ]
            }
        )

    async def file(self, request: web.Request) -> web.Response:
        file = self._parts.files.get(request.match_info["file_id"])
        if file is None:
            raise missing("there is no such file")
        mime_type = (file["mime_type"] or "").partition(";")[0].strip()
        if not _MIME_TYPE.fullmatch(mime_type):
            mime_type = "application/octet-stream"
        # a file is somebody's upload: it must not run as a page of ours
        inline = mime_type.startswith(_INLINE_TYPES) and "svg" not in mime_type
        name = _UNSAFE.sub("_", file["file_name"] or "file")
        headers = {
            "Content-Disposition": f'{"inline" if inline else "attachment"}; filename="{name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=86400",
        }
        return web.Response(body=self._parts.files.content(file), content_type=mime_type, headers=headers)
