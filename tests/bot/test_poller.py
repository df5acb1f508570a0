"""Updates by long polling: Telegram is the queue, and one process of several asks it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bot_world import SHIPPED, crash, fault, rows, until_called
from sqlalchemy.exc import OperationalError
from telegram import Bot
from world import PersonOfTheWorld, World, a_world, seed

from app.parts import Role
from app.process import Spark
from automations.pace import Pace
from bot.intake import Intake
from bot.poller import Poller, _as_bytes
from bot.reading import read_incoming
from bot.request import AiohttpRequest
from store.models import TelegramUpdate


async def unacknowledged(world: World) -> int:
    """How many updates Telegram still keeps for the bot."""
    items = (await world.control("GET", "/bots"))["items"]
    return items[0]["pending_update_count"]


async def by_name(world: World, name: str) -> PersonOfTheWorld:
    person = await world.person(name)
    await person.say("/start")
    await person.hears("What shall we call you?")
    return person


async def test_everything_that_is_saved_is_acknowledged(world: World):
    await by_name(world, "Lena")

    async def nothing_waits() -> bool:
        return await unacknowledged(world) == 0

    assert await world.until(nothing_waits)


async def test_the_offset_stays_before_an_update_that_is_not_saved_and_telegram_gives_it_again(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    lena, anna = await by_name(world, "Lena"), await by_name(world, "Anna")
    attempts = 0
    receive = Intake.submit

    def failing_once(self: Intake, body: bytes) -> "asyncio.Future[None]":
        nonlocal attempts
        if b"the unlucky one" not in body:
            return receive(self, body)
        attempts += 1
        if attempts > 1:
            return receive(self, body)
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        failed.set_exception(OperationalError("INSERT", {}, ConnectionError("the store is away")))
        return failed

    monkeypatch.setattr(Intake, "submit", failing_once)
    await lena.say("the unlucky one")
    await anna.say("Anna")
    await anna.hears("Which e-mail address")
    await lena.hears("Which e-mail address")
    assert attempts == 2
    kept = [each.update_id for each in await rows(world, TelegramUpdate.lane.like("person:%"))]
    assert len(kept) == len(set(kept))
    assert await anna.count("Which e-mail address") == 1


async def test_what_was_fetched_and_not_saved_when_it_stops_is_given_again(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    lena = await by_name(world, "Lena")
    with monkeypatch.context() as patch:
        # fetched and lost with the process
        patch.setattr(Intake, "submit", lambda _self, _body: asyncio.get_running_loop().create_future())
        await lena.say("Lena")

        async def handed_over() -> bool:
            updates = (await world.control("GET", "/updates?after=0"))["items"]
            return any((update.get("message") or {}).get("text") == "Lena" for update in updates)

        assert await world.until(handed_over)
        await crash(world, monkeypatch)
    assert await unacknowledged(world) == 1
    await world.begin()
    await lena.hears("Which e-mail address")
    assert await lena.count("Which e-mail address") == 1


async def test_a_webhook_that_was_left_behind_is_taken_away_at_the_start(store_url: str, tmp_path: Path):
    async with a_world(store_url, tmp_path, SHIPPED) as world:
        await seed(world)
        async with the_same_bot(world) as bot:
            await bot.set_webhook("http://127.0.0.1:9/nowhere")
        await world.spark.start()
        await by_name(world, "Lena")
        async with the_same_bot(world) as bot:
            assert (await bot.get_webhook_info()).url == ""


@asynccontextmanager
async def the_same_bot(world: World) -> AsyncIterator[Bot]:
    """Somebody else with the same token."""
    telegram = world.loaded.settings.telegram
    token = telegram.token.get_secret_value() if telegram.token else ""
    request, polling = AiohttpRequest(), AiohttpRequest()
    async with Bot(token, f"{telegram.base_url}/bot", request=request, get_updates_request=polling) as bot:
        yield bot


async def test_somebody_else_who_polls_with_the_token_is_outlasted(world: World):
    """Telegram ends the longer of two polls with 409; the poller asks again and goes on."""
    lena = await by_name(world, "Lena")
    async with the_same_bot(world) as other:
        await other.get_updates(timeout=0)
    refused = [call for call in await until_called(world, "getUpdates", 1) if call["status"] == 409]
    assert refused
    await lena.say("Lena")
    await lena.hears("Which e-mail address")


@pytest.mark.parametrize("kind", ["500", "429", "drop_reply"])
async def test_a_poll_that_fails_is_asked_again_and_loses_nothing(world: World, kind: str):
    lena = await by_name(world, "Lena")
    await fault(world, kind, "getUpdates", times=2)
    # wakes the poll that is waiting; the next ones meet the fault
    await lena.say("Lena")
    await lena.hears("Which e-mail address")
    await lena.say("lena@example.com")
    await lena.hears("phone number")
    assert await lena.count("Which e-mail address") == 1


async def test_of_two_processes_on_one_store_one_polls_and_the_other_takes_over_when_it_stops(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    polls: dict[int, int] = {}
    fetch = Poller._fetch

    async def counted(self: Poller) -> Any:
        polls[id(self)] = polls.get(id(self), 0) + 1
        return await fetch(self)

    monkeypatch.setattr(Poller, "_fetch", counted)
    async with a_world(postgresql_url, tmp_path, SHIPPED) as world:
        await seed(world)
        await world.spark.start()
        settings = world.loaded.settings
        elsewhere = settings.model_copy(update={"http": settings.http.model_copy(update={"port": 0})})
        loaded = type(world.loaded)(elsewhere, [], [], world.loaded.places)
        second = Spark(loaded, world.clock, role=Role.WORKER, pace=Pace(in_all=10_000, to_one_chat=10_000))
        await second.start()
        try:
            lena = await by_name(world, "Lena")
            assert len(polls) == 1
            assert not [call for call in await world.calls("getUpdates") if call["status"] == 409]
            await world.spark.stop()
            await lena.say("Lena")
            await lena.hears("Which e-mail address")
            assert len(polls) == 2
            assert await lena.count("Which e-mail address") == 1
        finally:
            await second.stop()


async def test_half_a_surrogate_pair_is_kept_as_rubbish_and_holds_up_no_poll():
    # the library's parser lets it through, and no other encoder takes it
    update = AiohttpRequest.parse_json_payload(b'{"update_id": 5, "message": {"text": "\\ud83d"}}')
    incoming = read_incoming(_as_bytes(update))
    assert incoming.raw == {}
    assert "\\ud83d" in incoming.body
