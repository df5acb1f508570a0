"""The whole of Spark for one test: a real store, the playground's stand-ins over HTTP, a hand-moved clock."""

import asyncio
import base64
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from sqlalchemy import event
from sqlalchemy.orm import Session
from stores import DATA_KEYS
from stripe_requests import check_calls

from app.process import Spark
from app.seed import seed_demo
from app.settings import Loaded, load
from automations.pace import Pace
from kit.clock import MovableClock
from playground.server import Playground

FLOWS = Path(__file__).parents[2] / "flows"
MORNING = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
TOKEN = "7000000009:a-token-of-the-stories"
CREATOR = 1001
PATIENCE = 10.0


@dataclass
class Said:
    """One message in a chat, as the control API shows it."""

    raw: dict[str, Any]

    @property
    def text(self) -> str:
        return self.raw["text"]

    @property
    def by_bot(self) -> bool:
        return self.raw["from"] == "bot"

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.raw["buttons"] for button in row]

    @property
    def file_name(self) -> str | None:
        return (self.raw.get("document") or {}).get("file_name")

    def button(self, label: str) -> dict[str, Any]:
        found = [button for row in self.raw["buttons"] for button in row if label in button["text"]]
        assert found, f"no button {label!r} under {self.text!r}, only {self.labels}"
        return found[0]


class PersonOfTheWorld:
    """Somebody with Telegram in their hand."""

    def __init__(self, world: "World", person_id: int) -> None:
        self.world = world
        self.id = person_id

    async def chat(self) -> list[Said]:
        answer = await self.world.control("GET", f"/people/{self.id}/chat")
        return [Said(raw) for raw in answer["messages"] if not raw["deleted"]]

    async def say(self, text: str) -> None:
        await self.post({"text": text})

    async def post(self, body: dict[str, Any]) -> dict[str, Any]:
        return await self.world.control("POST", f"/people/{self.id}/messages", body)

    async def share_contact(self, phone: str, **more: Any) -> None:
        await self.post({"contact": {"phone_number": phone, **more}})

    async def send_file(self, name: str, content: bytes) -> None:
        encoded = base64.b64encode(content).decode()
        document = {"file_name": name, "mime_type": "application/zip", "content_base64": encoded}
        await self.post({"document": document})

    async def tap(self, label: str, *, newer_than: int = 0) -> dict[str, Any]:
        """Waits for a button that says so, under a message after that one, and presses the newest."""

        async def offered() -> list[Said]:
            return [
                said
                for said in await self.chat()
                if said.raw["message_id"] > newer_than and any(label in each for each in said.labels)
            ]

        assert await self.world.until(offered), f"no button says {label!r}"
        said = (await offered())[-1]
        body = {"message_id": said.raw["message_id"], "data": said.button(label)["data"]}
        return await self.world.control("POST", f"/people/{self.id}/taps", body)

    async def hears(self, text: str, *, times: int = 1) -> Said:
        """Waits until the bot has said this so often, and returns the last one."""

        async def heard() -> list[Said]:
            return [said for said in await self.chat() if said.by_bot and text in said.text]

        async def enough() -> bool:
            return len(await heard()) >= times

        if not await self.world.until(enough):
            chat = "\n".join(f"  {said.raw['from']}: {said.text}" for said in await self.chat())
            raise AssertionError(f"nobody heard {text!r} {times} times in\n{chat}")
        return (await heard())[-1]

    async def count(self, text: str) -> int:
        return sum(said.by_bot and text in said.text for said in await self.chat())

    async def gets_file(self, name: str) -> Said:
        async def arrived() -> bool:
            return any(said.file_name == name for said in await self.chat())

        assert await self.world.until(arrived), f"{name} did not arrive"
        return [said for said in await self.chat() if said.file_name == name][-1]

    async def answers_welcome(self, *, source: str = "ad42", name: str = "Lena", option: str = "presets") -> None:
        """From the deep link to the end of the shipped welcome flow."""
        await self.say(f"/start {source}")
        await self.hears("What shall we call you?")
        await self.say(name)
        await self.hears("Which e-mail address")
        await self.say(f"{name.lower()}@example.com")
        await self.hears("phone number")
        await self.share_contact("+4915123456789")
        await self.hears("What brings you here?")
        await self.tap(option)
        await self.hears("starter guide")

    async def checkout(self, product: str) -> str:
        """Orders a product from the shop and returns the id of its Stripe session."""
        opened = await self.count("Pay on the secure page")
        asked = (await self.post({"text": "/shop"}))["message_id"]
        await self.tap(product, newer_than=asked)
        await self.tap("Buy", newer_than=asked)
        said = await self.hears("Pay on the secure page", times=opened + 1)
        return str(said.button("Pay")["url"]).rsplit("/", 1)[-1]


class World:
    def __init__(self, loaded: Loaded, playground: Playground, http: aiohttp.ClientSession, address: str) -> None:
        self.loaded = loaded
        self.playground = playground
        self.clock: MovableClock = playground.core.clock
        self.address = address
        self._http = http
        self.spark: Spark = self._build()

    def _build(self) -> Spark:
        # Telegram's limits are the sender's own tests' business, and cost real seconds
        return Spark(self.loaded, self.clock, pace=Pace(in_all=10_000, to_one_chat=10_000))

    async def next_due(self) -> datetime | None:
        return await self.spark.next_due()

    async def settle(self) -> None:
        await self.spark.settle()

    async def restart(self) -> None:
        """The process ends in order, and another begins."""
        await self.spark.stop()
        await self.begin()

    async def begin(self) -> None:
        self.spark = self._build()
        await self.spark.start()

    async def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        async with self._http.request(method, f"{self.address}/playground/api{path}", json=body) as answer:
            told = await answer.json()
            assert answer.status < 300, told
            return told

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """What Spark itself answers."""
        async with self._http.get(f"{self.loaded.settings.public_url}{path}", headers=headers) as answer:
            return answer.status, await answer.json()

    async def led_to(self, address: str) -> str:
        """Where somebody gets who opens an address of Spark's, and presses the button of the page if there is one."""
        assert address.startswith(self.loaded.settings.public_url)
        async with self._http.get(address, allow_redirects=False) as answer:
            if answer.status != HTTPStatus.OK:
                assert answer.status == HTTPStatus.SEE_OTHER, await answer.text()
                return answer.headers["Location"]
            assert '<form method="post">' in await answer.text()
        async with self._http.post(address, allow_redirects=False) as answer:
            assert answer.status == HTTPStatus.SEE_OTHER, await answer.text()
            return answer.headers["Location"]

    async def person(self, first_name: str) -> PersonOfTheWorld:
        return PersonOfTheWorld(self, (await self.control("POST", "/people", {"first_name": first_name}))["id"])

    @property
    def creator(self) -> PersonOfTheWorld:
        return PersonOfTheWorld(self, CREATOR)

    async def skip(self, **length: float) -> None:
        """Time passes, due time by due time, and Spark does what falls due."""
        seconds = timedelta(**length).total_seconds()
        await self.control("POST", "/clock", {"advance_seconds": seconds})

    async def pay(self, session_id: str, outcome: str = "paid", deliver: str = "once") -> None:
        await self.control("POST", f"/stripe/sessions/{session_id}", {"outcome": outcome, "deliver": deliver})

    async def calls(self, method: str) -> list[dict[str, Any]]:
        items = (await self.control("GET", "/calls?after=0"))["items"]
        return [item for item in items if item["method"].lower() == method.lower()]

    async def until(self, holds: Callable[[], Any]) -> bool:
        """Awaits a condition; what changes in the playground or in Spark's store wakes it."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await holds():
                    await self.playground.core.changes.wait(0.05)
        except TimeoutError:
            return False
        return True


@asynccontextmanager
async def a_world(store_url: str, folder: Path, config: str, **environ: str) -> AsyncIterator[World]:
    """Everything but Spark itself runs already; `config` is the text of its config.yaml."""
    path = folder / "config.yaml"
    path.write_text(config)
    # what the shipped configuration includes
    shutil.copytree(FLOWS, folder / "flows", dirs_exist_ok=True)
    app_port, port = free_ports(2)
    address = f"http://127.0.0.1:{port}"
    playground = Playground(
        app_url=f"http://127.0.0.1:{app_port}",
        public_url=address,
        state_path=folder / "playground.db",
        clock=MovableClock(frozen_at=MORNING),
    )
    given = {
        "SPARK_TELEGRAM__TOKEN": TOKEN,
        "SPARK_TELEGRAM__BASE_URL": f"{address}/telegram",
        "SPARK_STRIPE__SECRET_KEY": "sk_test_stories",
        "SPARK_STRIPE__API_BASE": f"{address}/stripe",
        "SPARK_STRIPE__WEBHOOK_SECRETS": "whsec_old,whsec_playground",
        "SPARK_STORE__URL": store_url,
        "SPARK_FILES__URL": (folder / "files").as_uri(),
        "SPARK_DATA_KEYS": DATA_KEYS[0],
        "SPARK_SECRET_KEY": "a-secret-of-the-stories-of-32-bytes-at-least",
        "SPARK_PUBLIC_URL": f"http://127.0.0.1:{app_port}",
        "SPARK_HTTP__PORT": str(app_port),
        **environ,
    }
    runner = web.AppRunner(playground.standalone(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with aiohttp.ClientSession() as http:
        world = World(load(path, given), playground, http, address)
        playground.core.traveller = world
        try:
            with _news_of(world):
                yield world
            check_calls(playground.core.state)
        finally:
            await world.spark.stop()
            await runner.cleanup()


@contextmanager
def _news_of(world: World) -> Iterator[None]:
    """What Spark saves wakes whoever awaits a condition."""

    def told(session: Session) -> None:
        if session.get_bind() is world.spark.database.engine.sync_engine:
            world.playground.core.changes.tell()

    event.listen(Session, "after_commit", told)
    try:
        yield
    finally:
        event.remove(Session, "after_commit", told)


async def seed(world: World) -> None:
    """The demo's creator with its products."""
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


async def begin_studio(world: World) -> None:
    """Spark runs, and the demo's creator has said hello."""
    await seed(world)
    await world.spark.start()
    await world.creator.say("/start")
    await world.creator.hears("For you as the creator")


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
