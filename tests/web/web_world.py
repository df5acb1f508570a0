"""A site to knock at: the HTTP face over a real store, with a clock that is moved by hand."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from aiohttp.typedefs import Handler
from sqlalchemy import select

from domain.definitions import Published
from domain.idea_parts import PRIORITY_PLACE, STAGE_PLACE
from domain.idea_search import keep_search
from domain.ideas import keep_tags
from domain.passwords import Passwords
from kit.clock import MovableClock
from kit.errors import Refusal
from kit.tokens import AUDIENCE, ISSUER, sign_access_token
from payments.rail import Rail
from store.database import Database, insert_each_once
from store.files import FileStore
from store.models import Account, Creator, Idea, IdeaStage, Membership, Priority, Role, SignIn
from web.api.openapi import refusals
from web.api.table import PREFIX, ROUTES
from web.bodies import MOST_BYTES
from web.server import build_web_app
from web.tools import Readiness, WebTools

# far from the wall clock on purpose: nothing may look at that one
NOON = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "telegrams-own-word"
BOT = "https://t.me/spark_bot"
# as quick as argon2 gets
PASSWORDS = Passwords(time_cost=1, memory_kib=8, parallelism=1)
Client = TestClient[web.Request, web.Application]
_TABLE = {(route.method, PREFIX + route.path): route for route in ROUTES}
_FIRST_ERROR = 400


@dataclass
class Telegram:
    bot_id: int = 4242
    secret: str = SECRET
    kept: list[bytes] = field(default_factory=list)
    fails_with: Exception | None = None

    async def receive(self, body: bytes) -> None:
        if self.fails_with:
            raise self.fails_with
        self.kept.append(body)


@dataclass
class Stripe:
    kept: list[bytes] = field(default_factory=list)
    signatures: list[str | None] = field(default_factory=list)

    async def keep(self, body: bytes, signature: str | None) -> None:
        self.signatures.append(signature)
        if signature != "good":
            raise Refusal("the signature is not Stripe's")
        self.kept.append(body)


@web.middleware
async def as_documented(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever a test asks of the API, the document tells of the status and the code that it is answered with."""
    response = await handler(request)
    resource = request.match_info.route.resource
    route = _TABLE.get((request.method, "" if resource is None else resource.canonical))
    if route is None:
        return response
    if response.status < _FIRST_ERROR:
        assert response.status in route.answers, f"{request.method} {route.path} answers {response.status}"
    else:
        assert isinstance(response, web.Response)
        code = json.loads(str(response.text))["error"]["code"]
        told = refusals(route).get(response.status, ())
        assert code in told, f"{request.method} {route.path} refuses with {response.status} {code}"
    return response


@dataclass
class Site:
    """Spark's HTTP face over a real store, and what a test moves about it."""

    database: Database
    clock: MovableClock = field(default_factory=lambda: MovableClock(frozen_at=NOON))
    readiness: Readiness = field(default_factory=Readiness)
    published: Published = field(default_factory=Published)
    telegram: Telegram = field(default_factory=Telegram)
    stripe: Stripe = field(default_factory=Stripe)
    public_url: str = "https://spark.example"
    rails: dict[str, Rail] = field(default_factory=dict)
    files_url: str = "memory://"
    most_upload: int = 1 << 20
    # what else of `WebTools` a test wants otherwise
    others: dict[str, Any] = field(default_factory=dict)
    passwords: Passwords = PASSWORDS
    self_register: frozenset[Role] = frozenset({Role.BUYER, Role.CREATOR, Role.BRAND})

    # accounts that hold a token of this site, whose session is to be in the store before it is asked for
    holders: set[int] = field(default_factory=set)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    def app(self, *, with_rails: bool = True, client_max_size: int = MOST_BYTES) -> web.Application:
        application = build_web_app(
            WebTools(
                database=self.database,
                clock=self.clock,
                readiness=self.readiness,
                public_url=self.public_url,
                access_key=KEY,
                published=self.published,
                click_key=KEY,
                download_key=KEY,
                pay_key=KEY,
                upload_key=KEY,
                most_upload=self.most_upload,
                rails=self.rails,
                bot_link=lambda: BOT,
                passwords=self.passwords,
                self_register=self.self_register,
                files=FileStore(self.files_url),
                telegram=self.telegram if with_rails else None,
                stripe=self.stripe if with_rails else None,
                **self.others,
            ),
            client_max_size=client_max_size,
        )

        @web.middleware
        async def with_sessions(request: web.Request, handler: Handler) -> web.StreamResponse:
            await self.open_sessions()
            return await handler(request)

        application.middlewares[:0] = [as_documented, with_sessions]
        return application

    async def open_sessions(self) -> None:
        """What `token` promised: a session in the store for each account that was given one."""
        # others wait until the rows are there, too
        async with self.opening:
            await self._open_sessions()

    async def _open_sessions(self) -> None:
        wanted, self.holders = self.holders, set()
        if not wanted:
            return
        async with self.database.transaction() as session:
            there = await session.scalars(select(Account.id).where(Account.id.in_(wanted)))
            rows = [
                {
                    "id": session_of(account_id),
                    "account_id": account_id,
                    "way": "password",
                    "agent": "",
                    "address": "",
                    "created_at": self.clock(),
                    "used_at": self.clock(),
                    "expires_at": self.clock() + timedelta(days=3650),
                }
                for account_id in there
            ]
            await insert_each_once(session, SignIn, rows)

    def token(self, account_id: int) -> str:
        self.holders.add(account_id)
        return sign_access_token(
            KEY,
            account_id=account_id,
            sign_in_id=session_of(account_id),
            issuer=ISSUER,
            audience=AUDIENCE,
            now=self.clock(),
            lifetime=timedelta(minutes=15),
        )

    def bearer(self, account_id: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(account_id)}"}

    async def add_creator(self, slug: str) -> int:
        async with self.database.transaction() as session:
            creator = Creator(slug=slug, name=slug.title(), currency="usd", time_zone="UTC", created_at=self.clock())
            session.add(creator)
            await session.flush()
            return creator.id

    async def add_account(self, *creator_ids: int) -> int:
        async with self.database.transaction() as session:
            account = Account(role=Role.CREATOR, name="Ada", email=None, person_id=None, created_at=self.clock())
            session.add(account)
            await session.flush()
            session.add_all(Membership(account_id=account.id, creator_id=creator_id) for creator_id in creator_ids)
            return account.id

    async def add_ideas(self, creator_id: int, *ideas: dict[str, object]) -> None:
        async with self.database.transaction() as session:
            for number, given in enumerate(ideas, start=1):
                usual = {
                    "public_id": UUID(int=creator_id * 10_000 + number),
                    "number": number,
                    "title": f"Idea {number}",
                    "notes": "",
                    "stage": IdeaStage.IDEA,
                    "priority": Priority.MEDIUM,
                    "tags": [],
                    "due_date": None,
                    "created_at": self.clock(),
                    "updated_at": self.clock(),
                }
                values: dict[str, Any] = usual | given
                values |= {
                    "title_key": str(values["title"]).casefold(),
                    "stage_place": STAGE_PLACE[values["stage"]],
                    "priority_place": PRIORITY_PLACE[values["priority"]],
                    "stage_at": values["created_at"],
                }
                idea = Idea(creator_id=creator_id, **values)
                session.add(idea)
                await session.flush()
                await keep_tags(session, idea)
                await keep_search(session, idea)


def session_of(account_id: int) -> int:
    """The session that a test's own tokens live by, far from those that are counted."""
    return 1_000_000_000 + 1_000 * account_id


async def raw(client: Client, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def error_of(response: ClientResponse) -> dict[str, Any]:
    assert response.content_type == "application/json"
    body = await response.json()
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    assert set(error) - {"fields"} == {"code", "message", "correlation_id"}
    assert error["correlation_id"] == response.headers["X-Correlation-ID"]
    return error
