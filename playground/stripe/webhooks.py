"""Events on their way to the app, signed and repeated as Stripe does: https://docs.stripe.com/webhooks"""

import asyncio
import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import chain, repeat
from typing import Final

import aiohttp
import orjson

from playground.core import Changes
from playground.stripe.account import webhook_url
from playground.stripe.book import Book, Cause, Json, instant

LATE = 3600  # seconds by the playground's clock
PATIENCE = 5.0  # seconds that `settled` waits without one acknowledgement
_TIMEOUT: Final = aiohttp.ClientTimeout(total=20)
_KIND = "stripe.delivery"


def _delays() -> Iterator[float]:
    """Seconds of real time between attempts: the demo's person does not wait for three days."""
    return chain((0.3, 0.7, 1.5, 3.0), repeat(5.0))


def signature(secret: str, payload: bytes, timestamp: int) -> str:
    """The Stripe-Signature header: https://docs.stripe.com/webhooks#verify-manually"""
    mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + payload, hashlib.sha256)
    return f"t={timestamp},v1={mac.hexdigest()}"


class Postman:
    """A delivery is kept until the app has acknowledged it; each travels alone, so that none waits for another."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._state = book.core.state
        self._client: aiohttp.ClientSession | None = None
        self._travelling: dict[int, asyncio.Task[None]] = {}
        self._acknowledged = Changes()

    async def start(self) -> None:
        self._client = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        self.dispatch()

    async def stop(self) -> None:
        """What has not been acknowledged stays for the next start."""
        tasks = list(self._travelling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
            self._client = None

    def schedule(self, cause: Cause) -> None:
        """Writes the deliveries of a cause's events; `dispatch` sends them off once that is saved."""
        if cause.deliver == "never":
            return
        now = self._book.now()
        due = now + LATE if cause.deliver == "late" else now
        copies = 2 if cause.deliver == "twice" else 1
        events = cause.events[::-1] if cause.deliver == "reordered" else cause.events
        before = 0
        for event in events:
            for copy in range(copies):
                n = self._state.next_number(_KIND)
                # in another order than they happened, one after the other, so that the order is sure
                after = before if cause.deliver == "reordered" else 0
                delivery = {"n": n, "event": event, "due": due, "after": after, "copy": copy}
                self._state.put(_KIND, n, delivery)
                before = n

    def dispatch(self) -> None:
        """Sends off what is due and not under way; the rest waits for the clock."""
        if self._client is None:
            return
        for delivery in self._due():
            n = delivery["n"]
            if n not in self._travelling:
                task = asyncio.create_task(self._carry(delivery), name=f"stripe webhook {n}")
                self._travelling[n] = task
                task.add_done_callback(partial(self._arrived, n))

    def _arrived(self, n: int, _: asyncio.Task[None]) -> None:
        self._travelling.pop(n, None)

    def next_due(self) -> datetime | None:
        """When the first delayed delivery sets off; what is under way already is not waited for by the clock."""
        now = self._book.now()
        waiting = [delivery["due"] for delivery in self._state.all(_KIND) if delivery["due"] > now]
        return instant(min(waiting)) if waiting else None

    async def settled(self) -> None:
        """Returns once nothing is due, or after PATIENCE without any acknowledgement."""
        self.dispatch()
        while self._due():
            if not await self._acknowledged.wait(PATIENCE):
                return

    def _due(self) -> list[Json]:
        now = self._book.now()
        return [delivery for delivery in self._state.all(_KIND) if delivery["due"] <= now]

    async def _carry(self, delivery: Json) -> None:
        while delivery["after"] and self._state.get(_KIND, delivery["after"]) is not None:
            await self._acknowledged.wait(PATIENCE)
        event = self._book.require("event", delivery["event"])
        for delay in _delays():
            if await self._post(event, delivery["copy"]):
                break
            await asyncio.sleep(delay)
        with self._state.together():
            self._state.delete(_KIND, delivery["n"])
            others = any(other["event"] == event["id"] for other in self._state.all(_KIND))
            event["pending_webhooks"] = 1 if others else 0
            self._book.put(event)
        self._acknowledged.tell()
        self._book.core.changes.tell()

    async def _post(self, event: Json, copy: int) -> bool:
        """True when the app answered 2xx."""
        if self._client is None:
            return False
        payload = orjson.dumps(event, option=orjson.OPT_INDENT_2)
        core = self._book.core
        timestamp = self._book.now() - copy  # a repeat is signed anew, at a time of its own
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(core.stripe_webhook_secret, payload, timestamp),
        }
        try:
            url = webhook_url(self._book)
            async with self._client.post(url, data=payload, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.ok and answer.status < 300  # noqa: PLR2004 - 2xx; a redirect is no acknowledgement
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
