import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from functools import partial

from aiohttp import web

from playground.core import Core
from playground.stripe.api import Api
from playground.stripe.book import Book, Cause, Json, instant
from playground.stripe.checkout import Checkout
from playground.stripe.control import Control
from playground.stripe.payments import settle
from playground.stripe.webhooks import Postman

_LOOK = 1.0  # seconds between looks at what has become due


class StripeStandIn:
    """Stripe on this machine: its API, its checkout page and its webhooks, kept in the core's state."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._book = Book(core)
        self._postman = Postman(self._book)
        self._api = Api(self._book, self._postman, self._expire_due)
        self._checkout = Checkout(self._book, self._perform, self._expire_due)
        self._control = Control(self._book, self._perform, self._expire_due)
        self._loop: asyncio.Task[None] | None = None

    def app(self) -> web.Application:
        """The API under /v1 and the checkout page under /pay, to be mounted at /stripe."""
        app = web.Application()
        app.router.add_route("*", "/v1/{tail:.*}", self._api.handle)
        app.add_routes(self._checkout.routes())
        app.on_shutdown.append(self._api.close)
        return app

    def control_routes(self) -> list[web.RouteDef]:
        return self._control.routes()

    async def start(self) -> None:
        await self._postman.start()
        self._loop = asyncio.create_task(self._keep_looking(), name="stripe stand-in")

    async def stop(self) -> None:
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
            self._loop = None
        await self._postman.stop()

    async def settled(self) -> None:
        """Returns once every webhook due by now is acknowledged, or five seconds after the app's last 2xx."""
        await self._postman.settled()

    def next_due(self) -> datetime | None:
        """The earliest expiry of an open session or delayed webhook."""
        due = [instant(session["expires_at"]) for session in self._open()]
        delayed = self._postman.next_due()
        return min(due + ([delayed] if delayed else []), default=None)

    async def fire_due(self) -> None:
        """Expires the sessions whose time has come and sends off delayed webhooks; repeating it is harmless."""
        self._expire_due()
        self._api.keys.forget_stale()
        self._postman.dispatch()

    async def _keep_looking(self) -> None:
        while True:
            await self.fire_due()
            await asyncio.sleep(_LOOK)

    def _open(self) -> list[Json]:
        return list(self._book.open_sessions.values())

    def _expire_due(self) -> None:
        now = self._book.now()
        for session in self._open():
            if session["expires_at"] <= now:
                cause = Cause()
                self._perform(cause, partial(settle, self._book, cause, session, "expire"))

    def _perform(self, cause: Cause, change: Callable[[], None]) -> None:
        with self._core.state.together():
            change()
            self._postman.schedule(cause)
        self._postman.dispatch()
        self._core.changes.tell()
