import pytest
from aiohttp.test_utils import TestClient, TestServer
from web_world import Client, Site

SHOP, API = "https://shop.example", "/api/v1/leads"
ASKS = {"Origin": SHOP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def site_of_shop(site: Site) -> Site:
    site.others["allowed_origins"] = frozenset({SHOP})
    return site


async def test_a_page_that_is_allowed_may_call_and_read_what_it_is_answered(site_of_shop: Site):
    async with TestClient(TestServer(site_of_shop.app())) as client:
        asked = await client.options(API, headers=ASKS)
        assert asked.status == 204
        assert asked.headers["Access-Control-Allow-Origin"] == SHOP
        assert {"GET", "POST"} <= set(asked.headers["Access-Control-Allow-Methods"].split(", "))
        assert {"Authorization", "Idempotency-Key"} <= set(asked.headers["Access-Control-Allow-Headers"].split(", "))
        # errors may be read too
        refused = await client.post(API, headers={"Origin": SHOP}, json={})
        assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (401, SHOP)
        assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
        for answer in (asked, refused):
            assert "Access-Control-Allow-Credentials" not in answer.headers
            assert answer.headers["Vary"] == "Origin"


async def test_another_page_may_not_and_is_told_nothing(site_of_shop: Site):
    async with TestClient(TestServer(site_of_shop.app())) as client:
        for origin in ("https://evil.example", "null", "https://shop.example.evil.example", "http://shop.example"):
            asked = await client.options(API, headers=ASKS | {"Origin": origin})
            refused = await client.get(API, headers={"Origin": origin})
            assert (asked.status, refused.status) == (405, 401)
            for answer in (asked, refused):
                assert "Access-Control-Allow-Origin" not in answer.headers
                # whoever keeps a copy must not hand it to another page
                assert answer.headers["Vary"] == "Origin"
        # other addresses are no page's to read
        assert "Access-Control-Allow-Origin" not in (await client.get("/health", headers={"Origin": SHOP})).headers
        assert (await client.options("/api/v1/nothing", headers=ASKS)).status == 404


async def test_any_page_may_where_that_is_set_and_none_where_nothing_is(site: Site, client: Client):
    assert (await client.options(API, headers=ASKS)).status == 405
    site.others["allowed_origins"] = frozenset({"*"})
    async with TestClient(TestServer(site.app())) as open_to_all:
        answer = await open_to_all.options(API, headers=ASKS)
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
