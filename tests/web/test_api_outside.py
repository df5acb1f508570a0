"""Tokens of outside issuers: whose they are, which are none, and how their keys are followed."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import func, select
from web_world import NOON, Client, Site, error_of

from store.database import Database
from store.models import Account, ExternalIdentity, Role
from store.sealing import digest
from web.issuer_keys import KnownKey, PublishedKeys, read_keys
from web.outside import Issuer, OutsideIssuers
from web.turns import Turns

ISSUER, AUDIENCE = "https://login.example", "spark-shop"
KEY, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
ME = "/api/v1/auth/me"


def pem_of(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def token(key: Any = KEY, *, kid: str | None = "one", alg: str = "RS256", header: Any = None, **claims: Any) -> str:
    at = int(NOON.timestamp())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "zoe-1", "iat": at, "exp": at + 3600, "name": "Zoë"}
    told = {name: value for name, value in (usual | claims).items() if value is not ...}
    return jwt.encode(told, key, algorithm=alg, headers={**({"kid": kid} if kid else {}), **(header or {})})


@dataclass
class KeyServer:
    """An issuer that publishes its keys."""

    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=lambda: {"one": KEY})
    asked: int = 0
    answers: Any = None
    hangs: asyncio.Event | None = None
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        self.was_asked.set()
        if self.hangs is not None:
            await self.hangs.wait()
        if self.answers is not None:
            return web.Response(**self.answers)
        told = [{**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": kid} for kid, key in self.keys.items()]
        return web.json_response({"keys": told})


@dataclass
class Login:
    site: Site
    client: Client
    server: KeyServer

    async def asks(self, bearer: str, path: str = ME) -> Any:
        return await self.client.get(path, headers={"Authorization": f"Bearer {bearer}"})

    async def status(self, bearer: str) -> int:
        return (await self.asks(bearer)).status

    async def account(self, bearer: str) -> dict[str, Any]:
        response = await self.asks(bearer)
        assert response.status == 200, await response.text()
        found: dict[str, Any] = await response.json()
        return found


async def _login(database: Database, *, registers: bool = True, open_to: Role = Role.BUYER) -> AsyncIterator[Login]:
    server, site = KeyServer(), Site(database)
    keys = web.Application()
    keys.router.add_get("/keys", server.answer)
    async with TestServer(keys) as published:
        issuers = [
            Issuer(ISSUER, AUDIENCE, PublishedKeys(str(published.make_url("/keys")), seconds=0.5), registers),
            Issuer("https://known.example", AUDIENCE, KnownKey(pem_of(KEY))),
        ]
        site.others["outside"] = OutsideIssuers(issuers, database, site.clock, open_to=frozenset({open_to}))
        async with TestClient(TestServer(site.app())) as client:
            yield Login(site, client, server)


@pytest.fixture
async def login(database: Database) -> AsyncIterator[Login]:
    async for login in _login(database):
        yield login


@pytest.fixture
async def either_login(either_database: Database) -> AsyncIterator[Login]:
    async for login in _login(either_database):
        yield login


async def test_a_subject_has_one_account_from_its_first_token_on(either_login: Login):
    login = either_login
    answers = await asyncio.gather(*(login.account(token()) for _ in range(6)))
    assert len({each["id"] for each in answers}) == 1
    me = answers[0]
    assert (me["role"], me["name"], me["email"], me["has_password"]) == ("buyer", "Zoë", None, False)
    assert login.server.asked == 1
    async with login.site.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Account)) == 1
    # the same subject of another issuer is somebody else; it may call itself by no key at all
    known = await login.account(token(iss="https://known.example", kid=None, aud=["x", AUDIENCE]))
    assert known["id"] != me["id"]


async def test_an_e_mail_joins_only_where_both_have_proven_it(login: Login):
    proven = {"email": "Zoe@Example.com", "email_verified": True}
    first = await login.account(token(**proven))
    assert (first["email"], first["email_verified"]) == ("zoe@example.com", True)
    # another issuer that has proven it too speaks of the same
    known = {"iss": "https://known.example"}
    assert (await login.account(token(**known, **proven)))["id"] == first["id"]
    # what is not proven is not believed, and takes nothing from anybody
    for number, claims in enumerate(({"email_verified": False}, {"email_verified": "true"}, {"email_verified": ...})):
        other = await login.account(token(sub=f"other-{number}", **{**proven, **claims}))
        assert (other["id"] != first["id"], other["email"]) == (True, None)
    # nor is anybody joined who has not proven it here, or who looks after others
    async with login.site.database.transaction() as session:
        for name, role, verified in (("typed", Role.BUYER, None), ("admin", Role.ADMIN, NOON)):
            email = f"{name}@example.com"
            seal = await digest(session, email, "email")
            more = {"email": email, "email_digest": seal, "email_verified_at": verified, "created_at": NOON}
            session.add(Account(role=role, name=name, **more))
    for name in ("typed", "admin"):
        other = await login.account(token(sub=name, email=f"{name}@example.com", email_verified=True))
        assert (other["role"], other["email"]) == ("buyer", None)


async def test_where_nobody_may_sign_up_only_a_known_subject_comes_in(database: Database):
    for registers, open_to in ((False, Role.BUYER), (True, Role.BRAND)):
        async for login in _login(database, registers=registers, open_to=open_to):
            refused = await login.asks(token(sub="stranger"))
            assert (refused.status, (await error_of(refused))["code"]) == (403, "REGISTRATION_CLOSED")
            account_id = await login.site.add_account()
            async with database.transaction() as session:
                subject = f"known-{open_to}"
                told = {"issuer": ISSUER, "subject": subject, "account_id": account_id, "created_at": NOON}
                session.add(ExternalIdentity(**told))
            assert (await login.account(token(sub=subject)))["id"] == account_id


def _forged(**header: Any) -> str:
    """Signed with the public key as though it were a secret: RFC 8725, 2.1."""
    import base64
    import hashlib
    import hmac

    def part(given: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(given).encode()).decode().rstrip("=")

    at = int(NOON.timestamp())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "zoe-1", "iat": at, "exp": at + 60}
    signed = f"{part({'typ': 'JWT', 'kid': 'one', **header})}.{part(claims)}"
    seal = hmac.new(pem_of(KEY).encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"


async def test_what_the_issuer_has_not_signed_for_us_and_for_now_is_refused(login: Login):
    at = int(NOON.timestamp())
    wrong = {
        "another's key": token(OTHER),
        "none": _forged(alg="none"),
        "HS256 with the public key": _forged(alg="HS256"),
        "HS256 that says RS256": _forged(alg="RS256"),
        "another algorithm of the same key": token(alg="RS512"),
        "PS256": token(alg="PS256"),
        "ES256": token(ec.generate_private_key(ec.SECP256R1()), alg="ES256"),
        "what must be understood": token(header={"crit": ["b64"], "b64": True}),
        "a key that it brings along": token(OTHER, header={"jwk": json.loads(RSAAlgorithm.to_jwk(OTHER.public_key()))}),
        "an address of keys": token(OTHER, header={"jku": "http://127.0.0.1/keys"}),
        "no key named among several": token(kid="two"),
        "a key by a path": token(kid="../../dev/null"),
        "another audience": token(aud="another-shop"),
        "no audience": token(aud=...),
        "no subject": token(sub=...),
        "an empty subject": token(sub=""),
        "a subject that is too long": token(sub="x" * 600),
        "an odd subject": token(sub="x\0"),
        "no end": token(exp=...),
        "no beginning": token(iat=...),
        "over": token(exp=at - 60),
        "issued later": token(iat=at + 61),
        "not yet": token(nbf=at + 61),
        "no number": token(exp=True),
        "for ever": token(exp=float("inf")),
        "an unknown issuer": token(iss="https://evil.example"),
    }
    for why, each in wrong.items():
        assert await login.status(each) == 401, why
    # a minute between the clocks is borne
    for good in (token(exp=at - 59), token(iat=at + 60), token(nbf=at + 60)):
        assert await login.status(good) == 200
    async with login.site.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Account)) == 1


async def test_keys_are_followed_when_they_change_and_asked_for_no_more_than_once_a_minute(login: Login):
    server, clock = login.server, login.site.clock
    assert await login.status(token()) == 200
    server.keys = {"one": KEY, "two": OTHER}
    fresh = token(OTHER, kid="two", exp=int(NOON.timestamp()) + 90_000)
    assert [await login.status(fresh) for _ in range(3)] == [401] * 3
    assert server.asked == 1
    clock.pass_time(seconds=60)
    assert await asyncio.gather(*(login.status(fresh) for _ in range(5))) == [200] * 5
    assert server.asked == 2
    # a host that fails keeps nobody out whose key is known
    clock.pass_time(hours=2)
    for answers in (
        {"status": 500},
        {"text": "no json"},
        {"text": "[]"},
        {"text": '{"keys": 1}'},
        {"body": b"x" * 400_000},
        {"status": 302, "headers": {"Location": "/keys"}},
    ):
        server.answers, before = answers, server.asked
        assert await login.status(fresh) == 200
        assert server.asked == before + 1
        clock.pass_time(seconds=60)
    server.answers, server.hangs = None, asyncio.Event()
    began = time.monotonic()
    assert await asyncio.gather(*(login.status(fresh) for _ in range(4))) == [200] * 4
    assert time.monotonic() - began < 5
    server.hangs.set()
    # one that is published no more is not believed for longer than an hour
    server.hangs, server.keys = None, {"one": KEY}
    clock.pass_time(hours=1)
    assert await login.status(fresh) == 401


async def test_who_has_no_good_token_of_an_issuer_is_counted_by_address(database: Database):
    async for login in _login(database):
        login.site.others["turns"] = Turns({"public": 2})
        async with TestClient(TestServer(login.site.app())) as client:
            headers = {"Authorization": f"Bearer {token(OTHER)}"}
            assert [(await client.get(ME, headers=headers)).status for _ in range(3)] == [401, 401, 429]
    # and so is one of somebody who gets no account by it
    async for login in _login(database, registers=False):
        login.site.others["turns"] = Turns({"public": 2})
        async with TestClient(TestServer(login.site.app())) as client:
            headers = {"Authorization": f"Bearer {token()}"}
            assert [(await client.get(ME, headers=headers)).status for _ in range(3)] == [403, 403, 429]


async def test_no_transaction_is_open_while_an_issuer_is_asked(login: Login):
    login.server.hangs = asyncio.Event()
    waiting = asyncio.create_task(login.status(token()))
    await login.server.was_asked.wait()
    async with asyncio.timeout(2), login.site.database.transaction() as session:
        await session.execute(select(1))
    login.server.hangs.set()
    assert await waiting == 200


def test_only_keys_that_rs256_is_signed_with_are_read():
    good = json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))
    short = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key()))
    told = [
        {**good, "kid": "good"},
        {**good, "kid": "enc", "use": "enc"},
        {**good, "kid": "other", "alg": "RS512"},
        {**good, "kid": 5},
        {**short, "kid": "short"},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
        {"kty": "oct", "kid": "secret", "k": "AAAA"},
        "odd",
    ]
    assert set(read_keys(json.dumps({"keys": told}).encode())) == {"good"}
    # an issuer with one key alone need not name it
    assert set(read_keys(json.dumps({"keys": [good]}).encode())) == {""}
    with pytest.raises(ValueError, match="RSA public key"):
        KnownKey(pem_of(rsa.generate_private_key(65537, 1024)))
