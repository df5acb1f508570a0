from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from api_caller import Program
from sqlalchemy import event, insert, update
from web_world import NOON, Client, Site

from domain.product_making import make_product
from store.models import Product, ProductKind, ProductWord
from store.queries import product_search
from web.tools import TOOLS, WebTools

PRIVATE = {"url", "chat_id", "instructions", "reserved", "sold", "initial", "makes_keys", "low_stock"}


class Shop:
    """Two creators sell; everybody looks."""

    def __init__(self, ada: Program, bob: Program) -> None:
        self.ada, self.bob, self.client = ada, bob, ada.client

    async def sell(self, title: str, price: int = 1000, *, by: Program | None = None, **parts: Any) -> int:
        """Each a second later than the one before."""
        site = self.ada.site
        site.clock.pass_time(seconds=1)
        fields: Any = {"title": title, "price_minor": price, "currency": "usd"} | parts
        stock = fields.pop("stock", None)
        async with site.database.transaction() as session:
            creator_id = (by or self.ada).creator_id
            return (await make_product(session, creator_id, fields, stock=stock, now=site.clock())).id

    async def look(self, path: str = "", **query: Any) -> Any:
        response = await self.client.get(f"/api/v1/products{path}", params=query)
        assert response.status == 200, await response.text()
        return await response.json()

    async def titles(self, path: str = "", **query: Any) -> list[str]:
        body = await self.look(path, **query)
        assert body["total"] == len(body["items"])
        return [item["title"] for item in body["items"]]

    async def set(self, product_id: int, **values: Any) -> None:
        async with self.ada.site.database.transaction() as session:
            await session.execute(update(Product).where(Product.id == product_id).values(**values))


@pytest.fixture
async def shop(either_site: Site, either_client: Client) -> Shop:
    ada = await Program.of(either_site, either_client)
    return Shop(ada, await Program.of(either_site, either_client, "bob"))


async def _fill(shop: Shop) -> Sequence[int]:
    presets = await shop.sell("Preset pack", 1900, category="presets", tags=["Photo", "warm"], description="Für Fotos")
    guide = await shop.sell("Photo guide", 900, category="guides", tags=["photo"])
    course = await shop.sell("Studio course", 9900, category="courses", tags=["video"], by=shop.bob)
    await shop.set(presets, sold=3, rating_sum=9, rating_count=2, rating_milli=4500)
    await shop.set(guide, sold=7, rating_sum=3, rating_count=1, rating_milli=3000)
    return presets, guide, course


async def test_the_shop_is_found_by_all_that_narrows_it(shop: Shop):
    await _fill(shop)
    newest = ["Studio course", "Photo guide", "Preset pack"]
    assert await shop.titles() == newest
    for query, found in (
        ({"query": "photo"}, newest[1:]),
        ({"query": "PACK fotos"}, ["Preset pack"]),
        ({"query": "fur"}, ["Preset pack"]),
        ({"query": "phot gui"}, ["Photo guide"]),
        ({"query": "hoto"}, []),
        ({"query": "!?"}, []),
        ({"query": "#warm"}, ["Preset pack"]),
        ({"category": "guides"}, ["Photo guide"]),
        ({"category": "Guides"}, []),
        ({"min_price": 900, "max_price": 1900}, newest[1:]),
        ({"min_price": 901, "max_price": 1899}, []),
        ({"max_price": 900}, ["Photo guide"]),
        ({"creator": "bob"}, ["Studio course"]),
        ({"creator": shop.ada.creator_id}, newest[1:]),
        ({"creator": "nobody"}, []),
        ({"creator": "9" * 40}, []),
        ({"tags": "video,warm"}, ["Studio course", "Preset pack"]),
        ({"tags": "#PHOTO"}, newest[1:]),
        ({"tags": "phot"}, []),
        ({"sort_by": "price"}, ["Photo guide", "Preset pack", "Studio course"]),
        ({"sort_by": "price", "sort_order": "desc"}, ["Studio course", "Preset pack", "Photo guide"]),
        ({"sort_by": "title"}, ["Photo guide", "Preset pack", "Studio course"]),
        ({"sort_by": "rating"}, ["Preset pack", "Photo guide", "Studio course"]),
        ({"sort_by": "popular"}, ["Photo guide", "Preset pack", "Studio course"]),
        ({"sort_by": "created_at", "sort_order": "asc"}, newest[::-1]),
        (
            {"query": "pho", "tags": "photo", "category": "presets", "min_price": 1, "creator": "ada"},
            ["Preset pack"],
        ),
        ({"query": "pho", "min_price": 1000, "creator": "bob", "sort_by": "title"}, []),
    ):
        assert await shop.titles(**query) == found, query


async def test_along_the_order_the_same_is_found_as_by_a_filter(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """Each filter counts as broad, so that the order is followed, and every total is counted."""
    monkeypatch.setattr(product_search, "NARROW", 0)
    await _fill(shop)
    for query, found in (
        ({"query": "phot", "tags": "photo"}, ["Photo guide", "Preset pack"]),
        ({"query": "phot pack", "category": "presets"}, ["Preset pack"]),
        ({"category": "guides", "sort_by": "rating"}, ["Photo guide"]),
        ({"min_price": 900, "max_price": 1900, "sort_by": "popular"}, ["Photo guide", "Preset pack"]),
        ({"creator": "ada", "sort_by": "price", "sort_order": "desc"}, ["Preset pack", "Photo guide"]),
        ({"category": "presets", "min_price": 1, "max_price": 5000, "creator": "ada"}, ["Preset pack"]),
    ):
        assert await shop.titles(**query) == found, query
        first = await shop.look(limit=1, **query)
        assert (first["total"], first["items"][0]["title"]) == (len(found), found[0]), query
        past = await shop.look(offset=50, **query)
        assert (past["total"], past["items"], past["has_more"]) == (len(found), [], False), query


async def test_pages_by_number_and_by_place_neither_overlap_nor_leave_out(shop: Shop):
    for number in range(7):
        await shop.sell(f"Same {number}", 500, category="same")
    for query in ({"sort_by": "price"}, {"sort_by": "rating"}, {"query": "same"}, {"category": "same"}, {}):
        whole = [item["id"] for item in (await shop.look(limit=100, **query))["items"]]
        by_place, by_number = [], []
        for page in range(3):
            placed = await shop.look(limit=3, offset=3 * page, **query)
            assert (placed["total"], placed["limit"], placed["offset"]) == (7, 3, 3 * page)
            assert placed["has_more"] is (page < 2)
            numbered = await shop.look(page=page + 1, page_size=3, **query)
            by_place += [item["id"] for item in placed["items"]]
            by_number += [item["id"] for item in numbered["items"]]
        assert by_place == by_number == whole
    assert (await shop.look(page=2))["offset"] == 20
    assert (await shop.look(query="same", offset=100))["total"] == 7


async def test_what_no_question_can_be_is_refused_with_its_reason(shop: Shop):
    for query, part in (
        ({"page": 0}, "page"),
        ({"page": 2, "limit": 5}, "page"),
        ({"page_size": 5, "offset": 3}, "page_size"),
        ({"page_size": 101}, "page_size"),
        ({"min_price": "9.5"}, "min_price"),
        ({"min_price": "-1"}, "min_price"),
        ({"min_price": 10, "max_price": 9}, "max_price"),
        ({"max_price": "9" * 40}, "max_price"),
        ({"sort_by": "sold"}, "sort_by"),
        ({"sort_order": "up"}, "sort_order"),
        ({"query": "a\0b"}, "query"),
        ({"query": "x" * 201}, "query"),
        ({"colour": "red"}, "colour"),
    ):
        response = await shop.client.get("/api/v1/products", params=query)
        assert response.status == 422, query
        assert part in (await response.json())["error"]["fields"], query
    for path in ("/category/%00", "/0", "/x", f"/{'9' * 40}", "/999"):
        assert (await shop.client.get(f"/api/v1/products{path}")).status == 404, path
    assert (await shop.client.get("/api/v1/products", headers={"Authorization": "Bearer x"})).status == 401


async def test_one_product_is_shown_with_its_parts_and_nothing_private(shop: Shop):
    ada = shop.ada
    secret = {"url": "https://secret.example.com/course", "instructions": "The secret word is Ahoy"}
    made = await ada.told(
        "POST",
        "/products",
        {"title": "Course", "price_minor": 1900, "currency": "USD", "kind": "link", "stock": 5, **secret},
        status=201,
    )
    large = await ada.told(
        "POST", f"/products/{made['id']}/variants", {"title": "Large", "price_minor": 2500}, status=201
    )
    shown = await shop.look(f"/{made['id']}")
    assert shown.pop("created_at").endswith("Z")
    assert shown == {
        "id": made["id"],
        "slug": "course",
        "title": "Course",
        "description": "",
        "kind": "link",
        "price_minor": 2500,
        "currency": "usd",
        "compare_at_minor": None,
        "pay_what_you_want": False,
        "category": "",
        "tags": [],
        "stock": 5,
        "active": True,
        "rating": {"average": None, "count": 0},
        "creator": {"slug": "ada", "name": "Ada"},
        "image_url": None,
        "active_until": None,
        "to_come": False,
        "variants": [{"id": large["id"], "title": "Large", "price_minor": 2500, "stock": None}],
        "contents": [],
    }
    (listed,) = (await shop.look())["items"]
    assert not PRIVATE & (shown.keys() | listed.keys())
    for page in (shown, listed):
        assert "secret" not in str(page)
    bundle = await shop.sell("All of it", 5000, kind=ProductKind.BUNDLE)
    guide = await shop.sell("Guide")
    await ada.told("PUT", f"/products/{bundle}/bundle/{guide}")
    told = await shop.look(f"/{bundle}")
    # there is no file yet
    assert (told["contents"], told["to_come"]) == ([{"id": guide, "title": "Guide", "kind": "file"}], True)


async def test_what_is_not_on_sale_is_shown_to_its_creator_alone(shop: Shop):
    now = shop.ada.site.clock()
    hidden = [
        await shop.sell("Off", active=False),
        await shop.sell("Later", active_from=now + timedelta(hours=1)),
        await shop.sell("Over", active_until=now + timedelta(seconds=10)),
        await shop.sell("Empty bundle", kind=ProductKind.BUNDLE),
        await shop.sell("Archived"),
    ]
    shown = await shop.sell("Shown", active_from=now, active_until=now + timedelta(days=1))
    await shop.ada.told("DELETE", f"/products/{hidden[-1]}", status=204)
    shop.ada.site.clock.pass_time(seconds=30)
    body = await shop.look()
    assert ([item["id"] for item in body["items"]], body["total"]) == ([shown], 1)
    assert (await shop.look(limit=1, query="o"))["total"] == 0
    for product_id in hidden:
        assert (await shop.client.get(f"/api/v1/products/{product_id}")).status == 404
        assert await shop.bob.refused("GET", f"/products/{product_id}") == (404, "NO_SUCH_PRODUCT")
        assert (await shop.ada.told("GET", f"/products/{product_id}"))["id"] == product_id
    shop.ada.site.clock.pass_time(hours=1)
    assert await shop.titles() == ["Shown", "Later"]


async def test_categories_are_told_with_their_counts(shop: Shop):
    await _fill(shop)
    await shop.sell("More", category="guides")
    await shop.sell("Without one")
    await shop.sell("Off", category="hidden", active=False)
    await shop.sell("Later", category="guides", active_from=NOON + timedelta(days=1))
    body = await shop.look("/categories")
    assert body["items"] == [
        {"category": "courses", "count": 1},
        {"category": "guides", "count": 2},
        {"category": "presets", "count": 1},
    ]
    assert (body["total"], body["has_more"]) == (3, False)
    second = await shop.look("/categories", limit=1, offset=1)
    assert (second["items"], second["has_more"]) == ([{"category": "guides", "count": 2}], True)
    assert await shop.titles("/category/guides") == ["More", "Photo guide"]
    assert await shop.titles("/category/guides", query="photo") == ["Photo guide"]
    assert await shop.titles("/category/hidden") == []


async def test_the_total_of_a_large_shop_is_at_most_a_second_old(site: Site, client: Client):
    passed, totals = [0.0], _tools(client).shop_totals
    totals.exact_up_to, totals.monotonic = 10, lambda: passed[0]
    shop = Shop(await Program.of(site, client), await Program.of(site, client, "bob"))
    await _fill_up(shop, 40)
    assert (await shop.look(limit=5))["total"] == 40
    await shop.sell("One more")
    page = await shop.look(limit=5)
    assert (page["items"][0]["title"], page["total"]) == ("One more", 40)
    passed[0] += 1
    assert (await shop.look(limit=5))["total"] == 41


async def test_a_page_costs_as_many_statements_however_many_products_are_on_it(site: Site, client: Client):
    shop = Shop(await Program.of(site, client), await Program.of(site, client, "bob"))
    await _fill_up(shop, 40)
    asked: list[str] = []

    @event.listens_for(site.database._read_engine.sync_engine, "before_cursor_execute")
    def _count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    for query in ({}, {"query": "same", "tags": "x"}, {"category": "cat", "sort_by": "rating"}):
        costs = []
        for limit in (2, 30):
            await shop.look(limit=limit, **query)
            asked.clear()
            await shop.look(limit=limit, **query)
            costs.append(len([each for each in asked if "SELECT" in each]))
        assert costs[0] == costs[1] <= 2, (query, costs)


def _tools(client: Client) -> WebTools:
    application = client.app
    assert application is not None
    return application[TOOLS]


async def _fill_up(shop: Shop, many: int) -> None:
    async with shop.ada.site.database.transaction() as session:
        await session.execute(insert(Product), [_row(shop.ada.creator_id, number) for number in range(many)])
        words = [{"product_id": number + 1, "word": word} for number in range(many) for word in ("same", "#x")]
        await session.execute(insert(ProductWord), words)


def _row(creator_id: int, number: int) -> dict[str, Any]:
    return {
        "creator_id": creator_id,
        "slug": f"p-{number}",
        "title": f"P {number}",
        "description": "",
        "currency": "usd",
        "price_minor": 100,
        "category": "cat",
        "created_at": NOON,
    }
