"""The one place that builds every part of a process."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from aiohttp import web
from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from telegram import Bot

from app.lock import StoreLock
from app.menu import FlowMenu
from app.settings import Settings
from app.ways_in import with_ways_in
from app.webhook_calls import HttpCaller
from app.worker_ticks import add_chores, add_hooks, add_rail_ticks, add_webhooks
from automations.broadcast_progress import BroadcastProgress
from automations.clock_jumps import ClockJumps
from automations.engine import Engine
from automations.flow_heads import FlowHeads
from automations.funnel_heads import FunnelHeads
from automations.hooks import Hooks
from automations.pace import Pace
from automations.sender import MOST_AT_ONCE
from automations.ticks import Tick, Ticks
from automations.transfer_jobs import Tools
from automations.transfers import Transfers
from bot.answering import Answering
from bot.channel_messages import TelegramChannelMessages
from bot.commands import Menu
from bot.doors import TelegramDoors
from bot.gateway import TelegramGateway
from bot.intake import Intake
from bot.openings import Openings
from bot.poller import Poller
from bot.presence import Presence
from bot.request import AiohttpRequest
from bot.stars import TelegramStars
from bot.turn import BotFacts
from domain.definitions import Published
from domain.downloads import DownloadAddress
from domain.flows.heads import TOPIC as FLOWS
from domain.funnels.heads import TOPIC as FUNNELS
from domain.passwords import Passwords
from domain.pay_links import PayLinks
from domain.setups import CreatorSetup
from domain.uploads import UploadAddress
from kit.clock import Clock
from kit.errors import Refusal
from kit.tokens import derive_key
from payments.provider_events import TOPIC, Applier, ProviderEvents
from payments.rail import Rail, Rails
from payments.stars_rail import NAME as STARS
from payments.stars_rail import StarsRail
from payments.stars_words import StarsApplier
from payments.stripe_events import StripeEvents
from payments.stripe_rail import NAME as STRIPE
from payments.stripe_rail import StripeRail
from store.database import Database
from store.files import FileStore
from store.models import Role as AccountRole
from store.wakes import Wakes
from web.server import build_web_app
from web.tools import Readiness, WebTools

# the playground, mounted on the demo's application, takes files as Telegram does, in base64
MOST_UPLOAD = 75 * 1024 * 1024
# calls to Telegram beside those of the sender: answers to people, and what else is asked of it
ANSWERS_AT_ONCE = 256


class Role(StrEnum):
    """What a process does: everything, or a part of it beside others on one PostgreSQL."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


class CannotStart(Refusal):
    code = "cannot_start"


class BadUsage(Refusal):
    """What was typed on the command line cannot be meant."""

    code = "bad_usage"


@dataclass(frozen=True)
class Parts:
    """Every part of one process, built and not yet started."""

    settings: Settings
    role: Role
    clock: Clock
    readiness: Readiness
    lock: StoreLock | None
    database: Database
    wakes: Wakes
    files: FileStore
    published: Published
    ticks: Ticks
    menu: FlowMenu
    presence: Presence
    stripe: StripeRail | None
    caller: HttpCaller | None
    # of the addresses that creators named by API
    hook_caller: HttpCaller
    hooks: Hooks | None
    rails: Rails
    intake: Intake
    engine: Engine | None
    poller: Poller | None
    application: web.Application
    # of links whose clicks are counted
    click_key: bytes
    pay_links: PayLinks


def build_parts(
    settings: Settings,
    clock: Clock,
    role: Role,
    *,
    pace: Pace,
    takes_uploads: bool,
    hook_caller: HttpCaller | None = None,
) -> Parts:
    """Raises CannotStart for settings that are missing or do not go together.

    `hook_caller` stands in for one that calls the public internet alone.
    """
    hook_caller = hook_caller or HttpCaller.to_anybody()
    token, secret_key = settings.telegram.token, settings.secret_key
    if token is None or settings.bot_id is None:
        raise CannotStart("set SPARK_TELEGRAM__TOKEN to the bot's token from @BotFather (or try `spark demo`)")
    if secret_key is None:
        raise CannotStart("set SPARK_SECRET_KEY to 32 random characters or more: `openssl rand -base64 32`")
    database = open_database(settings)
    if database.is_sqlite and role is not Role.ALL:
        raise CannotStart("SQLite serves one process: use --role all, or set store.url to a PostgreSQL")
    files, readiness, ticks = FileStore(settings.files_url), Readiness(), Ticks()
    database.on_commit(ticks.wake)
    wakes = Wakes(database, ticks.wake)
    updates_request = AiohttpRequest()
    bot = Bot(
        token.get_secret_value(),
        base_url=f"{settings.telegram.base_url}/bot",
        base_file_url=f"{settings.telegram.base_url}/file/bot",
        # nobody who is answered waits for a connection behind what is said unasked
        request=AiohttpRequest(connection_pool_size=MOST_AT_ONCE + ANSWERS_AT_ONCE),
        get_updates_request=updates_request,
    )
    pay_links = PayLinks(settings.public_url, derive_key(secret_key.get_secret_value(), "pay"))
    published = Published(usual=CreatorSetup(pay_links=pay_links))
    downloads = DownloadAddress(settings.public_url, derive_key(secret_key.get_secret_value(), "downloads"))
    openings = Openings(bot, database, clock, published, downloads)
    gateway, menu = TelegramGateway(bot, settings.bot_id, database, files, openings), Menu()
    stripe = _make_rail(settings)
    # every bot can take Stars
    rails: dict[str, Rail] = {STARS: StarsRail(database, TelegramStars(bot))}
    if stripe is not None:
        rails[STRIPE] = stripe
    access_key, click_key = (derive_key(secret_key.get_secret_value(), of) for of in ("access", "clicks"))
    facts = BotFacts(
        bot_id=settings.bot_id,
        default_creator=settings.telegram.default_creator,
        published=published,
        access_key=access_key,
        checkout_good_for=timedelta(minutes=settings.stripe.checkout_minutes) if stripe else None,
        link=lambda: f"https://t.me/{bot.username}",
        keep_updates=timedelta(days=settings.telegram.keep_updates_days),
        rails=rails,
        uploads=UploadAddress(settings.public_url, derive_key(secret_key.get_secret_value(), "uploads")),
    )
    by_webhook, webhook_secret = settings.telegram.intake == "webhook", settings.telegram.webhook_secret
    intake = Intake(
        database,
        clock,
        bot,
        facts,
        Answering(database, clock, gateway, pace, rails, menu, published, links=stripe),
        secret=webhook_secret.get_secret_value() if webhook_secret else "",
    )
    stripe_events = _stripe_events(settings, database, clock, stripe)
    appliers: dict[str, Applier] = {STARS: StarsApplier()}
    if stripe_events is not None:
        appliers[STRIPE] = stripe_events
    engine, poller, caller, hooks, holder = None, None, None, None, uuid.uuid4().hex
    if role is not Role.WEB:
        engine = Engine(
            database=database,
            clock=clock,
            gateway=gateway,
            pace=pace,
            published=published,
            holder=holder,
            keep_updates=timedelta(days=settings.telegram.keep_updates_days),
            keep_decisions=timedelta(days=settings.engine.keep_decisions_days),
            ticks=ticks,
            bot_id=settings.bot_id,
            transfers=Transfers(Tools(database, clock, gateway, files, pace, published)),
            progress=BroadcastProgress(database, clock, gateway, pace, published),
        )
        kept_for = timedelta(days=settings.engine.keep_decisions_days)
        caller = add_webhooks(ticks, database, clock, published, keep=kept_for)
        hooks = add_hooks(ticks, database, clock, hook_caller, keep=kept_for)
        add_chores(
            ticks,
            database,
            clock,
            doors=TelegramDoors(bot),
            gateway=gateway,
            channels=TelegramChannelMessages(bot, settings.bot_id, database, files),
            files=files,
            bot_id=settings.bot_id,
        )
        if not by_webhook:
            poller = Poller(database, bot, updates_request, intake, holder=holder)
    presence = Presence(
        bot,
        menu,
        webhook=f"{settings.public_url}/webhooks/telegram/{settings.bot_id}"
        if by_webhook and role is not Role.WORKER
        else None,
        secret=intake.secret,
    )
    flow_menu = FlowMenu(database, menu, presence, settings.telegram.default_creator)
    for tick in (
        Tick("leases", intake.keep_leases, every=10),
        Tick("resume", intake.resume, every=5),
        Tick("presence", presence.tell, every=10),
        Tick("clock", ClockJumps(database).look, every=5),
        Tick(
            "flow heads",
            FlowHeads(database, clock, published, changed=lambda: flow_menu.show(published)).refresh,
            every=2,
            topics=frozenset({FLOWS}),
        ),
        Tick("funnel heads", FunnelHeads(database, clock, published).refresh, every=2, topics=frozenset({FUNNELS})),
    ):
        ticks.add(tick)
    provider_events = ProviderEvents(database, clock, appliers)
    ticks.add(Tick("provider events", provider_events.apply_due, every=1, topics=frozenset({TOPIC})))
    if role is not Role.WEB:
        add_rail_ticks(ticks, database, clock, rails, stripe)
    tools = WebTools(
        database=database,
        clock=clock,
        readiness=readiness,
        public_url=settings.public_url,
        access_key=access_key,
        click_key=click_key,
        download_key=downloads.key,
        pay_key=pay_links.key,
        upload_key=facts.uploads.key,
        most_upload=settings.files.most_upload_mb << 20,
        rails=rails,
        checkout_good_for=facts.checkout_good_for,
        files=files,
        published=published,
        telegram=intake if by_webhook else None,
        stripe=stripe_events,
        bot_link=facts.link,
        hook_caller=hook_caller,
        passwords=Passwords(**settings.accounts.argon2.model_dump()),
        self_register=frozenset(map(AccountRole, settings.accounts.self_register)),
    )
    tools = with_ways_in(tools, settings)
    return Parts(
        settings=settings,
        role=role,
        clock=clock,
        readiness=readiness,
        lock=StoreLock(Path(database.url.database or "")) if database.is_sqlite else None,
        database=database,
        wakes=wakes,
        files=files,
        published=published,
        ticks=ticks,
        menu=flow_menu,
        presence=presence,
        stripe=stripe,
        caller=caller,
        hook_caller=hook_caller,
        hooks=hooks,
        rails=rails,
        intake=intake,
        engine=engine,
        poller=poller,
        click_key=click_key,
        pay_links=pay_links,
        application=build_web_app(tools, client_max_size=MOST_UPLOAD) if takes_uploads else build_web_app(tools),
    )


def open_database(settings: Settings) -> Database:
    """Raises CannotStart when its folder cannot be made, or when there is no key to seal with."""
    if not settings.sealing_keys:
        raise CannotStart("set SPARK_SECRET_KEY (or SPARK_DATA_KEYS): personal data is sealed in the store")
    try:
        return Database(settings.store.url, data_keys=settings.sealing_keys)
    except (ValueError, OSError) as error:
        raise cannot_use_store(error) from error


# asyncpg's own, since what it says while connecting (no such database, a wrong password) comes as it is
STORE_TROUBLE = (DBAPIError, OSError, PostgresError)


def cannot_use_store(error: Exception) -> CannotStart:
    """One line about a store that cannot be opened or reached."""
    told = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return CannotStart(f"the store cannot be used ({told.splitlines()[0]}); check store.url")


def _make_rail(settings: Settings) -> StripeRail | None:
    key = settings.stripe.secret_key
    if key is None:
        return None
    return StripeRail(
        key.get_secret_value(),
        api_base=settings.stripe.api_base,
        success_url=settings.stripe.success_url,
        cancel_url=settings.stripe.cancel_url,
        thanks_url=f"{settings.public_url}/bought",
    )


def _stripe_events(
    settings: Settings, database: Database, clock: Clock, stripe: StripeRail | None
) -> StripeEvents | None:
    secrets = [secret.get_secret_value() for secret in settings.stripe.webhook_secrets]
    if stripe is None:
        return None
    if not secrets:
        raise CannotStart("set SPARK_STRIPE__WEBHOOK_SECRETS: without it no payment can be believed")
    return StripeEvents(database, clock, secrets, stripe.livemode)
