import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from web_world import Client, Site, error_of

from domain.signing_in import revoke_all
from store.models import Account, AccountState, RefreshToken, SignIn

ZOE = {"email": "zoe@example.com", "password": "correct horse", "name": "Zoë"}


async def sign_up(client: Client, email: str = "zoe@example.com") -> Any:
    response = await client.post("/api/v1/auth/register/buyer", json=ZOE | {"email": email})
    assert response.status == 201, await response.text()
    return await response.json()


async def log_in(client: Client) -> Any:
    body = {"email": ZOE["email"], "password": ZOE["password"]}
    return await (await client.post("/api/v1/auth/login", json=body)).json()


async def turn(client: Client, held: Any) -> Any:
    return await client.post("/api/v1/auth/refresh", json={"refresh_token": held["refresh_token"]})


def bearer(held: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {held['access_token']}"}


async def ask(client: Client, held: Any, path: str = "/auth/me", method: str = "GET") -> Any:
    return await client.request(method, f"/api/v1{path}", headers=bearer(held))


async def test_a_refresh_token_is_good_for_one_turn(either_site: Site, either_client: Client):
    site, client = either_site, either_client
    held = await sign_up(client)
    site.clock.pass_time(minutes=15)
    assert (await ask(client, held)).status == 401
    response = await turn(client, held)
    assert response.status == 200
    after = await response.json()
    assert after["refresh_token"] != held["refresh_token"]
    assert after["account"] == held["account"]
    assert (await ask(client, after)).status == 200
    async with site.database.reading() as session:
        # nothing that opens a door stands in the store
        digests = (await session.scalars(select(RefreshToken.digest))).all()
        assert len(digests) == 2
        assert not {held["refresh_token"], after["refresh_token"]} & set(digests)
    for nothing in (b'""', b'"x"', b'"\\ud800"', b'"\xff"', b"7", b"null"):
        odd = await client.post(
            "/api/v1/auth/refresh",
            data=b'{"refresh_token": ' + nothing + b"}",
            headers={"Content-Type": "application/json"},
        )
        assert odd.status in {400, 401, 422}, nothing
    unknown = await client.post("/api/v1/auth/refresh", json={"refresh_token": "x" * 43})
    assert (unknown.status, (await error_of(unknown))["code"]) == (401, "SESSION_OVER")


async def test_a_refresh_token_that_comes_again_ends_its_session(either_client: Client):
    client = either_client
    held, other = await sign_up(client), await log_in(client)
    after = await (await turn(client, held)).json()
    assert (await turn(client, held)).status == 401
    # for whoever has the newer one too, and at once; other sessions go on
    assert (await turn(client, after)).status == 401
    assert (await ask(client, after)).status == 401
    assert (await ask(client, other)).status == 200
    # of several who turn the same one at once none keeps a session
    answers = await asyncio.gather(*(turn(client, other) for _ in range(5)))
    assert sorted(each.status for each in answers) == [200, 401, 401, 401, 401]
    newest = await next(each for each in answers if each.status == 200).json()
    assert (await ask(client, newest)).status == 401
    assert (await turn(client, newest)).status == 401


async def revoked_after_reuse(site: Site, client: Client, families: int) -> None:
    held = [await sign_up(client)]
    held += [await log_in(client) for _ in range(families - 1)]
    after = [await (await turn(client, each)).json() for each in held]
    for each in held:
        assert (await turn(client, each)).status == 401
    for each in after:
        assert (await turn(client, each)).status == 401
        assert (await ask(client, each)).status == 401
    async with site.database.reading() as session:
        count = await session.scalar(select(func.count()).select_from(SignIn).where(SignIn.revoked_at.is_(None)))
        assert count == 0


async def test_every_family_whose_token_comes_again_is_revoked(site: Site, client: Client):
    await revoked_after_reuse(site, client, 50)


@pytest.mark.nightly
async def test_a_thousand_families_whose_token_comes_again_are_revoked(either_site: Site, either_client: Client):
    await revoked_after_reuse(either_site, either_client, 1000)


async def test_a_session_lasts_thirty_days_from_its_last_use_and_ninety_in_all(site: Site, client: Client):
    held = await sign_up(client)
    site.clock.pass_time(days=29)
    held = await (await turn(client, held)).json()
    for _ in range(2):
        site.clock.pass_time(days=29)
        held = await (await turn(client, held)).json()
    # begun 87 days ago
    assert held["refresh_expires_at"] == "2031-08-02T12:00:00Z"
    site.clock.pass_time(days=2, hours=23, minutes=55)
    held = await (await turn(client, held)).json()
    # no access token outlives it
    assert held["expires_in"] == 300
    site.clock.pass_time(minutes=5)
    assert (await turn(client, held)).status == 401
    idle = await log_in(client)
    site.clock.pass_time(days=30)
    assert (await turn(client, idle)).status == 401


async def test_a_session_that_was_left_opens_nothing_any_more(site: Site, client: Client):
    held = await sign_up(client)
    assert (await ask(client, held, "/auth/logout", "POST")).status == 204
    assert (await ask(client, held)).status == 401
    assert (await turn(client, held)).status == 401
    assert (await ask(client, held, "/auth/logout", "POST")).status == 401


async def test_sessions_are_listed_and_ended_one_by_one_or_all_at_once(either_site: Site, either_client: Client):
    site, client = either_site, either_client
    held = [await sign_up(client)]
    for _ in range(4):
        site.clock.pass_time(seconds=1)
        held.append(await log_in(client))

    async def listed(of: Any) -> list[Any]:
        response = await ask(client, of, "/auth/sessions?limit=3")
        page = await response.json()
        assert page["total"] >= len(page["items"])
        return page["items"]

    newest, *_ = items = await listed(held[4])
    assert len(items) == 3
    assert [each["id"] for each in items] == sorted((each["id"] for each in items), reverse=True)
    assert (newest["this"], newest["way"], newest["address"]) == (True, "password", "127.0.0.1")
    assert newest["created_at"] == "2031-05-04T12:00:04Z"
    assert (await ask(client, held[0], f"/auth/sessions/{newest['id']}", "DELETE")).status == 204
    assert (await ask(client, held[0], f"/auth/sessions/{newest['id']}", "DELETE")).status == 404
    assert (await ask(client, held[4])).status == 401
    ended = await ask(client, held[0], "/auth/sessions", "DELETE")
    assert await ended.json() == {"ended": 3}
    assert [(await ask(client, each)).status for each in held] == [200, 401, 401, 401, 401]
    assert (await turn(client, held[2])).status == 401
    again = await log_in(client)
    ended = await ask(client, held[0], "/auth/sessions/revoke-all", "POST")
    assert await ended.json() == {"ended": 2}
    assert {(await ask(client, each)).status for each in (again, held[0])} == {401}


async def test_anothers_session_is_not_found(site: Site, client: Client):
    zoe, eve = await sign_up(client), await sign_up(client, "eve@example.com")
    (theirs,) = (await (await ask(client, zoe, "/auth/sessions")).json())["items"]
    for number in (theirs["id"], 0, "x", "9" * 30, -1):
        assert (await ask(client, eve, f"/auth/sessions/{number}", "DELETE")).status == 404
    assert (await ask(client, zoe)).status == 200


async def test_what_takes_an_account_away_works_at_once(site: Site, client: Client):
    held = await sign_up(client)
    async with site.database.transaction() as session:
        await session.execute(update(Account).values(state=AccountState.SUSPENDED))
    assert (await ask(client, held)).status == 401
    assert (await turn(client, held)).status == 401
    async with site.database.transaction() as session:
        await session.execute(update(Account).values(state=AccountState.ACTIVE))
        assert await revoke_all(session, held["account"]["id"], now=site.clock() + timedelta(seconds=1)) == 1
    assert (await ask(client, held)).status == 401
