"""What Stripe adds for tax and shipping is part of the money: told, listed, and given back with the rest."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from sqlalchemy import select
from world import TOKEN, PersonOfTheWorld, Said, World, a_world, seed

from domain.products import add_product
from kit.money import Money
from store.models import Creator, Order, OrderState, Payment, Product, ProductKind, Refund, RefundState

SHIPPED = Path(__file__).parents[2] / "config.yaml"
SHOP = "    shop:\n      tax: true\n"
PRICE, TAX, SHIPPING, ALL = 2500, 475, 590, 3565


@pytest_asyncio.fixture
async def taxed(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The shipped configuration, with tax by Stripe, and a print that goes by post."""
    config = SHIPPED.read_text().replace("    shop:\n", SHOP, 1)
    async with a_world(store_url, tmp_path, config) as world:
        database = world.spark.database
        await seed(world)
        async with database.transaction() as session:
            creator = (await session.scalars(select(Creator))).one()
            more = {"price": Money(PRICE, "usd"), "kind": ProductKind.PHYSICAL, "stock": 3}
            await add_product(session, creator_id=creator.id, title="Fine print", now=world.clock(), **more)
        await world.spark.start()
        await world.creator.say("/start")
        await world.creator.hears("For you as the creator")
        yield world


async def buys(world: World, **on_top: int) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    session_id = await lena.checkout("Fine print")
    await world.control("POST", f"/stripe/sessions/{session_id}", {"outcome": "paid", **on_top})
    return lena


async def becomes(world: World, *states: OrderState) -> Order:
    async def the_order() -> Order:
        async with world.spark.database.reading() as session:
            return (await session.scalars(select(Order))).one()

    async def is_so() -> bool:
        return (await the_order()).state in states

    assert await world.until(is_so), (await the_order()).state
    await world.settle()
    return await the_order()


async def the_file(world: World, said: Said) -> str:
    file_id = said.raw["document"]["file_id"]
    async with world._http.get(f"{world.address}/telegram/bot{TOKEN}/getFile", params={"file_id": file_id}) as answer:
        path = (await answer.json())["result"]["file_path"]
    async with world._http.get(f"{world.address}/telegram/file/bot{TOKEN}/{path}") as answer:
        return (await answer.read()).decode("utf-8-sig")


async def test_tax_and_shipping_are_taken_told_listed_and_given_back(taxed: World):
    lena = await buys(taxed, tax=TAX, shipping=SHIPPING)
    order = await becomes(taxed, OrderState.PAID, OrderState.FULFILLED)
    assert (order.total_minor, order.tax_minor, order.shipping_minor) == (PRICE, TAX, SHIPPING)
    assert "$35.65" in (await lena.hears("Receipt no. 1")).text
    await taxed.creator.hears("Fine print for $35.65 to Lena")
    await lena.tap("Receipt")
    receipt = await the_file(taxed, await lena.gets_file("receipt-1.txt"))
    amounts = [line.split()[-1] for line in receipt.splitlines() if "$" in line]
    assert amounts == ["$25.00", "$4.75", "$5.90", "$35.65"]
    await taxed.creator.say("/orders export")
    listed = await the_file(taxed, await taxed.creator.gets_file(f"orders-studio-{taxed.clock():%Y-%m-%d}.csv"))
    (row,) = csv.DictReader(io.StringIO(listed))
    assert [row[each] for each in ("subtotal", "tax", "shipping", "total", "given_back")] == [
        "25.00",
        "4.75",
        "5.90",
        "35.65",
        "0.00",
    ]
    await taxed.creator.say(f"/refund {order.id}")
    await taxed.creator.tap("Yes, give $35.65 back")
    await lena.hears("$35.65 are on their way back to you")
    order = await becomes(taxed, OrderState.REFUNDED)
    assert order.refunded_minor == ALL
    async with taxed.spark.database.reading() as session:
        (refund,) = (await session.scalars(select(Refund))).all()
        assert (refund.state, refund.amount_minor) == (RefundState.DONE, ALL)
        product = (await session.scalars(select(Product).where(Product.title == "Fine print"))).one()
        assert (product.stock, product.reserved, product.sold) == (3, 0, 0)


async def test_the_price_alone_given_back_leaves_the_rest_and_the_rest_ends_it(taxed: World):
    lena = await buys(taxed, tax=TAX)
    order = await becomes(taxed, OrderState.PAID, OrderState.FULFILLED)
    await taxed.creator.say(f"/refund {order.id} 25.00")
    await taxed.creator.tap("they keep what they bought")
    await lena.hears("$25.00 are on their way back to you")
    assert (await becomes(taxed, OrderState.PARTLY_REFUNDED)).refunded_minor == PRICE
    await taxed.creator.say(f"/refund {order.id}")
    await taxed.creator.tap("Yes, give $4.75 back")
    await lena.hears("$4.75 are on their way back to you")
    await becomes(taxed, OrderState.REFUNDED)
    async with taxed.spark.database.reading() as session:
        payment = (await session.scalars(select(Payment))).one()
        assert (payment.amount_minor, payment.refunded_minor) == (PRICE + TAX, PRICE + TAX)
    await taxed.skip(hours=1)
    assert len([call for call in await taxed.calls("POST /v1/refunds") if call["status"] == 200]) == 2
