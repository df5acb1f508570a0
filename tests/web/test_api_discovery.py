"""Creators who want to be found, and the page by which they are."""

from typing import Any

import pytest
from lead_world import Desk
from sqlalchemy import update
from web_world import NOON, Client, Site, error_of

from domain.products import add_product
from kit.money import Money
from store.models import Product


@pytest.fixture
async def desk(either_site: Site, either_client: Client) -> Desk:
    return await Desk.of(either_site, either_client)


async def test_a_creator_writes_their_own_page(desk: Desk):
    empty = await desk.told("GET", "/profile/creator")
    assert (empty["slug"], empty["public"], empty["platforms"], empty["updated_at"]) == ("ada", False, [], None)
    written = await desk.told(
        "PUT",
        "/profile/creator",
        {
            "public": True,
            "bio": "Films",
            "category": " Film  Making ",
            "location": "München, DE",
            "rate_minor": 50000,
            "currency": "EUR",
            "available": False,
            "platforms": [
                {"platform": "YouTube", "handle": "ada", "followers": 900},
                {"platform": "instagram", "handle": "ada.films", "followers": 12000},
            ],
        },
    )
    assert written == {
        "slug": "ada",
        "name": "Ada",
        "bio": "Films",
        "category": "film making",
        "location": "München, DE",
        "rate_minor": 50000,
        "currency": "eur",
        "available": False,
        "platforms": [
            {"platform": "instagram", "handle": "ada.films", "followers": 12000},
            {"platform": "youtube", "handle": "ada", "followers": 900},
        ],
        "rating": {"average": None, "count": 0},
        "products": 0,
        "public": True,
        "updated_at": "2031-05-04T12:00:00Z",
    }
    # what is left out stays, and the rate can be taken back
    changed = await desk.told("PUT", "/profile/creator", {"rate_minor": None, "bio": "Films, and more"})
    assert changed == written | {"rate_minor": None, "bio": "Films, and more"}
    assert (await desk.told("PUT", "/profile/creator", {"platforms": []}))["platforms"] == []


async def test_what_cannot_stand_on_a_page_is_refused(desk: Desk):
    platform = {"platform": "youtube", "handle": "ada"}
    for body in (
        {"public": "yes"},
        {"rate_minor": "5"},
        {"rate_minor": -1},
        {"rate_minor": 1.0},
        {"currency": "xyz"},
        {"bio": "x" * 2001},
        {"platforms": [platform, platform | {"platform": "YouTube"}]},
        {"platforms": [{"platform": "you tube", "handle": "ada"}]},
        {"platforms": [platform | {"followers": True}]},
        {"platforms": [platform] * 21},
        {"slug": "other"},
    ):
        response = await desk.ask("PUT", "/profile/creator", body)
        assert (response.status, (await error_of(response))["code"]) == (422, "INVALID"), body
    outsider = await desk.site.add_account()
    for method in ("GET", "PUT"):
        headers = desk.site.bearer(outsider)
        response = await desk.client.request(method, "/api/v1/profile/creator", headers=headers, json={})
        assert response.status == 403
    assert (await desk.client.get("/api/v1/profile/creator")).status == 401


async def test_creators_are_found_by_what_is_asked_for(desk: Desk):
    site, client = desk.site, desk.client
    pages: dict[str, dict[str, Any]] = {
        "ada": {"category": "Film", "location": "Österreich", "rate_minor": 500, "available": True},
        "bob": {"category": "photo", "location": "Berlin", "rate_minor": 900, "currency": "eur", "available": False},
        "cyd": {"category": "film", "location": "Berlin, DE"},
        "dan": {"category": "film", "public": False},
    }
    desks = {"ada": desk} | {slug: await Desk.of(site, client, slug) for slug in ("bob", "cyd", "dan")}
    for slug, page in pages.items():
        await desks[slug].told("PUT", "/profile/creator", {"public": True} | page)
    await desks["bob"].told(
        "PUT", "/profile/creator", {"platforms": [{"platform": "TikTok", "handle": "b", "followers": 5}]}
    )
    async with site.database.transaction() as session:
        for slug, stars, count in (("ada", 9, 2), ("bob", 3, 1)):
            product = await add_product(
                session, creator_id=desks[slug].creator_id, title="P", price=Money(100, "usd"), now=NOON
            )
            rated = update(Product).where(Product.id == product.id)
            await session.execute(rated.values(rating_sum=stars, rating_count=count))

    async def found(**query: str) -> list[str]:
        # nobody has to sign in for it
        response = await client.get("/api/v1/profile/creators", params=query)
        assert response.status == 200, await response.text()
        body = await response.json()
        assert body["total"] == len(body["items"])
        return [each["slug"] for each in body["items"]]

    assert await found() == ["cyd", "bob", "ada"]
    assert await found(category="FILM") == ["cyd", "ada"]
    assert await found(location="berlin") == ["cyd", "bob"]
    assert await found(location="österreich") == ["ada"]
    assert await found(platform="tiktok") == ["bob"]
    assert await found(max_rate="600") == ["ada"]
    assert await found(currency="EUR") == ["bob"]
    assert await found(available="true") == ["cyd", "ada"]
    assert await found(min_rating="4.5") == ["ada"]
    assert await found(min_rating="3") == ["bob", "ada"]
    assert await found(sort="rate") == ["ada", "bob", "cyd"]
    assert await found(category="film", location="berlin", available="true") == ["cyd"]
    assert await found(category="nothing") == await found(location="%") == []
    for query in (
        {"max_rate": "-1"},
        {"min_rating": "nan"},
        {"min_rating": "6"},
        {"available": "maybe"},
        {"sort": "x"},
    ):
        assert (await client.get("/api/v1/profile/creators", params=query)).status == 422, query
    one = await (await client.get("/api/v1/profile/creators/ada")).json()
    assert (one["rating"], one["products"]) == ({"average": 4.5, "count": 2}, 1)
    assert "public" not in one
    for slug in ("dan", "nobody", "%00", "ADA"):
        assert (await client.get(f"/api/v1/profile/creators/{slug}")).status == 404, slug
