import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import Engine, delete, event, select, update
from web_world import KEY, NOON, Client, Site, error_of, session_of

from kit.errors import NotSignedIn
from store.models import Account, AccountState, Lead, Membership
from web.tools import Vouched
from web.turns import Rate, Turns

PATH = "/api/v1/{}/ideas"


@pytest.fixture
async def account_id(site: Site) -> int:
    return await site.add_account(await site.add_creator("ada"))


def claims(account_id: int, **changed: Any) -> dict[str, Any]:
    usual = {
        "sub": str(account_id),
        "sid": str(session_of(account_id)),
        "iss": "spark",
        "aud": "spark-api",
        "iat": int(NOON.timestamp()),
        "exp": int((NOON + timedelta(minutes=15)).timestamp()),
        "typ": "access",
        "jti": "0001",
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


def part(content: Any) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")


def sealed(header: dict[str, Any], content: dict[str, Any], key: bytes) -> str:
    """A token put together by hand, as an attacker does."""
    signed = part(header) + b"." + part(content)
    seal = base64.urlsafe_b64encode(hmac.new(key, signed, hashlib.sha256).digest()).rstrip(b"=")
    return (signed + b"." + seal).decode()


async def status_with(client: Client, account_id: int, authorization: str | None) -> int:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = await client.get(PATH.format(account_id), headers=headers)
    if response.status == 401:
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert (await error_of(response))["code"] == "UNAUTHORIZED"
    return response.status


async def test_a_good_token_opens_the_door(site: Site, client: Client, account_id: int):
    token = site.token(account_id)
    assert await status_with(client, account_id, f"Bearer {token}") == 200
    assert await status_with(client, account_id, f"bearer {token}") == 200
    assert jwt.decode(token, options={"verify_signature": False})["sub"] == str(account_id)
    by_hand = jwt.encode(claims(account_id), KEY, algorithm="HS256")
    assert await status_with(client, account_id, f"Bearer {by_hand}") == 200


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer  ", "Basic YTpi", "Bearer a.b", "Bearer ...", "Token x"]
)
async def test_no_token_is_a_401_whatever_the_address(client: Client, authorization: str | None):
    for user_id in ("1", "not-a-number", "%00"):
        headers = {} if authorization is None else {"Authorization": authorization}
        assert (await client.get(PATH.format(user_id), headers=headers)).status == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another-api"},
        {"aud": ["another-api"]},
        {"iss": "someone-else"},
        {"typ": "refresh"},
        {"typ": "Access"},
        {"iat": int((NOON + timedelta(hours=1)).timestamp()), "exp": int((NOON + timedelta(hours=2)).timestamp())},
        {"exp": int(NOON.timestamp())},
        {"exp": "soon"},
        {"exp": 10**30},
        {"exp": float("inf")},
        {"sub": 1},
        {"sub": "ada"},
        {"sub": "-1"},
        {"sub": "0"},
        {"sub": str(10**30)},
        *({name: None} for name in ("sub", "sid", "iss", "aud", "iat", "exp", "typ", "jti")),
        {"sid": 1},
        {"sid": "0"},
        {"sid": "9" * 40},
    ],
)
async def test_a_token_with_wrong_claims_is_a_401(client: Client, account_id: int, changed: dict[str, Any]):
    token = sealed({"alg": "HS256", "typ": "JWT"}, claims(account_id, **changed), KEY)
    assert await status_with(client, account_id, f"Bearer {token}") == 401


async def test_a_token_ends_by_our_clock_though_not_by_the_wall_clock(site: Site, client: Client, account_id: int):
    bearer = f"Bearer {site.token(account_id)}"
    site.clock.pass_time(minutes=14, seconds=59)
    assert await status_with(client, account_id, bearer) == 200
    site.clock.pass_time(seconds=1)
    assert await status_with(client, account_id, bearer) == 401


async def test_a_token_of_another_key_is_a_401(client: Client, account_id: int):
    token = jwt.encode(claims(account_id), b"f" * 32, algorithm="HS256")
    assert await status_with(client, account_id, f"Bearer {token}") == 401


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
async def test_a_token_that_nobody_signed_is_a_401(client: Client, account_id: int, algorithm: str):
    bare = (part({"alg": algorithm, "typ": "JWT"}) + b"." + part(claims(account_id))).decode()
    signed = sealed({"alg": algorithm}, claims(account_id), KEY)
    for token in (bare + ".", bare, signed):
        assert await status_with(client, account_id, f"Bearer {token}") == 401


async def test_another_kind_of_key_does_not_pass_for_ours(client: Client, account_id: int):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for token in (
        jwt.encode(claims(account_id), private, algorithm="RS256"),
        sealed({"alg": "RS256"}, claims(account_id), KEY),
        sealed({"alg": "HS256"}, claims(account_id), public),
        sealed({"alg": "HS512"}, claims(account_id), KEY),
    ):
        assert await status_with(client, account_id, f"Bearer {token}") == 401


async def test_a_header_nested_without_end_is_a_401(client: Client, account_id: int):
    deep = base64.urlsafe_b64encode(b"[" * 5000).rstrip(b"=").decode()
    assert await status_with(client, account_id, f"Bearer {deep}.e30.e30") == 401


async def test_two_tokens_are_none(site: Site, client: Client, account_id: int):
    headers = [("Authorization", f"Bearer {site.token(account_id)}"), ("Authorization", "Bearer x")]
    assert (await client.get(PATH.format(account_id), headers=headers)).status == 401


@pytest.mark.parametrize(
    "user_id", ["{}0", "0{}", "+{}", "%20{}", "{}%20", "{}.0", "-{}", "ada", "%00", "%ff", "²", "{}%2F"]
)
async def test_anothers_address_is_a_403_and_so_is_a_malformed_one(
    site: Site, client: Client, account_id: int, user_id: str
):
    response = await client.get(PATH.format(user_id.format(account_id)), headers=site.bearer(account_id))
    assert (response.status, (await error_of(response))["code"]) == (403, "FORBIDDEN")


async def test_an_account_that_is_gone_is_a_401_at_once(site: Site, client: Client, account_id: int):
    async with site.database.transaction() as session:
        await session.execute(delete(Membership))
        await session.execute(delete(Account))
    assert await status_with(client, account_id, f"Bearer {site.token(account_id)}") == 401


async def test_a_right_that_is_taken_away_is_gone_at_once(site: Site, client: Client, account_id: int):
    assert await status_with(client, account_id, f"Bearer {site.token(account_id)}") == 200
    async with site.database.transaction() as session:
        await session.execute(delete(Membership))
    assert await status_with(client, account_id, f"Bearer {site.token(account_id)}") == 403


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS256", "typ": "JWT", "kid": "../../dev/null"},
        {"alg": "HS256", "typ": "JWT", "kid": "' UNION SELECT 'key"},
        {"alg": "HS256", "typ": "JWT", "crit": ["exp"]},
        {"alg": "HS256", "typ": "JWT", "crit": ["unheard-of"], "unheard-of": True},
        {"alg": "HS256", "typ": "JWT", "crit": []},
        {"alg": "HS256", "typ": "JWT", "b64": False, "crit": ["b64"]},
        {"alg": "HS256", "typ": "JWT", "jku": "https://evil.example/keys"},
        {"alg": "HS256", "typ": "JWT", "jwk": {"kty": "oct", "k": "AAAA"}},
        {"alg": "HS256", "typ": "at+jwt"},
        {"alg": "HS256"},
        {"alg": ["HS256"], "typ": "JWT"},
        {"typ": "JWT"},
    ],
)
async def test_a_header_that_is_not_ours_to_the_letter_is_a_401(
    client: Client, account_id: int, header: dict[str, Any]
):
    assert await status_with(client, account_id, f"Bearer {sealed(header, claims(account_id), KEY)}") == 401


@dataclass
class Elsewhere:
    """An outside issuer that takes one token for good."""

    account_id: int
    good: str = ""
    asked: list[str] = field(default_factory=list)

    def issues(self, issuer: str | None) -> bool:
        return issuer == "https://id.example"

    async def vouched(self, token: str) -> Vouched:
        self.asked.append(token)
        if token != self.good:
            raise NotSignedIn("no token of theirs")
        return Vouched(self.account_id, str(self.account_id))


async def test_a_token_is_checked_by_its_issuer_alone(site: Site, account_id: int):
    elsewhere = Elsewhere(account_id)
    site.others["outside"] = elsewhere
    header, theirs = {"alg": "HS256", "typ": "JWT"}, claims(account_id, iss="https://id.example")
    async with TestClient(TestServer(site.app())) as client:
        # of our key, in their name: ours does not look at it
        assert await status_with(client, account_id, f"Bearer {sealed(header, theirs, KEY)}") == 401
        assert len(elsewhere.asked) == 1
        # of nobody's key, in ours: theirs is not asked
        assert await status_with(client, account_id, f"Bearer {sealed(header, claims(account_id), b'f' * 32)}") == 401
        assert await status_with(client, account_id, f"Bearer {site.token(account_id)}") == 200
        assert len(elsewhere.asked) == 1
        elsewhere.good = sealed({"alg": "RS256", "kid": "1"}, theirs, b"signed elsewhere")
        assert await status_with(client, account_id, f"Bearer {elsewhere.good}") == 200
        async with site.database.transaction() as session:
            await session.execute(update(Account).values(state=AccountState.SUSPENDED))
        assert await status_with(client, account_id, f"Bearer {elsewhere.good}") == 401


async def test_who_calls_is_found_in_one_statement(site: Site, client: Client, account_id: int):
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    assert await status_with(client, account_id, f"Bearer {site.token(account_id)}") == 200
    event.listen(Engine, "before_cursor_execute", note)
    assert (await client.get("/api/v1/auth/me", headers=site.bearer(account_id))).status == 200
    event.remove(Engine, "before_cursor_execute", note)
    assert [each for each in asked if "account" in each and "INSERT" not in each and "id IN" not in each] == [
        each for each in asked if "FROM account LEFT OUTER JOIN" in each
    ]
    assert len([each for each in asked if "LEFT OUTER JOIN" in each]) == 1


class HeardOf(Turns):
    """Says when somebody has been let in."""

    def __init__(self) -> None:
        super().__init__({})
        self.let_in = asyncio.Event()

    def take(self, rate: Rate, who: str, *, now: datetime) -> None:
        super().take(rate, who, now=now)
        self.let_in.set()


async def test_what_was_begun_for_one_creator_is_not_done_once_the_right_is_gone(site: Site, account_id: int):
    """Whoever acts for others too sends slowly, and has lost the right to these leads when the rest has come."""
    own = await site.add_creator("own")
    turns = site.others["turns"] = HeardOf()
    async with site.database.transaction() as session:
        session.add(Membership(account_id=account_id, creator_id=own, owner=False, rights=["view", "manage"]))

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"name": '
        await turns.let_in.wait()
        async with site.database.transaction() as session:
            await session.execute(delete(Membership).where(Membership.creator_id != own))
        yield b'"Zo\xc3\xab"}'

    async with TestClient(TestServer(site.app())) as client:
        headers = site.bearer(account_id) | {"Content-Type": "application/json"}
        response = await client.post("/api/v1/leads", headers=headers, data=slowly())
        assert (response.status, (await error_of(response))["code"]) == (403, "FORBIDDEN")
    async with site.database.reading() as session:
        assert (await session.scalars(select(Lead.id))).all() == []
