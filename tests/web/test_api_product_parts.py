import pytest
from api_caller import Program
from web_world import Client, Site

from store.models import ProductKind


class Bench:
    """Ada's products, made by their kinds."""

    def __init__(self, ada: Program) -> None:
        self.ada = ada

    async def make(self, title: str, kind: ProductKind = ProductKind.FILE, price: int = 1900) -> int:
        body = {"title": title, "price_minor": price, "currency": "usd", "kind": kind}
        product_id: int = (await self.ada.told("POST", "/products", body, status=201))["id"]
        return product_id


@pytest.fixture
async def bench(site: Site, client: Client) -> Bench:
    return Bench(await Program.of(site, client))


async def test_variants_are_added_changed_and_archived(bench: Bench):
    ada, product = bench.ada, await bench.make("Shirt", ProductKind.PHYSICAL)
    every = f"/products/{product}/variants"
    large = await ada.told("POST", every, {"title": "Large", "price_minor": 2500, "stock": 10}, status=201)
    assert large.pop("created_at").endswith("Z")
    assert large == {
        "id": large["id"],
        "title": "Large",
        "price_minor": 2500,
        "currency": "usd",
        "price_stars": None,
        "stock": 10,
        "reserved": 0,
        "sold": 0,
        "initial": 10,
        "archived_at": None,
    }
    small = await ada.told("POST", every, {"title": "Small", "price_minor": 1500, "price_stars": 700}, status=201)
    one, other = f"{every}/{large['id']}", f"{every}/{small['id']}"
    assert (await ada.told("GET", f"/products/{product}"))["price_minor"] == 1500
    changed = await ada.told("PATCH", other, {"price_minor": 2600, "price_stars": None, "stock": 3})
    assert (changed["title"], changed["price_minor"], changed["price_stars"], changed["stock"]) == (
        *("Small", 2600, None),
        3,
    )
    for _ in range(2):
        await ada.told("DELETE", one, status=204)
    body = await ada.told("GET", every)
    assert [(item["title"], item["archived_at"] is None) for item in body["items"]] == [
        ("Large", False),
        ("Small", True),
    ]
    assert [each["title"] for each in (await ada.told("GET", f"/products/{product}"))["variants"]] == ["Small"]
    back = await ada.told("POST", every, {"title": "Large", "price_minor": 2700}, status=201)
    assert (back["id"], back["archived_at"], back["stock"]) == (large["id"], None, None)

    for body, status, code in (
        ({"title": "Small", "price_minor": 100}, 409, "BAD_VARIANT"),
        ({"title": "Free", "price_minor": 0}, 409, "BAD_VARIANT"),
        ({"title": "", "price_minor": 100}, 422, "INVALID"),
        ({"title": "x", "price_minor": "100"}, 422, "INVALID"),
        ({"title": "x", "price_minor": 100, "currency": "eur"}, 422, "INVALID"),
        ({"title": "x"}, 422, "INVALID"),
    ):
        assert await ada.refused("POST", every, body) == (status, code), body
    assert await ada.refused("PATCH", one, {"title": "Small"}) == (409, "BAD_VARIANT")
    assert await ada.refused("PATCH", f"{every}/999", {}) == (404, "NO_SUCH_VARIANT")
    another = await bench.make("Mug")
    assert await ada.refused("PATCH", f"/products/{another}/variants/{large['id']}", {}) == (404, "NO_SUCH_VARIANT")
    bob = await Program.of(ada.site, ada.client, "bob")
    for method, path in (("GET", every), ("POST", every), ("PATCH", one), ("DELETE", one)):
        body = {"title": "x", "price_minor": 1} if method == "POST" else {} if method == "PATCH" else None
        assert await bob.refused(method, path, body) == (404, "NO_SUCH_PRODUCT")


async def test_keys_are_added_and_counted_and_never_shown(bench: Bench):
    ada, product = bench.ada, await bench.make("Plugin", ProductKind.LICENCE_KEY)
    keys = f"/products/{product}/keys"
    told = await ada.told("POST", keys, {"keys": ["AAAA-1", " BBBB-2 ", "AAAA-1"]}, status=201)
    assert told == {"added": 2, "doubled": 1, "keys": {"free": 2, "given": 0, "voided": 0}}
    assert await ada.told("GET", keys) == {"free": 2, "given": 0, "voided": 0}
    for body in (
        {"keys": []},
        {"keys": [" "]},
        {"keys": ["a\nb"]},
        {"keys": ["x" * 501]},
        {"keys": [5]},
        {"keys": "x"},
    ):
        assert await ada.refused("POST", keys, body) == (422, "INVALID"), body
    many = {"keys": [f"K-{number}" for number in range(1001)]}
    assert await ada.refused("POST", keys, many) == (422, "INVALID")
    bob = await Program.of(ada.site, ada.client, "bob")
    assert await bob.refused("GET", keys) == (404, "NO_SUCH_PRODUCT")
    assert await bob.refused("POST", keys, {"keys": ["x"]}) == (404, "NO_SUCH_PRODUCT")


async def test_a_bundle_is_filled_and_emptied(bench: Bench):
    ada, bundle = bench.ada, await bench.make("Everything", ProductKind.BUNDLE, 5000)
    guide, course = await bench.make("Guide"), await bench.make("Course")
    inside = f"/products/{bundle}/bundle"
    assert await ada.told("PUT", f"{inside}/{guide}") == {"id": guide, "title": "Guide", "kind": "file"}
    for _ in range(2):
        await ada.told("PUT", f"{inside}/{course}")
    body = await ada.told("GET", inside, params={"limit": 1})
    assert ([item["id"] for item in body["items"]], body["total"], body["has_more"]) == ([guide], 2, True)
    await ada.told("DELETE", f"{inside}/{guide}", status=204)
    assert await ada.refused("DELETE", f"{inside}/{guide}") == (404, "NOT_FOUND")
    assert [item["id"] for item in (await ada.told("GET", inside))["items"]] == [course]
    other = await bench.make("Other bundle", ProductKind.BUNDLE)
    assert await ada.refused("PUT", f"{inside}/{other}") == (409, "BAD_BUNDLE")
    assert await ada.refused("PUT", f"/products/{guide}/bundle/{course}") == (409, "BAD_BUNDLE")
    bob = await Program.of(ada.site, ada.client, "bob")
    bobs = (await bob.told("POST", "/products", {"title": "Bob's", "price_minor": 100}, status=201))["id"]
    assert await ada.refused("PUT", f"{inside}/{bobs}") == (404, "NO_SUCH_PRODUCT")
    for method, path in (("GET", inside), ("PUT", f"{inside}/{bobs}"), ("DELETE", f"{inside}/{course}")):
        assert await bob.refused(method, path) == (404, "NO_SUCH_PRODUCT")


async def test_another_product_is_offered_with_a_code(bench: Bench):
    ada, product = bench.ada, await bench.make("Guide")
    others = [await bench.make(f"Other {number}") for number in range(4)]
    await ada.told("POST", "/codes", {"code": "more10", "percent": 10}, status=201)
    after = f"/products/{product}/upsells"
    assert await ada.told("PUT", f"{after}/{others[0]}", {"code": "More10"}) == {
        "id": others[0],
        "title": "Other 0",
        "code": "MORE10",
    }
    for other in others[1:3]:
        await ada.told("PUT", f"{after}/{other}", {})
    assert await ada.refused("PUT", f"{after}/{others[3]}", {}) == (409, "CONFLICT")
    assert await ada.refused("PUT", f"{after}/{product}", {}) == (409, "CONFLICT")
    assert await ada.refused("PUT", f"{after}/{others[0]}", {"code": "NONE"}) == (404, "NO_SUCH_CODE")
    assert await ada.refused("PUT", f"{after}/999", {}) == (404, "NO_SUCH_PRODUCT")
    body = await ada.told("GET", after)
    assert [(item["id"], item["code"]) for item in body["items"]] == [
        (others[0], "MORE10"),
        (others[1], None),
        (others[2], None),
    ]
    await ada.told("DELETE", f"{after}/{others[0]}", status=204)
    assert await ada.refused("DELETE", f"{after}/{others[0]}") == (404, "NOT_FOUND")
    bob = await Program.of(ada.site, ada.client, "bob")
    for method, path in (("GET", after), ("PUT", f"{after}/{others[1]}"), ("DELETE", f"{after}/{others[1]}")):
        assert await bob.refused(method, path, {} if method == "PUT" else None) == (404, "NO_SUCH_PRODUCT")
