"""What the HTTP face is handed by the program that starts it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from aiohttp import web

from automations.outgoing_calls import Caller, CallFailed
from domain.definitions import Published
from domain.passwords import Passwords
from kit.clock import Clock
from kit.kept import Kept
from payments.rail import Rails
from store.database import Database
from store.files import FileStore
from store.models import Role
from web.address import Networks
from web.kept_answers import KeptAnswers
from web.live_events import LiveEvents
from web.once import Once
from web.totals import KeptTotals
from web.turns import Turns


class TelegramIntake(Protocol):
    """Where Telegram's updates go; `secret` is the one given to setWebhook."""

    @property
    def bot_id(self) -> int: ...

    @property
    def secret(self) -> str: ...

    async def receive(self, body: bytes) -> None:
        """Returns once the update is saved, and raises when it is not: then Telegram sends it again."""


class StripeIntake(Protocol):
    """Where Stripe's events go."""

    async def keep(self, body: bytes, signature: str | None) -> None:
        """Returns once the event is saved. Raises Refusal when the signature is not Stripe's."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """The account of an outside issuer's token, and its `sub`, by which whoever holds it knows themselves."""

    account_id: int
    subject: str


class Outside(Protocol):
    """Issuers elsewhere whose tokens are accepted as Bearer."""

    def issues(self, issuer: str | None) -> bool: ...

    async def vouched(self, token: str) -> Vouched:
        """The account that its subject has here, made now if need be. Asks over the wire, so in no transaction.

        Raises NotSignedIn.
        """


class Readiness:
    """Whether this process should be given work, and why not; it starts out as not ready."""

    def __init__(self) -> None:
        self.ready = False
        self.reason = "starting"

    def now_ready(self) -> None:
        self.ready, self.reason = True, ""

    def not_ready(self, reason: str) -> None:
        self.ready, self.reason = False, reason


class NobodyCalls:
    """Of a process that is handed nobody to make calls."""

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        raise CallFailed("this process makes no calls")


@dataclass(frozen=True)
class WebTools:
    """Keys of kit.tokens: `access_key` signs access tokens, `click_key` counted links, and so on."""

    database: Database
    clock: Clock
    readiness: Readiness
    public_url: str
    access_key: bytes
    click_key: bytes
    download_key: bytes
    pay_key: bytes
    upload_key: bytes
    files: FileStore
    published: Published
    telegram: TelegramIntake | None
    stripe: StripeIntake | None
    # bytes of one file that a creator sends up
    most_upload: int = 2048 << 20
    # the bot's own address, known once Telegram has been asked
    bot_link: Callable[[], str] = lambda: "https://t.me"
    rails: Rails = field(default_factory=dict)
    # how long a checkout can be paid, where a rail says so
    checkout_good_for: timedelta | None = None
    passwords: Passwords = field(default_factory=Passwords)
    # the roles in which people may sign up by themselves
    self_register: frozenset[Role] = frozenset({Role.BUYER})
    outside: Outside | None = None
    # those who watch what happens
    live: LiveEvents = field(default_factory=LiveEvents)
    # makes the calls by which webhooks are tried out
    hook_caller: Caller = field(default_factory=NobodyCalls)
    bot_id: int = 0
    # checks what Telegram gives to Mini Apps; None: there are none
    mini_app_key: bytes | None = None
    # how often somebody may ask; without limits where nothing else is said
    turns: Turns = field(default_factory=lambda: Turns({}))
    # whose word on where a request came from is believed
    trusted_proxies: Networks = ()
    # of pages whose scripts may call the API; `*` is any
    allowed_origins: frozenset[str] = frozenset()
    # the pages that orders are paid at, while they are being made
    checkouts: Once = field(default_factory=Once)
    # of long lists
    totals: KeptTotals = field(default_factory=KeptTotals)
    # of the shop, where to count takes longer; how narrow its filters are; and what is told of all of it
    shop_totals: KeptTotals = field(default_factory=lambda: KeptTotals(exact_up_to=1000))
    shop_breadths: Kept = field(default_factory=Kept)
    shop_answers: KeptAnswers = field(default_factory=KeptAnswers)
    # sums of one creator's business, as JSON: some of them are megabytes
    own_answers: KeptAnswers = field(default_factory=lambda: KeptAnswers(most_kept=100))


TOOLS = web.AppKey("tools", WebTools)
