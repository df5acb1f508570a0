import asyncio
from datetime import timedelta
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select
from web_world import NOON, Client, Site, error_of

from domain.accounts import add_account
from domain.password_links import make_password_link
from store.models import Account, AccountWord, Creator, Role
from web.turns import Turns

ZOE = {"email": "zoe@example.com", "password": "correct horse", "name": "Zoë"}


async def sign_up(client: Client, email: str = "zoe@example.com") -> Any:
    return await (await client.post("/api/v1/auth/register/buyer", json=ZOE | {"email": email})).json()


async def log_in(client: Client, password: str, email: str = "zoe@example.com") -> Any:
    return await client.post("/api/v1/auth/login", json={"email": email, "password": password})


async def ask(client: Client, held: Any, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {held['access_token']}"}
    return await client.request(method, f"/api/v1{path}", headers=headers, json=body)


async def refused(response: Any) -> tuple[int, str]:
    return response.status, (await error_of(response))["code"]


async def test_name_and_e_mail_are_changed_by_their_owner(either_site: Site, either_client: Client):
    client = either_client
    zoe, _ = await sign_up(client), await sign_up(client, "tom@example.com")
    renamed = await (await ask(client, zoe, "PUT", "/users/me", {"name": " Zoë  Lind "})).json()
    assert (renamed["name"], renamed["email"]) == ("Zoë Lind", "zoe@example.com")
    moved = {"email": "Lind@example.com", "current_password": "correct horse"}
    assert (await ask(client, zoe, "PUT", "/users/me", moved)).status == 200
    shown = await (await ask(client, zoe, "GET", "/users/me")).json()
    assert (shown["email"], shown["email_verified"], shown["name"]) == ("lind@example.com", False, "Zoë Lind")
    assert (await log_in(client, "correct horse")).status == 401
    assert (await log_in(client, "correct horse", "lind@example.com")).status == 200
    for body, told in (
        ({"email": "tom@example.com", "current_password": "correct horse"}, (409, "EMAIL_TAKEN")),
        ({"email": "eve@example.com", "current_password": "wrong horse"}, (422, "WRONG_PASSWORD")),
        ({"email": "eve@example.com"}, (422, "WRONG_PASSWORD")),
        ({"email": "nobody", "current_password": "correct horse"}, (422, "BAD_CONTACT")),
        ({"name": " "}, (422, "INVALID")),
        ({"role": "admin"}, (422, "INVALID")),
    ):
        assert await refused(await ask(client, zoe, "PUT", "/users/me", body)) == told, body
    assert (await (await ask(client, zoe, "GET", "/users/me")).json()) == shown


async def test_who_is_called_otherwise_is_found_by_the_new_name(site: Site, client: Client):
    brand = ZOE | {"role": "brand", "company": "Acme"}
    zoe = await (await client.post("/api/v1/auth/register", json=brand)).json()
    assert (await ask(client, zoe, "PUT", "/users/me", {"name": "Lind"})).status == 200
    async with site.database.reading() as session:
        theirs = select(AccountWord.word).where(AccountWord.account_id == zoe["account"]["id"])
        assert set(await session.scalars(theirs)) == {"acme", "lind"}


async def test_a_changed_password_ends_every_other_session(site: Site, client: Client):
    here = await sign_up(client)
    there = await (await log_in(client, "correct horse")).json()

    async def change(current: str | None, new: str) -> Any:
        body = {"new_password": new} | ({} if current is None else {"current_password": current})
        return await ask(client, here, "POST", "/profile/me/change-password", body)

    assert await refused(await change("wrong horse", "battery staple")) == (422, "WRONG_PASSWORD")
    assert await refused(await change(None, "battery staple")) == (422, "WRONG_PASSWORD")
    assert await refused(await change("correct horse", "short")) == (422, "BAD_PASSWORD")
    assert (await change("correct horse", "battery staple")).status == 204
    assert (await ask(client, here, "GET", "/users/me")).status == 200
    assert (await ask(client, there, "GET", "/users/me")).status == 401
    turned = await client.post("/api/v1/auth/refresh", json={"refresh_token": there["refresh_token"]})
    assert turned.status == 401
    assert (await log_in(client, "correct horse")).status == 401
    assert (await log_in(client, "battery staple")).status == 200
    # whoever holds the token alone cannot find the password out by trying
    statuses = [(await change(f"wrong horse {n}", "battery staple")).status for n in range(6)]
    assert statuses == [422] * 5 + [429]


async def test_of_two_changes_of_a_password_at_once_one_counts(either_site: Site, either_client: Client):
    client = either_client
    held = await sign_up(client)
    bodies = [{"current_password": "correct horse", "new_password": f"battery staple {n}"} for n in range(3)]
    answers = await asyncio.gather(*(ask(client, held, "POST", "/profile/me/change-password", body) for body in bodies))
    assert sorted(each.status for each in answers) == [204, 422, 422]
    good = [each.status == 204 for each in answers].index(True)
    assert [(await log_in(client, body["new_password"])).status for body in bodies][good] == 200


async def test_an_account_without_a_password_gives_itself_one(site: Site, client: Client):
    account_id = await site.add_account(await site.add_creator("ada"))
    headers = site.bearer(account_id)
    put = await client.put("/api/v1/users/me", headers=headers, json={"email": "ada@example.com"})
    assert (await put.json())["has_password"] is False
    body = {"new_password": "correct horse"}
    assert (await client.post("/api/v1/profile/me/change-password", headers=headers, json=body)).status == 204
    held = await (await log_in(client, "correct horse", "ada@example.com")).json()
    assert held["account"]["creators"][0]["slug"] == "ada"


async def test_a_buyer_becomes_a_creator_once(either_site: Site, either_client: Client):
    site, client = either_site, either_client
    held = await sign_up(client)
    body = {"name": "Zoë's", "slug": "zoes", "currency": "EUR", "time_zone": "Europe/Berlin"}
    answers = await asyncio.gather(
        *(ask(client, held, "POST", "/auth/upgrade-to-creator", body | {"slug": f"zoes-{n}"}) for n in range(3))
    )
    assert sorted(each.status for each in answers) == [200, 409, 409]
    assert {(await error_of(each))["code"] for each in answers if each.status == 409} == {"ALREADY_CREATOR"}
    shown = await (await ask(client, held, "GET", "/auth/me")).json()
    assert (shown["role"], [each["owner"] for each in shown["creators"]]) == ("creator", [True])
    assert (await ask(client, held, "GET", "/leads")).status == 200
    async with site.database.reading() as session:
        (creator,) = (await session.scalars(select(Creator))).all()
        assert (creator.currency, creator.time_zone) == ("eur", "Europe/Berlin")
    other = await sign_up(client, "tom@example.com")
    taken = await ask(client, other, "POST", "/auth/upgrade-to-creator", body | {"slug": creator.slug})
    assert await refused(taken) == (409, "CREATOR_EXISTS")
    # nothing of it was done
    assert (await (await ask(client, other, "GET", "/auth/me")).json())["role"] == "buyer"
    admin = await site.add_account()
    async with site.database.transaction() as session:
        (await session.get_one(Account, admin)).role = Role.ADMIN
    response = await client.post("/api/v1/auth/upgrade-to-creator", headers=site.bearer(admin), json=body)
    assert response.status == 403


async def test_a_link_of_the_operators_sets_a_password_once(either_site: Site, either_client: Client):
    site, client = either_site, either_client
    async with site.database.transaction() as session:
        account = await add_account(
            session, role=Role.ADMIN, name="Ada", email="ada@example.com", verified=True, now=NOON
        )
        older = await make_password_link(session, account.id, now=NOON)
        token = await make_password_link(session, account.id, now=NOON)

    async def use(token: str, password: str = "correct horse") -> Any:
        return await client.post("/api/v1/auth/set-password", json={"token": token, "password": password})

    assert (await log_in(client, "correct horse", "ada@example.com")).status == 401
    number, _, secret = token.partition(".")
    for wrong in ("", "x", older, f"{number}.{secret[:-1]}", f"9{number}.{secret}", f"٣.{secret}", "9" * 100 + ".x"):
        assert await refused(await use(wrong)) == (409, "PASSWORD_LINK_OVER"), wrong
    assert await refused(await use(token, "short")) == (422, "BAD_PASSWORD")
    answers = await asyncio.gather(*(use(token) for _ in range(3)))
    assert sorted(each.status for each in answers) == [204, 409, 409]
    held = await (await log_in(client, "correct horse", "ada@example.com")).json()
    assert (held["account"]["role"], held["account"]["email_verified"]) == ("admin", True)
    # a later link ends the sessions, and is itself good for three days
    async with site.database.transaction() as session:
        token = await make_password_link(session, account.id, now=NOON)
    site.clock.pass_time(minutes=5)
    assert (await use(token, "battery staple")).status == 204
    assert (await ask(client, held, "GET", "/auth/me")).status == 401
    async with site.database.transaction() as session:
        token = await make_password_link(session, account.id, now=site.clock())
    site.clock.pass_time(seconds=timedelta(days=3).total_seconds())
    assert (await use(token)).status == 409


async def test_the_page_of_a_link_sets_a_password_too(site: Site, client: Client):
    async with site.database.transaction() as session:
        account = await add_account(session, role=Role.AGENT, name="Noor", email="noor@example.com", now=NOON)
        token = await make_password_link(session, account.id, now=NOON)
    german = {"Accept-Language": "de"}
    page = await client.get(f"/password/{token}", headers=german)
    assert (page.status, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "Neues Passwort" in await page.text()
    for odd in (b"", b"password=short", b"password=%ff%ff%ff%ff%ff%ff%ff%ff", b"password=" + b"x" * 300, b"\xff=1"):
        refused = await client.post(f"/password/{token}", data=odd)
        assert refused.status == 422, odd
    assert (await client.post(f"/password/{token}", data=b"x" * 20_000)).status == 413
    done = await client.post(f"/password/{token}", data={"password": " corréct horse "})
    assert done.status == 200
    assert (await log_in(client, " corréct horse ", "noor@example.com")).status == 200
    for gone in (token, "x", "%00", "9" * 300):
        assert (await client.get(f"/password/{gone}")).status == 404
        assert (await client.post(f"/password/{gone}", data={"password": "battery staple"})).status == 404


async def test_nobody_tries_out_by_their_own_account_which_e_mails_have_one(site: Site):
    site.others["turns"] = Turns({"sign_in": 3})
    async with TestClient(TestServer(site.app())) as client:
        zoe, _ = await sign_up(client), await sign_up(client, "tom@example.com")
        site.clock.pass_time(minutes=1)
        body = {"email": "tom@example.com", "current_password": "correct horse"}
        answers = [(await ask(client, zoe, "PUT", "/users/me", body)).status for _ in range(4)]
    assert answers == [409, 409, 409, 429]
