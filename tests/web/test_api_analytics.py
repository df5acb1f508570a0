"""Figures of a business: each piece of time is there, and nothing is counted twice or for somebody else."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from lead_world import Counted
from shop_world import ApiShop
from sqlalchemy import update

from domain.leads import add_lead
from store.models import (
    Creator,
    Enrollment,
    EnrollmentState,
    FunnelVersion,
    Lead,
    Order,
    ProductKind,
)
from web.kept_answers import GOOD_FOR_SECONDS
from web.tools import TOOLS

NIL = {"currency": "usd", "gross_minor": 0, "refunded_minor": 0, "net_minor": 0}


async def paid(shop: ApiShop, *lines: dict[str, Any], **more: Any) -> int:
    order = await shop.order(*lines, **more)
    await shop.pay(order["id"])
    return int(order["id"])


async def test_sales_stand_where_they_were_paid_and_what_went_back_is_taken_off_there(either_shop: ApiShop):
    shop = either_shop
    pack, gift = await shop.add("Pack", kind=ProductKind.SERVICE), await shop.add("Gift", 0)
    first = await paid(shop, {"product_id": pack, "quantity": 2})
    shop.site.clock.pass_time(days=2)
    await paid(shop, {"product_id": pack})
    await shop.order({"product_id": gift})
    await shop.order({"product_id": pack})
    # given back two days later, and taken off where it was paid
    await shop.done("POST", f"/orders/{first}/refunds", {"amount_minor": 800}, status=202)
    told = await shop.get("/analytics/sales", **{"from": "2026-11-03", "to": "2026-11-05"})
    assert (told["from"], told["to"]) == ("2026-11-03T00:00:00Z", "2026-11-06T00:00:00Z")
    assert (told["interval"], told["time_zone"], told["orders"]) == ("day", "UTC", 3)
    assert told["money"] == [{"currency": "usd", "gross_minor": 5700, "refunded_minor": 800, "net_minor": 4900}]
    assert [(each["from"][:10], each["orders"], each["money"]) for each in told["pieces"]] == [
        ("2026-11-03", 1, [{"currency": "usd", "gross_minor": 3800, "refunded_minor": 800, "net_minor": 3000}]),
        ("2026-11-04", 0, [NIL]),
        ("2026-11-05", 2, [{"currency": "usd", "gross_minor": 1900, "refunded_minor": 0, "net_minor": 1900}]),
    ]
    nothing = await shop.get("/analytics/sales", by=shop.stranger, interval="month")
    assert (nothing["orders"], nothing["money"]) == (0, [])
    assert len(nothing["pieces"]) == 2


async def test_days_are_those_of_the_creators_own_clock(shop: ApiShop):
    async with shop.site.database.transaction() as session:
        await session.execute(update(Creator).values(time_zone="America/New_York"))
    await paid(shop, {"product_id": await shop.add("Pack")})
    async with shop.site.database.transaction() as session:
        # the clocks there went back that night: the day has 25 hours
        await session.execute(update(Order).values(paid_at=datetime.fromisoformat("2026-11-02T04:30:00+00:00")))
    asked = {"from": "2026-11-01", "to": "2026-11-02"}
    for more, expected in (
        ({}, [("2026-11-01T04:00:00Z", 1), ("2026-11-02T05:00:00Z", 0)]),
        ({"time_zone": "Europe/Berlin"}, [("2026-10-31T23:00:00Z", 0), ("2026-11-01T23:00:00Z", 1)]),
    ):
        told = await shop.get("/analytics/sales", **asked, **more)
        assert [(each["from"], each["orders"]) for each in told["pieces"]] == expected
    hours = await shop.get("/analytics/sales", **{"from": "2026-11-01", "to": "2026-11-01"}, interval="hour")
    assert len(hours["pieces"]) == 25


async def test_orders_count_where_they_were_opened(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack")
    await paid(shop, {"product_id": pack})
    await shop.order({"product_id": pack})
    shop.site.clock.pass_time(days=1)
    gone = await shop.order({"product_id": pack})
    await shop.done("PUT", f"/orders/{gone['id']}/status", {"status": "cancelled"})
    told = await shop.get("/analytics/orders", **{"from": "2026-11-03", "to": "2026-11-04"})
    counts = {"pending": 1, "completed": 1, "failed": 1, "refunded": 0}
    assert (told["orders"], told["payment_status"]) == (3, counts)
    assert [each["orders"] for each in told["pieces"]] == [2, 1]
    assert told["pieces"][1]["payment_status"] == {"pending": 0, "completed": 0, "failed": 1, "refunded": 0}


async def test_a_customer_is_new_once(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack")
    await paid(shop, {"product_id": pack})
    await paid(shop, {"product_id": pack})
    shop.site.clock.pass_time(days=1)
    await paid(shop, {"product_id": pack})
    bought = await shop.done("POST", f"/purchase/{pack}", {}, by=shop.buyer, status=201)
    await shop.pay(bought["order_id"])
    told = await shop.get("/analytics/customers", **{"from": "2026-11-03", "to": "2026-11-04"})
    names = ("customers", "new_customers", "returning_customers")
    assert [told[name] for name in names] == [2, 2, 0]
    assert [[each[name] for name in names] for each in told["pieces"]] == [[1, 1, 0], [2, 1, 1]]
    shop.site.clock.pass_time(minutes=1)
    later = await shop.get("/analytics/customers", **{"from": "2026-11-04"}, interval="week")
    assert [later[name] for name in names] == [2, 1, 1]


async def test_what_sold_most_stands_first(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack", kind=ProductKind.SERVICE)
    book = await shop.add("Book", 2500, kind=ProductKind.SERVICE)
    await paid(shop, {"product_id": pack}, {"product_id": book, "quantity": 3})
    back = await paid(shop, {"product_id": pack})
    await shop.order({"product_id": pack, "quantity": 9})
    await shop.done("POST", f"/orders/{back}/refunds", {}, status=202)
    await shop.give_back()
    shop.site.clock.pass_time(minutes=1)
    told = await shop.get("/analytics/products")
    assert told["items"] == [
        {
            "product_id": book,
            "title": "Book",
            "units": 3,
            "orders": 1,
            "refunded_orders": 0,
            "money": [{"currency": "usd", "gross_minor": 7500}],
            "pieces": None,
        },
        {
            "product_id": pack,
            "title": "Pack",
            "units": 2,
            "orders": 2,
            "refunded_orders": 1,
            "money": [{"currency": "usd", "gross_minor": 3800}],
            "pieces": None,
        },
    ]
    page = await shop.get("/analytics/products", limit=1, offset=1)
    assert ([each["product_id"] for each in page["items"]], page["total"], page["has_more"]) == ([pack], 2, False)


async def test_a_source_is_told_what_its_leads_have_brought(either_shop: ApiShop):
    shop = either_shop
    async with shop.site.database.transaction() as session:
        for number in range(2):
            await add_lead(session, shop.creator, name=f"Fan {number}", source="fair", now=shop.site.clock())
        await session.execute(update(Lead).where(Lead.id == shop.lead).values(source="ad42"))
        await add_lead(session, shop.creator, name="Old", source="old", now=shop.site.clock() - timedelta(days=90))
        await add_lead(session, shop.creator, name="Nobody", now=shop.site.clock())
    await paid(shop, {"product_id": await shop.add("Pack")})
    shop.site.clock.pass_time(minutes=1)
    told = await shop.get("/analytics/sources")
    money = [{"currency": "usd", "gross_minor": 1900, "refunded_minor": 0, "net_minor": 1900}]
    none = {"customers": 0, "orders": 0, "money": [], "pieces": None}
    assert told["items"] == [
        {"source": "fair", "leads": 2, **none},
        {"source": None, "leads": 1, **none},
        {"source": "ad42", "leads": 1, "customers": 1, "orders": 1, "money": money, "pieces": None},
    ]
    assert [each["source"] for each in (await shop.get("/analytics/sources", limit=1, offset=2))["items"]] == ["ad42"]


async def test_a_funnel_is_told_what_became_of_those_who_began(either_shop: ApiShop):
    shop = either_shop
    now = shop.site.clock()
    async with shop.site.database.transaction() as session:
        version = FunnelVersion(
            creator_id=shop.creator, key="nudge", number=1, definition={}, digest="d", created_at=now
        )
        session.add(version)
        await session.flush()
        for number, (state, reason, days) in enumerate(
            [
                (EnrollmentState.ACTIVE, None, 0),
                (EnrollmentState.DONE, None, 0),
                (EnrollmentState.STOPPED, "goal", 1),
                (EnrollmentState.STOPPED, "goal", 90),
            ]
        ):
            session.add(
                Enrollment(
                    creator_id=shop.creator,
                    lead_id=shop.lead,
                    funnel_key="nudge",
                    version_id=version.id,
                    subject=f"order:{number}",
                    step="",
                    state=state,
                    reason=reason,
                    started_at=now - timedelta(days=days),
                )
            )
    shop.site.clock.pass_time(minutes=1)
    told = await shop.get("/analytics/funnels")
    counts = {"began": 3, "active": 1, "held": 0, "done": 1, "stopped": 1, "parked": 0, "goal": 1}
    assert told["items"] == [{"funnel": "nudge", **counts, "pieces": None}]
    assert (told["total"], told["has_more"], told["time_zone"]) == (1, False, "UTC")
    assert (await shop.get("/analytics/funnels", by=shop.stranger))["items"] == []


async def test_what_sold_most_is_told_by_interval_too(either_shop: ApiShop):
    shop = either_shop
    pack = await shop.add("Pack", kind=ProductKind.SERVICE)
    book = await shop.add("Book", 2500, kind=ProductKind.SERVICE)
    await paid(shop, {"product_id": pack}, {"product_id": book, "quantity": 3})
    shop.site.clock.pass_time(days=1)
    await paid(shop, {"product_id": pack})
    asked = {"from": "2026-11-03", "to": "2026-11-05", "interval": "day", "time_zone": "Europe/Berlin"}
    told = await shop.get("/analytics/products", **asked)
    assert (told["from"], told["interval"], told["time_zone"]) == ("2026-11-02T23:00:00Z", "day", "Europe/Berlin")
    units = {each["product_id"]: [piece["units"] for piece in each["pieces"]] for each in told["items"]}
    assert units == {book: [3, 0, 0], pack: [1, 1, 0]}
    first = told["items"][0]["pieces"][0]
    assert (first["from"], first["to"]) == ("2026-11-02T23:00:00Z", "2026-11-03T23:00:00Z")
    assert (first["orders"], first["money"]) == (1, [{"currency": "usd", "gross_minor": 7500}])
    assert (await shop.get("/analytics/products", by=shop.stranger, **asked))["items"] == []


async def test_sources_and_funnels_are_told_by_interval_too(either_shop: ApiShop):
    shop = either_shop
    now = shop.site.clock()
    async with shop.site.database.transaction() as session:
        version = FunnelVersion(
            creator_id=shop.creator, key="nudge", number=1, definition={}, digest="d", created_at=now
        )
        session.add(version)
        await session.flush()
        for days in (0, 1, 1):
            lead = await add_lead(session, shop.creator, name="Fan", source="fair", now=now + timedelta(days=days))
            begun = {"funnel_key": "nudge", "version_id": version.id, "subject": f"order:{lead.id}", "step": ""}
            state = {"state": EnrollmentState.STOPPED, "reason": "goal", "started_at": now + timedelta(days=days)}
            session.add(Enrollment(creator_id=shop.creator, lead_id=lead.id, **begun, **state))
    asked = {"from": "2026-11-03", "to": "2026-11-05", "interval": "day"}
    sources = await shop.get("/analytics/sources", **asked)
    assert {each["source"]: [piece["leads"] for piece in each["pieces"]] for each in sources["items"]} == {
        "fair": [1, 2, 0],
        None: [1, 0, 0],
    }
    (nudge,) = (await shop.get("/analytics/funnels", **asked))["items"]
    assert [(each["began"], each["stopped"], each["goal"]) for each in nudge["pieces"]] == [
        (1,) * 3,
        (2,) * 3,
        (0,) * 3,
    ]
    assert (await shop.get("/analytics/funnels", offset=1, **asked))["items"] == []


async def test_a_page_has_no_more_pieces_than_can_be_told(shop: ApiShop):
    asked = {"from": "2026-10-01", "to": "2026-11-05", "interval": "hour"}
    for noun in ("products", "sources", "funnels"):
        assert (await shop.get(f"/analytics/{noun}", **asked))["interval"] == "hour"
        path = f"/analytics/{noun}?{'&'.join(f'{name}={value}' for name, value in asked.items())}&limit=100"
        status, code, fields = await shop.refused("GET", path)
        assert (status, code, set(fields)) == (422, "BAD_PERIOD", {"limit"})


async def test_a_period_that_is_none_is_refused(shop: ApiShop):
    for query, code, fields in (
        ({"from": "2026-11-03", "to": "2026-11-02"}, "BAD_PERIOD", {"from"}),
        ({"from": "2026-11-03T00:00:00Z", "to": "2026-11-03T00:00:00Z"}, "BAD_PERIOD", {"from"}),
        ({"from": "2026-01-01", "to": "2026-02-15", "interval": "hour"}, "BAD_PERIOD", {"interval"}),
        ({"from": "1971-01-01", "to": "2199-12-31"}, "BAD_PERIOD", {"interval"}),
        ({"from": "1971-01-01", "to": "2199-12-31", "interval": "month"}, "BAD_PERIOD", {"interval"}),
        ({"time_zone": "Mars/Olympus"}, "BAD_PERIOD", {"time_zone"}),
        ({"time_zone": "../../etc/passwd"}, "BAD_PERIOD", {"time_zone"}),
        ({"from": "0001-01-01"}, "INVALID", {"from"}),
        ({"from": "9999-12-31T23:59:59-23:59"}, "INVALID", {"from"}),
        ({"from": "2026-13-01"}, "INVALID", {"from"}),
        ({"from": "2026-11-01T00:00:00"}, "INVALID", {"from"}),
        ({"from": "1e9", "to": "12"}, "INVALID", {"from", "to"}),
        ({"interval": "year"}, "INVALID", {"interval"}),
        ({"limit": "5"}, "INVALID", {"limit"}),
    ):
        headers = shop.site.bearer(shop.seller)
        response = await shop.client.get("/api/v1/analytics/sales", headers=headers, params=query)
        assert response.status == 422, (query, await response.text())
        error = (await response.json())["error"]
        assert (error["code"], set(error["fields"])) == (code, fields), query
    whole = await shop.get("/analytics/sales", **{"from": "2026-01-01", "to": "2026-02-10"}, interval="hour")
    assert len(whole["pieces"]) == 41 * 24
    for noun in ("sales", "orders", "customers", "products", "sources", "funnels"):
        assert (await shop.refused("GET", f"/analytics/{noun}", by=shop.buyer))[0] == 403


async def test_sums_of_a_large_business_are_worked_out_once_a_minute_at_most(shop: ApiShop):
    application = shop.client.app
    assert application is not None
    tools, passed = application[TOOLS], [0.0]
    for kept in (tools.own_answers, tools.shop_answers):
        kept.exact_up_to, kept.monotonic = 1, lambda: passed[0]
    pack = await shop.add("Pack")
    names = ("sales", "orders", "customers", "products", "sources", "funnels")

    async def told() -> dict[str, Any]:
        found = {name: await shop.get(f"/analytics/{name}") for name in names}
        sold = (await shop.get("/profile/me"))["statistics"]["creators"][0]["sales"]
        return {**found, "sold": sold, "stats": (await shop.get("/creator/stats"))["sales"]}

    await paid(shop, {"product_id": pack})
    shop.site.clock.pass_time(minutes=1)
    # of a small one they are those of this moment
    assert (await shop.get("/analytics/sales"))["orders"] == 1
    await paid(shop, {"product_id": pack})
    shop.site.clock.pass_time(minutes=1)
    before = await told()
    assert (before["sales"]["orders"], before["sold"], before["stats"]) == (2, 2, 2)
    await paid(shop, {"product_id": pack})
    shop.site.clock.pass_time(minutes=1)
    passed[0] += GOOD_FOR_SECONDS - 1
    assert await told() == before
    # another question is answered by itself, and so is another creator
    assert (await shop.get("/analytics/sales", interval="week"))["orders"] == 3
    assert (await shop.get("/analytics/sales", by=shop.stranger))["orders"] == 0
    passed[0] += 1
    with Counted(shop.site.database) as counted:
        many = await asyncio.gather(*(shop.get("/analytics/sales") for _ in range(5)))
    assert [each["orders"] for each in many] == [3] * 5
    assert len([each for each in counted.statements if "payment" in each]) == 1
    after = await told()
    assert (after["orders"]["orders"], after["sold"], after["stats"]) == (3, 3, 3)
