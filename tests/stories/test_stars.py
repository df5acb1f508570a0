"""Paying in Stars, in the chat: what is bought comes once, what cannot be had costs nothing."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update
from world import CREATOR, PersonOfTheWorld, Said, World, a_world

from app.seed import seed_demo
from store.models import (
    Order,
    OrderState,
    Payment,
    Product,
    ProviderEvent,
    ProviderEventState,
    Refund,
    RefundState,
    Reservation,
    ReservationState,
)

SHIPPED = Path(__file__).parents[2] / "config.yaml"
SHOP = '    currency: usd\n    shop: {stars_rates: {usd: "77"}, rails: {file: [stars]}}\n'
# 19 dollars at 77 Stars each
PRICE = 1463


@pytest_asyncio.fixture
async def starry(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The shipped configuration, whose files are sold for Stars alone."""
    shutil.copytree(SHIPPED.parent / "flows", tmp_path / "flows")
    config = SHIPPED.read_text().replace("    currency: usd\n", SHOP, 1)
    async with a_world(store_url, tmp_path, config) as world:
        settings = world.loaded.settings
        await seed_demo(
            world.spark.database,
            world.spark.files,
            "studio",
            settings.creators["studio"],
            bot_id=settings.bot_id or 0,
            telegram_id=CREATOR,
            now=world.clock(),
        )
        await world.spark.start()
        await world.creator.say("/start")
        await world.creator.hears("For you as the creator")
        yield world


@pytest.fixture
async def lena(starry: World) -> PersonOfTheWorld:
    lena = await starry.person("Lena")
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    return lena


async def invoice(person: PersonOfTheWorld, product: str = "Preset pack") -> Said:
    """Taps Buy and waits for the invoice that comes of it."""

    async def invoices() -> list[Said]:
        return [said for said in await person.chat() if said.raw.get("invoice")]

    before = len(await invoices())
    asked = (await person.post({"text": "/shop"}))["message_id"]
    await person.tap(product, newer_than=asked)
    await person.tap("Buy", newer_than=asked)

    async def came() -> bool:
        return len(await invoices()) > before

    assert await person.world.until(came), "no invoice came"
    return (await invoices())[-1]


async def pays(person: PersonOfTheWorld, said: Said) -> dict[str, Any]:
    body = {"message_id": said.raw["message_id"]}
    return await person.world.control("POST", f"/people/{person.id}/star-payments", body)


async def orders(world: World) -> list[Order]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Order).order_by(Order.id)))


async def product(world: World) -> Product:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(Product).where(Product.slug == "preset-pack"))).one()


async def set_stock(world: World, left: int) -> None:
    async with world.spark.database.transaction() as session:
        values = {"stock": left, "initial": left, "reserved": 0, "sold": 0}
        await session.execute(update(Product).where(Product.slug == "preset-pack").values(**values))


async def counts(world: World) -> tuple[int | None, int, int]:
    goods = await product(world)
    assert goods.stock is not None
    assert goods.stock + goods.reserved + goods.sold == goods.initial
    return goods.stock, goods.reserved, goods.sold


async def test_what_is_paid_in_stars_is_delivered_once_and_told_to_the_creator(starry: World, lena: PersonOfTheWorld):
    said = await invoice(lena)
    assert said.raw["invoice"]["total_amount"] == PRICE
    assert said.raw["invoice"]["currency"] == "XTR"
    assert (await pays(lena, said))["ok"]
    await lena.gets_file("preset-pack.zip")
    await starry.creator.hears(f"Preset pack for {PRICE} ⭐ to Lena")
    await starry.skip(days=2)
    (order,) = await orders(starry)
    assert (order.state, order.rail, order.currency, order.total_minor) == (
        OrderState.FULFILLED,
        "stars",
        "xtr",
        PRICE,
    )
    assert order.receipt_number == 1
    assert sum(each.file_name == "preset-pack.zip" for each in await lena.chat()) == 1
    assert await counts(starry) == (49, 0, 1)
