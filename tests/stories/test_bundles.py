"""A bundle gives each product in it, and takes away what it gave, but for what was bought besides."""

from typing import Any

import pytest
from sqlalchemy import select, update
from world import PersonOfTheWorld, Said, World

from store.models import BundleItem, Order, OrderState, Product

BUNDLE = "Everything together"


@pytest.fixture
async def lena(world: World) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.say("/shop")
    await lena.hears("Studio North")
    return lena


async def is_order(world: World, number: int, state: OrderState) -> Order:
    async def the_order() -> Order:
        async with world.spark.database.reading() as session:
            return (await session.scalars(select(Order).order_by(Order.id).offset(number).limit(1))).one()

    async def is_so() -> bool:
        return (await the_order()).state == state

    assert await world.until(is_so), (await the_order()).state
    await world.settle()
    return await the_order()


async def parts(world: World) -> dict[str, tuple[int | None, int, int]]:
    """What is in the bundle: stock, reserved and sold of each, and of itself."""
    async with world.spark.database.reading() as session:
        inside = select(BundleItem.product_id)
        found = await session.scalars(select(Product).where(Product.id.in_(inside) | (Product.title == BUNDLE)))
        return {each.title: (each.stock, each.reserved, each.sold) for each in found}


async def change(world: World, title: str, **values: Any) -> None:
    async with world.spark.database.transaction() as session:
        await session.execute(update(Product).where(Product.title == title).values(**values))


async def newest_after(person: PersonOfTheWorld, line: str) -> Said:
    sent = (await person.post({"text": line}))["message_id"]

    async def said() -> list[Said]:
        return [each for each in await person.chat() if each.by_bot and each.raw["message_id"] > sent]

    assert await person.world.until(said)
    return (await said())[0]


async def owned(person: PersonOfTheWorld) -> set[str]:
    """What the library lists, by the words on its buttons."""
    return {label for label in (await newest_after(person, "/library")).labels if label not in {"‹", "›"}}


async def test_a_bundle_gives_all_that_is_in_it_and_its_refund_leaves_what_was_bought_besides(
    world: World, lena: PersonOfTheWorld
):
    inside = set(await parts(world)) - {BUNDLE}
    assert inside >= {"Preset pack", "Video course"}
    await world.pay(await lena.checkout("Preset pack"))
    await is_order(world, 0, OrderState.FULFILLED)
    before = await parts(world)
    await world.pay(await lena.checkout(BUNDLE))
    order = await is_order(world, 1, OrderState.FULFILLED)
    await lena.gets_file("preset-pack.zip")
    assert await owned(lena) >= inside
    assert BUNDLE not in await owned(lena)
    # it is rated as a whole, too
    await lena.tap(f"Rate “{BUNDLE}”")
    await lena.hears(f"How do you like {BUNDLE}")
    for title, (stock, reserved, sold) in (await parts(world)).items():
        was_stock, was_reserved, was_sold = before[title]
        assert (reserved, sold) == (was_reserved, was_sold + 1)
        assert stock == (None if was_stock is None else was_stock - 1)
    await world.creator.say(f"/refund {order.id}")
    await world.creator.tap("Yes, give $55.00 back")
    await lena.hears("$55.00 are on their way back to you")
    await is_order(world, 1, OrderState.REFUNDED)
    assert await parts(world) == before
    library = await newest_after(lena, "/library")
    assert "Video course" not in str(library.labels)
    heard = await lena.count("Preset pack")
    await lena.tap("Preset pack", newer_than=library.raw["message_id"] - 1)
    await lena.hears("Preset pack", times=heard + 1)
    # the other order goes back too: nothing is left of either
    await world.creator.say("/refund 1")
    await world.creator.tap("Yes, give $19.00 back")
    await is_order(world, 0, OrderState.REFUNDED)
    assert "Preset pack" not in str((await newest_after(lena, "/library")).labels)


async def test_a_bundle_of_which_one_part_is_sold_out_says_so_and_holds_nothing(world: World, lena: PersonOfTheWorld):
    asked = (await lena.post({"text": "/shop"}))["message_id"]
    await lena.tap(BUNDLE, newer_than=asked)
    # the last one goes while its card stands there
    await change(world, "Preset pack", stock=0, initial=0)
    before = await parts(world)
    assert "old out" in (await lena.tap("Buy", newer_than=asked))["answer"]
    assert await parts(world) == before
    assert await world.calls("POST /v1/checkout/sessions") == []
    async with world.spark.database.reading() as session:
        assert (await session.scalars(select(Order))).all() == []
    asked = (await lena.post({"text": "/shop"}))["message_id"]
    told = await lena.count("old out")
    await lena.tap(BUNDLE, newer_than=asked)

    async def shown() -> bool:
        return await lena.count("old out") > told

    assert await world.until(shown)
    assert not [said for said in await lena.chat() if said.raw["message_id"] > asked and "Buy" in str(said.labels)]
    # it is there again, and so is the bundle
    await change(world, "Preset pack", stock=1, initial=1)
    await world.pay(await lena.checkout(BUNDLE))
    await is_order(world, 0, OrderState.FULFILLED)
    assert (await parts(world))["Preset pack"] == (0, 0, 1)
