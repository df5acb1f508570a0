"""Orders by the API: all or nothing, only ever one's own, and moved by nothing but the acts that a chat has too."""

import asyncio
from typing import Any

from lead_world import Counted
from row_locks import until_waiting
from shop_world import ApiShop
from sqlalchemy import select

from domain.discounts import Terms, add_code
from domain.holding import hold_order
from domain.orders import expire_order
from domain.refunds import note_refund
from kit.money import Money
from store.models import Creator, Order, OrderState, Payment, ProductKind, RefundState, Right


async def a_code(shop: ApiShop, code: str, **terms: Any) -> None:
    async with shop.site.database.transaction() as session:
        setup = shop.site.published.setup(shop.creator)
        await add_code(session, shop.creator, code, Terms(**terms), now=shop.site.clock(), setup=setup)


async def test_an_order_of_several_lines_holds_all_of_it_or_nothing(either_shop: ApiShop):
    shop = either_shop
    pack, book = await shop.add("Pack", stock=5, kind=ProductKind.SERVICE), await shop.add("Book", 2500, stock=1)
    shirt = await shop.add("Shirt", 3000)
    large = await shop.add_variant(shirt, "L", 3000, stock=3)
    await a_code(shop, "SPRING", percent=10)
    order = await shop.order(
        {"product_id": pack, "quantity": 2},
        {"product_id": shirt, "variant_id": large},
        {"product_id": book},
        code="spring",
    )
    assert [
        (line["title"], line["quantity"], line["discount_minor"], line["total_minor"]) for line in order["lines"]
    ] == [
        ("Pack", 2, 380, 3420),
        ("Shirt (L)", 1, 300, 2700),
        ("Book", 1, 250, 2250),
    ]
    assert (order["subtotal_minor"], order["discount_minor"], order["total_minor"]) == (9300, 930, 8370)
    assert (order["state"], order["payment_status"], order["currency"]) == ("open", "pending", "usd")
    assert order["pay_url"].startswith(f"{shop.site.public_url}/pay/")
    assert (await shop.stock(pack), await shop.stock(book)) == ((3, 2, 0), (0, 1, 0))
    # the book has gone, so the pack is not held either
    assert await shop.refused(
        "POST",
        "/orders",
        {
            "lead_id": shop.lead,
            "lines": [{"product_id": pack, "quantity": 9}, {"product_id": pack}, {"product_id": book}],
        },
    ) == (422, "BAD_ORDER", {"lines.0": "one thing stands in one line; say how many of it in its quantity"})
    assert await shop.refused(
        "POST",
        "/orders",
        {
            "lead_id": shop.lead,
            "lines": [
                {"product_id": pack, "quantity": 9},
                {"product_id": shirt, "variant_id": large},
                {"product_id": book},
            ],
        },
    ) == (409, "SOLD_OUT", {"lines.0": "only 3 left", "lines.2": "this is sold out"})
    assert (await shop.stock(pack), await shop.stock(book)) == ((3, 2, 0), (0, 1, 0))
    await shop.pay(order["id"])
    paid = await shop.get(f"/orders/{order['id']}")
    assert (paid["payment_status"], paid["receipt_number"], paid["pay_url"]) == ("completed", 1, None)
    assert (await shop.stock(pack), await shop.owned()) == ((3, 0, 2), 3)


async def test_of_many_who_want_the_last_ones_as_many_get_them_as_there_are(either_shop: ApiShop):
    shop = either_shop
    one, other = await shop.add("One", stock=3), await shop.add("Other", stock=3)
    assert (await shop.get("/orders"))["total"] == 0
    # each wants both, half of them the other way round
    orders = [[{"product_id": one}, {"product_id": other}][:: 1 if number % 2 else -1] for number in range(8)]
    answers = await asyncio.gather(
        *(shop.call("POST", "/orders", {"lead_id": shop.lead, "lines": lines}) for lines in orders)
    )
    assert sorted(answer.status for answer in answers) == [201] * 3 + [409] * 5
    assert await shop.stock(one) == await shop.stock(other) == (0, 3, 0)


async def test_what_cannot_be_ordered_says_which_line_and_why(shop: ApiShop):
    pack = await shop.add("Pack", limit_per_person=2, kind=ProductKind.SERVICE)
    euro = await shop.add("Euro", currency="eur")
    off, bobs = await shop.add("Off", active=False), await shop.add("Bobs", creator=2)
    stars = await shop.add("Stars", 50, currency="xtr")
    shirt = await shop.add("Shirt", 3000)
    await shop.add_variant(shirt, "L", 3000)
    await a_code(shop, "OTHER", percent=10, products=(euro,))
    for lines, status, code, fields in (
        ([{"product_id": pack}, {"product_id": euro}], 422, "BAD_ORDER", {"lines.0", "lines.1"}),
        ([{"product_id": pack}, {"product_id": off}], 409, "NOT_FOR_SALE", {"lines.1"}),
        ([{"product_id": stars}], 409, "NOT_FOR_SALE", {"lines.0"}),
        ([{"product_id": bobs}], 404, "NO_SUCH_PRODUCT", {"lines.0"}),
        ([{"product_id": 2**63 - 1}], 404, "NO_SUCH_PRODUCT", {"lines.0"}),
        ([{"product_id": shirt}], 409, "CHOOSE_VARIANT", {"lines.0"}),
        ([{"product_id": pack, "variant_id": 77}], 404, "NO_SUCH_PRODUCT", {"lines.0"}),
        ([{"product_id": pack, "quantity": 3}], 409, "LIMIT_REACHED", {"lines.0"}),
        ([{"product_id": pack}, {"product_id": euro, "quantity": 2}], 422, "BAD_AMOUNT", {"lines.1"}),
        ([], 422, "INVALID", {"lines"}),
        ([{"product_id": pack}] * 51, 422, "INVALID", {"lines"}),
        ([{"product_id": True}], 422, "INVALID", {"lines.0.product_id"}),
        ([{"product_id": pack, "quantity": 2.0}], 422, "INVALID", {"lines.0.quantity"}),
        ([{"product_id": pack, "quantity": 0}], 422, "INVALID", {"lines.0.quantity"}),
    ):
        found = await shop.refused("POST", "/orders", {"lead_id": shop.lead, "lines": lines})
        assert (found[0], found[1], set(found[2])) == (status, code, fields), lines
    wanted = {"lead_id": shop.lead, "lines": [{"product_id": pack}]}
    assert (await shop.refused("POST", "/orders", wanted | {"code": "OTHER"}))[:2] == (409, "CODE_REFUSED")
    assert (await shop.refused("POST", "/orders", wanted | {"code": "NONE"}))[:2] == (404, "NO_SUCH_CODE")
    assert (await shop.refused("POST", "/orders", wanted | {"lead_id": 999}))[:2] == (404, "NO_SUCH_LEAD")
    assert (await shop.refused("POST", "/orders", wanted | {"code": "a\0"}))[:2] == (422, "INVALID")
    assert (await shop.get("/orders"))["total"] == 0
    shop.site.rails.clear()
    assert (await shop.refused("POST", "/orders", wanted))[:2] == (409, "PAYMENTS_OFF")


async def test_a_buyer_orders_for_themselves_and_sees_their_own_orders_alone(either_shop: ApiShop):
    shop = either_shop
    pack, gift = await shop.add("Pack"), await shop.add("Gift", 0)
    order = await shop.order({"product_id": pack}, {"product_id": gift}, by=shop.buyer)
    assert order["lead_id"] != shop.lead
    free = await shop.order({"product_id": gift}, by=shop.buyer)
    assert (free["payment_status"], free["total_minor"], await shop.owned()) == ("completed", 0, 1)
    again = {"lines": [{"product_id": gift}]}
    assert (await shop.refused("POST", "/orders", again, by=shop.buyer))[:2] == (409, "ALREADY_OWNED")
    sellers = await shop.order({"product_id": pack})
    assert [each["id"] for each in (await shop.get("/orders", by=shop.buyer))["items"]] == [free["id"], order["id"]]
    assert (await shop.get("/orders", by=shop.seller))["total"] == 3
    assert (await shop.get("/orders", by=shop.seller, side="bought"))["total"] == 0
    assert (await shop.get(f"/orders/{order['id']}", by=shop.buyer))["id"] == order["id"]
    assert (await shop.refused("GET", f"/orders/{sellers['id']}", by=shop.buyer))[:2] == (404, "NO_SUCH_ORDER")
    # nobody orders for another's lead, nor does a team's member without the right
    for_lena = {"lead_id": shop.lead, "lines": [{"product_id": pack}]}
    assert (await shop.refused("POST", "/orders", for_lena, by=shop.buyer))[0] == 403
    assert (await shop.refused("POST", "/orders", for_lena, by=shop.stranger))[:2] == (404, "NO_SUCH_LEAD")
    viewer = await shop.add_member(Right.VIEW)
    assert (await shop.refused("POST", "/orders", for_lena, by=viewer))[:2] == (403, "RIGHT_MISSING")
    assert (await shop.get("/orders", by=viewer))["total"] == 3


async def test_orders_are_listed_newest_first_and_narrowed(shop: ApiShop):
    pack, book = await shop.add("Pack"), await shop.add("Book", 2500)
    ids = []
    for lines in ([{"product_id": pack}], [{"product_id": pack}, {"product_id": book}], [{"product_id": book}]):
        ids.append((await shop.order(*lines))["id"])
        shop.site.clock.pass_time(hours=1)
    await shop.done("PUT", f"/orders/{ids[0]}/status", {"status": "cancelled"})

    async def found(**query: Any) -> list[int]:
        return [each["id"] for each in (await shop.get("/orders", **query))["items"]]

    assert await found() == ids[::-1]
    assert await found(limit=1, offset=1) == [ids[1]]
    assert await found(state="cancelled") == [ids[0]]
    assert await found(product_id=book) == [ids[2], ids[1]]
    assert await found(lead_id=shop.lead + 1) == []
    assert await found(**{"from": "2026-11-03T10:00:00Z", "to": "2026-11-03T11:00:00+00:00"}) == [ids[1]]
    # days are those of the creator's clock, and the last is in it
    assert await found(**{"from": "2026-11-03", "to": "2026-11-03"}) == ids[::-1]
    async with shop.site.database.transaction() as session:
        (await session.get_one(Creator, shop.creator)).time_zone = "Pacific/Kiritimati"
    assert await found(**{"from": "2026-11-04"}) == [ids[2], ids[1]]
    for query in ({"from": "yesterday"}, {"to": "9999-12-31T23:59:59-23:00"}, {"state": "gone"}, {"lead_id": "x"}):
        response = await shop.client.get("/api/v1/orders", headers=shop.site.bearer(shop.seller), params=query)
        assert response.status == 422, query
        assert set((await response.json())["error"]["fields"]) == set(query)


async def test_a_list_of_orders_asks_the_store_no_oftener_than_one(shop: ApiShop):
    pack, book = await shop.add("Pack"), await shop.add("Book")
    counts = []
    for many in (1, 8):
        for _ in range(many):
            order = await shop.order({"product_id": pack}, {"product_id": book})
        await shop.pay(order["id"])
        for path in ("/orders", "/customers", "/purchase/mypurchases/all"):
            with Counted(shop.site.database) as counted:
                await shop.get(path, limit=100)
            counts.append((path, len(counted.statements)))
    assert counts[:3] == counts[3:]


async def test_another_creators_order_is_not_there(shop: ApiShop):
    order = await shop.order({"product_id": await shop.add("Pack")})
    at = f"/orders/{order['id']}"
    for method, path, body in (
        ("GET", at, None),
        ("PUT", at, {"code": None}),
        ("PUT", f"{at}/status", {"status": "cancelled"}),
        ("POST", f"{at}/refunds", {}),
        ("GET", "/orders/0", None),
        ("GET", f"/orders/{'9' * 30}", None),
        ("PUT", "/orders/x", {"code": None}),
    ):
        assert (await shop.refused(method, path, body, by=shop.stranger))[0] == 404, path
    # whatever they may do at a business of theirs
    viewer = await shop.add_member(Right.VIEW, of=await shop.site.add_creator("cora"))
    for status in ("cancelled", "shipped", "refunded"):
        assert (await shop.refused("PUT", f"{at}/status", {"status": status}, by=viewer))[0] == 404, status
    assert (await shop.get(at))["state"] == "open"


async def test_an_order_is_changed_while_nobody_has_been_asked_for_money(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack", stock=5, kind=ProductKind.SERVICE)
    book = await shop.add("Book", 2500, stock=2, kind=ProductKind.SERVICE)
    await a_code(shop, "ONCE", amount=Money(1000, "usd"), most_uses=1)
    order = await shop.order({"product_id": pack, "quantity": 2}, code="ONCE")
    at = f"/orders/{order['id']}"
    # its only use is its own still
    lines = [{"product_id": pack}, {"product_id": book, "quantity": 2}]
    changed = await shop.done("PUT", at, {"lines": lines})
    assert (changed["id"], changed["code"], changed["total_minor"]) == (order["id"], "ONCE", 1900 + 5000 - 1000)
    assert (await shop.stock(pack), await shop.stock(book)) == ((4, 1, 0), (0, 2, 0))
    assert (await shop.refused("PUT", at, {"lines": [{"product_id": book, "quantity": 3}]}))[:2] == (409, "SOLD_OUT")
    assert (await shop.stock(pack), await shop.stock(book)) == ((4, 1, 0), (0, 2, 0))
    assert (await shop.done("PUT", at, {"code": None}))["total_minor"] == 6900
    told = {"details": {"name": "Lena", "shipping": {"address": {"city": "Köln", "country": "DE"}}}}
    details = (await shop.done("PUT", at, told))["details"]
    assert (details["name"], details["shipping"]["address"]["city"]) == ("Lena", "Köln")
    assert (await shop.refused("PUT", at, {}))[0] == 422
    assert (await shop.refused("PUT", at, {"details": {"nome": "x"}}))[0] == 422
    await shop.pay(order["id"])
    assert (await shop.refused("PUT", at, {"lines": lines}))[:2] == (409, "ORDER_NOT_CHANGEABLE")
    assert (await shop.stock(pack), await shop.stock(book)) == ((4, 0, 1), (0, 0, 2))


async def test_an_order_is_called_off_by_its_buyer_or_its_seller(shop: ApiShop):
    pack = await shop.add("Pack", stock=5, kind=ProductKind.SERVICE)
    mine = await shop.order({"product_id": pack}, by=shop.buyer)
    hers = await shop.order({"product_id": pack, "quantity": 2})
    # somebody has opened the page of this one: Stripe is asked to let nobody pay there
    path = hers["pay_url"].removeprefix(shop.site.public_url)
    assert (await shop.client.post(path, allow_redirects=False)).status == 303
    for order, by in ((mine, shop.buyer), (hers, shop.seller)):
        for _ in range(2):
            done = await shop.done("PUT", f"/orders/{order['id']}/status", {"status": "cancelled"}, by=by)
            assert (done["state"], done["payment_status"]) == ("cancelled", "failed")
    assert await shop.stock(pack) == (5, 0, 0)
    # a buyer does nothing else about it
    # also where they sell things of their own
    other = await shop.order({"product_id": pack}, by=shop.stranger)
    for order, by in ((mine, shop.buyer), (other, shop.stranger)):
        for status in ("fulfilled", "refunded"):
            assert (await shop.refused("PUT", f"/orders/{order['id']}/status", {"status": status}, by=by))[0] == 403


async def test_an_order_goes_nowhere_that_its_state_forbids(shop: ApiShop):
    pack = await shop.add("Pack")
    unpaid, paid = await shop.order({"product_id": pack}), await shop.order({"product_id": pack})
    await shop.pay(paid["id"])
    for order, status, code in (
        (unpaid, "shipped", "NOTHING_TO_SHIP"),
        (unpaid, "fulfilled", "NOT_TO_FULFIL"),
        (unpaid, "refunded", "NOT_REFUNDABLE"),
        (unpaid, "paid", "NOT_OVERSOLD"),
        (paid, "cancelled", "NOT_CANCELLABLE"),
        (paid, "shipped", "NOTHING_TO_SHIP"),
    ):
        found = await shop.refused("PUT", f"/orders/{order['id']}/status", {"status": status})
        assert found[:2] == (409, code), (status, found)
    at = f"/orders/{paid['id']}/status"
    for body in (
        *({"status": "open"}, {"status": "disputed"}, {}, {"status": "partly_refunded"}),
        # of what would be left out, nothing is done: the whole is not given back for a part
        *({"status": "refunded", "amount_minor": 500}, {"status": "partly_refunded", "amount_minor": 500}),
        *({"status": "fulfilled", "tracking": "RR1"}, {"status": "cancelled", "reason": "Broken"}),
    ):
        assert (await shop.refused("PUT", at, body))[0] == 422, body
    assert (await shop.get(f"/orders/{paid['id']}"))["refunds"] == []
    # what nobody's chat takes is handed over by the creator's own hand
    done = await shop.done("PUT", at, {"status": "fulfilled"})
    assert (done["state"], done["payment_status"]) == ("fulfilled", "completed")
    assert (await shop.done("PUT", at, {"status": "fulfilled"}))["state"] == "fulfilled"


async def test_what_was_paid_is_shipped_once_and_then_only_goes_back(shop: ApiShop):
    book = await shop.add("Book", kind=ProductKind.PHYSICAL, stock=1)
    order = await shop.order({"product_id": book})
    await shop.pay(order["id"])
    at = f"/orders/{order['id']}"
    assert (await shop.refused("PUT", f"{at}/status", {"status": "fulfilled"}))[:2] == (409, "NOT_TO_FULFIL")
    for _ in range(2):
        shipped = await shop.done("PUT", f"{at}/status", {"status": "shipped", "tracking": "RR1"})
        assert (shipped["state"], shipped["shipped_at"]) == ("fulfilled", "2026-11-03T09:00:00Z")
    assert (await shop.refused("PUT", at, {"details": {"name": "Tom"}}))[:2] == (409, "ORDER_DETAILS_CLOSED")
    for _ in range(2):
        asked = await shop.done("PUT", f"{at}/status", {"status": "refunded", "reason": "Sent back"}, status=202)
        assert [(each["state"], each["amount_minor"]) for each in asked["refunds"]] == [("asked", 1900)]
    await shop.give_back()
    back = await shop.get(at)
    assert (back["state"], back["payment_status"], back["refunded_minor"]) == ("refunded", "refunded", 1900)
    assert (await shop.stock(book), await shop.owned()) == ((1, 0, 0), 0)


async def test_money_goes_back_in_part_and_never_more_than_came(either_shop: ApiShop):
    shop = either_shop
    order = await shop.order({"product_id": await shop.add("Pack", 1900)})
    at = f"/orders/{order['id']}/refunds"
    assert (await shop.refused("POST", at, {}))[:2] == (409, "NOT_REFUNDABLE")
    await shop.pay(order["id"])
    keys = {"Idempotency-Key": "once"}
    body = {"amount_minor": 500, "reason": "One file was broken"}
    first = await shop.call("POST", at, body, **keys)
    assert first.status == 202
    asked = await first.json()
    assert (asked["amount_minor"], asked["state"], asked["others"]) == (500, "asked", [])
    for wrong, status in (({"amount_minor": 1401}, 409), ({"amount_minor": 0}, 422), ({"amount_minor": "5"}, 422)):
        assert (await shop.refused("POST", at, wrong))[0] == status, wrong
    viewer = await shop.add_member(Right.VIEW, Right.MANAGE)
    assert (await shop.refused("POST", at, {}, by=viewer))[:2] == (403, "RIGHT_MISSING")
    many = await asyncio.gather(*(shop.call("POST", at, {"amount_minor": 700}) for _ in range(4)))
    assert sorted(answer.status for answer in many) == [202, 202, 409, 409]
    await shop.give_back()
    back = await shop.get(f"/orders/{order['id']}")
    assert (back["state"], back["refunded_minor"]) == ("refunded", 1900)
    async with shop.site.database.reading() as session:
        assert (await session.scalars(select(Order.state))).all() == [OrderState.REFUNDED]


async def test_one_who_holds_too_much_unpaid_gets_no_more(shop: ApiShop):
    pack = await shop.add("Pack")
    for _ in range(20):
        order = await shop.order({"product_id": pack})
    body = {"lead_id": shop.lead, "lines": [{"product_id": pack}]}
    assert (await shop.refused("POST", "/orders", body))[:2] == (409, "TOO_MANY_UNPAID")
    await shop.done("PUT", f"/orders/{order['id']}/status", {"status": "cancelled"})
    await shop.order({"product_id": pack})


async def test_what_was_oversold_is_handed_over_by_hand(shop: ApiShop):
    pack = await shop.add("Pack", stock=1)
    order = await shop.order({"product_id": pack})
    path = order["pay_url"].removeprefix(shop.site.public_url)
    assert (await shop.client.post(path, allow_redirects=False)).status == 303
    session_id = (await shop.get(f"/orders/{order['id']}"))["session_id"]
    # its time was over, and its last piece went to somebody else, when the money came
    async with shop.site.database.transaction() as session:
        await expire_order(session, await session.get_one(Order, order["id"]), now=shop.site.clock())
    await shop.order({"product_id": pack})
    await shop.stage.outcome(session_id, "paid")
    await shop.hear()
    assert (await shop.get(f"/orders/{order['id']}"))["state"] == "oversold"
    done = await shop.done("PUT", f"/orders/{order['id']}/status", {"status": "paid"})
    assert (done["state"], await shop.owned()) == ("paid", 1)


async def test_who_put_an_order_together_alone_changes_it_and_nobody_pays_what_they_were_not_shown(shop: ApiShop):
    pack, book = await shop.add("Pack", stock=5), await shop.add("Book", 2500)
    gift = await shop.add("Gift", 0)
    await shop.order({"product_id": gift}, by=shop.buyer)
    theirs, sellers = await shop.order({"product_id": pack}, by=shop.buyer), await shop.order({"product_id": pack})
    dearer = {"lines": [{"product_id": pack}, {"product_id": book}]}
    at = f"/orders/{theirs['id']}"
    for body in (dearer, {"code": None}):
        assert (await shop.refused("PUT", at, body))[:2] == (409, "ORDER_NOT_CHANGEABLE")
    assert (await shop.refused("PUT", at, dearer, by=shop.stranger))[0] == 404
    assert (await shop.refused("PUT", at, {"details": {"name": "Tom"}}, by=shop.buyer))[0] == 403
    viewer = await shop.add_member(Right.VIEW)
    assert (await shop.refused("PUT", at, dearer, by=viewer))[:2] == (403, "RIGHT_MISSING")
    owned = {"lines": [{"product_id": gift}, {"product_id": book}]}
    assert (await shop.refused("PUT", at, owned, by=shop.buyer))[:2] == (409, "ALREADY_OWNED")
    assert (await shop.get(at))["total_minor"] == 1900
    assert (await shop.done("PUT", at, dearer, by=shop.buyer))["total_minor"] == 4400
    # of what the seller opens the page says what it comes to, and an old one is shown anew
    path = sellers["pay_url"].removeprefix(shop.site.public_url)
    old = await (await shop.client.get(path)).text()
    assert "To pay: $19.00." in old
    assert 'value="1900 usd"' in old
    assert (await shop.done("PUT", f"/orders/{sellers['id']}", dearer))["total_minor"] == 4400
    again = await shop.client.post(path, data={"shown": "1900 usd"}, allow_redirects=False)
    assert (again.status, "To pay: $44.00." in await again.text()) == (200, True)
    assert (await shop.get(f"/orders/{sellers['id']}"))["state"] == "open"
    led = await shop.client.post(path, data={"shown": "4400 usd"}, allow_redirects=False)
    assert led.status == 303
    assert (await shop.refused("PUT", f"/orders/{sellers['id']}", dearer))[:2] == (409, "ORDER_NOT_CHANGEABLE")


async def test_who_sells_changes_what_they_have_ordered_for_themselves(shop: ApiShop):
    pack, book = await shop.add("Pack"), await shop.add("Book", 2500)
    member = await shop.add_member(Right.VIEW, Right.MANAGE)
    as_seller = {"X_Creator": str(shop.creator)}
    for by in (shop.seller, member):
        order = await shop.order({"product_id": pack}, by=by)
        for headers, lines, total in (
            ({}, [{"product_id": pack}, {"product_id": book}], 4400),
            (as_seller, [{"product_id": book}], 2500),
        ):
            changed = await shop.call("PUT", f"/orders/{order['id']}", {"lines": lines}, by=by, **headers)
            assert (changed.status, (await changed.json()).get("total_minor")) == (200, total)
    # of the other's they change nothing still, each as the seller of it
    theirs = f"/orders/{order['id']}"
    assert (await shop.refused("PUT", theirs, {"code": None}))[:2] == (409, "ORDER_NOT_CHANGEABLE")
    # where it goes the seller changes, whoever has opened it
    assert (await shop.done("PUT", theirs, {"details": {"name": "Tom"}}))["details"]["name"] == "Tom"


async def test_what_is_said_again_while_it_happens_is_so_already(either_shop: ApiShop):
    shop = either_shop
    database, now = shop.site.database, shop.site.clock()
    book = await shop.add("Book", kind=ProductKind.PHYSICAL)
    open_one, paid = await shop.order({"product_id": book}), await shop.order({"product_id": book})
    path = open_one["pay_url"].removeprefix(shop.site.public_url)
    assert (await shop.client.post(path, allow_redirects=False)).status == 303
    await shop.pay(paid["id"])
    for order, status in ((open_one, "cancelled"), (paid, "shipped")):
        told = [shop.call("PUT", f"/orders/{order['id']}/status", {"status": status}) for _ in range(3)]
        assert [each.status for each in await asyncio.gather(*told)] == [200] * 3, status
    at, refunded = f"/orders/{paid['id']}/status", {"status": "refunded"}
    (asked,) = (await shop.done("PUT", at, refunded, status=202))["refunds"]
    async with database.transaction() as session:
        payment = (await session.scalars(select(Payment))).one()
        await hold_order(session, paid["id"])
        again = asyncio.create_task(shop.call("PUT", at, refunded))
        await until_waiting(database, again)
        # the money arrives while it waits
        sent = {"amount_minor": asked["amount_minor"], "refund_id": asked["id"], "state": RefundState.DONE}
        await note_refund(session, payment, reference="re_1", now=now, **sent)
    response = await again
    assert (response.status, (await response.json())["state"]) == (200, "refunded")
    assert (await shop.done("PUT", at, refunded))["refunded_minor"] == 1900
