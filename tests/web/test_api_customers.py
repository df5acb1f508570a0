from shop_world import ApiShop

from domain.leads import add_lead
from store.models import ProductKind, Right
from web.tools import TOOLS


async def test_whoever_has_paid_is_a_customer_with_what_they_spent(either_shop: ApiShop):
    shop = either_shop
    pack, gift = await shop.add("Pack", kind=ProductKind.SERVICE), await shop.add("Gift", 0)
    async with shop.site.database.transaction() as session:
        tom = (await add_lead(session, shop.creator, name="Tom", email="tom@example.com", now=shop.site.clock())).id
    first = await shop.order({"product_id": pack, "quantity": 2})
    await shop.pay(first["id"])
    shop.site.clock.pass_time(hours=1)
    second = await shop.order({"product_id": pack})
    await shop.pay(second["id"])
    await shop.done("POST", f"/orders/{first['id']}/refunds", {"amount_minor": 800}, status=202)
    # what is free, and what nobody has paid, makes no customer
    await shop.done("POST", "/orders", {"lead_id": tom, "lines": [{"product_id": gift}]}, status=201)
    await shop.done("POST", "/orders", {"lead_id": tom, "lines": [{"product_id": pack}]}, status=201)
    listed = await shop.get("/customers")
    assert (listed["total"], listed["has_more"]) == (1, False)
    (lena,) = listed["items"]
    assert lena == {
        "id": shop.lead,
        "name": "Lena",
        "email": "lena@example.com",
        "phone": None,
        "source": None,
        "stage": "customer",
        "orders": 2,
        "spent": {"usd": 3800 - 800 + 1900},
        "first_order_at": "2026-11-03T09:00:00Z",
        "last_order_at": "2026-11-03T10:00:00Z",
    }
    assert await shop.get(f"/customers/{shop.lead}") == lena
    assert (await shop.refused("GET", f"/customers/{tom}"))[:2] == (404, "NO_SUCH_CUSTOMER")
    assert (await shop.get("/customers", search="lena@example.com"))["total"] == 1
    assert (await shop.get("/customers", search="tom"))["total"] == 0


async def test_another_creators_customer_is_not_there(shop: ApiShop):
    order = await shop.order({"product_id": await shop.add("Pack")})
    await shop.pay(order["id"])
    assert (await shop.get("/customers", by=shop.stranger))["total"] == 0
    for number in (shop.lead, 0, "9" * 30, "x"):
        assert (await shop.refused("GET", f"/customers/{number}", by=shop.stranger))[0] == 404
    assert (await shop.refused("GET", "/customers", by=shop.buyer))[0] == 403
    sender = await shop.add_member(Right.SEND)
    assert (await shop.refused("GET", "/customers", by=sender))[:2] == (403, "RIGHT_MISSING")


async def test_of_a_long_list_of_orders_or_customers_the_total_is_a_second_old_at_most(shop: ApiShop):
    application = shop.client.app
    assert application is not None
    kept, passed = application[TOOLS].totals, [0.0]
    kept.exact_up_to, kept.monotonic = 0, lambda: passed[0]
    pack = await shop.add("Pack")
    async with shop.site.database.transaction() as session:
        tom = await add_lead(session, shop.creator, name="Tom", now=shop.site.clock())

    async def totals() -> list[int]:
        paths = ("/orders", "/customers")
        return [(await shop.get(path))["total"] for path in paths] + [len((await shop.get(paths[1]))["items"])]

    await shop.pay((await shop.order({"product_id": pack}))["id"])
    assert await totals() == [1, 1, 1]
    second = await shop.order({"product_id": pack}, lead_id=tom.id)
    await shop.pay(second["id"])
    # what was sold is there at once, and counted a moment later
    assert await totals() == [1, 1, 2]
    assert (await shop.get("/orders", lead_id=tom.id))["total"] == 1
    assert (await shop.get("/customers", search="tom"))["total"] == 1
    passed[0] += 2
    assert await totals() == [2, 2, 2]
