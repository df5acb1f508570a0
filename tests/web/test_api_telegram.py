"""Signing in from a Mini App, and the chat that belongs to an account."""

import asyncio
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select, update
from web_world import BOT, NOON, Client, Site, error_of

from domain.creators import BindRefused, bind_by_payload
from domain.people import Profile, see_person
from domain.telegram_identity import mini_app_key
from store.database import Database
from store.models import Account, AccountState, Person, Role

BOT_ID, TOKEN = 4242, "4242:the-bots-own-token"
ZOE = {"id": 5001, "first_name": "Zoë", "username": "zoe_s", "language_code": "de", "is_premium": True}


def signed(user: Any = None, *, at: datetime = NOON, token: str = TOKEN, **more: str) -> str:
    """What Telegram hands to a Mini App, made as its page says."""
    fields = {
        "auth_date": str(int(at.timestamp())),
        "query_id": "AAE",
        "signature": "ed25519",
        "user": user if isinstance(user, str) else json.dumps(user or ZOE),
    } | more
    checked = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    return urlencode({**fields, "hash": hmac.new(key, checked.encode(), hashlib.sha256).hexdigest()})


@pytest.fixture
def site(site: Site) -> Site:
    return _with_bot(site)


def _with_bot(site: Site) -> Site:
    site.others |= {"bot_id": BOT_ID, "mini_app_key": mini_app_key(TOKEN)}
    return site


async def _post(client: Client, init_data: Any) -> Any:
    return await client.post("/api/v1/auth/telegram", json={"init_data": init_data})


async def test_whoever_opens_the_mini_app_has_one_account(either_database: Database):
    site = _with_bot(Site(either_database))
    async with TestClient(TestServer(site.app())) as client:
        await _opens(site, client)


async def _opens(site: Site, client: Client) -> None:
    answers = await asyncio.gather(*(_post(client, signed()) for _ in range(5)))
    assert [each.status for each in answers] == [200] * 5
    accounts = [(await each.json())["account"] for each in answers]
    assert len({each["id"] for each in accounts}) == 1
    assert (accounts[0]["role"], accounts[0]["name"], accounts[0]["telegram"]) == ("buyer", "Zoë", True)
    async with site.database.reading() as session:
        person = (await session.scalars(select(Person))).one()
        assert (person.bot_id, person.telegram_id, person.username, person.language) == (BOT_ID, 5001, "zoe_s", "de")
    # one whom the bot knows already, and who has an account, keeps both
    ada = await site.add_account(await site.add_creator("ada"))
    async with site.database.transaction() as session:
        cora = await see_person(session, BOT_ID, Profile(6001, "Cora", None, "en"), now=NOON)
        cora.blocked_at = NOON
        await session.execute(update(Account).where(Account.id == ada).values(person_id=cora.id))
    answer = await _post(client, signed({"id": 6001, "first_name": "Cora"}))
    assert (await answer.json())["account"]["id"] == ada
    async with site.database.reading() as session:
        # that they open it says nothing about the chat
        assert await session.scalar(select(Person.blocked_at).where(Person.telegram_id == 6001)) == NOON
    async with site.database.transaction() as session:
        await session.execute(update(Account).where(Account.id == ada).values(state=AccountState.SUSPENDED))
    refused = await _post(client, signed({"id": 6001, "first_name": "Cora"}))
    assert (refused.status, (await error_of(refused))["code"]) == (403, "ACCOUNT_SUSPENDED")


@pytest.mark.parametrize(
    "init_data",
    [
        "",
        "hash=",
        "x" * 9000,
        signed(token="4242:another"),
        signed().replace("5001", "5002"),
        signed() + "&more=1",
        signed() + "&user=%7B%7D",
        signed().partition("&hash=")[0],
        signed().replace("hash=", "hash=é"),
        "%ff%fe=%80&hash=" + "0" * 64,
        "&".join(f"a{number}=1" for number in range(200)),
        signed(at=NOON - timedelta(hours=1, seconds=1)),
        signed(at=NOON + timedelta(minutes=1)),
        signed(auth_date="soon"),
        signed(auth_date="9" * 30),
        signed(auth_date="-1"),
        signed(auth_date=""),
        signed("no json"),
        signed("[" * 4000),
        signed("[]"),
        signed({"id": "5001", "first_name": "Zoe"}),
        signed({"id": True, "first_name": "Zoe"}),
        signed({"id": 2**60, "first_name": "Zoe"}),
        signed({"id": -5, "first_name": "Zoe"}),
        signed({"first_name": "Zoe"}),
    ],
)
async def test_what_is_not_telegrams_word_signs_nobody_in(site: Site, client: Client, init_data: str):
    answer = await _post(client, init_data)
    assert answer.status in {401, 422}, await answer.text()
    async with site.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Account)) == 0


async def test_odd_names_are_made_fit_and_the_setting_says_who_comes_in(site: Site, client: Client):
    odd = {"id": 7001, "first_name": "A\0\u202e" + "x" * 500, "username": 5, "language_code": "x" * 500}
    name = (await (await _post(client, signed(odd))).json())["account"]["name"]
    assert "\0" not in name
    assert len(name) <= 64
    site.clock.pass_time(hours=1)
    assert (await _post(client, signed())).status == 200


async def test_where_nobody_may_sign_up_only_those_who_have_an_account_come_in(site: Site):
    site.self_register = frozenset({Role.BRAND})
    async with TestClient(TestServer(site.app())) as client:
        refused = await _post(client, signed())
        assert (refused.status, (await error_of(refused))["code"]) == (403, "REGISTRATION_CLOSED")
        async with site.database.reading() as session:
            assert await session.scalar(select(func.count()).select_from(Person)) == 0


async def test_a_chat_is_bound_to_the_account_by_a_link_that_is_good_once(site: Site, client: Client):
    zoe = await site.add_account()
    headers = site.bearer(zoe)
    answer = await client.post("/api/v1/auth/telegram/bind", headers=headers, json={})
    assert answer.status == 201
    link = await answer.json()
    begins, _, payload = link["url"].partition("?start=")
    assert (begins, link["expires_at"]) == (BOT, "2031-05-11T12:00:00Z")
    async with site.database.transaction() as session:
        person = await see_person(session, BOT_ID, Profile(5001, "Zoë", None, "de"), now=NOON)
        await bind_by_payload(session, person, payload, now=NOON)
        with pytest.raises(BindRefused):
            await bind_by_payload(session, person, payload, now=NOON)
    me = await (await client.get("/api/v1/auth/me", headers=headers)).json()
    assert me["telegram"] is True
    assert (await (await _post(client, signed())).json())["account"]["id"] == zoe
    assert (await client.post("/api/v1/auth/telegram/bind")).status == 401


async def test_a_token_alone_binds_no_chat_and_a_link_ends_with_the_password(site: Site, client: Client):
    body = {"email": "zoe@example.com", "password": "correct horse", "name": "Zoë"}
    held = await (await client.post("/api/v1/auth/register/buyer", json=body)).json()
    headers = {"Authorization": f"Bearer {held['access_token']}"}

    async def bind(**shown: str) -> Any:
        return await client.post("/api/v1/auth/telegram/bind", headers=headers, json=shown)

    for wrong in ({}, {"current_password": "wrong horse"}):
        refused = await bind(**wrong)
        assert (refused.status, (await error_of(refused))["code"]) == (422, "WRONG_PASSWORD")
    link = await (await bind(current_password="correct horse")).json()
    change = {"current_password": "correct horse", "new_password": "battery staple"}
    assert (await client.post("/api/v1/profile/me/change-password", headers=headers, json=change)).status == 204
    async with site.database.transaction() as session:
        person = await see_person(session, BOT_ID, Profile(5001, "Eve", None, "de"), now=NOON)
        with pytest.raises(BindRefused):
            await bind_by_payload(session, person, link["url"].partition("?start=")[2], now=NOON)
