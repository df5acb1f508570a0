"""`/api/v1/api-keys`, and what a program may do by one."""

from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from web_world import NOON, Client, Site, error_of

from domain.api_keys import MOST_KEYS
from store.models import Account, AccountState, ApiKey, Event, Membership, Right

KEYS = "/api/v1/api-keys"


class Maker:
    """Ada, who owns a business and makes keys to it."""

    def __init__(self, site: Site, client: Client) -> None:
        self.site, self.client = site, client
        self.creator_id = self.account_id = 0

    async def arrive(self) -> None:
        self.creator_id = await self.site.add_creator("ada")
        self.account_id = await self.site.add_account(self.creator_id)

    async def make(self, *scopes: str, **more: Any) -> Any:
        body = {"name": "Shop", "scopes": scopes, **more}
        return await self.client.post(KEYS, headers=self.site.bearer(self.account_id), json=body)

    async def key(self, *scopes: str, **more: Any) -> dict[str, Any]:
        response = await self.make(*scopes, **more)
        assert response.status == 201, await response.text()
        made: dict[str, Any] = await response.json()
        return made

    async def listed(self) -> list[dict[str, Any]]:
        response = await self.client.get(KEYS, headers=self.site.bearer(self.account_id))
        items: list[dict[str, Any]] = (await response.json())["items"]
        return items

    async def asks(self, key: str, method: str = "GET", path: str = "/api/v1/leads", **more: Any) -> int:
        headers = {"Authorization": f"Bearer {key}", **more.pop("headers", {})}
        return (await self.client.request(method, path, headers=headers, **more)).status


@pytest.fixture
async def maker(site: Site, client: Client) -> Maker:
    maker = Maker(site, client)
    await maker.arrive()
    return maker


async def test_a_key_does_what_its_scopes_say_and_is_shown_once(either_site: Site, either_client: Client):
    maker = Maker(either_site, either_client)
    await maker.arrive()
    made = await maker.key("view", expires_at="2031-06-01T00:00:00Z")
    secret = made.pop("key")
    assert secret.startswith(made["beginning"])
    assert secret.startswith("sk_spark_")
    assert (made["scopes"], made["expires_at"]) == (["view"], "2031-06-01T00:00:00Z")
    assert await maker.listed() == [made]
    assert await maker.asks(secret) == 200
    # what it was used for last is true to the minute
    either_site.clock.pass_time(seconds=59)
    assert await maker.asks(secret) == 200
    assert (await maker.listed())[0]["used_at"] == "2031-05-04T12:00:00Z"
    either_site.clock.pass_time(seconds=1)
    assert await maker.asks(secret) == 200
    assert (await maker.listed())[0]["used_at"] == "2031-05-04T12:01:00Z"
    # what no scope of it says, it may not; nor what is its owner's alone or a person's own
    lead = {"json": {"name": "Zoe"}}
    assert await maker.asks(secret, "POST", **lead) == 403
    # whoever may do anything may also look, as in a team
    manages = await maker.key("manage")
    assert manages["scopes"] == ["view", "manage"]
    assert await maker.asks(manages["key"], "POST", **lead) == 201
    assert await maker.asks(manages["key"]) == 200
    everything = (await maker.key(*Right))["key"]
    assert await maker.asks(everything, "GET", KEYS) == 403
    assert await maker.asks(everything, "GET", "/api/v1/auth/me") == 403
    # to no business but this one, whomever else its maker acts for
    bob = await either_site.add_creator("bob")
    async with either_site.database.transaction() as session:
        session.add(Membership(account_id=maker.account_id, creator_id=bob))
    assert await maker.asks(everything, headers={"X-Creator": "ada"}) == 200
    assert await maker.asks(everything, headers={"X-Creator": "bob"}) == 403
    # neither the store nor what happened tells it
    async with either_site.database.reading() as session:
        digests = list(await session.scalars(text("SELECT digest FROM api_key")))
        told = [(each.subject, each.data) for each in await session.scalars(select(Event))]
    assert secret not in repr(digests) + repr(told)
    assert (f"api_key:{made['id']}", {}) in told


async def test_a_key_that_cannot_be_made_is_told_why(maker: Maker):
    for wrong in (
        {"scopes": []},
        {"scopes": ["all"]},
        {"name": " "},
        {"name": "x" * 101},
        {"name": "\0"},
        {"expires_at": "2031-05-04T12:00:00Z"},
        {"expires_at": 1},
        {"more": 1},
    ):
        body = {"name": "Shop", "scopes": ["view"], **wrong}
        response = await maker.client.post(KEYS, headers=maker.site.bearer(maker.account_id), json=body)
        assert response.status == 422, wrong
        assert set((await error_of(response))["fields"]) & {next(iter(wrong)), f"{next(iter(wrong))}.0"}, wrong
    async with maker.site.database.transaction() as session:
        session.add_all(
            ApiKey(
                account_id=maker.account_id,
                creator_id=maker.creator_id,
                name="Old",
                beginning="sk_spark_",
                digest=str(number),
                created_at=NOON,
                expires_at=NOON if number == 0 else None,
            )
            for number in range(MOST_KEYS)
        )
    assert (await maker.make("view")).status == 201
    refused = await maker.make("view")
    assert (refused.status, (await error_of(refused))["code"]) == (409, "TOO_MANY_KEYS")


async def test_a_key_ends_when_revoked_when_its_time_is_over_and_with_its_maker(maker: Maker):
    site, client = maker.site, maker.client
    revoked = await maker.key("view")
    mine = f"{KEYS}/{revoked['id']}"
    bob = await site.add_account(await site.add_creator("bob"))
    assert (await client.delete(mine, headers=site.bearer(bob))).status == 404
    assert await maker.asks(revoked["key"]) == 200
    assert [(await client.delete(mine, headers=site.bearer(maker.account_id))).status for _ in range(2)] == [204, 204]
    assert await maker.asks(revoked["key"]) == 401
    assert (await maker.listed())[0]["revoked_at"] == "2031-05-04T12:00:00Z"
    short = (await maker.key("view", expires_at="2031-05-04T12:00:10Z"))["key"]
    site.clock.pass_time(seconds=9.999)
    assert await maker.asks(short) == 200
    site.clock.pass_time(seconds=0.001)
    assert await maker.asks(short) == 401
    for odd in ("sk_spark_", "sk_spark_x", "sk_spark_" + "é", "sk_spark_\udcff", "sk_spark_" + "x" * 5000):
        assert await maker.asks(odd) == 401
    # whoever made it has lost a right, has left, is suspended
    lasting = (await maker.key("view", "manage"))["key"]
    own = (Membership.account_id == maker.account_id, Membership.creator_id == maker.creator_id)
    async with site.database.transaction() as session:
        await session.execute(update(Membership).where(*own).values(owner=False, rights=[Right.VIEW]))
    assert await maker.asks(lasting) == 200
    assert await maker.asks(lasting, "POST", json={"name": "Zoe"}) == 403
    states = update(Account).where(Account.id == maker.account_id)
    async with site.database.transaction() as session:
        await session.execute(states.values(state=AccountState.SUSPENDED))
    assert await maker.asks(lasting) == 401
    async with site.database.transaction() as session:
        await session.execute(states.values(state=AccountState.ACTIVE))
        await session.execute(delete(Membership).where(*own))
    assert await maker.asks(lasting) == 401
