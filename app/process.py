"""One process of Spark: its parts started and stopped in order."""

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import InvalidToken

from app.config_units import broken_funnels
from app.keys import check_keys
from app.lock import StoreLock
from app.media import keep_media
from app.parts import STORE_TROUBLE, CannotStart, Role, build_parts, cannot_use_store
from app.settings import Loaded
from app.webhook_calls import HttpCaller
from automations.pace import Pace
from domain.clicks import Tracker, addresses, know_addresses
from domain.definitions import Published, publish
from domain.flows.heads import apply_flow_heads, read_flow_heads
from domain.messages.catalogue import read_all
from kit.clock import Clock
from kit.log import get_logger
from store.queries.leases import clear_leases
from store.schema import migrate
from web.runner import Runner

_log = get_logger(__name__)
# SIGTERM: ten seconds in all
INTAKE_SECONDS = 5.0
SENDER_SECONDS = 3.0
# how often a stand-by looks whether the process that works is gone
STAND_BY_SECONDS = 0.5
# Python's own: a look at more of them at once would hold everything up
_YOUNG_OBJECTS = 700


class Companion(Protocol):
    """What runs in the same process and shares its address: the playground, in the demo."""

    def mount(self, application: web.Application) -> None: ...

    async def start(self) -> None:
        """The address answers from now on."""

    async def prepare(self, app: "Spark") -> None:
        """The store has its tables; no work has been taken yet."""

    async def ready(self) -> None:
        """Everything runs."""

    async def stop(self) -> None:
        """The app has said its last words."""


class Spark:
    """Build it, `start`, and `stop` it once."""

    def __init__(
        self,
        loaded: Loaded,
        clock: Clock,
        *,
        role: Role = Role.ALL,
        pace: Pace | None = None,
        companion: Companion | None = None,
        hook_caller: HttpCaller | None = None,
    ) -> None:
        self._parts = build_parts(
            loaded.settings,
            clock,
            role,
            pace=pace or Pace(),
            takes_uploads=companion is not None,
            hook_caller=hook_caller,
        )
        self._places = loaded.places
        self._broken = broken_funnels(loaded.disabled)
        self.clock = clock
        self.database = self._parts.database
        self.files = self._parts.files
        self.intake = self._parts.intake
        self._companion = companion
        if companion is not None:
            companion.mount(self._parts.application)
        self._runner = Runner(self._parts.application, access_log=None, shutdown_timeout=1.0)
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Serves /health once it is alone with a SQLite store, takes work once it is ready.

        Raises Refusal with what to mend.
        """
        parts = self._parts
        alone = self.database.is_sqlite
        if parts.lock is not None and not await self._alone_with_the_store(parts.lock):
            return
        await self._listen()
        if self._companion is not None:
            await self._companion.start()
        parts.readiness.not_ready("migrating")
        try:
            await migrate(self.database)
        except STORE_TROUBLE as error:
            raise cannot_use_store(error) from error
        await check_keys(self.database)
        if alone:
            async with self.database.transaction() as session:
                await clear_leases(session)
        if self._companion is not None:
            await self._companion.prepare(self)
        await self._publish()
        if not await self._reach_telegram():
            return
        # what a crash left comes before anything new
        await self.intake.resume(abandoned=alone)
        if parts.engine is not None:
            await parts.engine.start(alone=alone)
        parts.wakes.start()
        parts.ticks.start()
        parts.readiness.now_ready()
        if parts.poller is not None:
            parts.poller.start()
        _log.info("ready", role=parts.role, url=parts.settings.public_url)
        if self._companion is not None:
            await self._companion.ready()

    async def stop(self) -> None:
        """Takes no more work, finishes what is in hand, closes; within ten seconds."""
        parts = self._parts
        self._stopping.set()
        parts.readiness.not_ready("draining")
        await asyncio.gather(
            _ends("ticks", parts.ticks.stop(within=INTAKE_SECONDS), within=INTAKE_SECONDS + 0.25),
            _ends("intake", self._take_in_no_more(), within=INTAKE_SECONDS + 0.25),
            _ends("webhooks", self._call_no_more(), within=INTAKE_SECONDS + 0.25),
        )
        if parts.engine is not None:
            # with a time of its own: what has been said is written down, however long all else took
            await _ends("engine", parts.engine.stop(within=SENDER_SECONDS), within=SENDER_SECONDS + 0.5)
        await self._runner.cleanup()
        if self._companion is not None:
            await self._companion.stop()
        if parts.stripe is not None:
            await parts.stripe.close()
        if parts.caller is not None:
            await parts.caller.close()
        await parts.hook_caller.close()
        await parts.presence.close()
        await parts.wakes.stop()
        await self.database.close()
        if parts.lock is not None:
            parts.lock.free()

    async def _take_in_no_more(self) -> None:
        if self._parts.poller is not None:
            await self._parts.poller.stop()
        await self.intake.stop(within=INTAKE_SECONDS)

    async def _call_no_more(self) -> None:
        if self._parts.hooks is not None:
            await self._parts.hooks.stop(within=INTAKE_SECONDS)

    async def run(self) -> None:
        """Starts, runs until SIGTERM or SIGINT, and stops."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        try:
            read_all()
            # the code itself stays: looked through for garbage time and again, it would hold everything up
            gc.collect()
            gc.freeze()
            gc.set_threshold(_YOUNG_OBJECTS)
            await self.start()
            await self._stopping.wait()
        finally:
            await self.stop()

    async def next_due(self) -> datetime | None:
        """The earliest instant to come at which there is something to do."""
        return await self._parts.engine.next_due() if self._parts.engine else None

    async def settle(self) -> None:
        """Returns once everything that is due by now has been done, sent and answered."""
        engine = self._parts.engine
        while True:
            await self._parts.ticks.run_all()
            if self.intake.idle and (engine is None or await engine.is_settled()):
                return
            # the pace of Telegram and calls under way set the length of this, not we
            await asyncio.sleep(0.02)

    async def _alone_with_the_store(self, lock: StoreLock) -> bool:
        """On SQLite one process works; another is there for when that one ends. False when it is time to stop.

        The demo takes no turns: raises Conflict.
        """
        if self._companion is not None:
            lock.take()
        elif not lock.try_take():
            _log.warning("another Spark is running on this store; this one stands by until that one ends")
            while not lock.try_take():
                with suppress(TimeoutError):
                    async with asyncio.timeout(STAND_BY_SECONDS):
                        await self._stopping.wait()
                if self._stopping.is_set():
                    return False
        return True

    async def _listen(self) -> None:
        http = self._parts.settings.http
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, http.host, http.port, reuse_address=True).start()
        except OSError as error:
            await self._runner.cleanup()
            reason = os.strerror(error.errno or 0)
            raise CannotStart(
                f"cannot listen on {http.host}:{http.port} ({reason}); choose another port with http.port"
            ) from error

    async def _publish(self) -> None:
        """The configured flows and funnels become versions, and are what those who begin now take."""
        creators = self._parts.settings.creators
        flows, funnels, media = {}, {}, {}
        for slug, creator in creators.items():
            try:
                flows[slug], funnels[slug], media[slug] = await keep_media(self.files, self._places, slug, creator)
            except OSError as error:
                said = f"a file of {slug}'s flows or funnels cannot be kept ({error}); see `spark check`"
                raise CannotStart(said) from error
        async with self.database.transaction() as session:
            published = await publish(
                session,
                flows,
                funnels,
                setups={slug: creator.setup() for slug, creator in creators.items()},
                media=media,
                broken=self._broken,
                now=self.clock(),
            )
            apply_flow_heads(published, await read_flow_heads(session, published.flows_of_file, published.flows))
            for creator_id, setup in published.setups.items():
                published.setups[creator_id] = replace(setup, pay_links=self._parts.pay_links)
            await self._count_clicks(session, published)
            await self._parts.menu.offer(session, published)
        self._parts.published.setups.update(published.setups)
        self._parts.published.flows.update(published.flows)
        self._parts.published.flows_of_file.update(published.flows_of_file)
        self._parts.published.funnels.update(published.funnels)

    async def _count_clicks(self, session: AsyncSession, published: Published) -> None:
        """Where a creator wants clicks counted, the links in their texts are known by number from now on."""
        for creator_id, setup in published.setups.items():
            if setup.track_clicks:
                texts = [each.model_dump(mode="json") for _, each in published.flows[creator_id].values()]
                texts += [each.model_dump(mode="json") for _, each in published.funnels[creator_id].values()]
                ids = await know_addresses(session, creator_id, set(addresses(texts)), now=self.clock())
                tracker = Tracker(self._parts.settings.public_url, self._parts.click_key, ids)
                published.setups[creator_id] = replace(setup, tracker=tracker)

    async def _reach_telegram(self) -> bool:
        """Asks who the bot is, for as long as it takes; False when it is time to stop. Raises CannotStart."""
        parts = self._parts
        wait = 0.5
        while not self._stopping.is_set():
            try:
                reached = await parts.presence.reach()
            except InvalidToken:
                raise CannotStart("Telegram does not know this token; check SPARK_TELEGRAM__TOKEN") from None
            if reached:
                if parts.stripe is not None:
                    # who has paid goes back to the chat
                    parts.stripe.come_back_to(parts.presence.link)
                return True
            parts.readiness.not_ready("waiting for Telegram")
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()
            wait = min(wait * 2, 15.0)
        return False


async def _ends(part: str, stopping: Awaitable[None], *, within: float) -> None:
    """What does not stop in time, or fails at it, keeps no other part from stopping."""
    try:
        async with asyncio.timeout(within):
            await stopping
    except Exception as error:  # noqa: BLE001 - logged; the other parts must stop too
        _log.warning("cut off while stopping", part=part, reason=type(error).__name__)
