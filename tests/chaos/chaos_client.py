"""The control API as a test uses it: write, tap, pay, and wait for what the bot says."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import orjson

Json = dict[str, Any]
LOOK_AGAIN = 1.0  # seconds: the stream tells of every change, this is for one that it lost


class Client:
    """Wakes up by the playground's event stream; looks for itself once a second as well."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = f"{url}/playground/api"
        self._news: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)

    async def get(self, path: str) -> Json:
        async with self._session.get(self._url + path) as answer:
            return await self._read(answer)

    async def post(self, path: str, body: Json) -> Json:
        async with self._session.post(self._url + path, json=body) as answer:
            return await self._read(answer)

    async def _read(self, answer: aiohttp.ClientResponse) -> Json:
        body: Json = orjson.loads(await answer.read())
        assert answer.status == 200, f"{answer.method} {answer.url.path}: {answer.status} {body}"
        return body

    async def add_person(self, first_name: str) -> int:
        return int((await self.post("/people", {"first_name": first_name}))["id"])

    async def write(self, person: int, **content: Any) -> int:
        """Sends a message as the person and returns its id."""
        return int((await self.post(f"/people/{person}/messages", content))["message_id"])

    async def write_document(self, person: int, file_name: str, content: bytes) -> int:
        document = {
            "file_name": file_name,
            "mime_type": "application/pdf",
            "content_base64": base64.b64encode(content).decode(),
        }
        return await self.write(person, document=document)

    async def tap(self, person: int, message: Json, data: str) -> str | None:
        """Presses a button; what the bot says on the button itself, if it is there to say anything."""
        answer = await self.post(f"/people/{person}/taps", {"message_id": message["message_id"], "data": data})
        told: str | None = answer["answer"]
        return told

    async def chat(self, person: int, *, after: int = 0) -> list[Json]:
        messages: list[Json] = (await self.get(f"/people/{person}/chat?after={after}"))["messages"]
        return messages

    async def hear(
        self, person: int, wanted: Callable[[Json], bool], what: str, *, after: int = 0, within: float
    ) -> Json:
        """The first message of the bot after `after` that is wanted; fails with the chat after so many seconds."""
        news = self._news[person]
        try:
            async with asyncio.timeout(within):
                while True:
                    news.clear()
                    for message in await self.chat(person, after=after):
                        if message["from"] == "bot" and wanted(message):
                            return message
                    with suppress(TimeoutError):
                        await asyncio.wait_for(news.wait(), LOOK_AGAIN)
        except TimeoutError:
            said = [f"{each['from']}: {each['text']!r}" for each in await self.chat(person)]
            raise AssertionError(f"person {person} waits for {what} in vain:\n" + "\n".join(said)) from None

    async def journal(self, name: str, **query: object) -> list[Json]:
        """All of `calls` or `updates`."""
        items: list[Json] = []
        asked = "".join(f"&{key}={value}" for key, value in query.items())
        while True:
            page = await self.get(f"/{name}?after={items[-1]['n'] if items else 0}{asked}")
            items += page["items"]
            if not page["has_more"]:
                return items

    async def listen(self) -> None:
        """Until cancelled, wakes whoever waits in a chat in which something has changed."""
        endless = aiohttp.ClientTimeout(total=None, sock_read=None)
        async with self._session.get(f"{self._url}/stream", timeout=endless) as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    for person in orjson.loads(line[6:])["people"]:
                        self._news[person].set()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        client = Client(session, url)
        listening = asyncio.create_task(client.listen())
        try:
            yield client
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, aiohttp.ClientError):
                await listening
