"""Buying by the API: from an address of ours to Stripe's page, and from its word to what is owned."""

import asyncio
from typing import Any

from shop_world import ApiShop
from sqlalchemy import func, select

from domain.order_ends import expire_order
from domain.pricing import STARS
from domain.setups import CreatorSetup
from domain.shop_setup import ShopSetup
from playground.core import Fault
from store.models import Entitlement, Order, OutboxMessage, ProductKind

PAGES = {
    "success_url": "https://shop.example/thanks?s={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://shop.example/back",
}
CREATE = "POST /v1/checkout/sessions"


async def buy(shop: ApiShop, product: int, *, by: int | None = None, **body: Any) -> Any:
    return await shop.done("POST", f"/purchase/{product}", body, by=by or shop.buyer, status=201)


async def test_what_is_bought_by_the_api_is_paid_at_stripe_and_owned(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack", stock=3, kind=ProductKind.SERVICE)
    bought = await buy(shop, pack, quantity=2, **PAGES)
    assert (bought["payment_status"], bought["total_minor"], bought["creator"]) == ("pending", 3800, "ada")
    assert bought["expires_at"] == "2026-11-04T09:00:00Z"
    session = await shop.stage.stripe.v1.checkout.sessions.retrieve_async(bought["session_id"])
    assert (session.url, session.amount_total) == (bought["checkout_url"], 3800)
    assert (session.success_url, session.cancel_url) == (PAGES["success_url"], PAGES["cancel_url"])
    # the same again is the same page
    assert await buy(shop, pack, quantity=2, **PAGES) == bought
    found = await shop.refused("POST", f"/purchase/{pack}", {"quantity": 1}, by=shop.buyer)
    assert found[:2] == (409, "CHECKOUT_OPEN")
    await shop.stage.outcome(bought["session_id"], "paid")
    await shop.hear()
    paid = await shop.get(f"/purchase/session/{bought['session_id']}", by=shop.buyer)
    assert (paid["payment_status"], paid["checkout_url"]) == ("completed", None)
    assert (await shop.stock(pack), await shop.owned()) == ((1, 0, 2), 1)
    async with shop.site.database.reading() as db:
        # a buyer without a chat is told nothing there, and nothing is parked for them
        assert await db.scalar(select(func.count()).select_from(OutboxMessage)) == 0


async def test_several_who_press_at_once_get_one_page(shop: ApiShop):
    pack = await shop.add("Pack", stock=3)
    await shop.get("/purchase/stats", by=shop.buyer)
    answers = await asyncio.gather(*(shop.call("POST", f"/purchase/{pack}", {}, by=shop.buyer) for _ in range(5)))
    assert [answer.status for answer in answers] == [201] * 5
    assert len({(await answer.json())["checkout_url"] for answer in answers}) == 1
    assert await shop.stock(pack) == (2, 1, 0)


async def test_what_is_free_is_theirs_at_once(either_shop: ApiShop):
    shop = either_shop
    gift, given = await shop.add("Gift", 0), await shop.add("Given", 0, pay_what_you_want=True, stock=3)
    bought = await buy(shop, gift)
    assert (bought["payment_status"], bought["checkout_url"], bought["session_id"]) == ("completed", None, None)
    assert (await shop.refused("POST", f"/purchase/{gift}", {}, by=shop.buyer))[:2] == (409, "ALREADY_OWNED")
    assert (await buy(shop, given))["payment_status"] == "completed"
    assert (await buy(shop, given, price_minor=700))["total_minor"] == 700
    assert await shop.owned() == 2


async def test_a_purchase_that_is_sent_again_under_its_key_is_the_same(shop: ApiShop):
    given, pack = await shop.add("Given", 0, pay_what_you_want=True, stock=3), await shop.add("Pack", stock=3)
    for product, body in ((given, {}), (pack, PAGES)):
        first, again = [
            await shop.call("POST", f"/purchase/{product}", body, by=shop.buyer, Idempotency_Key=f"buy-{product}")
            for _ in range(2)
        ]
        assert (first.status, again.status, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
        assert await again.json() == await first.json()
    assert (await shop.stock(given), await shop.stock(pack)) == ((2, 0, 1), (2, 1, 0))
    # what was refused is tried anew under the same key
    other = await shop.add("Other")
    shop.stage.core.faults.add(Fault("stripe", CREATE, "500", times=3))
    answers = [
        await shop.call("POST", f"/purchase/{other}", {}, by=shop.buyer, Idempotency_Key="other") for _ in range(2)
    ]
    assert [answer.status for answer in answers] == [503, 201]


async def test_what_cannot_be_bought_says_why(shop: ApiShop):
    pack, gone = (
        await shop.add("Pack", stock=1, limit_per_person=1, kind=ProductKind.SERVICE),
        await shop.add("Gone", stock=0),
    )
    shirt, off = await shop.add("Shirt", 3000), await shop.add("Off", active=False)
    large = await shop.add_variant(shirt, "L", 3500)
    stars = await shop.add("Stars", 50, currency="xtr")
    given = await shop.add("Given", 500, pay_what_you_want=True)
    dinar = await shop.add("Dinar", 1000, pay_what_you_want=True, currency="kwd")
    for product, body, status, code in (
        (gone, {}, 409, "SOLD_OUT"),
        (off, {}, 409, "NOT_FOR_SALE"),
        (stars, {}, 409, "NOT_FOR_SALE"),
        (shirt, {}, 409, "CHOOSE_VARIANT"),
        (pack, {"variant_id": large}, 404, "NO_SUCH_PRODUCT"),
        (pack, {"quantity": 2}, 409, "LIMIT_REACHED"),
        (pack, {"quantity": 21}, 422, "INVALID"),
        # of a file one is enough, and of what has no set price one is given at a time
        (gone, {"quantity": 2}, 422, "BAD_AMOUNT"),
        (given, {"quantity": 2}, 422, "BAD_AMOUNT"),
        (pack, {"code": "NONE"}, 404, "NO_SUCH_CODE"),
        (given, {"price_minor": 499}, 422, "BAD_AMOUNT"),
        # Stripe charges no single fils
        (dinar, {"price_minor": 1001}, 422, "INVALID"),
        (999, {}, 404, "NO_SUCH_PRODUCT"),
        ("x", {}, 404, "NOT_FOUND"),
        (pack, {"success_url": "http://shop.example/thanks"}, 422, "BAD_PAGE"),
        (pack, {"success_url": "http://spark.example.evil.example/"}, 422, "BAD_PAGE"),
        (pack, {"success_url": "javascript:alert(1)"}, 422, "INVALID"),
        (pack, {"success_url": "https://me:secret@shop.example/"}, 422, "INVALID"),
        (pack, {"cancel_url": "https://[::1"}, 422, "INVALID"),
        (pack, {"cancel_url": "https://shop.example:99999/"}, 422, "INVALID"),
        (pack, {"cancel_url": "https://shop.example/\n"}, 422, "INVALID"),
        (pack, {"quantity": "2"}, 422, "INVALID"),
    ):
        found = await shop.refused("POST", f"/purchase/{product}", body, by=shop.buyer)
        assert found[:2] == (status, code), (product, body, found)
    assert (await buy(shop, shirt, variant_id=large))["total_minor"] == 3500
    shop.site.rails.pop("stripe")
    assert (await shop.refused("POST", f"/purchase/{pack}", {}, by=shop.buyer))[:2] == (409, "PAYMENTS_OFF")
    shop.site.published.setups[shop.creator] = CreatorSetup(shop=ShopSetup(rails={ProductKind.FILE: (STARS,)}))
    assert (await shop.refused("POST", f"/purchase/{pack}", {}, by=shop.buyer))[:2] == (409, "PAYMENTS_OFF")
    assert await shop.stock(pack) == (1, 0, 0)


async def test_while_stripe_is_down_the_purchase_waits_and_goes_on(shop: ApiShop):
    pack = await shop.add("Pack", stock=1)
    shop.stage.core.faults.add(Fault("stripe", CREATE, "500", times=3))
    found = await shop.refused("POST", f"/purchase/{pack}", PAGES, by=shop.buyer)
    assert found[:2] == (503, "PAYMENT_UNAVAILABLE")
    assert (await shop.get("/purchase/mypurchases/all", by=shop.buyer))["total"] == 1
    again = await buy(shop, pack, **PAGES)
    assert (again["payment_status"], await shop.stock(pack)) == ("pending", (0, 1, 0))
    assert again["checkout_url"] is not None


async def test_what_stripe_never_told_is_asked_for(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack", stock=1)
    bought = await buy(shop, pack)
    at = f"/purchase/verify/{bought['session_id']}"
    assert (await shop.done("POST", at, by=shop.buyer))["payment_status"] == "pending"
    await shop.stage.outcome(bought["session_id"], "paid", deliver="never")
    for _ in range(2):
        assert (await shop.done("POST", at, by=shop.buyer))["payment_status"] == "completed"
    assert (await shop.stock(pack), await shop.owned()) == ((0, 0, 1), 1)
    async with shop.site.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Entitlement)) == 1


async def test_money_for_what_has_gone_meanwhile_is_told_as_it_is(shop: ApiShop):
    pack = await shop.add("Pack", stock=1)
    bought = await buy(shop, pack)
    async with shop.site.database.transaction() as session:
        await expire_order(session, await session.get_one(Order, bought["order_id"]), now=shop.site.clock())
    await shop.order({"product_id": pack})
    await shop.stage.outcome(bought["session_id"], "paid", deliver="never")
    verified = await shop.done("POST", f"/purchase/verify/{bought['session_id']}", by=shop.buyer)
    # the money is there; the goods wait for the seller
    assert (verified["payment_status"], await shop.owned()) == ("completed", 0)


async def test_another_accounts_session_is_not_there(shop: ApiShop):
    session = (await buy(shop, await shop.add("Pack")))["session_id"]
    for by in (shop.seller, shop.stranger):
        for method, path in (("GET", "session"), ("POST", "verify")):
            found = await shop.refused(method, f"/purchase/{path}/{session}", by=by)
            assert found[:2] == (404, "NO_SUCH_SESSION")
    for odd in ("cs_none", "%00", "x" * 3000):
        assert (await shop.refused("GET", f"/purchase/session/{odd}", by=shop.buyer))[0] == 404


async def test_purchases_are_listed_with_their_payment_status(either_shop: ApiShop):
    shop = either_shop
    first, second, third = [await shop.add(title, stock=5) for title in ("One", "Two", "Three")]
    paid, back = await buy(shop, first), await buy(shop, second)
    await shop.pay(paid["order_id"])
    await shop.pay(back["order_id"])
    await shop.done("PUT", f"/orders/{back['order_id']}/status", {"status": "refunded"}, status=202)
    await shop.give_back()
    waits = await buy(shop, third)

    async def told(path: str, **query: Any) -> list[tuple[int, str]]:
        items = (await shop.get(f"/purchase/{path}", by=shop.buyer, **query))["items"]
        return [(each["order_id"], each["payment_status"]) for each in items]

    whole = [(waits["order_id"], "pending"), (back["order_id"], "refunded"), (paid["order_id"], "completed")]
    assert await told("mypurchases") == [whole[2]]
    assert await told("mypurchases/all") == whole
    assert await told("mypurchases/all", payment_status="refunded", limit=1) == [whole[1]]
    stats = await shop.get("/purchase/stats", by=shop.buyer)
    assert stats == {
        "orders": 2,
        "pending": 1,
        "completed": 1,
        "failed": 0,
        "refunded_orders": 1,
        "products": 1,
        "creators": 1,
        "spent": {"usd": 1900},
        "refunded": {"usd": 1900},
        "first_at": "2026-11-03T09:00:00Z",
        "last_at": "2026-11-03T09:00:00Z",
    }
    nothing = await shop.get("/purchase/stats", by=shop.stranger)
    assert (nothing["orders"], nothing["spent"], nothing["first_at"]) == (0, {}, None)


async def test_what_a_bank_takes_back_is_told_as_paid_back_on_both_sides(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack", stock=5, kind=ProductKind.SERVICE)
    bought = await buy(shop, pack, quantity=2)
    at, told = f"/orders/{bought['order_id']}", f"/purchase/session/{bought['session_id']}"
    await shop.pay(bought["order_id"])
    await shop.done("POST", f"{at}/refunds", {"amount_minor": 800}, status=202)
    await shop.give_back()

    async def stands(state: str) -> None:
        while (await shop.get(at))["state"] != state:
            await shop.hear()

    await shop.stage.control("events", {"type": "dispute_opened", "session": bought["session_id"]})
    await stands("disputed")
    assert (await shop.get(told, by=shop.buyer))["payment_status"] == "completed"
    # the bank decides, and nobody else meanwhile
    for path, method, body in ((f"{at}/refunds", "POST", {}), (f"{at}/status", "PUT", {"status": "refunded"})):
        assert (await shop.refused(method, path, body))[:2] == (409, "NOT_REFUNDABLE")
    await shop.stage.control("events", {"type": "dispute_lost", "session": bought["session_id"]})
    await stands("refunded")
    assert (await shop.get(told, by=shop.buyer))["payment_status"] == "refunded"
    assert (await shop.refused("GET", f"/download/{pack}", by=shop.buyer))[:2] == (410, "TAKEN_BACK")
    stats = await shop.get("/purchase/stats", by=shop.buyer)
    assert (stats["spent"], stats["refunded"], stats["refunded_orders"]) == ({}, {"usd": 3800}, 1)
    sold = await shop.get("/analytics/sales", to="2026-11-04")
    assert sold["money"] == [{"currency": "usd", "gross_minor": 3800, "refunded_minor": 3800, "net_minor": 0}]
    assert (await shop.get("/creator/stats"))["revenue"] == [{"currency": "usd", "amount_minor": 0}]
    assert (await shop.get(f"/customers/{(await shop.get(at))['lead_id']}"))["spent"] == {}
