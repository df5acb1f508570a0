"""What creators get wrong when they write about products and codes, and what they read then."""

from sqlalchemy import select, update
from test_handlers_creator import says
from world import World

from store.models import Product


async def added(world: World, title: str) -> Product:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(Product).where(Product.title == title))).one()


async def test_a_new_product_is_told_what_is_wrong_with_its_line(world: World):
    # the creator's own currency goes without saying
    assert "Added: no. 11 Warm pack, $5.00" in await says(world, '/product add "Warm pack" 5')
    assert "one of these: file, licence_key" in await says(world, '/product add "Cold pack" 5 usd kind=banana')
    assert "“stock” is a whole number, 0 or more" in await says(world, '/product add "Cold pack" 5 usd stock=-3')
    assert "Like this: /product add" in await says(world, '/product add "Cold pack" 5 usd colour=red')
    # whoever came by the menu stays there
    await says(world, "/product")
    await world.creator.tap("New product")
    await world.creator.tap("Link")
    asked = await world.creator.hears("Its title, price and currency")
    assert await says(world, "Cold pack") == asked.text
    assert "Cold pack (Link), $7.00" in await says(world, "Cold pack 7")
    assert (await added(world, "Cold pack")).kind == "link"


async def test_what_nobody_can_pay_or_would_understand_is_said_on_the_card(world: World):
    assert await says(world, '/product add "Cheap pack" 0.10 usd') == "One payment is at least $0.50"
    await says(world, '/product add "Cheap pack" 0.10 usd stars=9')
    assert "A payment by card" not in await says(world, "/product 11")
    async with world.spark.database.transaction() as session:
        # from before such prices were refused
        await session.execute(update(Product).where(Product.id == 11).values(price_stars=None))
    assert "A payment by card is at least $0.50" in await says(world, "/product 11")
    assert "A payment by card" not in await says(world, "/product 11 price 0.50")
    await says(world, '/product add "An hour" 90 usd kind=service')
    await world.creator.hears("Buyers do not read how they come by it")
    assert "do not read" not in await says(world, "/product 12 instructions Choose a time at example.com")


async def test_a_code_that_nobody_can_use_says_so(world: World):
    assert "That is over" in await says(world, "/coupon add LATE 20% until=2026-01-01")
    assert "fits none of your leads" in await says(world, '/coupon add VIPS 20% segment="tag:vips"')
    assert "⚠️" not in await says(world, "/coupon add SPRING 20% until=2027-01-01")


async def test_who_calls_off_while_stripe_fails_is_not_told_about_paying(world: World):
    lena = await world.person("Lena")
    await lena.say("/shop")
    session_id = await lena.checkout("Preset pack")
    fault = {"api": "stripe", "method": f"POST /v1/checkout/sessions/{session_id}/expire", "fault": "500", "times": 50}
    await world.control("POST", "/faults", fault)
    await lena.say("/orders 1")
    await lena.tap("Call it off")
    await lena.hears("could not be called off just now; nothing has changed")
    await world.control("DELETE", "/faults")
    await lena.tap("See the order")
    await lena.tap("Call it off")
    await lena.hears("called off. Nothing was paid")
    assert await lena.count("Payment is not available") == 0
