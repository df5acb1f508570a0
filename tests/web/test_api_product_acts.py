import asyncio
from datetime import timedelta
from typing import Any

import pytest
from api_caller import Program
from sqlalchemy import select
from web_world import NOON, Client, Site, error_of

from domain.leads import add_lead
from domain.orders import open_order
from domain.pricing import Wish
from domain.setups import CreatorSetup
from domain.stock import Pieces, Place, take
from store.models import Event, Product, ProductWord

NEW = {"title": "Preset pack", "price_minor": 1900, "currency": "USD"}


@pytest.fixture
async def ada(site: Site, client: Client) -> Program:
    return await Program.of(site, client)


async def _words(site: Site, product_id: int) -> set[str]:
    async with site.database.reading() as session:
        return set(await session.scalars(select(ProductWord.word).where(ProductWord.product_id == product_id)))


async def test_a_product_is_made_changed_archived_and_restored(either_site: Site, either_client: Client):
    ada = await Program.of(either_site, either_client)
    made = await ada.told(
        "POST",
        "/products",
        {
            **NEW,
            "description": "Warm ones",
            "category": " photo  presets ",
            "tags": ["#Warm", "warm", "photo"],
            "stock": 50,
            "compare_at_minor": 2900,
            "price_stars": 900,
            "low_stock": 3,
            "limit_per_person": 2,
            "active_from": "2031-05-04T11:00:00+02:00",
            "active_until": "2031-06-01T00:00:00Z",
            "instructions": "Thanks!",
            "protected": True,
        },
        status=201,
    )
    one = f"/products/{made['id']}"
    assert made.pop("created_at") == "2031-05-04T12:00:00Z"
    assert made == {
        "id": made["id"],
        "slug": "preset-pack",
        "title": "Preset pack",
        "description": "Warm ones",
        "kind": "file",
        "price_minor": 1900,
        "currency": "usd",
        "price_stars": 900,
        "compare_at_minor": 2900,
        "pay_what_you_want": False,
        "category": "photo presets",
        "tags": ["warm", "photo"],
        "stock": 50,
        "reserved": 0,
        "sold": 0,
        "initial": 50,
        "limit_per_person": 2,
        "low_stock": 3,
        "active": True,
        "active_from": "2031-05-04T09:00:00Z",
        "active_until": "2031-06-01T00:00:00Z",
        "archived_at": None,
        "url": None,
        "chat_id": None,
        "instructions": "Thanks!",
        "protected": True,
        "makes_keys": False,
        "missing": "file",
        "rating": {"average": None, "count": 0},
    }
    assert await _words(ada.site, made["id"]) == {
        *("preset", "pack", "warm", "ones", "photo", "presets"),
        *("#warm", "#photo"),
    }
    assert (await ada.told("GET", f"/creator{one}"))["price_stars"] == 900
    changed = await ada.told("PATCH", one, {"title": "Film pack", "tags": ["film"], "compare_at_minor": None})
    assert (changed["title"], changed["slug"], changed["compare_at_minor"], changed["stock"]) == (
        *("Film pack", "preset-pack", None),
        50,
    )
    assert await _words(ada.site, made["id"]) == {"film", "pack", "warm", "ones", "photo", "presets", "#film"}
    for _ in range(2):
        await ada.told("DELETE", one, status=204)
    assert (await ada.told("GET", "/creator/products"))["total"] == 0
    assert (await ada.told("GET", "/creator/products?archived=true"))["items"][0]["archived_at"] is not None
    for _ in range(2):
        assert (await ada.told("POST", f"{one}/restore"))["archived_at"] is None
    async with ada.site.database.reading() as session:
        names = list(await session.scalars(select(Event.name).order_by(Event.id)))
    assert names == ["product.added", "product.edited", "product.archived", "product.restored"]


async def test_what_is_still_to_be_brought_is_told_by_kind(ada: Program):
    expected = {
        "file": "file",
        "link": "link",
        "channel": "channel",
        "bundle": "contents",
        **dict.fromkeys(("service", "physical", "licence_key")),
    }
    made = {kind: await ada.told("POST", "/products", {**NEW, "kind": kind}, status=201) for kind in expected}
    assert {kind: each["missing"] for kind, each in made.items()} == expected
    listed = (await ada.told("GET", "/creator/products"))["items"]
    assert {each["kind"]: each["missing"] for each in listed} == expected
    changed = await ada.told("PATCH", f"/products/{made['link']['id']}", {"url": "https://studio.example/moods"})
    assert changed["missing"] is None


async def test_put_says_all_of_it_anew_and_patch_some(ada: Program):
    made = await ada.told(
        "POST",
        "/products",
        {**NEW, "kind": "service", "slug": "mine", "stock": 5, "tags": ["a"], "low_stock": 2, "active": False},
        status=201,
    )
    one = f"/products/{made['id']}"
    put = await ada.told("PUT", one, {"title": "Call", "price_minor": 2000, "description": "An hour"})
    assert {name: put[name] for name in ("slug", "kind", "currency", "stock")} == {
        "slug": "mine",
        "kind": "service",
        "currency": "usd",
        "stock": 5,
    }
    assert (put["title"], put["price_minor"], put["tags"], put["low_stock"], put["active"]) == (
        "Call",
        2000,
        [],
        0,
        True,
    )
    patched = await ada.told("PATCH", one, {"stock": None, "currency": "EUR", "kind": "link", "slug": "Other"})
    assert (patched["stock"], patched["initial"], patched["currency"], patched["kind"], patched["slug"]) == (
        *(None, None, "eur", "link"),
        "other",
    )
    same = await ada.told("PATCH", one, {})
    assert same == patched
    assert (await ada.told("PUT", f"{one}/stock", {"stock": 0}))["stock"] == 0


async def test_the_creators_list_holds_what_the_shop_does_not_show(ada: Program):
    for number in range(3):
        await ada.told("POST", "/products", {**NEW, "title": f"P {number}", "active": number != 1}, status=201)
    body = await ada.told("GET", "/creator/products?limit=2")
    assert [item["title"] for item in body["items"]] == ["P 2", "P 1"]
    assert (body["total"], body["has_more"]) == (3, True)
    assert (await ada.told("GET", "/products"))["total"] == 2
    assert (await ada.refused("GET", "/creator/products?archived=1"))[0] == 422


async def test_what_can_be_no_product_is_refused_with_each_reason(ada: Program):
    made = await ada.told("POST", "/products", NEW, status=201)
    one = f"/products/{made['id']}"

    async def parts(method: str, path: str, body: Any) -> set[str]:
        response = await ada.asks(method, path, body)
        assert response.status == 422, (body, await response.text())
        return set((await error_of(response)).get("fields", {}))

    for wrong, named in (
        ({"price_minor": "9"}, "price_minor"),
        ({"price_minor": True}, "price_minor"),
        ({"price_minor": 9.0}, "price_minor"),
        ({"price_minor": -1}, "price_minor"),
        ({"price_minor": 10**40}, "price_minor"),
        ({"price_minor": 49}, "price_minor"),
        ({"price_minor": 1905, "currency": "kwd"}, "price_minor"),
        ({"currency": "zzz"}, "currency"),
        ({"currency": "dollars"}, "currency"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"title": None}, "title"),
        ({"description": "x" * 3001}, "description"),
        ({"kind": "boat"}, "kind"),
        ({"tags": ["two words"]}, "tags"),
        ({"tags": [str(number) for number in range(21)]}, "tags"),
        ({"stock": -1}, "stock"),
        ({"stock": 1.0}, "stock"),
        ({"active": "yes"}, "active"),
        ({"slug": "Ünicode"}, "slug"),
        ({"compare_at_minor": 1900}, "compare_at_minor"),
        ({"compare_at_minor": 2005, "currency": "kwd"}, "compare_at_minor"),
        ({"currency": "iqd"}, "currency"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"chat_id": 5}, "chat_id"),
        ({"active_from": "tomorrow"}, "active_from"),
        ({"active_from": "2031-05-04T12:00:00Z", "active_until": "2031-05-04T12:00:00Z"}, "active_until"),
        ({"price": 5}, "price"),
    ):
        for method, path in (("POST", "/products"), ("PUT", one), ("PATCH", one)):
            assert named in await parts(method, path, (NEW if method != "PATCH" else {}) | wrong), (method, wrong)
    assert await parts("POST", "/products", {}) == {"title", "price_minor"}
    assert await parts("PUT", one, {"title": "x"}) == {"price_minor"}
    assert await parts("PUT", f"{one}/stock", {}) == {"stock"}
    assert await parts("PUT", f"{one}/stock", {"stock": "5"}) == {"stock"}
    assert (await ada.told("GET", "/creator/products"))["total"] == 1


async def test_a_price_that_no_card_pays_stands_only_beside_one_in_stars_or_where_people_choose(ada: Program):
    for sold in ({"price_stars": 30}, {"pay_what_you_want": True}, {"currency": "xtr"}, {"currency": "kes"}):
        made = await ada.told("POST", "/products", NEW | {"price_minor": 40} | sold, status=201)
        one = f"/products/{made['id']}"
        if sold.keys() & {"price_stars", "pay_what_you_want"}:
            back = {"price_stars": None} if "price_stars" in sold else {"pay_what_you_want": False}
            assert await ada.refused("PATCH", one, back) == (422, "INVALID")
            await ada.told("PATCH", one, back | {"price_minor": 50})
        await ada.told("PATCH", one, {"description": "as before"})
    made = await ada.told("POST", "/products", NEW, status=201)
    every = f"/products/{made['id']}/variants"
    small = {"title": "Small", "price_minor": 49}
    for method, path in (("POST", every), ("PATCH", f"{every}/1")):
        if method == "PATCH":
            assert (await ada.told("POST", every, small | {"price_stars": 30}, status=201))["id"] == 1
        response = await ada.asks(method, path, small | {"price_stars": None})
        error = await error_of(response)
        assert (response.status, error["fields"], "$0.50" in error["message"]) == (422, {"price_minor": "49"}, True)


async def test_what_its_state_forbids_is_a_conflict(ada: Program):
    first = await ada.told("POST", "/products", NEW, status=201)
    one = f"/products/{first['id']}"
    second = await ada.told("POST", "/products", NEW, status=201)
    assert second["slug"] == "preset-pack-2"
    taken = {**NEW, "slug": "preset-pack"}
    assert await ada.refused("POST", "/products", taken) == (409, "SLUG_TAKEN")
    assert await ada.refused("PATCH", f"/products/{second['id']}", {"slug": "preset-pack"}) == (409, "SLUG_TAKEN")
    await ada.told("POST", f"{one}/variants", {"title": "Large", "price_minor": 2500}, status=201)
    assert await ada.refused("PATCH", one, {"price_minor": 5}) == (409, "CONFLICT")
    assert await ada.refused("PATCH", one, {"kind": "bundle"}) == (409, "CONFLICT")
    async with ada.site.database.transaction() as session:
        lead = await add_lead(session, ada.creator_id, name="Lena", now=NOON)
        bought = await session.get_one(Product, second["id"])
        await open_order(session, lead, Wish(bought), now=NOON, good_for=timedelta(hours=1), setup=CreatorSetup())
    assert await ada.refused("PATCH", f"/products/{second['id']}", {"kind": "link"}) == (409, "CONFLICT")


async def test_another_creators_product_is_not_found(ada: Program):
    bob = await Program.of(ada.site, ada.client, "bob")
    made = await ada.told("POST", "/products", {**NEW, "active": False}, status=201)
    one = f"/products/{made['id']}"
    for method, path, body in (
        ("GET", f"/creator{one}", None),
        ("PUT", one, NEW),
        ("PATCH", one, {"title": "Mine"}),
        ("DELETE", one, None),
        ("POST", f"{one}/restore", None),
        ("PUT", f"{one}/stock", {"stock": 1}),
    ):
        assert await bob.refused(method, path, body) == (404, "NO_SUCH_PRODUCT"), (method, path)
        wrong = path.replace(str(made["id"]), "9" * 40)
        assert (await ada.refused(method, wrong, body))[0] == 404, wrong
    outsider = Program(ada.site, ada.client, 0, await ada.site.add_account())
    assert (await outsider.refused("POST", "/products", NEW))[0] == 403
    assert (await ada.client.post("/api/v1/products", json=NEW)).status == 401
    assert (await ada.told("GET", f"/creator{one}"))["title"] == "Preset pack"


async def test_stock_that_is_set_while_some_is_sold_loses_no_piece(either_site: Site, either_client: Client):
    ada = await Program.of(either_site, either_client)
    made = await ada.told("POST", "/products", {**NEW, "stock": 10}, status=201)
    one = f"/products/{made['id']}"

    async def sell() -> bool:
        async with either_site.database.transaction() as session:
            return await take(session, [Pieces(made["id"], None, 1)], Place.RESERVED)

    taken, *_ = await asyncio.gather(
        asyncio.gather(*(sell() for _ in range(12))),
        *(ada.told("PUT", f"{one}/stock", {"stock": 4 + number}) for number in range(4)),
        *(ada.told("PATCH", one, {"price_minor": 100 + number}) for number in range(4)),
    )
    found = await ada.told("GET", f"/creator{one}")
    assert found["reserved"] == sum(taken) > 0
    assert found["stock"] + found["reserved"] + found["sold"] == found["initial"]


async def test_a_repeat_under_the_same_key_makes_one_product_and_times_end_what_is_on_sale(ada: Program):
    until = (NOON + timedelta(hours=1)).isoformat()
    headers = {"Idempotency-Key": "once"}
    first = await ada.told("POST", "/products", {**NEW, "active_until": until}, status=201, headers=headers)
    again = await ada.told("POST", "/products", {**NEW, "active_until": until}, status=201, headers=headers)
    assert again == first
    assert (await ada.told("GET", "/products"))["total"] == 1
    ada.site.clock.pass_time(hours=1)
    assert (await (await ada.client.get("/api/v1/products")).json())["total"] == 0
