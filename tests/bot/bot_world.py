"""A running Spark to which a test posts updates of its own making, as Telegram would."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from world import PersonOfTheWorld, World, a_world, seed

from store.database_clock import database_now
from store.models import Base, TelegramUpdate

SHIPPED = (Path(__file__).parents[2] / "config.yaml").read_text()
SECRET = "a-secret-of-the-webhook"
BOT = 7000000009


@dataclass
class Hook:
    """Spark behind a webhook; `post` is Telegram's part."""

    world: World

    async def post(self, body: object, *, secret: str = SECRET) -> int:
        """The status that Telegram would read. Bytes go as they are, everything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self.world.loaded.settings.public_url}/webhooks/telegram/{BOT}"
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
        async with self.world._http.post(url, data=content, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def known(self, first_name: str = "Lena") -> PersonOfTheWorld:
        """Somebody in the middle of the welcome flow: the bot may write to them."""
        person = await self.world.person(first_name)
        await person.say("/start")
        await person.hears("What shall we call you?")
        return person


@asynccontextmanager
async def hooked(store_url: str, folder: Path, config: str = SHIPPED) -> AsyncIterator[Hook]:
    environ = {"SPARK_TELEGRAM__INTAKE": "webhook", "SPARK_TELEGRAM__WEBHOOK_SECRET": SECRET}
    async with a_world(store_url, folder, config, **environ) as world:
        await seed(world)
        await world.spark.start()
        yield Hook(world)


def message(update_id: int, person: int, text: str, **more: Any) -> dict[str, Any]:
    """What Telegram posts when a person writes."""
    body: dict[str, Any] = {
        "message_id": update_id,
        "date": 1_790_000_000,
        "chat": {"id": person, "type": "private", "first_name": "Lena"},
        "from": sender(person),
        "text": text,
    }
    if text.startswith("/"):
        length = len(text.split(maxsplit=1)[0])
        body["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return {"update_id": update_id, "message": body | more}


def sender(person: int, **more: Any) -> dict[str, Any]:
    return {"id": person, "is_bot": False, "first_name": "Lena", "language_code": "en", **more}


def tap(update_id: int, person: int, data: str, query_id: str = "1") -> dict[str, Any]:
    query = {"id": query_id, "from": sender(person), "chat_instance": "1", "data": data}
    return {"update_id": update_id, "callback_query": query}


def pre_checkout(update_id: int, person: int, query_id: str) -> dict[str, Any]:
    query = {
        "id": query_id,
        "from": sender(person),
        "currency": "XTR",
        "total_amount": 1,
        "invoice_payload": "1",
    }
    return {"update_id": update_id, "pre_checkout_query": query}


async def rows(world: World, *conditions: Any) -> Sequence[TelegramUpdate]:
    """The updates that are kept, in the order in which they were handled."""
    async with world.spark.database.reading() as session:
        query = select(TelegramUpdate).where(*conditions).order_by(TelegramUpdate.id)
        return (await session.scalars(query)).all()


async def row(world: World, update_id: int) -> TelegramUpdate:
    found = await rows(world, TelegramUpdate.update_id == update_id)
    assert len(found) == 1, f"{len(found)} rows of update {update_id}"
    return found[0]


async def answered(world: World, update_id: int) -> TelegramUpdate:
    """The row of an update, once its reply is noted as gone out."""

    async def is_so() -> bool:
        return (await row(world, update_id)).answered_at is not None

    assert await world.until(is_so), f"update {update_id} was not answered"
    return await row(world, update_id)


async def count(world: World, model: type[Base]) -> int:
    async with world.spark.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def fault(world: World, kind: str, method: str = "sendMessage", *, times: int = 1, retry_after: int = 1) -> None:
    body = {"api": "telegram", "method": method, "fault": kind, "times": times, "retry_after": retry_after}
    await world.control("POST", "/faults", body)


async def until_called(world: World, method: str, times: int) -> list[dict[str, Any]]:
    async def enough() -> bool:
        return len(await world.calls(method)) >= times

    assert await world.until(enough), f"{method} was not called {times} times"
    return await world.calls(method)


async def crash(world: World, patch: pytest.MonkeyPatch) -> None:
    """The process is gone in the middle of whatever it does: nothing in hand is finished or noted."""
    with patch.context() as cut:
        cut.setattr("app.process.INTAKE_SECONDS", 0.0)
        cut.setattr("app.process.SENDER_SECONDS", 0.0)
        await world.spark.stop()


async def leases_run_out(world: World) -> None:
    """As if the time had passed that a dead process's leases last, by the database's own clock."""
    async with world.spark.database.transaction() as session:
        await session.execute(
            update(TelegramUpdate).values(lease_until=database_now()), execution_options={"synchronize_session": False}
        )


async def settled(world: World) -> None:
    async with asyncio.timeout(15):
        await world.spark.settle()
