"""A creator's products in one line, and what anybody may make up behind a button."""

from bot_world import Hook, answered, message, row, tap
from sqlalchemy import select
from test_handlers_creator import says
from world import CREATOR, World

from store.models import Order, Product, ProductVariant


async def pack(world: World) -> Product:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(Product).where(Product.slug == "preset-pack"))).one()


async def variants(world: World, product_id: int) -> dict[str, tuple[int, int | None]]:
    async with world.spark.database.reading() as session:
        found = await session.scalars(
            select(ProductVariant).where(ProductVariant.product_id == product_id, ProductVariant.archived_at.is_(None))
        )
        return {each.title: (each.price_minor, each.stock) for each in found}


async def test_every_part_is_set_by_one_line(world: World):
    for line in (
        "/product 2 price 25,00",
        "/product stock 2 30",
        "/product 2 stars 250",
        "/product edit 2 title=“Evening presets” category=Presets tags=warm,#Soft compare=35 limit=2 low=3",
        '/product 2 from=2026-11-01 until=2026-12-31 instructions="Unzip it."',
        "/product 2 description Warm light,\nfor every evening.",
        "/product 2 pwyw on",
    ):
        assert "2. " in await says(world, line), line
    now = await pack(world)
    assert (now.title, now.price_minor, now.price_stars, now.stock) == ("Evening presets", 2500, 250, 30)
    assert (now.category, now.tags, now.compare_at_minor) == ("Presets", ["warm", "soft"], 3500)
    assert (now.limit_per_person, now.low_stock, now.pay_what_you_want) == (2, 3, True)
    assert now.description == "Warm light,\nfor every evening."
    assert now.instructions == "Unzip it."
    # a day is the creator's own, and the last one counts in full
    assert now.active_from is not None
    assert now.active_until is not None
    assert (now.active_from.isoformat(), now.active_until.isoformat()) == (
        "2026-10-31T23:00:00+00:00",
        "2026-12-31T23:00:00+00:00",
    )
    for line in ("/product 2 stock unlimited", "/product 2 compare -", "/product 2 until -", "/product 2 limit -"):
        await says(world, line)
    now = await pack(world)
    assert (now.stock, now.compare_at_minor, now.active_until, now.limit_per_person) == (None, None, None, None)


async def test_a_wrong_line_is_told_the_right_form_and_changes_nothing(world: World):
    before = await pack(world)
    for line, told in {
        "/product 2 prize 19.00": "Like this: /product 2",
        "/product 2 price": "Like this: /product 2",
        "/product 2 price nineteen": "A price is written like 19.00",
        "/product 2 price 1.900": "can be read in two ways",
        "/product 2 price 5 dollars": "A price is written like 19.00",
        "/product 2 price 0.49": "one payment is at least $0.50",
        '/product add "Cheap" 0.49 usd': "one payment is at least $0.50",
        "/product 2 stock -3": "“stock” is a whole number",
        "/product 2 stock 1000000001": "0 to a billion",
        "/product 2 limit 0": "a number from 1 to 1000",
        "/product 2 compare 5": "higher than $19.00",
        "/product 2 from tomorrow": "A day is written like 2026-12-01",
        "/product edit 2 colour=red": "Like this: /product edit 3",
        "/product edit 2": "Like this: /product edit 3",
        '/product edit 2 title="x': "Like this: /product edit 3",
        "/product 2 slug video-course": "there is a product “video-course” already",
        "/product 2 link example.com": "looks like https://example.com/page",
        "/product 2 chat -100500": "make me an administrator there first",
        "/product 2 pwyw maybe": "“pwyw” is on or off",
        "/product 2 kind boat": "one of these: file, licence_key",
        "/product 2 variant add Large": "variant add",
        "/product 2 bundle 3": "is no bundle",
        "/product 2 after 2": "not offered after itself",
        "/product 2 after x": "Like this: /product 2 bundle",
        "/product 2 file drop 999": "no such file",
        "/product 999": "no such product",
        "/product 999999999999999999999": "Like this: /product add",
        "/product edit": "Like this: /product add",
    }.items():
        answer = await says(world, line)
        assert told.casefold() in answer.casefold(), (line, answer)
        assert "\n" not in answer
    after = await pack(world)
    assert (after.title, after.price_minor, after.stock, after.slug) == (
        before.title,
        before.price_minor,
        before.stock,
        before.slug,
    )


async def test_a_product_of_any_kind_in_one_line(world: World):
    answer = await says(world, '/product add "Light map" 12 usd kind=link link=https://example.com/m category=Maps')
    assert answer == "Added: no. 11 Light map (Link), $12.00, unlimited."
    async with world.spark.database.reading() as session:
        made = (await session.scalars(select(Product).where(Product.title == "Light map"))).one()
    assert (made.kind, made.url, made.category) == ("link", "https://example.com/m", "Maps")
    # the card says what buyers would wait for
    await says(world, '/product add "Moods" 5.00 usd')
    assert "It has no file yet" in await says(world, "/product 12")
    assert "Not there yet" in await says(world, "/product preview 12")
    for complete in (2, 11):
        assert "⚠️" not in await says(world, f"/product {complete}")


async def test_variants_in_one_line(world: World):
    assert "Large – $25.00, 10 left" in await says(world, '/product 4 variant add "Large" 25.00 stock=10 stars=300')
    assert "Extra large – $30.00, unlimited" in await says(world, "/product 4 variant add Extra large 30 usd")
    assert await variants(world, 4) == {"Large": (2500, 10), "Extra large": (3000, None)}
    await says(world, '/product 4 variant "extra large" price=20.00 stock=5 title=Huge')
    assert await variants(world, 4) == {"Large": (2500, 10), "Huge": (2000, 5)}
    assert "variants have the prices" in await says(world, "/product 4 price 5")
    await says(world, "/product 4 variant Large archive")
    assert await variants(world, 4) == {"Huge": (2000, 5)}
    # what is in a bundle is sold as it is
    assert "in a bundle" in await says(world, "/product 2 variant add Small 5")
    assert "no variant “Small”" in await says(world, "/product 4 variant Small archive")


async def test_archived_products_have_a_list_of_their_own(world: World):
    assert "is off the shop" in await says(world, "/product archive 2")
    assert "2. Preset pack" not in await says(world, "/product list")
    assert "2. Preset pack" in await says(world, "/product list archived")
    assert "is in the shop again" in await says(world, "/product 2 restore")
    assert "2. Preset pack" in await says(world, "/product list")


async def test_the_card_flips_and_asks_by_its_buttons(world: World):
    await says(world, "/product 2")
    await world.creator.tap("More …")
    await world.creator.hears("More about Preset pack")
    await world.creator.tap("○ Own price")

    async def is_flipped() -> bool:
        return (await pack(world)).pay_what_you_want

    assert await world.until(is_flipped)
    await world.creator.tap("Category")
    await world.creator.hears("Which category is “Preset pack” in?")
    await world.creator.say("Presets & <b>more</b>")
    assert "Category: Presets & <b>more</b>" in (await world.creator.hears("Category: Presets")).text


async def test_what_is_typed_after_another_command_is_for_nothing_in_particular(world: World):
    await says(world, "/product 2")
    await world.creator.tap("Title")
    await world.creator.hears("What shall “Preset pack” be called?")
    await world.creator.say("/cancel")
    await world.creator.hears("never mind")
    await world.creator.say("Something else")
    await world.settle()
    assert (await pack(world)).title == "Preset pack"


MADE_UP = [
    *("buy:", "buy:x", "buy:1:2", "buy:99999999999999999999", "buy:2:0:1:paypal", "buy:2:9:1:stripe"),
    *(
        "buy:2:0:0:stripe",
        "buy:2:0:1:stripe:" + "X" * 30,
        "product:",
        "product:2:x:y",
        "product:2:0:9999999999999999999",
    ),
    *("shop:1", "shop:99999:0", "shop:1:0:c:gone", "shop:1:999999", "shop:1:x", "shop:1:0:s:", "shop:x:ask"),
    *("products:2:ask:title", "products:2:flip:sale", "attach:1:2", "products:2:drop:1", "products:kind:boat"),
    *("products:", "attach:x", "attach:1:99999999999999999999", "products:99999999999999999999"),
]


async def test_a_button_that_somebody_made_up_is_answered_and_changes_nothing(hook: Hook):
    lena = await hook.known()
    before = await pack(hook.world)
    for number, data in enumerate(MADE_UP, start=7000):
        assert await hook.post(tap(number, lena.id, data, str(number))) == 200
    for number, data in enumerate(MADE_UP, start=7000):
        await answered(hook.world, number)
        assert (await row(hook.world, number)).error is None, data
    after = await pack(hook.world)
    assert (after.title, after.active, after.archived_at) == (before.title, before.active, None)
    async with hook.world.spark.database.reading() as session:
        opened = (await session.scalars(select(Order))).all()
    assert {each.total_minor for each in opened} <= {1900}


async def test_another_creator_s_product_is_nobody_else_s_to_change(hook: Hook):
    ben = await hook.world.person("Ben")
    for number, (who, text) in enumerate(
        ((ben.id, "/product 2 price 1.00"), (CREATOR, "/product 2 stock 7")), start=8000
    ):
        assert await hook.post(message(number, who, text)) == 200
        await answered(hook.world, number)
    now = await pack(hook.world)
    assert (now.price_minor, now.stock) == (1900, 7)
