"""Addresses at which something is paid, as they come by message: alive however late they are opened."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from world import CREATOR, World, a_world

from app.seed import seed_demo

CONFIG = """
creators:
  studio:
    name: Studio
    funnels:
      offer:
        trigger: {event: lead.captured}
        steps:
          - {key: day, do: wait, time: 1d}
          - {key: ask, do: send, text: Still thinking?, buttons: [{text: Get the presets, pay: preset-pack}]}
      left:
        trigger: {event: order.opened}
        steps:
          - {key: hour, do: wait, time: 1h}
          - {key: ask, do: send, text: Not done yet, buttons: [{text: Go on, url: "{{ order.checkout_url }}"}]}
telegram: {default_creator: studio}
"""


@pytest_asyncio.fixture
async def offered(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, CONFIG) as world:
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
        yield world


async def test_an_offer_sent_by_a_funnel_is_paid_days_later(offered: World):
    lena = await offered.person("Lena")
    await lena.say("/start")
    await lena.hears("Studio")
    await offered.skip(days=1)
    address = (await lena.hears("Still thinking?")).button("Get the presets")["url"]
    await offered.skip(days=20)
    session_id = (await offered.led_to(address)).rsplit("/", 1)[-1]
    await offered.pay(session_id)
    await lena.gets_file("preset-pack.zip")


async def test_a_reminder_leads_to_a_fresh_checkout_when_the_one_it_spoke_of_is_over(offered: World):
    lena = await offered.person("Lena")
    await lena.say("/start")
    first = await lena.checkout("Preset pack")
    await offered.skip(hours=1)
    address = (await lena.hears("Not done yet")).button("Go on")["url"]
    assert (await offered.led_to(address)).endswith(first)
    await offered.skip(days=3)
    again = (await offered.led_to(address)).rsplit("/", 1)[-1]
    assert again != first
    await offered.pay(again)
    await lena.gets_file("preset-pack.zip")
