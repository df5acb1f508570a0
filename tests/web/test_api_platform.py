from datetime import timedelta
from typing import Any

from api_caller import Program
from sqlalchemy import update
from web_world import NOON, Client, Site

from domain.leads import add_lead
from domain.orders import open_order
from domain.paying import Received, pay_order
from domain.pricing import Wish
from domain.refunds import ask_refund
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import Payment, Product
from store.queries.stats import read_stats
from web.kept_answers import GOOD_FOR_SECONDS
from web.tools import TOOLS


async def _sell(ada: Program, title: str, **more: Any) -> int:
    ada.site.clock.pass_time(seconds=1)
    body = {"title": title, "price_minor": 1000, "currency": "usd"} | more
    product_id: int = (await ada.told("POST", "/products", body, status=201))["id"]
    return product_id


async def _set(site: Site, product_id: int, **values: Any) -> None:
    async with site.database.transaction() as session:
        await session.execute(update(Product).where(Product.id == product_id).values(**values))


async def _look(client: Client, path: str, **query: Any) -> Any:
    response = await client.get(f"/api/v1/platform{path}", params=query)
    assert response.status == 200, await response.text()
    return await response.json()


async def test_what_sells_and_what_is_new_is_told_to_everybody(either_site: Site, either_client: Client):
    site, client = either_site, either_client
    ada = await Program.of(site, client)
    bob = await Program.of(site, client, "bob")
    first = await _sell(ada, "First", category="guides", price_minor=901)
    second = await _sell(bob, "Second", category="guides")
    third = await _sell(ada, "Third", category="presets", currency="eur")
    await _sell(ada, "Off", category="guides", active=False)
    await _set(site, second, sold=9, rating_sum=9, rating_count=2)
    await _set(site, first, sold=2, rating_sum=1, rating_count=1)
    popular = await _look(client, "/popular", limit=2)
    assert [item["id"] for item in popular["items"]] == [second, first]
    assert (popular["total"], popular["has_more"]) == (3, True)
    assert popular["items"][0]["rating"] == {"average": 4.5, "count": 2}
    assert [item["id"] for item in (await _look(client, "/recent"))["items"]] == [third, second, first]
    stats = await _look(client, "/categories/stats")
    assert stats["items"] == [
        {
            "category": "guides",
            "products": 2,
            "creators": 2,
            "rating": {"average": 3.3, "count": 3},
            "prices": [
                {"currency": "usd", "products": 2, "lowest_minor": 901, "average_minor": 950, "highest_minor": 1000}
            ],
        },
        {
            "category": "presets",
            "products": 1,
            "creators": 1,
            "rating": {"average": None, "count": 0},
            "prices": [
                {"currency": "eur", "products": 1, "lowest_minor": 1000, "average_minor": 1000, "highest_minor": 1000}
            ],
        },
    ]
    assert [item["category"] for item in (await _look(client, "/categories/stats", offset=1))["items"]] == ["presets"]
    for path in ("/popular", "/recent", "/categories/stats"):
        assert (await client.get(f"/api/v1/platform{path}", params={"limit": 0})).status == 422


async def test_of_a_large_shop_it_is_at_most_a_minute_old(site: Site, client: Client):
    application = client.app
    assert application is not None
    kept, passed = application[TOOLS].shop_answers, [0.0]
    kept.exact_up_to, kept.monotonic = 1, lambda: passed[0]
    ada = await Program.of(site, client)
    for title in ("One", "Two"):
        await _sell(ada, title, category="guides")
    paths = ("/platform/popular", "/platform/recent", "/platform/categories/stats", "/products/categories")

    async def told() -> list[Any]:
        return [await (await client.get(f"/api/v1{path}")).json() for path in paths]

    before = await told()
    await _sell(ada, "Three", category="guides")
    passed[0] += GOOD_FOR_SECONDS - 1
    assert await told() == before
    passed[0] += 1
    popular, recent, stats, categories = await told()
    assert (popular["total"], recent["total"]) == (3, 3)
    assert stats["items"][0]["products"] == categories["items"][0]["count"] == 3
    assert GOOD_FOR_SECONDS < 60


async def test_a_creator_sees_their_business_in_a_few_numbers(either_site: Site, either_client: Client):
    site = either_site
    ada = await Program.of(site, either_client)
    empty = await ada.told("GET", "/creator/stats")
    assert empty == {
        "sales": 0,
        "revenue": [],
        "products": 0,
        "active_products": 0,
        "archived_products": 0,
        "reviews": {"average": None, "count": 0},
        "leads": 0,
    }
    guide = await _sell(ada, "Guide", price_minor=1900)
    await _sell(ada, "Draft", active=False)
    await ada.told("DELETE", f"/products/{await _sell(ada, 'Old')}", status=204)
    await _set(site, guide, rating_sum=9, rating_count=2)
    async with site.database.transaction() as session:
        lead = await add_lead(session, ada.creator_id, name="Lena", now=NOON)
        await add_lead(session, ada.creator_id, name="Tom", now=NOON)
        wish = Wish(await session.get_one(Product, guide))
        order = await open_order(session, lead, wish, now=NOON, good_for=timedelta(hours=1), setup=CreatorSetup())
        # tax and shipping came with it, and may go back with it
        paid = Received("stripe", "pi_1", Money(2400, "usd"), tax_minor=200, shipping_minor=300)
        await pay_order(session, order, paid, now=NOON)
        asked = await ask_refund(session, order, amount_minor=2100, reason="", revokes=False, now=NOON)
    assert await ada.told("GET", "/creator/stats") == {
        "sales": 1,
        "revenue": [{"currency": "usd", "amount_minor": 300}],
        "products": 2,
        "active_products": 1,
        "archived_products": 1,
        "reviews": {"average": 4.5, "count": 2},
        "leads": 2,
    }
    async with site.database.transaction() as session:
        stats = await read_stats(session, ada.creator_id, "UTC", 1, now=NOON)
        assert (stats.orders, stats.earned) == (1, {"usd": 300})
        # a bank takes all of it too, beside what goes back: no less than nothing was earned
        more = update(Payment).where(Payment.order_id == order.id).values(refunded_minor=asked[0].amount_minor + 2400)
        await session.execute(more)
        stats = await read_stats(session, ada.creator_id, "UTC", 1, now=NOON)
        assert (stats.orders, stats.earned) == (1, {"usd": 0})
    assert (await ada.told("GET", "/creator/stats"))["revenue"] == [{"currency": "usd", "amount_minor": 0}]
    bob = await Program.of(site, either_client, "bob")
    assert await bob.told("GET", "/creator/stats") == empty
    outsider = Program(site, either_client, 0, await site.add_account())
    assert (await outsider.refused("GET", "/creator/stats"))[0] == 403
