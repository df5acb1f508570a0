"""The Telegram stand-in over real HTTP: a bot on one side, people by the control API on the other."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from kit.clock import MovableClock
from playground.core import Traveller
from playground.server import Playground

TOKEN = "7001:stage_secret_of_a_bot"
START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
LENA = 2001
CREATOR = 1001
# one white pixel
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


class Stage:
    def __init__(self, playground: Playground, session: aiohttp.ClientSession, url: str) -> None:
        self.playground = playground
        self.session = session
        self.url = url
        self.offset = 0

    async def raw(self, method: str, *, token: str = TOKEN, **request: Any) -> tuple[int, dict[str, Any]]:
        async with self.session.post(f"{self.url}/telegram/bot{token}/{method}", **request) as response:
            answer = await response.json()
            assert answer["ok"] == (response.status == 200)
            assert answer.get("error_code", 200) == response.status
            return response.status, answer

    async def bot(self, method: str, **params: Any) -> Any:
        """The result of a call that must succeed."""
        status, answer = await self.raw(method, json=params)
        assert status == 200, answer
        return answer["result"]

    async def refused(self, method: str, **params: Any) -> str:
        """Status and description of a call that must be refused."""
        status, answer = await self.raw(method, json=params)
        assert status != 200, answer
        return f"{status} {answer['description']}"

    async def updates(self, **params: Any) -> list[dict[str, Any]]:
        """What is new, acknowledging what came before."""
        found: list[dict[str, Any]] = await self.bot("getUpdates", **{"offset": self.offset, **params})
        if found:
            self.offset = found[-1]["update_id"] + 1
        return found

    async def polled(self) -> None:
        """Returns once a long poll is waiting."""
        async with asyncio.timeout(10):
            while not any(box.is_polled for box in self.playground.telegram.parts.mail.all()):  # noqa: ASYNC110 - the stand-in tells nobody of it
                await asyncio.sleep(0)

    async def control(self, verb: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else io.BytesIO(json.dumps(body).encode())
        headers = {"Content-Type": "application/json"}
        async with self.session.request(
            verb, f"{self.url}/playground/api{path}", data=data, headers=headers
        ) as response:
            return response.status, await response.json()

    async def get(self, path: str) -> Any:
        status, answer = await self.control("GET", path)
        assert status == 200, answer
        return answer

    async def do(self, path: str, body: Any, verb: str = "POST") -> Any:
        status, answer = await self.control(verb, path, body)
        assert status in {200, 201}, answer
        return answer

    async def says(self, text: str, person: int = LENA) -> dict[str, Any]:
        written: dict[str, Any] = await self.do(f"/people/{person}/messages", {"text": text})
        return written

    async def started(self, person: int = LENA) -> None:
        """The person has pressed /start, and the bot has read it."""
        await self.bot("getMe")
        await self.says("/start", person)
        await self.updates()

    async def chat(self, person: int = LENA) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = (await self.get(f"/people/{person}/chat"))["messages"]
        return messages


@asynccontextmanager
async def staged(
    state_path: Path | None = None,
    *,
    clock: MovableClock | None = None,
    traveller: Traveller | None = None,
) -> AsyncIterator[Stage]:
    playground = Playground(
        app_url="http://127.0.0.1:1",
        public_url="http://127.0.0.1:2",
        state_path=state_path,
        clock=clock or MovableClock(frozen_at=START),
        traveller=traveller,
    )
    async with TestServer(playground.standalone()) as server, aiohttp.ClientSession() as session:
        yield Stage(playground, session, str(server.make_url("")).rstrip("/"))


class Webhook:
    """A bot that takes its updates by webhook: keeps what comes, answers as told."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []  # the next answers; 200 after these
        self.news = asyncio.Condition()

    async def _handle(self, request: web.Request) -> web.Response:
        async with self.news:
            self.posts.append(await request.json())
            self.headers.append(dict(request.headers))
            self.news.notify_all()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def received(self, count: int) -> None:
        async with self.news, asyncio.timeout(10):
            await self.news.wait_for(lambda: len(self.posts) >= count)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/hook", self._handle)
        async with TestServer(app) as server:
            yield str(server.make_url("/hook"))


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
