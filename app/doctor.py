"""`spark doctor`: is everything that Spark leans on well, and if not, how to mend it."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from app.address_check import MEND, sold_without_address
from app.keys import told_of_keys
from app.parts import STORE_TROUBLE, CannotStart, open_database
from app.rails_check import RULE, sold_without_stars
from app.settings import Settings, load
from bot.request import AiohttpRequest
from kit.clock import SystemClock
from kit.errors import Refusal
from payments.stripe_rail import StripeRail
from store.queries.leases import database_time
from store.queries.rails import RailLag, rail_lag
from store.queries.troubles import count_troubles
from store.schema import is_current

MOST_SKEW_SECONDS = 5.0
MOST_NAMED = 5
_OWN_MACHINE = {"127.0.0.1", "::1", "localhost"}
_HOUR = 60


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    well: bool
    told: str


async def examine(config: Path | None) -> list[Finding]:
    """Asks each in turn; one that is ill does not keep the others from being asked."""
    settings = load(config).settings
    return [*await _store(settings), await _telegram(settings), await stripe_finding(settings), proxy_finding(settings)]


async def _store(settings: Settings) -> list[Finding]:
    try:
        database, now = open_database(settings), SystemClock()()
    except CannotStart as refusal:
        return [Finding("store", False, str(refusal))]
    try:
        if not await database.is_up():
            return [Finding("store", False, "cannot be reached; check store.url")]
        if not await is_current(database):
            return [Finding("store", False, "its schema is not the newest; run `spark migrate`")]
        async with database.reading() as session:
            skew = abs((now - await database_time(session)).total_seconds())
            counts = await count_troubles(session, now=now)
            lag = await rail_lag(session, now=now)
            without_stars = await sold_without_stars(session, settings.creators)
            without_address = await sold_without_address(session, settings.creators)
        sealed = Finding("sealing", *await told_of_keys(database, settings))
    except (SQLAlchemyError, *STORE_TROUBLE) as error:
        return [Finding("store", False, f"{type(error).__name__}; check store.url")]
    finally:
        await database.close()
    return [
        Finding("store", True, "reachable, newest schema"),
        sealed,
        Finding("clock", skew < MOST_SKEW_SECONDS, f"{skew:.1f} s from the store's; keep both by NTP"),
        rails_finding(lag),
        stars_finding(without_stars),
        address_finding(without_address),
        *(Finding(trouble.what, not trouble.count, f"{trouble.count} {trouble.told}") for trouble in counts),
    ]


def rails_finding(lag: RailLag) -> Finding:
    """What the rails have told and nobody has dealt with yet, and how long ago they were asked."""
    parts = [f"{lag.unhandled} events to apply", f"{lag.waiting} orders to look up", f"{lag.refunds} refunds to make"]
    if lag.longest:
        parts.append(f"the oldest for {_length(lag.longest)}")
    parts += [
        f"list of {rail} {'not read yet' if ago is None else f'read {_length(ago)} ago'}"
        for rail, ago in lag.lists.items()
    ]
    told = ", ".join(parts)
    mend = "" if lag.is_well else "; is `spark run` at work, and can it reach the rails?"
    return Finding("rails", lag.is_well, told + mend)


def stars_finding(titles: list[str]) -> Finding:
    """A warning, and no fault of the machine's."""
    if not titles:
        return Finding("stars", True, "every digital product can be paid in Stars")
    mend = "set a price in Stars, or creators.SLUG.shop.stars_rates"
    return Finding("stars", True, f"warning: {_named(titles)} can be paid by Stripe alone; {mend}. {RULE}")


def address_finding(titles: list[str]) -> Finding:
    """A warning: where it shall go may be settled in another way."""
    if not titles:
        return Finding("addresses", True, "whoever buys what goes by post is asked where to")
    return Finding("addresses", True, f"warning: nobody need say where {_named(titles)} shall go; {MEND}")


def proxy_finding(settings: Settings) -> Finding:
    """A warning: limits by address are one for everybody, where each comes from the proxy's."""
    behind_one = settings.public_url.startswith("https://") and settings.http.host in _OWN_MACHINE
    if not behind_one or settings.http.trusted_proxies:
        return Finding("proxy", True, "whoever calls is told apart by their address")
    told = "public_url is https and http.host this machine alone, so a proxy stands in front that is not trusted"
    mend = "set http.trusted_proxies (SPARK_HTTP__TRUSTED_PROXIES=127.0.0.1), or everybody shares one address's limits"
    return Finding("proxy", True, f"warning: {told}; {mend}")


def _named(titles: list[str]) -> str:
    more = f" and {len(titles) - MOST_NAMED} more" if len(titles) > MOST_NAMED else ""
    return ", ".join(f"“{title}”" for title in titles[:MOST_NAMED]) + more


def _length(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= _HOUR else f"{minutes} min"


async def _telegram(settings: Settings) -> Finding:
    token = settings.telegram.token
    if token is None:
        return Finding("telegram", False, "no token; set SPARK_TELEGRAM__TOKEN to the one from @BotFather")
    bot = Bot(
        token.get_secret_value(),
        base_url=f"{settings.telegram.base_url}/bot",
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(),
    )
    try:
        await bot.initialize()
        hook = await bot.get_webhook_info()
    except InvalidToken:
        # its own words would repeat the token
        return Finding("telegram", False, "Telegram does not know this token; check SPARK_TELEGRAM__TOKEN")
    except TelegramError as error:
        return Finding("telegram", False, f"{error.message}; check SPARK_TELEGRAM__TOKEN and the network")
    finally:
        await bot.shutdown()
    if settings.telegram.intake == "webhook" and not hook.url:
        return Finding("telegram", False, f"@{bot.username} has no webhook; `spark run` sets it")
    return Finding("telegram", True, f"@{bot.username}, {hook.pending_update_count} updates waiting")


async def stripe_finding(settings: Settings) -> Finding:
    key = settings.stripe.secret_key
    if key is None:
        told = "not set up, so only what is sold for Telegram Stars, and what is free, can be had"
        return Finding("stripe", True, f"{told}; SPARK_STRIPE__SECRET_KEY sets it up")
    if not settings.stripe.webhook_secrets:
        return Finding("stripe", False, "no webhook secret; set SPARK_STRIPE__WEBHOOK_SECRETS")
    rail = StripeRail(key.get_secret_value(), api_base=settings.stripe.api_base)
    try:
        await rail.check()
    except Refusal as refusal:
        return Finding("stripe", False, str(refusal))
    finally:
        await rail.close()
    return Finding("stripe", True, "the key works" + ("" if rail.livemode else " (test mode)"))
