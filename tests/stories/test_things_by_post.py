"""What goes by post asks for an address whatever it costs, and says so where nobody is asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest_asyncio
from sqlalchemy import select
from stores import Stores
from world import PersonOfTheWorld, World, a_world, seed

from domain.products import add_product
from kit.money import Money
from store.models import Creator, Order, OrderState, Product, ProductKind

SHIPPED = Path(__file__).parents[2] / "config.yaml"


@asynccontextmanager
async def a_shop(url: str, tmp_path: Path, config: str) -> AsyncIterator[World]:
    """With a print and a free card that go by post, and a code that pays all of it."""
    async with a_world(url, tmp_path, config) as world:
        database = world.spark.database
        await seed(world)
        async with database.transaction() as session:
            creator = (await session.scalars(select(Creator))).one()
            for title, price in (("Fine print", 2500), ("Greeting card", 0)):
                more = {"price": Money(price, "usd"), "kind": ProductKind.PHYSICAL, "stock": 3}
                await add_product(session, creator_id=creator.id, title=title, now=world.clock(), **more)
        await world.spark.start()
        await world.creator.say("/start")
        await world.creator.hears("For you as the creator")
        await world.creator.say("/coupon add FULL 100%")
        await world.creator.hears("100 % off")
        yield world


@pytest_asyncio.fixture
async def posting(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_shop(store_url, tmp_path, SHIPPED.read_text()) as world:
        yield world


@pytest_asyncio.fixture
async def nowhere(stores: Stores, tmp_path: Path) -> AsyncIterator[World]:
    """No country is named that anything is sent to."""
    named = "    shop:\n      shipping_countries: [AT, CH, DE, FR, GB, US]\n"
    async with a_shop(stores.sqlite(tmp_path / "spark.db"), tmp_path, SHIPPED.read_text().replace(named, "")) as world:
        yield world


async def lena_of(world: World) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    return lena


async def number_of(world: World, title: str) -> int:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(Product.id).where(Product.title == title))).one()


async def orders(world: World) -> list[Order]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Order).order_by(Order.id)))


async def is_asked_and_answers(world: World, lena: PersonOfTheWorld, title: str) -> None:
    """Stripe's page asks for the address; only then is it theirs, and the seller can say that it is on its way."""
    asked = await lena.hears("Say on the secure page where it shall go")
    order = (await orders(world))[-1]
    assert (order.state, order.total_minor, order.rail) == (OrderState.AWAITING_PAYMENT, 0, "stripe")
    await world.pay(str(asked.button("Say where to")["url"]).rsplit("/", 1)[-1])
    told = await world.creator.hears(f"{title} for $0.00")
    assert "Mark as sent" in told.labels
    order = (await orders(world))[-1]
    assert order.state == OrderState.PAID
    assert order.details["shipping"]["address"]["city"] == "San Francisco"
    await world.creator.say(f"/orders {order.id}")
    await world.creator.hears("San Francisco")


async def test_what_a_code_pays_in_full_asks_where_it_shall_go(posting: World):
    lena = await lena_of(posting)
    number = await number_of(posting, "Fine print")
    await posting.creator.say(f"/product {number}")
    assert "not every buyer is asked where to" not in (await posting.creator.hears("Fine print")).text
    await lena.say(f"/start p_{number}")
    await lena.tap("I have a code")
    await lena.say("FULL")
    await lena.hears("FULL")
    await lena.tap("Get it")
    await is_asked_and_answers(posting, lena, "Fine print")


async def test_what_is_free_asks_where_it_shall_go(posting: World):
    lena = await lena_of(posting)
    await lena.say("/shop")
    await lena.tap("Greeting card")
    await lena.tap("Get it")
    await is_asked_and_answers(posting, lena, "Greeting card")


async def test_with_no_country_to_send_to_it_is_not_given_and_the_creator_reads_why(nowhere: World):
    lena = await lena_of(nowhere)
    await nowhere.creator.say(f"/product {await number_of(nowhere, 'Greeting card')}")
    await nowhere.creator.hears("not every buyer is asked where to")
    await lena.say("/shop")
    await lena.tap("Greeting card")
    assert "nobody can ask you for your address" in (await lena.tap("Get it"))["answer"]
    assert await orders(nowhere) == []
