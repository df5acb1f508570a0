"""The Stripe stand-in over real HTTP, with the real Stripe client before it and a small app behind it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer

from kit.clock import MovableClock
from playground.core import Changes, Core
from playground.state import State
from playground.stripe import StripeStandIn

KEY = "sk_test_stage"
START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


class Receiver:
    """The app's webhook: keeps what comes and answers as told."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, bytes]] = []
        self.statuses: list[int] = []  # the next answers; 200 after these
        self._changes = Changes()
        self._holds: list[asyncio.Event] = []

    def hold_next(self) -> asyncio.Event:
        """The next webhook is answered only once the event that this returns is set."""
        self._holds.append(asyncio.Event())
        return self._holds[-1]

    async def handle(self, request: web.Request) -> web.Response:
        self.posts.append((request.headers["Stripe-Signature"], await request.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        self._changes.tell()
        if self._holds:
            await self._holds.pop(0).wait()
        return web.Response(status=status)

    async def wait_for(self, count: int) -> None:
        while len(self.posts) < count:
            assert await self._changes.wait(10), f"{len(self.posts)} webhooks came, not {count}"

    def events(self) -> list[stripe.Event]:
        """What came, each signature checked by the real library."""
        return [
            stripe.Webhook.construct_event(body, header, "whsec_playground", tolerance=0) for header, body in self.posts
        ]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str


class Stage:
    def __init__(self, core: Core, stand_in: StripeStandIn, url: str, receiver: Receiver) -> None:
        self.core = core
        self.stand_in = stand_in
        self.url = url
        self.receiver = receiver
        self.http = aiohttp.ClientSession(url)
        self._wire = stripe.AIOHTTPClient()
        self.stripe = stripe.StripeClient(
            KEY, base_addresses={"api": f"{url}/stripe"}, http_client=self._wire, max_network_retries=0
        )

    async def close(self) -> None:
        await self.http.close()
        await self._wire.close_async()

    @property
    def now(self) -> int:
        return int(self.core.clock().timestamp())

    async def pass_time(self, **time: float) -> None:
        self.core.clock.pass_time(**time)
        await self.stand_in.fire_due()

    async def open_session(self, **changes: Any) -> stripe.checkout.Session:
        return await self.stripe.v1.checkout.sessions.create_async({**order(), **changes})

    async def control(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.http.post(f"/playground/api/stripe/{path}", json=body) as answer:
            return answer.status, await answer.json()

    async def outcome(self, session_id: str, outcome: str, **more: str) -> dict[str, Any]:
        status, answer = await self.control(f"sessions/{session_id}", {"outcome": outcome, **more})
        assert status == 200, answer
        return answer

    async def pay(self, **changes: Any) -> stripe.checkout.Session:
        session = await self.open_session(**changes)
        await self.outcome(session.id, "paid", deliver="never")
        return await self.stripe.v1.checkout.sessions.retrieve_async(session.id)

    async def call(self, method: str, path: str, body: str = "", **headers: str) -> tuple[Answer, dict[str, Any]]:
        """A call without the library, with a form for a body."""
        sent = {"Authorization": f"Bearer {KEY}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        async with self.http.request(method, f"/stripe{path}", data=body or None, headers=sent) as answer:
            text = await answer.text()
            return Answer(answer.status, answer.headers, text), json.loads(text)


def order(amount: int = 1900, currency: str = "usd") -> dict[str, Any]:
    return {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": currency,
                    "unit_amount": amount,
                    "product_data": {"name": "Preset pack"},
                },
            }
        ],
        "success_url": "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.example/back",
        "client_reference_id": "order-7",
        "metadata": {"order": "7"},
    }


@asynccontextmanager
async def on_stage(state: Path | None = None, clock: MovableClock | None = None) -> AsyncIterator[Stage]:
    receiver = Receiver()
    behind = web.Application()
    behind.router.add_post("/webhooks/stripe", receiver.handle)
    core = Core(State(state), clock or MovableClock(frozen_at=START), app_url="", public_url="")
    stand_in = StripeStandIn(core)
    front, control = web.Application(), web.Application()
    front.add_subapp("/stripe", stand_in.app())
    control.add_routes(stand_in.control_routes())
    front.add_subapp("/playground/api", control)
    async with TestServer(behind) as app, TestServer(front) as server:
        core.app_url = str(app.make_url("")).rstrip("/")
        core.public_url = str(server.make_url("")).rstrip("/")
        stage = Stage(core, stand_in, core.public_url, receiver)
        await stand_in.start()
        try:
            yield stage
        finally:
            await stage.close()
            await stand_in.stop()
    core.state.close()
