"""Ideas by the token of an outside issuer alone: the address is its `sub`, letter for letter."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select, update
from test_api_outside import AUDIENCE, ISSUER, KEY, KeyServer, pem_of, token
from web_world import Client, Site, error_of
from yarl import URL

from store.database import Database
from store.models import Account, Creator, ExternalIdentity, Membership, Role
from web.issuer_keys import KnownKey, PublishedKeys
from web.outside import Issuer, OutsideIssuers

SUBJECTS = ("zoe-1", "auth0|123", "user@x", "Größe 1", "日本", "a/b", "100%", "%2F", "a%20b", "a+b", "1", "x:y;z=&?#")


class Outsiders:
    """People who hold nothing but tokens of an issuer that publishes its keys."""

    def __init__(self, site: Site, client: Client) -> None:
        self.site, self.client = site, client

    async def ask(self, told_as: str, bearer: str, method: str = "GET", more: str = "", **body: Any) -> Any:
        address = URL(f"/api/v1/{quote(told_as, safe='')}/ideas{more}", encoded=True)
        headers = {"Authorization": f"Bearer {bearer}"}
        return await self.client.request(method, address, headers=headers, json=body or None)

    async def total(self, told_as: str, bearer: str) -> int:
        response = await self.ask(told_as, bearer)
        assert response.status == 200, await response.text()
        total: int = (await response.json())["total"]
        return total


async def _outsiders(database: Database, *open_to: Role) -> AsyncIterator[Outsiders]:
    keys, site = web.Application(), Site(database, self_register=frozenset(open_to))
    keys.router.add_get("/keys", KeyServer().answer)
    async with TestServer(keys) as published:
        issuers = [
            Issuer(ISSUER, AUDIENCE, PublishedKeys(str(published.make_url("/keys")), seconds=0.5)),
            Issuer("https://known.example", AUDIENCE, KnownKey(pem_of(KEY))),
        ]
        site.others["outside"] = OutsideIssuers(issuers, database, site.clock, open_to=site.self_register)
        async with TestClient(TestServer(site.app())) as client:
            yield Outsiders(site, client)


@pytest.fixture
async def outsiders(database: Database) -> AsyncIterator[Outsiders]:
    async for each in _outsiders(database, Role.BUYER, Role.CREATOR):
        yield each


@pytest.fixture
async def either_outsiders(either_database: Database) -> AsyncIterator[Outsiders]:
    async for each in _outsiders(either_database, Role.BUYER, Role.CREATOR):
        yield each


async def test_the_address_is_the_tokens_own_subject_letter_for_letter(outsiders: Outsiders):
    for subject in SUBJECTS:
        assert await outsiders.total(subject, token(sub=subject)) == 0
    for subject, other in (
        ("zoe-1", "zoe-2"),
        ("zoe-1", "Zoe-1"),
        ("zoe-1", "zoe-1 "),
        ("user@x", "user%40x"),
        ("%2F", "/"),
        ("a%20b", "a b"),
        ("a+b", "a b"),
        # the same to the eye, by other code points
        ("Größe 1", "Gro\u0308ße 1"),
        ("1", "01"),
    ):
        refused = await outsiders.ask(other, token(sub=subject))
        assert (refused.status, (await error_of(refused))["code"]) == (403, "FORBIDDEN"), (subject, other)
    # nor the number that their account has here, which is the address of our own tokens alone
    async with outsiders.site.database.reading() as session:
        asked = select(ExternalIdentity.account_id).where(ExternalIdentity.subject == "zoe-1")
        number = await session.scalar(asked)
    assert (await outsiders.ask(str(number), token(sub="zoe-1"))).status == 403
    assert (await outsiders.ask(str(number), outsiders.site.token(number or 0))).status == 200
    assert (await outsiders.ask("zoe-1", outsiders.site.token(number or 0))).status == 403


async def test_a_subject_that_is_a_word_of_the_api_has_no_address_by_any_method(outsiders: Outsiders):
    for subject in ("leads", "products", "funnels", "team", "purchase"):
        for method, more in (("POST", ""), ("GET", ""), ("GET", f"/{uuid4()}"), ("DELETE", f"/{uuid4()}")):
            body = {"title": "Studio tour"} if method == "POST" else {}
            response = await outsiders.ask(subject, token(sub=subject), method, more, **body)
            error = await error_of(response)
            told = (response.status, error["code"], f"`{subject}` is a word of this API" in error["message"])
            assert told == (403, "FORBIDDEN", True), (subject, method, more, error)
    # nothing has been founded for them
    async with outsiders.site.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Creator)) == 0
    # a word that stands before nothing else is a name like any other, and no address of our own tokens
    assert await outsiders.total("analytics", token(sub="analytics")) == 0
    async with outsiders.site.database.reading() as session:
        number = await session.scalar(
            select(ExternalIdentity.account_id).where(ExternalIdentity.subject == "analytics")
        )
    ours = outsiders.site.token(number or 0)
    assert (await outsiders.ask("leads", ours, "POST", title="Studio tour")).status == 403


async def test_whoever_brings_a_token_has_ideas_of_their_own_from_the_first_request_on(either_outsiders: Outsiders):
    outsiders = either_outsiders
    made = await outsiders.ask("zoe-1", token(), "POST", title="Studio tour")
    assert made.status == 201, await made.text()
    idea = await made.json()
    # whoever comes several times at once has one business, and two of one name have two
    people = [("twin-1", token(sub="twin-1")), ("twin-2", token(sub="twin-2"))] * 3
    assert set(await asyncio.gather(*(outsiders.total(*each) for each in people))) == {0}
    # the same subject of another issuer is somebody else
    assert await outsiders.total("zoe-1", token(iss="https://known.example", kid=None)) == 0
    assert await outsiders.total("zoe-1", token()) == 1
    async with outsiders.site.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Creator)) == 4
        assert await session.scalar(select(func.count()).select_from(Membership)) == 4
        assert set(await session.scalars(select(Account.role))) == {Role.CREATOR}
    # another's idea is none of theirs, by either address
    assert (await outsiders.ask("twin-1", token(sub="twin-1"), more=f"/{idea['id']}")).status == 404
    assert (await outsiders.ask("zoe-1", token(sub="twin-1"), more=f"/{idea['id']}")).status == 403
    assert (await outsiders.ask("zoe-1", token(), "DELETE", f"/{idea['id']}")).status == 204


async def test_nobody_is_made_a_creator_by_another_address_or_where_that_is_closed(database: Database):
    async for outsiders in _outsiders(database, Role.BUYER, Role.CREATOR):
        assert (await outsiders.ask("somebody", token())).status == 403
        headers = {"Authorization": f"Bearer {token()}"}
        assert (await outsiders.client.get("/api/v1/leads", headers=headers)).status == 403
        async with database.reading() as session:
            assert await session.scalar(select(func.count()).select_from(Creator)) == 0
    async for outsiders in _outsiders(database, Role.BUYER):
        refused = await outsiders.ask("zoe-1", token())
        error = await error_of(refused)
        assert (refused.status, error["code"]) == (403, "REGISTRATION_CLOSED")
        assert "accounts.self_register" in error["message"]
        # nor is an administrator
        async with database.transaction() as session:
            await session.execute(update(Account).values(role=Role.ADMIN))
        assert (await error_of(await outsiders.ask("zoe-1", token())))["code"] == "FORBIDDEN"
        # who is let into a team keeps its ideas by the same address
        async with database.transaction() as session:
            await session.execute(update(Account).values(role=Role.BUYER))
            account = (await session.scalars(select(Account))).one()
            studio = Creator(slug="studio", name="S", currency="usd", time_zone="UTC", created_at=account.created_at)
            session.add(studio)
            await session.flush()
            session.add(Membership(account_id=account.id, creator_id=studio.id))
        assert await outsiders.total("zoe-1", token()) == 0
