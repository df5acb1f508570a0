"""A site that is served by a loop in a thread of its own, for clients that know nothing of asyncio."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from aiohttp.test_utils import TestClient, TestServer
from stores import DATA_KEYS
from web_world import Client, Site

from store.database import Database

R = TypeVar("R")


class Served:
    """`base` is its address; `do` runs something on its loop."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.site = Site(Database(url, data_keys=DATA_KEYS))
        self.site.readiness.now_ready()
        self.client: Client = TestClient(TestServer(self.site.app()), loop=loop)
        self.base = ""

    def do(self, work: Callable[[], Awaitable[R]]) -> R:
        async def done() -> R:
            return await work()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(timeout=60)

    async def begin(self) -> None:
        await self.client.start_server()
        self.base = str(self.client.make_url("")).rstrip("/")

    async def end(self) -> None:
        await self.client.close()
        await self.site.database.close()


@contextmanager
def served(url: str) -> Iterator[Served]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="served")
    thread.start()
    try:
        made: list[Served] = []

        async def make() -> None:
            made.append(Served(url, loop))
            await made[0].begin()

        asyncio.run_coroutine_threadsafe(make(), loop).result(timeout=60)
        try:
            yield made[0]
        finally:
            made[0].do(made[0].end)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
