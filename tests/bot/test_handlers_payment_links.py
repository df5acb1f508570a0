"""Who may make and end payment links, what anybody may make up behind a button, and where there is no Stripe."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import select
from test_handlers_creator import says
from test_handlers_reviews import press
from world import World, a_world, seed

from store.models import PaymentLink

PACK, OTHER = 2, 3


async def links(world: World) -> list[PaymentLink]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(PaymentLink).order_by(PaymentLink.id)))


async def a_link(world: World) -> int:
    await says(world, f"/product {PACK} stock unlimited")
    assert "is sold for $19.00" in await says(world, f"/product {PACK} paylink")
    (link,) = await links(world)
    return link.id


async def test_a_made_up_button_neither_makes_nor_ends_a_link(world: World):
    link_id = await a_link(world)
    creator = world.creator
    for data, told in {
        # of another product's, of no product's, ended in no such way
        f"products:{OTHER}:paylink:end:{link_id}": "no such payment link",
        f"products:{OTHER}:paylink:off:{link_id}": "no such payment link",
        f"products:{PACK}:paylink:end:{link_id + 1}": "no such payment link",
        f"products:{PACK}:paylink:make:99": "no variant",
        f"products:{PACK}:paylink:make:x": "did not understand",
        f"products:{PACK}:paylink:sell:{link_id}": "did not understand",
        f"products:{PACK}:paylink:end": "did not understand",
    }.items():
        assert told in (await press(creator, data) or ""), data
    mallory = await world.person("Mallory")
    await mallory.say("/start")
    await mallory.hears("What shall we call you?")
    for data in (f"products:{PACK}:paylink:end:{link_id}", f"products:{PACK}:paylink:make:0"):
        assert "This is for creators" in (await press(mallory, data) or "")
    assert [link.ended_at for link in await links(world)] == [None]
    await press(creator, f"products:{PACK}:paylink:end:{link_id}")
    await creator.hears("is being switched off")
    assert "switched off already" in (await press(creator, f"products:{PACK}:paylink:end:{link_id}") or "")


async def test_a_link_is_asked_for_in_german_too(world: World):
    await a_link(world)
    await says(world, "/language de")
    assert "gibt es hier für" in await says(world, f"/product {PACK} paylink")
    assert "wird abgeschaltet" in await says(world, f"/product {PACK} paylink aus")


@asynccontextmanager
async def a_shop(store_url: str, folder: Path, shop: str = "{}", **environ: str) -> AsyncIterator[World]:
    config = f"telegram: {{default_creator: studio}}\ncreators: {{studio: {{name: Studio, shop: {shop}}}}}\n"
    async with a_world(store_url, folder, config, **environ) as world:
        await seed(world)
        await world.spark.start()
        assert "Stock: unlimited" in await says(world, f"/product {PACK} stock unlimited")
        yield world


async def has_no_link(world: World, why: str) -> None:
    """Neither by a line nor by its card."""
    assert why in await says(world, f"/product {PACK} paylink")
    (card,) = [said for said in await world.creator.chat() if said.by_bot and "2. Preset pack" in said.text]
    assert not any("Payment link" in label for label in card.labels)
    assert await links(world) == []


async def test_what_is_sold_for_stars_alone_has_no_link_and_says_where_to_change_that(store_url: str, tmp_path: Path):
    async with a_shop(store_url, tmp_path, "{rails: {file: [stars]}}") as world:
        await has_no_link(world, "list stripe under shop, rails, file in config.yaml")


async def test_without_a_stripe_key_there_are_no_links(store_url: str, tmp_path: Path):
    async with a_shop(store_url, tmp_path, SPARK_STRIPE__SECRET_KEY="", SPARK_STRIPE__WEBHOOK_SECRETS="") as world:
        await has_no_link(world, "Stripe is not set up here: whoever runs Spark sets its key first")
