"""How often somebody may ask: by address, by account, and by several processes that count as one."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer
from web_world import NOON, Client, Site, error_of

from kit.errors import TooMany
from store.database import Database
from web.address import networks
from web.turns import USUAL, Turns, TurnsSpent


def _takes(turns: Turns, seconds: float, who: str = "ada") -> int:
    """How many turns there are at that time; they are taken."""
    taken = 0
    while True:
        try:
            turns.take("sign_in", who, now=NOON + timedelta(seconds=seconds))
        except TooMany:
            return taken
        taken += 1


async def test_turns_come_back_evenly_and_each_has_their_own():
    turns = Turns(USUAL)
    assert _takes(turns, 0) == 10
    assert _takes(turns, 0, "bob") == 10
    assert _takes(turns, 5.9) == 0
    assert _takes(turns, 6) == 1
    assert _takes(turns, 24) == 3
    assert _takes(turns, 600) == 10
    with pytest.raises(TooMany) as refused:
        turns.take("sign_in", "ada", now=NOON + timedelta(seconds=601.5))
    assert refused.value.retry_after == 5
    # a clock that goes back keeps nobody out
    assert _takes(turns, 0) == 10


async def test_several_processes_count_as_one_and_seldom_ask_the_store(either_site: Site):
    processes = [Turns({"usual": 600}, shared=either_site.database) for _ in range(3)]
    taken, asked = 0, 0

    async def use_up(turns: Turns) -> None:
        nonlocal taken, asked
        while True:
            try:
                turns.take("usual", "ada", now=NOON)
            except TurnsSpent as spent:
                try:
                    await turns.take_more(spent, now=NOON)
                except TooMany:
                    return
                asked += 1
            else:
                taken += 1

    await asyncio.gather(*(use_up(turns) for turns in processes for _ in range(3)))
    assert taken == 600
    assert asked <= 60


async def _leads(client: Client, site: Site, account_id: int, path: str = "/leads") -> int:
    return (await client.get(f"/api/v1{path}", headers=site.bearer(account_id))).status


async def test_an_account_that_asks_too_often_is_told_for_how_long_to_wait(either_database: Database):
    site = Site(either_database)
    shared = None if either_database.is_sqlite else either_database
    site.others["turns"] = Turns({"usual": 3, "public": 5}, shared=shared)
    ada = await site.add_account(await site.add_creator("ada"))
    bob = await site.add_account(await site.add_creator("bob"))
    async with TestClient(TestServer(site.app())) as client:
        assert [await _leads(client, site, ada) for _ in range(4)] == [200, 200, 200, 429]
        assert await _leads(client, site, bob) == 200
        # before the body is read
        answer = await client.post("/api/v1/leads", headers=site.bearer(ada), data=b"{no json")
        assert answer.status == 429
        assert answer.headers["Retry-After"] == "20"
        assert (await error_of(answer))["code"] == "TOO_MANY"
        site.clock.pass_time(seconds=20)
        assert [await _leads(client, site, ada) for _ in range(2)] == [200, 429]
        # who may not is counted too
        zoe = await site.add_account()
        assert [await _leads(client, site, zoe) for _ in range(4)] == [403] * 3 + [429]
        # who has no good token is counted by address
        bad = {"Authorization": "Bearer no-token"}
        statuses = [(await client.get("/api/v1/leads", headers=bad)).status for _ in range(6)]
        assert statuses == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("trusted", "told", "houses"),
    [
        # nobody's word is believed: all are one
        ((), ["198.51.100.1", "198.51.100.2"], 1),
        # a proxy's is: the last that is no proxy
        (("127.0.0.0/8", "10.0.0.0/8"), ["198.51.100.1, 203.0.113.5, 10.1.2.3", "198.51.100.2, 203.0.113.5"], 1),
        (("127.0.0.0/8",), ["203.0.113.5, 198.51.100.1", "203.0.113.5, 198.51.100.2"], 2),
        # an IPv6 network is one house; what cannot be read is nobody's
        (("127.0.0.1",), ["2001:db8::1", "2001:db8::ffff"], 1),
        (("127.0.0.1",), ["2001:db8::1", "2001:db8:0:1::1"], 2),
        (("127.0.0.1",), ["<odd>", "also, odd"], 1),
    ],
)
async def test_an_address_is_the_last_that_no_trusted_proxy_is(
    site: Site, trusted: tuple[str, ...], told: list[str], houses: int
):
    site.others |= {"turns": Turns({"public": 1}), "trusted_proxies": networks(trusted)}
    async with TestClient(TestServer(site.app())) as client:
        answers = [await client.get("/api/v1/leads", headers={"X-Forwarded-For": each}) for each in told]
        assert [each.status for each in answers].count(401) == houses


async def test_who_is_counted_by_address_and_account_has_as_many_turns_where_several_processes_share_them(
    either_database: Database,
):
    site = Site(either_database)
    site.others["turns"] = Turns({"sign_in": 6}, shared=None if either_database.is_sqlite else either_database)
    ada = await site.add_account()
    async with TestClient(TestServer(site.app())) as client:

        async def rename() -> int:
            return (await client.put("/api/v1/users/me", headers=site.bearer(ada), json={"name": "Ada"})).status

        assert [await rename() for _ in range(7)] == [200] * 6 + [429]
