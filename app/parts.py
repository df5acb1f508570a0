"""The one place that builds every part, and starts and stops them in order."""

import asyncio
import signal
import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from aiohttp import web
from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from app.lock import StoreLock
from app.settings import Loaded, Settings
from automations.engine import Engine
from automations.pace import Pace
from automations.ticks import Tick, Ticks
from bot.answering import Answering
from bot.commands import show_menu
from bot.gateway import TelegramGateway
from bot.intake import Intake
from bot.poller import ALLOWED_UPDATES, Poller
from bot.request import AiohttpRequest
from bot.turn import BotFacts
from domain.definitions import Published, publish
from kit.clock import Clock
from kit.errors import Invalid, Refusal
from kit.log import get_logger
from kit.tokens import derive_key
from payments.provider_events import TOPIC, StripeEvents
from payments.stripe_rail import StripeRail
from store.database import Database
from store.files import FileStore
from store.queries.leases import clear_leases
from store.schema import migrate
from web.server import build_web_app
from web.tools import Readiness, WebTools

_log = get_logger(__name__)
# SIGTERM: ten seconds in all
INTAKE_SECONDS = 5.0
SENDER_SECONDS = 3.0
MOST_UPLOAD = 75 * 1024 * 1024


class Role(StrEnum):
    """What a process does: everything, or a part of it beside others on one PostgreSQL."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


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


class CannotStart(Refusal):
    code = "cannot_start"


class Spark:
    """One process of Spark. Build it, `start`, and `stop` it once."""

    def __init__(
        self,
        loaded: Loaded,
        clock: Clock,
        *,
        role: Role = Role.ALL,
        pace: Pace | None = None,
        companion: Companion | None = None,
    ) -> None:
        settings = loaded.settings
        token, secret_key = settings.telegram.token, settings.secret_key
        if token is None or settings.bot_id is None:
            raise CannotStart("set SPARK_TELEGRAM__TOKEN to the bot's token from @BotFather (or try `spark demo`)")
        if secret_key is None:
            raise CannotStart("set SPARK_SECRET_KEY to 32 random characters or more: `openssl rand -base64 32`")
        self.settings = settings
        self.role = role
        self.clock = clock
        self.readiness = Readiness()
        self.database = _open_store(settings)
        if self.database.is_sqlite and role is not Role.ALL:
            raise CannotStart("SQLite serves one process: use --role all, or set store.url to a PostgreSQL")
        self._lock = StoreLock(Path(self.database.url.database or "")) if self.database.is_sqlite else None
        self._holder = uuid.uuid4().hex
        self.files = FileStore(settings.files_url)
        self.published = Published()
        self.ticks = Ticks()
        self.database.on_commit(self.ticks.wake)
        self._stopping = asyncio.Event()
        self._told_telegram = False

        self._updates_request = AiohttpRequest()
        self.bot = Bot(
            token.get_secret_value(),
            base_url=f"{settings.telegram.base_url}/bot",
            base_file_url=f"{settings.telegram.base_url}/file/bot",
            request=AiohttpRequest(),
            get_updates_request=self._updates_request,
        )
        gateway = TelegramGateway(self.bot, settings.bot_id, self.database, self.files)
        self._pace = pace or Pace()
        access_key = derive_key(secret_key.get_secret_value(), "access")
        self.rail = _make_rail(settings)
        facts = BotFacts(
            bot_id=settings.bot_id,
            default_creator=settings.telegram.default_creator,
            published=self.published,
            access_key=access_key,
            checkout_good_for=timedelta(minutes=settings.stripe.checkout_minutes) if self.rail else None,
        )
        answering = Answering(self.database, clock, gateway, self._pace, self.rail)
        webhook_secret = settings.telegram.webhook_secret
        self.intake = Intake(
            self.database,
            clock,
            self.bot,
            facts,
            answering,
            secret=webhook_secret.get_secret_value() if webhook_secret else "",
        )
        self.ticks.add(Tick("leases", self.intake.keep_leases, every=10))
        self.ticks.add(Tick("resume", self.intake.resume, every=5))
        self.stripe_events = _stripe_events(settings, self.database, clock, self.rail)
        if self.stripe_events is not None:
            self.ticks.add(Tick("provider events", self.stripe_events.apply_due, every=1, topics=frozenset({TOPIC})))
        works = role is not Role.WEB
        self.engine: Engine | None = None
        self._poller: Poller | None = None
        if works:
            self.engine = Engine(
                database=self.database,
                clock=clock,
                gateway=gateway,
                pace=self._pace,
                published=self.published,
                holder=self._holder,
                keep_updates=timedelta(days=settings.telegram.keep_updates_days),
                ticks=self.ticks,
            )
            if settings.telegram.intake == "polling":
                self._poller = Poller(self.database, self.bot, self._updates_request, self.intake, holder=self._holder)
        tools = WebTools(
            database=self.database,
            clock=clock,
            readiness=self.readiness,
            public_url=settings.public_url,
            access_key=access_key,
            telegram=self.intake if settings.telegram.intake == "webhook" else None,
            stripe=self.stripe_events,
        )
        self._companion = companion
        application = build_web_app(tools, client_max_size=MOST_UPLOAD) if companion else build_web_app(tools)
        if companion is not None:
            companion.mount(application)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)

    async def start(self) -> None:
        """Serves /health at once, takes work once it is ready. Raises Refusal with what to mend."""
        if self._lock is not None:
            self._lock.take()
        await self._listen()
        if self._companion is not None:
            await self._companion.start()
        self.readiness.not_ready("migrating")
        await migrate(self.database)
        if self.database.is_sqlite:
            async with self.database.transaction() as session:
                await clear_leases(session)
        if self._companion is not None:
            await self._companion.prepare(self)
        await self._publish()
        await self._reach_telegram()
        if self._stopping.is_set():
            return
        # what a crash left comes before anything new
        await self.intake.resume(abandoned=self.database.is_sqlite)
        if self.engine is not None:
            await self.engine.start(alone=self.database.is_sqlite)
        self.ticks.add(Tick("telegram", self._tell_telegram, every=10))
        self.ticks.start()
        self.readiness.now_ready()
        if self._poller is not None:
            self._poller.start()
        _log.info("ready", role=self.role, url=self.settings.public_url)
        if self._companion is not None:
            await self._companion.ready()

    async def _listen(self) -> None:
        http = self.settings.http
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, http.host, http.port, reuse_address=True).start()
        except OSError as error:
            await self._runner.cleanup()
            raise CannotStart(
                f"cannot listen on {http.host}:{http.port} ({error.strerror}); choose another with http.port"
            ) from error

    async def _publish(self) -> None:
        """The configured flows and funnels become versions, and are what those who begin now take."""
        creators = self.settings.creators
        async with self.database.transaction() as session:
            published = await publish(
                session,
                {slug: creator.flows for slug, creator in creators.items()},
                {slug: creator.funnels for slug, creator in creators.items()},
                now=self.clock(),
            )
        self.published.flows.update(published.flows)
        self.published.funnels.update(published.funnels)

    async def stop(self) -> None:
        """Takes no more work, finishes what is in hand, closes; within ten seconds."""
        self._stopping.set()
        self.readiness.not_ready("draining")
        with suppress(TimeoutError):
            async with asyncio.timeout(INTAKE_SECONDS + SENDER_SECONDS + 0.5):
                if self._poller is not None:
                    await self._poller.stop()
                await self.ticks.stop()
                await self.intake.stop(within=INTAKE_SECONDS)
                if self.engine is not None:
                    await self.engine.stop(within=SENDER_SECONDS)
        await self._runner.cleanup()
        if self._companion is not None:
            await self._companion.stop()
        if self.rail is not None:
            await self.rail.close()
        await self.bot.shutdown()
        await self.database.close()
        if self._lock is not None:
            self._lock.free()

    async def run(self) -> None:
        """Starts, runs until SIGTERM or SIGINT, and stops."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        try:
            await self.start()
            await self._stopping.wait()
        finally:
            await self.stop()

    async def next_due(self) -> datetime | None:
        return await self.engine.next_due() if self.engine else None

    async def settle(self) -> None:
        """Returns once everything that is due by now has been done, sent and answered."""
        while True:
            await self.ticks.run_all()
            if self.intake.idle and (self.engine is None or await self.engine.is_settled()):
                return
            # the pace of Telegram and calls under way set the length of this, not we
            await asyncio.sleep(0.02)

    async def _reach_telegram(self) -> None:
        """Asks who the bot is, for as long as it takes. Raises CannotStart for a token that is none."""
        wait = 0.5
        while not self._stopping.is_set():
            try:
                await self.bot.initialize()
            except InvalidToken:
                raise CannotStart("Telegram does not know this token; check SPARK_TELEGRAM__TOKEN") from None
            except TelegramError as error:
                self.readiness.not_ready("waiting for Telegram")
                _log.warning("Telegram cannot be reached, trying again", reason=str(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), wait)
                wait = min(wait * 2, 15.0)
            else:
                return

    async def _tell_telegram(self) -> int:
        """Where updates go and what the menus show; tried again until Telegram has taken it."""
        if self._told_telegram:
            return 0
        settings = self.settings
        try:
            if settings.telegram.intake == "webhook" and self.role is not Role.WORKER:
                await self.bot.set_webhook(
                    f"{settings.public_url}/webhooks/telegram/{settings.bot_id}",
                    secret_token=self.intake.secret,
                    allowed_updates=list(ALLOWED_UPDATES),
                    max_connections=100,
                )
            if self.role is not Role.WEB:
                await show_menu(self.bot)
            self._told_telegram = True
        except TelegramError as error:
            _log.warning("Telegram was not told where updates go; trying again", reason=str(error))
        return 0


def _open_store(settings: Settings) -> Database:
    try:
        return Database(settings.store.url)
    except (ValueError, OSError) as error:
        raise Invalid(f"the store cannot be opened: {error}") from error


def _make_rail(settings: Settings) -> StripeRail | None:
    key = settings.stripe.secret_key
    if key is None:
        return None
    back = settings.public_url
    return StripeRail(
        key.get_secret_value(),
        api_base=settings.stripe.api_base,
        success_url=settings.stripe.success_url or back,
        cancel_url=settings.stripe.cancel_url or settings.stripe.success_url or back,
    )


def _stripe_events(
    settings: Settings, database: Database, clock: Clock, rail: StripeRail | None
) -> StripeEvents | None:
    secrets = [secret.get_secret_value() for secret in settings.stripe.webhook_secrets]
    if rail is None:
        return None
    if not secrets:
        raise CannotStart("set SPARK_STRIPE__WEBHOOK_SECRETS: without it no payment can be believed")
    return StripeEvents(database, clock, secrets, rail.livemode)
