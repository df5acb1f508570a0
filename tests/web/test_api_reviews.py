"""`/api/v1/reviews`: who may say what of a product, who reads it, and who decides."""

from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientResponse
from sqlalchemy import delete, select, update
from web_world import Client, Site, error_of

from domain.account_leads import lead_for_account
from domain.entitlements import grant, revoke
from domain.products import add_product
from kit.money import Money
from store.models import Account, Entitlement, Lead, Membership, Product, Role


@dataclass
class Shop:
    site: Site
    client: Client
    creator: int
    # who acts for the creator, who owns the product, and who owns nothing
    account: int
    owner: int
    other: int
    product: int

    async def call(self, by: int | None, method: str, path: str, **more: Any) -> ClientResponse:
        headers = {} if by is None else self.site.bearer(by)
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    async def told(self, by: int | None, path: str, **params: str) -> list[dict[str, Any]]:
        response = await self.call(by, "GET", path, params=params)
        assert response.status == 200, await response.text()
        items: list[dict[str, Any]] = (await response.json())["items"]
        return items

    async def review(self, by: int, rating: int = 5, **more: Any) -> ClientResponse:
        return await self.call(by, "POST", f"/products/{self.product}/reviews", json={"rating": rating, **more})

    async def admin(self) -> int:
        admin = await self.site.add_account()
        async with self.site.database.transaction() as session:
            await session.execute(update(Account).where(Account.id == admin).values(role=Role.ADMIN))
        return admin

    async def stars(self) -> tuple[int, int]:
        async with self.site.database.reading() as session:
            product = await session.get_one(Product, self.product)
            return product.rating_sum, product.rating_count


async def a_shop(site: Site, client: Client) -> Shop:
    creator = await site.add_creator("studio")
    account, owner, other = await site.add_account(creator), await site.add_account(), await site.add_account()
    async with site.database.transaction() as session:
        now = site.clock()
        product = await add_product(session, creator_id=creator, title="Pack", price=Money(1900, "usd"), now=now)
        lead = await lead_for_account(session, creator, await session.get_one(Account, owner), now=now)
        await grant(session, lead, product.id, origin="gift", now=now)
        # known to the creator, and no owner
        await lead_for_account(session, creator, await session.get_one(Account, other), now=now)
        return Shop(site, client, creator, account, owner, other, product.id)


@pytest.fixture
async def shop(site: Site, client: Client) -> Shop:
    return await a_shop(site, client)


@pytest.fixture
async def either_shop(either_site: Site, either_client: Client) -> Shop:
    return await a_shop(either_site, either_client)


async def test_an_owner_says_it_once_changes_it_and_takes_it_back(either_shop: Shop):
    shop = either_shop
    response = await shop.review(shop.owner, 4, text="  Warm. ")
    said = await response.json()
    assert (response.status, said["rating"], said["text"], said["state"]) == (201, 4, "Warm.", "shown")
    assert (said["product_title"], said["creator"], said["edited_at"]) == ("Pack", "studio", None)
    again = await shop.review(shop.owner, 5)
    assert (again.status, (await error_of(again))["code"]) == (409, "ALREADY_REVIEWED")
    path = f"/reviews/{said['id']}"
    changed = await (await shop.call(shop.owner, "PUT", path, json={"rating": 2})).json()
    # words that are left out stay
    assert (changed["rating"], changed["text"], await shop.stars()) == (2, "Warm.", (2, 1))
    assert [each["id"] for each in await shop.told(shop.owner, "/reviews/mine")] == [said["id"]]
    assert (await shop.call(shop.owner, "DELETE", path)).status == 204
    assert await shop.stars() == (0, 0)
    gone = await shop.call(shop.owner, "DELETE", path)
    assert (gone.status, (await error_of(gone))["code"]) == (404, "NO_SUCH_REVIEW")
    assert await shop.told(shop.owner, "/reviews/mine") == []
    # and may say it anew
    assert (await shop.review(shop.owner, 5)).status == 201


async def test_who_does_not_own_it_says_nothing(shop: Shop):
    for by in (shop.other, shop.account):
        refused = await shop.review(by)
        assert (refused.status, (await error_of(refused))["code"]) == (404, "OWNERS_ONLY")
    said = await (await shop.review(shop.owner)).json()
    for method in ("PUT", "DELETE"):
        refused = await shop.call(shop.other, method, f"/reviews/{said['id']}", json={"rating": 1})
        assert (refused.status, (await error_of(refused))["code"]) == (404, "NO_SUCH_REVIEW")
    for body in (
        {},
        {"rating": 0},
        {"rating": 6},
        {"rating": "5"},
        {"rating": 5.0},
        {"rating": True},
        {"rating": 5, "text": ""},
        {"rating": 5, "text": " "},
        {"rating": 5, "text": "x" * 1001},
        {"rating": 5, "text": "a\0b"},
        {"rating": 5, "stars": 5},
    ):
        refused = await shop.call(shop.owner, "PUT", f"/reviews/{said['id']}", json=body)
        assert refused.status == 422, body
    assert (await shop.call(shop.owner, "POST", "/products/99/reviews", json={"rating": 5})).status == 404
    # whoever has joined those who sell it: what they said stays, and is made no better
    async with shop.site.database.transaction() as session:
        session.add(Membership(account_id=shop.owner, creator_id=shop.creator, owner=False, rights=["view"]))
    refused = await shop.call(shop.owner, "PUT", f"/reviews/{said['id']}", json={"rating": 1})
    assert (refused.status, (await error_of(refused))["code"]) == (409, "OWN_BUSINESS")
    async with shop.site.database.transaction() as session:
        lead = await lead_for_account(
            session, shop.creator, await session.get_one(Account, shop.account), now=shop.site.clock()
        )
        await grant(session, lead, shop.product, origin="own", now=shop.site.clock())
    refused = await shop.review(shop.account)
    assert (refused.status, (await error_of(refused))["code"]) == (409, "OWN_BUSINESS")
    async with shop.site.database.transaction() as session:
        await session.execute(delete(Membership).where(Membership.account_id == shop.owner))
        await session.execute(delete(Entitlement).where(Entitlement.origin == "own"))
    # what was taken back is owned no longer, and whom the creator has banned is heard no longer
    async with shop.site.database.transaction() as session:
        await session.execute(update(Lead).values(banned_at=shop.site.clock()))
    assert (await shop.call(shop.owner, "PUT", f"/reviews/{said['id']}", json={"rating": 1})).status == 404
    async with shop.site.database.transaction() as session:
        await session.execute(update(Lead).values(banned_at=None))
        right = (await session.scalars(select(Entitlement))).one()
        await revoke(session, right, by="refund", now=shop.site.clock())
    refused = await shop.call(shop.owner, "PUT", f"/reviews/{said['id']}", json={"rating": 1})
    assert (refused.status, (await error_of(refused))["code"]) == (404, "OWNERS_ONLY")


async def test_everybody_reads_what_is_in_sight_and_nobody_who_wrote_it(shop: Shop):
    path = f"/products/{shop.product}/reviews"
    await shop.review(shop.owner, 3, text="Fine.")
    (seen,) = await shop.told(None, path)
    assert (seen["rating"], seen["text"], seen["answer"]) == (3, "Fine.", None)
    assert set(seen) == {"id", "product_id", "rating", "text", "answer", "created_at", "edited_at", "answered_at"}
    admin = await shop.admin()
    assert (await shop.call(admin, "POST", f"/reviews/{seen['id']}/hide")).status == 200
    assert await shop.told(None, path) == []
    assert [each["state"] for each in await shop.told(shop.owner, "/reviews/mine")] == ["hidden"]
    async with shop.site.database.transaction() as session:
        await session.execute(update(Product).values(active=False))
    for by in (None, shop.other):
        assert (await shop.call(by, "GET", path)).status == 404
    assert (await shop.call(shop.account, "GET", path)).status == 200


async def test_the_creator_answers_and_reports_and_the_instance_decides(either_shop: Shop):
    shop, admin = either_shop, await either_shop.admin()
    said = await (await shop.review(shop.owner, 1, text="No.")).json()
    path = f"/reviews/{said['id']}"
    answered = await (await shop.call(shop.account, "POST", f"{path}/answer", json={"text": "Sorry!"})).json()
    assert (answered["answer"], answered["text"]) == ("Sorry!", "No.")
    assert (await shop.call(shop.account, "POST", f"{path}/answer", json={"text": ""})).status == 422
    reported = await (await shop.call(shop.account, "POST", f"{path}/report")).json()
    assert reported["state"] == "reported"
    # once more changes nothing
    assert (await shop.call(shop.account, "POST", f"{path}/report")).status == 200
    assert [each["id"] for each in await shop.told(shop.account, "/reviews", state="reported")] == [said["id"]]
    assert await shop.told(shop.account, "/reviews", state="hidden") == []
    assert len(await shop.told(shop.account, "/reviews", product_id=str(shop.product))) == 1
    # another creator's are none of theirs
    stranger = await shop.site.add_account(await shop.site.add_creator("atelier"))
    assert await shop.told(stranger, "/reviews") == []
    for act in ("answer", "report"):
        refused = await shop.call(stranger, "POST", f"{path}/{act}", json={"text": "Mine"})
        assert (refused.status, (await error_of(refused))["code"]) == (404, "NO_SUCH_REVIEW")
    # whether it is shown is not for creators to decide
    for act in ("hide", "show"):
        assert (await shop.call(shop.account, "POST", f"{path}/{act}")).status == 403
        assert (await shop.call(admin, "POST", f"/reviews/99/{act}")).status == 404
    assert (await shop.call(shop.account, "GET", "/reviews/reported")).status == 403
    assert [each["id"] for each in await shop.told(admin, "/reviews/reported")] == [said["id"]]
    hidden = await (await shop.call(admin, "POST", f"{path}/hide")).json()
    assert (hidden["state"], await shop.stars(), await shop.told(admin, "/reviews/reported")) == ("hidden", (0, 0), [])
    shown = await (await shop.call(admin, "POST", f"{path}/show")).json()
    assert (shown["state"], await shop.stars()) == ("shown", (1, 1))
