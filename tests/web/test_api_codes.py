"""Codes that the bot sends: to sign in by, and for a new password."""

import asyncio
import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select, text, update
from web_world import NOON, Client, Site, error_of

from domain import codes
from domain.codes import GOOD_FOR, MOST_CODES, MOST_TRIES
from domain.people import Profile, see_person
from kit.paging import Paging
from store.models import Account, OneTimeCode, OutboxMessage, OutboxState, Person
from store.queries.unclear import list_unclear
from store.sealing import digest
from web.address import networks

BOT_ID = 4242
ZOE = {"email": "zoe@example.com"}


class Asker:
    """Zoe, whose account is bound to her chat."""

    def __init__(self, site: Site, client: Client) -> None:
        self.site, self.client = site, client
        self.account_id = self.creator_id = 0
        # as a proxy on this machine tells it
        self.address = ""

    async def arrive(self) -> None:
        self.creator_id = await self.site.add_creator("ada")
        self.account_id = await self.site.add_account()
        async with self.site.database.transaction() as session:
            person = await see_person(session, BOT_ID, Profile(5001, "Zoë", "Zoe_S", "de"), now=NOON)
            account = await session.get_one(Account, self.account_id)
            account.person_id, account.email = person.id, ZOE["email"]
            account.email_digest = await digest(session, ZOE["email"], "email")

    async def post(self, path: str, body: Any) -> Any:
        headers = {"X-Forwarded-For": self.address} if self.address else {}
        return await self.client.post(f"/api/v1/auth/{path}", json=body, headers=headers)

    def come_from(self, address: str) -> None:
        self.address = address

    async def said(self) -> list[str]:
        async with self.site.database.reading() as session:
            sent = await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
            return [each.message["text"] for each in sent if each.message]

    async def code(self, path: str = "otp", **whose: Any) -> str:
        """Asks for one, and reads it in the chat."""
        before = len(await self.said())
        response = await self.post(path, whose or ZOE)
        assert response.status == 202, await response.text()
        (told,) = (await self.said())[before:]
        found = re.search(r"<code>(\d{6})</code>", told)
        assert found is not None
        return found[1]

    async def verify(self, code: str, path: str = "verify-otp", **whose: Any) -> int:
        return (await self.post(path, {**(whose or ZOE), "code": code})).status


@pytest.fixture
async def asker(site: Site, client: Client) -> Asker:
    asker = Asker(site, client)
    await asker.arrive()
    return asker


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


@pytest.fixture(autouse=True)
def _hurries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.api.auth_codes.ANSWERED_AFTER", GOOD_FOR * 0)


@pytest.fixture
def site(site: Site) -> Site:
    site.others |= {"bot_id": BOT_ID, "trusted_proxies": networks(["127.0.0.1"])}
    return site


async def test_a_code_signs_in_once(asker: Asker):
    code = await asker.code()
    assert "Anmelden" in (await asker.said())[0]
    response = await asker.post("verify-otp", {**ZOE, "code": code})
    assert response.status == 200
    tokens = await response.json()
    assert set(tokens) >= {"access_token", "refresh_token", "token_type", "expires_in"}
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    sessions = await (await asker.client.get("/api/v1/auth/sessions", headers=headers)).json()
    assert [each["way"] for each in sessions["items"]] == ["code"]
    assert await asker.verify(code) == 401
    # by whatever somebody is known
    for whose in ({"telegram_id": 5001}, {"username": "@zoe_s"}, {"email": "ZOE@example.com"}):
        assert await asker.verify(await asker.code(**whose), **whose) == 200
    # the store keeps no code, and whoever looks after messages is shown none
    async with asker.site.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(state=OutboxState.UNCERTAIN))
        rows = repr((await session.execute(text("SELECT * FROM one_time_code"))).all())
        rows += repr((await session.execute(text("SELECT * FROM outbox_message"))).all())
        shown = await list_unclear(session, asker.creator_id, Paging())
    assert code not in rows
    assert {each.text for each in shown.items} == {""}


async def test_a_code_is_good_for_five_tries_and_five_minutes_and_until_the_next(asker: Asker):
    code = await asker.code()
    assert [await asker.verify(_other(code)) for _ in range(MOST_TRIES)] == [401] * MOST_TRIES
    # whoever fails so often waits first; then the code is no good any more
    assert await asker.verify(code) == 429
    asker.site.clock.pass_time(seconds=1)
    assert await asker.verify(code) == 401
    asker.site.clock.pass_time(seconds=60)
    first, second = await asker.code(), await asker.code()
    if first != second:
        assert await asker.verify(first) == 401
    asker.site.clock.pass_time(seconds=GOOD_FOR.total_seconds() - 0.001)
    assert await asker.verify(second) == 200
    late = await asker.code()
    asker.site.clock.pass_time(seconds=GOOD_FOR.total_seconds())
    assert await asker.verify(late) == 401
    refused = await asker.post("verify-otp", {**ZOE, "code": late})
    assert (await error_of(refused))["code"] == "WRONG_CODE"


async def test_strangers_use_up_nobodys_codes_and_tries_where_they_have_signed_in(asker: Asker):
    assert await asker.verify(await asker.code()) == 200
    mine = await asker.code()
    asker.come_from("203.0.113.9")
    for _ in range(MOST_CODES + 1):
        assert (await asker.post("otp", ZOE)).status == 202
    # the first was asked for elsewhere too: nobody had signed in from anywhere
    assert len(await asker.said()) == 1 + MOST_CODES
    assert [await asker.verify(_other(mine)) for _ in range(MOST_TRIES + 1)] == [401] * MOST_TRIES + [429]
    asker.come_from("127.0.0.1")
    # neither used up, nor ended by another, nor is there a wait
    assert await asker.verify(mine) == 200
    assert await asker.verify(await asker.code()) == 200
    # and on the way one may have it asked for at home
    mine = await asker.code()
    asker.site.clock.pass_time(seconds=60)
    asker.come_from("198.51.100.4")
    assert await asker.verify(mine) == 200


async def test_whoever_asks_is_answered_the_same_known_or_not(asker: Asker):
    known = await asker.post("otp", ZOE)
    others = [{"email": "nobody@example.com"}, {"email": "no address"}, {"telegram_id": 1}, {"username": "nobody"}]
    for path in ("otp", "recover"):
        for body in others:
            unknown = await asker.post(path, body)
            assert (unknown.status, await unknown.read()) == (known.status, await known.read())
            assert await asker.verify("123456", **body) == 401
    # an account without a chat, one whose chat is closed, one that was asked for too often
    lonely = await asker.site.add_account()
    async with asker.site.database.transaction() as session:
        await session.execute(
            update(Account)
            .where(Account.id == lonely)
            .values(email="l@example.com", email_digest=await digest(session, "l@example.com", "email"))
        )
    assert (await asker.post("otp", {"email": "l@example.com"})).status == 202
    for _ in range(MOST_CODES):
        assert (await asker.post("otp", ZOE)).status == 202
    assert len(await asker.said()) == MOST_CODES
    async with asker.site.database.transaction() as session:
        await session.execute(update(Person).values(blocked_at=NOON))
    asker.site.clock.pass_time(seconds=3600)
    assert (await asker.post("otp", ZOE)).status == 202
    assert len(await asker.said()) == MOST_CODES
    for wrong in (
        {},
        {**ZOE, "telegram_id": 1},
        {"telegram_id": "1"},
        {"telegram_id": True},
        {"telegram_id": 2**70},
        {"email": 1},
        {"username": "x" * 65},
        {"email": "\0"},
    ):
        assert (await asker.post("otp", wrong)).status == 422, wrong
    for code in ("12345", "1234567", "١٢٣٤٥٦", 123456, "123456\n"):
        assert (await asker.post("verify-otp", {**ZOE, "code": code})).status == 422, code


async def test_a_lost_password_is_recovered(asker: Asker):
    code = await asker.code("recover")
    assert "neues Passwort" in (await asker.said())[0]
    # one for this is none to sign in by
    assert await asker.verify(code) == 401
    response = await asker.post("recover/verify", {**ZOE, "code": code})
    assert response.status == 200
    token = (await response.json())["token"]
    password = "a new one, long enough"
    assert (await asker.post("set-password", {"token": token, "password": password})).status in {200, 204}
    assert (await asker.post("login", {**ZOE, "password": password})).status == 200
    assert (await asker.post("recover/verify", {**ZOE, "code": code})).status == 401


async def _at_once(site: Site) -> tuple[list[int], int]:
    """Twenty different wrong tries side by side, and how many of them were compared."""
    site.others["bot_id"] = BOT_ID
    async with TestClient(TestServer(site.app())) as client:
        asker = Asker(site, client)
        await asker.arrive()
        code = int(await asker.code())
        statuses = await asyncio.gather(*(asker.verify(f"{(code + step) % 10**6:06}") for step in range(1, 21)))
    async with site.database.reading() as session:
        return statuses, (await session.scalars(select(OneTimeCode.tries))).one()


async def test_tries_side_by_side_are_no_more_than_one_after_the_other(either_site: Site):
    statuses, tries = await _at_once(either_site)
    assert set(statuses) <= {401, 429}
    assert tries == MOST_TRIES


async def test_without_the_guard_all_of_them_would_be_compared(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(codes, "MOST_TRIES", 1000)
    monkeypatch.setattr("domain.sign_in_rates.FREE_OF_ACCOUNT", 1000)
    monkeypatch.setattr("domain.sign_in_rates.FREE_OF_ADDRESS", 1000)
    assert await _at_once(site) == ([401] * 20, 20)
