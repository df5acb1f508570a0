from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from kit.clock import MovableClock
from playground.clock_walk import ClockWalk
from playground.control import Control
from playground.core import Core, Traveller
from playground.state import State
from playground.stripe import StripeStandIn
from playground.telegram import TelegramStandIn


class Playground:
    """Both stand-ins, the chat page and the control API, over one state.

    `app_url` is where the app listens, `public_url` where the stand-ins do. Without `state_path` it forgets
    everything when it ends. Mount it on an application, then start it; stop it before the application ends.
    """

    def __init__(
        self,
        *,
        app_url: str,
        public_url: str,
        state_path: Path | None = None,
        clock: MovableClock | None = None,
        traveller: Traveller | None = None,
    ) -> None:
        state = State(state_path)
        clock = clock or MovableClock()
        if kept := state.get("clock", "offset"):
            clock.offset = timedelta(seconds=kept["seconds"])
        self.core = Core(state=state, clock=clock, app_url=app_url, public_url=public_url, traveller=traveller)
        self.telegram = TelegramStandIn(self.core)
        self.stripe = StripeStandIn(self.core)
        self.walk = ClockWalk(self.core, self.telegram, self.stripe)
        routes = [*self.telegram.control_routes(), *self.stripe.control_routes()]
        self.control = Control(self.core, self.walk, routes)

    def mount(self, app: web.Application) -> None:
        app.add_subapp("/telegram", self.telegram.app())
        app.add_subapp("/stripe", self.stripe.app())
        app.add_subapp("/playground", self.control.app())
        app.on_shutdown.append(self._end_streams)

    async def start(self) -> None:
        await self.telegram.start()
        await self.stripe.start()

    async def stop(self) -> None:
        """Ends what waits (streams, long polls, deliveries) and closes the state; what is pending is kept."""
        self.control.stop()
        await self.stripe.stop()
        await self.telegram.stop()
        self.core.state.close()

    def standalone(self) -> web.Application:
        """An application of its own, which starts and stops it."""
        app = web.Application()
        self.mount(app)
        app.router.add_get("/", _to_the_page)
        app.cleanup_ctx.append(self._running)
        return app

    async def _running(self, app: web.Application) -> AsyncIterator[None]:
        await self.start()
        yield
        await self.stop()

    async def _end_streams(self, app: web.Application) -> None:
        self.control.stop()
        self.telegram.end_waits()


async def _to_the_page(request: web.Request) -> web.Response:
    raise web.HTTPFound("/playground")
