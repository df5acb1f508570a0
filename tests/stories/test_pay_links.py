"""Addresses at which something is paid, as they come by message: alive however late they are opened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest_asyncio
from sqlalchemy import select
from world import PersonOfTheWorld, World, a_world, seed

from store.models import Order, OrderState

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


# the same, whose files are sold for Stars alone
FOR_STARS = CONFIG.replace(
    "    name: Studio\n", '    name: Studio\n    shop: {stars_rates: {usd: "77"}, rails: {file: [stars]}}\n'
)


@pytest_asyncio.fixture
async def offered(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with opened(store_url, tmp_path, CONFIG) as world:
        yield world


@pytest_asyncio.fixture
async def starry(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with opened(store_url, tmp_path, FOR_STARS) as world:
        yield world


@asynccontextmanager
async def opened(store_url: str, tmp_path: Path, config: str) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, config) as world:
        await seed(world)
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


async def is_reminded_of_an_invoice(world: World) -> tuple[PersonOfTheWorld, str]:
    """Who has one in their chat, and where the reminder's button leads."""
    lena = await world.person("Lena")
    await lena.say("/start")
    asked = (await lena.post({"text": "/shop"}))["message_id"]
    await lena.tap("Preset pack", newer_than=asked)
    await lena.tap("Buy", newer_than=asked)

    async def invoiced() -> bool:
        return any(said.raw.get("invoice") for said in await lena.chat())

    assert await world.until(invoiced)
    await world.skip(hours=1)
    return lena, str((await lena.hears("Not done yet")).button("Go on")["url"])


async def pays_by_link(person: PersonOfTheWorld, link: str) -> dict[str, object]:
    assert link.startswith("https://t.me/$")
    return await person.world.control("POST", f"/people/{person.id}/star-payments", {"link": link})


async def states(world: World) -> list[OrderState]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Order.state).order_by(Order.id)))


async def test_a_reminder_of_an_invoice_opens_one_that_can_be_paid_at_once(starry: World):
    lena, address = await is_reminded_of_an_invoice(starry)
    link = await starry.led_to(address)
    # however often it is opened, it is the same one
    assert await starry.led_to(address) == link
    assert len(await starry.calls("createInvoiceLink")) == 1
    assert (await pays_by_link(lena, link))["ok"]
    await lena.gets_file("preset-pack.zip")
    await starry.settle()
    assert await states(starry) == [OrderState.FULFILLED]
    async with starry._http.get(address, allow_redirects=False) as answer:
        assert answer.status == 410
        assert "paid already" in await answer.text()


async def test_a_reminder_of_an_invoice_that_is_over_opens_a_fresh_one(starry: World):
    lena, address = await is_reminded_of_an_invoice(starry)
    over = await starry.led_to(address)
    await starry.skip(days=3)
    assert await states(starry) == [OrderState.EXPIRED]
    fresh = await starry.led_to(address)
    assert fresh != over
    refused = await pays_by_link(lena, over)
    assert (refused["ok"], "This invoice is over" in str(refused["error"])) == (False, True)
    assert (await pays_by_link(lena, fresh))["ok"]
    await lena.gets_file("preset-pack.zip")
    await starry.settle()
    assert await states(starry) == [OrderState.EXPIRED, OrderState.FULFILLED]


async def test_a_reminder_opened_after_its_order_was_called_off_leads_to_another_one(offered: World):
    lena = await offered.person("Lena")
    await lena.say("/start")
    first = await lena.checkout("Preset pack")
    await offered.skip(hours=1)
    address = (await lena.hears("Not done yet")).button("Go on")["url"]
    await lena.say("/orders 1")
    await lena.tap("Call it off")
    await lena.hears("called off. Nothing was paid")
    again = (await offered.led_to(address)).rsplit("/", 1)[-1]
    assert again != first
    await offered.pay(again)
    await lena.gets_file("preset-pack.zip")
    await offered.settle()
    assert await states(offered) == [OrderState.CANCELLED, OrderState.FULFILLED]


async def opened_at_once(world: World, address: str, times: int) -> list[tuple[int, str]]:
    """What so many browsers get that open it in the same moment: status, and where they are led."""

    async def open_it() -> tuple[int, str]:
        async with world._http.post(address, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "")

    return list(await asyncio.gather(*(open_it() for _ in range(times))))


async def test_two_hundred_openings_at_once_make_one_order_and_one_checkout(offered: World):
    lena = await offered.person("Lena")
    await lena.say("/start")
    await offered.skip(days=1)
    address = (await lena.hears("Still thinking?")).button("Get the presets")["url"]
    answers = await opened_at_once(offered, address, 200)
    sessions = (await offered.control("GET", "/stripe/sessions"))["items"]
    assert len(sessions) == 1
    assert set(answers) == {(303, sessions[0]["url"])}
    assert await states(offered) == [OrderState.AWAITING_PAYMENT]
    made = await offered.calls("POST /v1/checkout/sessions")
    assert len(made) == 1
