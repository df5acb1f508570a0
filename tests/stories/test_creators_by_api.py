"""A creator who signs up while Spark runs has at once what every creator has who has configured nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio
from world import World, a_world, seed

CONFIG = """
creators: {studio: {name: Studio}}
telegram: {default_creator: studio}
accounts: {self_register: [creator, buyer]}
"""


@pytest_asyncio.fixture
async def open_to_all(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, CONFIG) as world:
        await seed(world)
        await world.spark.start()
        yield world


async def ask(http: aiohttp.ClientSession, world: World, method: str, path: str, body: Any, *, by: str = "") -> Any:
    headers = {"Authorization": f"Bearer {by}"} if by else {}
    address = f"{world.loaded.settings.public_url}/api/v1{path}"
    async with http.request(method, address, json=body, headers=headers) as answer:
        told = await answer.json()
        assert answer.status in {200, 201}, told
        return told


async def test_whoever_signs_up_while_spark_runs_sells_by_pay_links_at_once(open_to_all: World):
    world = open_to_all
    async with aiohttp.ClientSession() as http:
        mia = {"email": "mia@example.com", "password": "a long enough password", "name": "Mia"}
        seller = (await ask(http, world, "POST", "/auth/register/creator", mia | {"slug": "mia"}))["access_token"]
        leo = mia | {"email": "leo@example.com", "name": "Leo"}
        buyer = (await ask(http, world, "POST", "/auth/register/buyer", leo))["access_token"]
        course = {"title": "Course", "kind": "link", "price_minor": 1900, "url": "https://mia.example/course"}
        product = await ask(http, world, "POST", "/products", course, by=seller)
        wanted = {"lines": [{"product_id": product["id"]}]}
        order = await ask(http, world, "POST", "/orders", wanted, by=buyer)
        assert order["pay_url"]
        page = await world.led_to(order["pay_url"])
        await world.pay(page.rpartition("/")[2])

        async def is_paid() -> bool:
            found = await ask(http, world, "GET", f"/orders/{order['id']}", None, by=buyer)
            return bool(found["state"] == "paid")

        assert await world.until(is_paid)
        assert (await ask(http, world, "GET", "/purchase/stats", None, by=buyer))["spent"] == {"usd": 1900}
