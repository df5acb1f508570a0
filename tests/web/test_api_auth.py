import asyncio
from datetime import timedelta
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import event, select, update
from web_world import NOON, PASSWORDS, Client, Site, error_of

from domain.passwords import Passwords
from store.database import Database
from store.models import Account, AccountState, AccountWord, Creator, Membership, Profile, Role, SignIn

ZOE = {"email": "Zoe@Example.com", "password": "  correct horse ", "name": "Zoë"}


async def post(client: Client, path: str, body: Any, **more: Any) -> Any:
    return await client.post(f"/api/v1/auth/{path}", json=body, **more)


async def signed_up(client: Client, **changed: Any) -> Any:
    response = await post(client, "register", ZOE | {"role": "buyer"} | changed)
    assert response.status == 201, await response.text()
    return await response.json()


async def me(client: Client, held: Any) -> Any:
    return await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {held['access_token']}"})


async def logged_in(client: Client, email: str = "zoe@example.com", password: str = ZOE["password"]) -> Any:
    return await post(client, "login", {"email": email, "password": password})


async def refused(response: Any) -> tuple[int, str]:
    return response.status, (await error_of(response))["code"]


async def test_whoever_signs_up_is_signed_in(either_site: Site, either_client: Client):
    site, client = either_site, either_client
    held = await signed_up(client)
    assert (held["token_type"], held["expires_in"]) == ("Bearer", 900)
    assert held["refresh_expires_at"] == "2031-06-03T12:00:00Z"
    account = await (await me(client, held)).json()
    assert account == held["account"]
    assert {key: account[key] for key in account if key not in {"id", "created_at"}} == {
        "role": "buyer",
        "state": "active",
        "name": "Zoë",
        "email": "zoe@example.com",
        "email_verified": False,
        "has_password": True,
        "telegram": False,
        "creators": [],
    }
    assert (await post(client, "register/buyer", ZOE | {"email": "tom@example.com"})).status == 201
    brand = await signed_up(client, email="b@example.com", role="brand", company="Acme  Ltd")
    async with site.database.reading() as session:
        profile = await session.get_one(Profile, brand["account"]["id"])
        words = select(AccountWord.word).where(AccountWord.account_id == profile.account_id).order_by(AccountWord.word)
        assert (profile.company, list(await session.scalars(words))) == ("Acme  Ltd", ["acme", "ltd", "zoe", "zoë"])
        # passwords are kept as hashes, blanks and all
        kept = await session.scalar(select(Account.password_hash).where(Account.id == account["id"]))
        assert kept is not None
        assert kept.startswith("$argon2id$")


async def test_a_creator_signs_up_with_a_business_and_owns_it(site: Site, client: Client):
    cora = {"email": "cora@example.com", "password": "correct horse", "name": "Studio North", "currency": "EUR"}
    held = await (await post(client, "register/creator", cora)).json()
    (first,) = held["account"]["creators"]
    assert (first["slug"], first["owner"]) == ("studio-north", True)
    assert first["rights"] == ["view", "manage", "send", "money", "support"]
    bearer = {"Authorization": f"Bearer {held['access_token']}"}
    assert (await client.get("/api/v1/leads", headers=bearer)).status == 200
    # of the same name, another slug; a slug that was asked for is theirs or nobody's
    second = await signed_up(client, email="c2@example.com", role="creator", name="Studio North")
    assert second["account"]["creators"][0]["slug"] == "studio-north-2"
    taken = await post(client, "register/creator", cora | {"email": "c3@example.com", "slug": "studio-north"})
    assert await refused(taken) == (409, "CREATOR_EXISTS")
    for wrong in (
        {"slug": "Studio North"},
        {"currency": "zzz"},
        {"currency": "iqd"},
        {"time_zone": "Mars/Base"},
        {"slug": "bind"},
    ):
        response = await post(client, "register/creator", cora | {"email": "c4@example.com"} | wrong)
        assert response.status == 422, wrong
        assert set((await error_of(response))["fields"]) == set(wrong)
    assert (await signed_up(client, email="c5@example.com", role="creator", name="日本"))["account"]["creators"]
    async with site.database.reading() as session:
        # what was refused left nothing behind
        assert len((await session.scalars(select(Creator))).all()) == 3
        assert len((await session.scalars(select(Account))).all()) == 3
        joined = await session.scalar(select(Membership.joined_at).limit(1))
        assert joined == NOON


async def test_signing_up_is_refused_for_what_is_wrong_with_it(site: Site, client: Client):
    await signed_up(client)
    assert await refused(await post(client, "register", ZOE | {"role": "buyer"})) == (409, "EMAIL_TAKEN")
    for role in ("agent", "admin"):
        closed = await post(client, "register", ZOE | {"role": role, "email": "eve@example.com"})
        assert await refused(closed) == (403, "REGISTRATION_CLOSED")
    for wrong, code in (
        ({"password": "1234567"}, "BAD_PASSWORD"),
        ({"password": "x" * 257}, "BAD_PASSWORD"),
        ({"password": "x" * 1001}, "INVALID"),
        ({"password": "nul\0nul\0nul"}, "INVALID"),
        ({"password": 12345678}, "INVALID"),
        ({"email": "nobody"}, "BAD_CONTACT"),
        ({"name": "  "}, "INVALID"),
        ({"role": "owner"}, "INVALID"),
        ({"is_admin": True}, "INVALID"),
    ):
        response = await post(client, "register", ZOE | {"role": "buyer", "email": "eve@example.com"} | wrong)
        assert await refused(response) == (422, code), wrong
    # as of every body, all parts that cannot be read at once
    several = await post(client, "register", {"email": 5, "password": "x" * 1001, "role": "owner", "is_admin": True})
    assert set((await error_of(several))["fields"]) == {"email", "password", "name", "role", "is_admin"}


async def test_what_is_wrong_is_told_in_words_for_who_sent_it(client: Client):
    body = ZOE | {"role": "buyer", "name": "x" * 201}
    assert (await error_of(await post(client, "register", body)))["fields"] == {"name": "has at most 200 characters"}
    error = await error_of(await post(client, "otp", {}))
    assert (error["message"], "fields" in error) == ("give one of email, telegram_id and username", False)
    # no name turns what stands around it, or hides what it is
    held = await signed_up(client, name="\u202eZo\u00eb\u0007\u200b Lind")
    assert held["account"]["name"] == "Zo\u00eb Lind"


async def test_only_who_may_sign_up_by_themselves_does(database: Database):
    site = Site(database, self_register=frozenset({Role.BUYER}))
    async with TestClient(TestServer(site.app())) as client:
        for path in ("register", "register/creator"):
            body = ZOE | ({"role": "creator"} if path == "register" else {})
            assert await refused(await post(client, path, body)) == (403, "REGISTRATION_CLOSED")
        held = await signed_up(client)
        bearer = {"Authorization": f"Bearer {held['access_token']}"}
        upgraded = await client.post("/api/v1/auth/upgrade-to-creator", headers=bearer, json={"name": "Zoë"})
        assert await refused(upgraded) == (403, "REGISTRATION_CLOSED")


async def test_who_signs_in_is_known_by_the_token(site: Site, client: Client):
    account = (await signed_up(client))["account"]
    response = await logged_in(client, " ZOE@example.com ")
    assert response.status == 200
    held = await response.json()
    assert held["account"] == account
    assert (await (await me(client, held)).json())["id"] == account["id"]
    # an old token that is sent along is not looked at
    old = {"Authorization": "Bearer long-gone"}
    body = {"email": ZOE["email"], "password": ZOE["password"]}
    assert (await post(client, "login", body, headers=old)).status == 200
    # the refresh token is no access token, nor the other way round
    assert (await me(client, {"access_token": held["refresh_token"]})).status == 401
    turned = await post(client, "refresh", {"refresh_token": held["access_token"][:200]})
    assert await refused(turned) == (401, "SESSION_OVER")


class Watched(Passwords):
    """Notes with what each password is compared, up to its salt."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_kib=8, parallelism=1)
        self.compared: list[str] = []

    def _compare(self, kept: str, password: str) -> bool:
        self.compared.append(kept.rsplit("$", 2)[0])
        return super()._compare(kept, password)


async def test_a_known_and_an_unknown_e_mail_are_answered_the_same(either_site: Site):
    site = either_site
    site.passwords = watched = Watched()
    asked = [0]

    def count(*_: Any) -> None:
        asked[0] += 1

    told = []
    async with TestClient(TestServer(site.app())) as client:
        await signed_up(client)
        async with site.database.transaction() as session:
            session.add(Account(role=Role.BUYER, name="No password", email="tom@example.com", created_at=NOON))
        event.listen(site.database.engine.sync_engine, "before_cursor_execute", count)
        for email in ("zoe@example.com", "nobody@example.com", "tom@example.com", "no e-mail at all"):
            asked[0] = 0
            response = await logged_in(client, email, "wrong horse")
            error = await error_of(response)
            told.append((response.status, error["code"], error["message"], asked[0]))
        event.remove(site.database.engine.sync_engine, "before_cursor_execute", count)
    assert len(set(told)) == 1, told
    assert told[0][:2] == (401, "WRONG_CREDENTIALS")
    # each was compared with a hash, made with the same parameters
    assert watched.compared == ["$argon2id$v=19$m=8,t=1,p=1"] * 4


async def test_after_some_failures_each_further_try_waits(site: Site, client: Client):
    await signed_up(client)
    for email in ("zoe@example.com", "nobody@example.com"):
        statuses = [(await logged_in(client, email, "wrong horse")).status for _ in range(6)]
        assert statuses == [401] * 5 + [429]
        waiting = await logged_in(client, email)
        assert (waiting.status, waiting.headers["Retry-After"]) == (429, "1")
    site.clock.pass_time(seconds=2)
    assert (await logged_in(client)).status == 200


async def test_one_address_is_counted_as_one_however_it_is_written(client: Client):
    await signed_up(client)
    spelled = (
        "zoe@example.com",
        "ZOE@example.com",
        "zoe@\uff45xample.com",
        "zoe@e\uff58ample.com",
        "zoe@example\u3002com",
    )
    assert [(await logged_in(client, email, "wrong horse")).status for email in spelled] == [401] * 5
    assert (await logged_in(client, "zoe@ex\uff41mple.com", "wrong horse")).status == 429


async def test_an_account_that_is_not_active_does_not_come_in(site: Site, client: Client):
    held = await signed_up(client)
    for state, code in (
        (AccountState.PENDING, "ACCOUNT_PENDING"),
        (AccountState.SUSPENDED, "ACCOUNT_SUSPENDED"),
        (AccountState.BANNED, "ACCOUNT_BANNED"),
        (AccountState.DELETED, "ACCOUNT_BANNED"),
    ):
        async with site.database.transaction() as session:
            await session.execute(update(Account).values(state=state))
        assert await refused(await logged_in(client)) == (403, code)
        # only to whoever knows the password
        assert await refused(await logged_in(client, password="wrong horse")) == (401, "WRONG_CREDENTIALS")
        assert (await me(client, held)).status == 401
        turned = await post(client, "refresh", {"refresh_token": held["refresh_token"]})
        assert turned.status == 401


async def test_a_password_is_hashed_anew_when_its_parameters_have_changed(site: Site, client: Client):
    await signed_up(client)

    async def kept() -> str | None:
        async with site.database.reading() as session:
            return await session.scalar(select(Account.password_hash))

    before = await kept()
    assert (await logged_in(client)).status == 200
    assert await kept() == before
    async with site.database.transaction() as session:
        stronger = await Passwords(time_cost=2, memory_kib=16).hash(ZOE["password"])
        await session.execute(update(Account).values(password_hash=stronger))
    assert (await logged_in(client, password="wrong horse")).status == 401
    assert await kept() == stronger
    assert (await logged_in(client)).status == 200
    after = await kept()
    assert after is not None
    assert not PASSWORDS.is_outdated(after)
    assert (await logged_in(client)).status == 200


async def test_a_password_is_the_same_on_every_keyboard(client: Client):
    await signed_up(client, password="caf\u00e9 caf\u00e9")
    assert (await logged_in(client, password="cafe\u0301 cafe\u0301")).status == 200
    assert (await logged_in(client, password="cafe cafe")).status == 401


async def test_of_two_who_take_one_e_mail_at_once_one_does(either_site: Site, either_client: Client):
    answers = await asyncio.gather(*(post(either_client, "register/creator", ZOE) for _ in range(4)))
    assert sorted(each.status for each in answers) == [201, 409, 409, 409]
    async with either_site.database.reading() as session:
        assert len((await session.scalars(select(Creator))).all()) == 1


async def test_a_session_says_by_what_program_and_from_where(site: Site, client: Client):
    headers = {"User-Agent": "curl/8 " + "x" * 500}
    await signed_up(client)
    assert (await post(client, "login", {k: ZOE[k] for k in ("email", "password")}, headers=headers)).status == 200
    async with site.database.reading() as session:
        row = (await session.scalars(select(SignIn).order_by(SignIn.id.desc()))).first()
        assert row is not None
        assert (row.agent[:7], len(row.agent), row.address, row.way) == ("curl/8 ", 200, "127.0.0.1", "password")
        assert row.expires_at - row.created_at == timedelta(days=30)
