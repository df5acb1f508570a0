"""Somebody without Telegram buys, pays and loads what they have bought; and one with a chat gets it there too."""

from typing import Any

import aiohttp
from sqlalchemy import func, select
from world import World

from store.models import Account, Lead, OutboxKind, OutboxMessage, OutboxState, Product


class Browser:
    """What calls the API in the name of one account."""

    def __init__(self, world: World, http: aiohttp.ClientSession) -> None:
        self._base, self._http, self._token = f"{world.loaded.settings.public_url}/api/v1", http, ""

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with self._http.request(method, self._base + path, json=body, headers=headers) as answer:
            told = await answer.json()
            assert answer.status in {200, 201}, told
            return told

    async def sign_up(self) -> None:
        account = {"email": "mia@example.com", "password": "a long enough password", "name": "Mia"}
        self._token = (await self.ask("POST", "/auth/register/buyer", account))["access_token"]


async def test_what_is_bought_by_the_api_is_paid_heard_of_and_loaded(world: World):
    async with world.spark.database.reading() as session:
        pack = await session.scalar(select(Product.id).where(Product.title == "Preset pack"))
    async with aiohttp.ClientSession() as http:
        mia = Browser(world, http)
        await mia.sign_up()
        bought = await mia.ask("POST", f"/purchase/{pack}", {"success_url": "https://shop.example/thanks"})
        assert (bought["payment_status"], bought["session_id"] in bought["checkout_url"]) == ("pending", True)
        # twice told, once sold
        await world.pay(bought["session_id"], deliver="twice")

        async def is_paid() -> bool:
            found = await mia.ask("GET", f"/purchase/session/{bought['session_id']}")
            return bool(found["payment_status"] == "completed")

        assert await world.until(is_paid)
        await world.settle()
        loaded = await mia.ask("GET", f"/download/{pack}")
        assert (loaded["product_title"], bool(loaded["download_url"])) == ("Preset pack", True)
        assert (await mia.ask("GET", "/purchase/stats"))["spent"] == {bought["currency"]: bought["total_minor"]}
        # the seller hears of it in their chat, and nothing waits for a chat that there is not
        await world.creator.hears("Mia")
        async with world.spark.database.reading() as session:
            theirs = select(func.count()).where(OutboxMessage.kind == OutboxKind.DELIVERY)
            assert await session.scalar(theirs) == 0
            stuck = OutboxMessage.state.in_([OutboxState.FAILED, OutboxState.UNCERTAIN])
            assert await session.scalar(select(func.count()).where(stuck)) == 0


async def test_what_is_bought_by_the_api_comes_to_the_chat_of_whoever_has_one(world: World):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    async with aiohttp.ClientSession() as http:
        browser = Browser(world, http)
        await browser.sign_up()
        async with world.spark.database.transaction() as session:
            # as her link from the bot has it
            account = await session.scalar(select(Account).where(Account.name == "Mia"))
            theirs = select(Lead.person_id).where(Lead.person_id.is_not(None)).order_by(Lead.id.desc()).limit(1)
            assert account is not None
            account.person_id = await session.scalar(theirs)
            pack = await session.scalar(select(Product.id).where(Product.title == "Preset pack"))
        bought = await browser.ask("POST", f"/purchase/{pack}", {})
        await world.pay(bought["session_id"])
        await lena.gets_file("preset-pack.zip")
        assert (await browser.ask("GET", "/purchase/mypurchases"))["total"] == 1
