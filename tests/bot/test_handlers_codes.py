"""Codes as buyers meet them in the chat: by a link, in its list, and under a product's card."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from bot_world import SHIPPED
from sqlalchemy import event, select
from test_handlers_creator import says
from test_handlers_orders import after, buyer
from world import PersonOfTheWorld, Said, World, a_world, begin_studio

from store.models import Order, OrderState


@pytest_asyncio.fixture
async def shop(sqlite_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """One database is enough for what is shown."""
    async with a_world(sqlite_url, tmp_path, SHIPPED) as world:
        await begin_studio(world)
        yield world


async def by_link(world: World, person: PersonOfTheWorld, terms: str) -> list[Said]:
    """What somebody is answered who comes by the link of a new code."""
    code, _, _ = terms.partition(" ")
    assert code in await says(world, f"/coupon add {terms}")
    link = re.search(r"start=(\w+)", await says(world, f"/coupon link {code}"))
    assert link is not None
    sent = (await person.post({"text": f"/start {link[1]}"}))["message_id"]
    await world.settle()
    return [each for each in await person.chat() if each.by_bot and each.raw["message_id"] > sent]


async def test_a_link_to_a_code_that_is_not_good_now_says_so_and_leads_to_the_shop(shop: World):
    lena = await buyer(shop)
    for terms, why in (
        ("LATER 20% from=2027-06-01", "This code is not valid yet"),
        ('VIP 20% segment="tag = vip"', "This code is not for you"),
    ):
        said, listed = await by_link(shop, lena, terms)
        assert terms.partition(" ")[0] in said.text
        assert why in said.text
        assert "Preset pack · $19.00" in listed.labels


async def test_a_list_by_a_code_says_what_can_be_paid_and_asks_for_all_variants_at_once(shop: World):
    lena = await buyer(shop)
    await says(shop, '/product add "Mood pictures" 9.00 usd stars=600')
    asked: list[str] = []
    engines = {shop.spark.database.engine.sync_engine, shop.spark.database._read_engine.sync_engine}

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT product_variant"):
            asked.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    (half,) = await by_link(shop, lena, "HALF 50%")
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    assert {"Preset pack · $9.50", "Mood pictures · $4.50", "Studio shirt · from $25.00"} <= set(half.labels)
    assert len(asked) == 1
    await lena.tap("Studio shirt")
    await lena.tap("Medium · $12.50")
    await lena.tap("Buy for $12.50")
    await lena.hears("Pay on the secure page")
    (full,) = await by_link(shop, lena, "FULL 100%")
    assert full.labels[0] == "Preset pack · free"
    # what nobody can pay by it is paid without
    (nearly,) = await by_link(shop, lena, "NEARLY 99%")
    assert nearly.labels[0] == "Preset pack · $19.00"
    await lena.tap("Preset pack", newer_than=nearly.raw["message_id"] - 1)
    await lena.tap("Buy for $19.00", newer_than=nearly.raw["message_id"])
    await lena.hears("Pay on the secure page", times=2)


async def test_who_may_choose_the_price_gets_what_a_code_pays_in_full_without_being_asked(shop: World):
    lena = await buyer(shop)
    await says(shop, "/product 2 pwyw=on price=2.00")
    await says(shop, "/coupon add FULL 100% product=preset-pack")
    link = re.search(r"start=(\w+)", await says(shop, "/coupon link FULL"))
    assert link is not None
    await after(lena, f"/start {link[1]}")
    await lena.tap("Get it free")
    await lena.gets_file("preset-pack.zip")
    await shop.settle()
    async with shop.spark.database.reading() as session:
        order = (await session.scalars(select(Order))).one()
    assert (order.state, order.total_minor, order.discount_minor) == (OrderState.FULFILLED, 0, 200)


async def test_the_creators_card_names_a_price_in_stars_only_where_it_is_sold_for_them(shop: World):
    assert "$19.00 or 100 ⭐" in await says(shop, "/product 2 stars=100")
    card = await says(shop, "/product 2 kind=service")
    assert "Price: $19.00" in card
    assert "⭐" not in card
