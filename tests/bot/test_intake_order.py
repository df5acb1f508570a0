"""One person at a time, taps and pre-checkouts ahead, and what happens with the guards taken away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from bot_world import (
    BOT,
    Hook,
    answered,
    fault,
    hooked,
    message,
    pre_checkout,
    rows,
    seed,
    settled,
    tap,
)
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from stores import DATA_KEYS
from world import PersonOfTheWorld, World, a_world

import bot.intake
from bot.intake import AT_ONCE, Intake
from bot.reading import Incoming, read_incoming
from store.database import Database, insert_once
from store.models import Base, FlowRun, Lead, LeadField, TelegramUpdate

PEOPLE = 200
QUESTIONS = ("one", "two", "three", "four")
FIVE_SCREENS = """
telegram: {default_creator: studio}
creators:
  studio:
    fields: {one: {kind: text}, two: {kind: text}, three: {kind: text}, four: {kind: text}}
    flows:
      counting:
        trigger: start
        nodes:
""" + "".join(
    f"          - {{key: {key}, do: ask, kind: text, field: {key}, text: 'Say {key}'}}\n" for key in QUESTIONS
)


async def everybody_writes(world: World) -> None:
    """Two hundred people send five messages each, none waiting for any answer, and each one's order is kept."""
    people = [await world.person(f"P{number}") for number in range(PEOPLE)]

    async def write(person: PersonOfTheWorld) -> None:
        for said in ("/start", *QUESTIONS):
            await person.say(said)

    await asyncio.gather(*(write(person) for person in people))

    async def all_done() -> bool:
        async with world.spark.database.reading() as session:
            return len((await session.scalars(select(FlowRun.id).where(FlowRun.state == "done"))).all()) == PEOPLE

    for _ in range(6):
        if await world.until(all_done):
            break
    async with world.spark.database.reading() as session:
        answers = (
            await session.execute(
                select(Lead.id, LeadField.key, LeadField.sealed).join(LeadField, LeadField.lead_id == Lead.id)
            )
        ).all()
    assert len(answers) == PEOPLE * len(QUESTIONS)
    assert all(key == value for _, key, value in answers)
    by_lane: dict[str, list[int]] = {}
    for each in await rows(world, TelegramUpdate.lane.like("person:%")):
        by_lane.setdefault(each.lane, []).append(each.update_id or 0)
    assert all(numbers == sorted(set(numbers)) for numbers in by_lane.values())
    for person in people[:: PEOPLE // 10]:
        heard = [said.text for said in await person.chat() if said.by_bot]
        assert heard == [f"Say {key}" for key in QUESTIONS]


async def test_by_polling_two_hundred_people_writing_at_once_each_keep_their_order(sqlite_url: str, tmp_path: Path):
    async with a_world(sqlite_url, tmp_path, FIVE_SCREENS) as world:
        await seed(world)
        await world.spark.start()
        await everybody_writes(world)


async def test_by_webhook_two_hundred_people_writing_at_once_each_keep_their_order(postgresql_url: str, tmp_path: Path):
    async with hooked(postgresql_url, tmp_path, FIVE_SCREENS) as hook:
        await everybody_writes(hook.world)


async def in_which_order(hook: Hook, lena: PersonOfTheWorld) -> list[str]:
    """What is answered first, when Telegram has the first of two answers wait for a second."""
    await fault(hook.world, "429", retry_after=1)
    first = asyncio.create_task(hook.post(message(9000, lena.id, "/terms")))

    async def turned_away() -> bool:
        return any(call["status"] == 429 for call in await hook.world.calls("sendMessage"))

    assert await hook.world.until(turned_away)
    second = asyncio.create_task(hook.post(message(9001, lena.id, "/privacy")))
    assert await asyncio.gather(first, second) == [200, 200]
    await answered(hook.world, 9000)
    await answered(hook.world, 9001)
    said = [each.text for each in await lena.chat() if each.by_bot][-2:]
    return ["terms" if "Digital goods" in each else "privacy" for each in said]


async def test_one_persons_answers_keep_their_order(hook: Hook):
    assert await in_which_order(hook, await hook.known()) == ["terms", "privacy"]


async def test_without_a_lane_for_each_person_their_answers_overtake_each_other(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
):
    lena = await hook.known()

    def no_lane(body: bytes) -> Incoming:
        incoming = read_incoming(body)
        return replace(incoming, lane=f"update:{incoming.update_id}")

    monkeypatch.setattr(bot.intake, "read_incoming", no_lane)
    assert await in_which_order(hook, lena) == ["privacy", "terms"]


class GatedDatabase:
    """Lets one transaction begin each time it is let go, the longest waiting first."""

    def __init__(self, database: Database) -> None:
        self.gate = asyncio.Semaphore(0)
        self._database = database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        await self.gate.acquire()
        async with self._database.transaction() as session:
            yield session


async def test_pre_checkouts_and_taps_are_taken_ahead_of_a_backlog(hook: Hook):
    ours = hook.world.spark.intake
    gated = GatedDatabase(ours.database)
    database = cast("Database", gated)
    intake = Intake(database, ours.clock, ours.bot, ours.facts, ours.answering, secret=ours.secret)
    crowd = [message(1000 + number, 50_000 + number, "/terms") for number in range(AT_ONCE + 6)]
    urgent = [
        tap(2000, 60_000, "product:2"),
        pre_checkout(2001, 60_001, "1"),
        # a message of somebody who taps after it comes along with the tap
        message(2002, 60_002, "/terms"),
        tap(2003, 60_002, "product:2"),
    ]
    waiting = {each["update_id"]: intake.submit(_raw(each)) for each in [*crowd, *urgent]}
    order: list[int] = []
    while waiting:
        gated.gate.release()
        await asyncio.wait(waiting.values(), timeout=10, return_when=asyncio.FIRST_COMPLETED)
        done = [number for number, future in waiting.items() if future.done()]
        assert len(done) <= 1
        order += done
        waiting = {number: future for number, future in waiting.items() if number not in done}
    begun, rest = order[:AT_ONCE], order[AT_ONCE:]
    assert begun == [1000 + number for number in range(AT_ONCE)]
    assert rest[:3] == [2001, 2000, 2002]
    assert [number for number in rest if number < 2000] == [1000 + AT_ONCE + number for number in range(6)]
    await intake.stop(within=5)


def intake_beside(hook: Hook, *, database: Database) -> Intake:
    """Another process's intake on the same store."""
    ours = hook.world.spark.intake
    return Intake(database, ours.clock, ours.bot, ours.facts, ours.answering, secret=ours.secret)


def _raw(update: dict[str, Any]) -> bytes:
    return json.dumps(update).encode()


async def handled_by_two(hook: Hook, lena: PersonOfTheWorld) -> int:
    """How often `/idea add` is done when two processes are given the same update at once."""
    others = Database(hook.world.loaded.settings.store.url, data_keys=DATA_KEYS)
    first, second = hook.world.spark.intake, intake_beside(hook, database=others)
    same = _raw(message(9000, lena.id, "/terms"))
    before = len(await rows(hook.world))
    await asyncio.wait_for(asyncio.gather(first.receive(same), second.receive(same)), 20)
    await settled(hook.world)
    await second.stop(within=5)
    await others.close()
    return len(await rows(hook.world)) - before


async def test_two_processes_given_the_same_update_handle_it_once(hook: Hook):
    assert await handled_by_two(hook, await hook.known()) == 1


async def test_read_then_insert_in_the_place_of_insert_once_handles_it_twice(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
):
    both_have_looked = asyncio.Barrier(2)

    async def read_then_insert(session: Any, model: type[Base], values: dict[str, Any]) -> int | None:
        if model is not TelegramUpdate or values["update_id"] != 9000:
            return await insert_once(session, model, values)
        there = await session.scalar(
            select(TelegramUpdate.id).where(TelegramUpdate.bot_id == BOT, TelegramUpdate.update_id == 9000)
        )
        await both_have_looked.wait()
        return None if there else await insert_once(session, model, values)

    lena = await hook.known()
    database = hook.world.spark.database
    if database.is_sqlite:
        # one process at a time, and one writer at a time in it: nobody reads between the two
        return
    async with database.schema_change() as connection:
        names = await connection.execute(
            text("SELECT conname FROM pg_constraint WHERE conrelid = 'telegram_update'::regclass AND contype = 'u'")
        )
        await connection.execute(text(f"ALTER TABLE telegram_update DROP CONSTRAINT {names.scalar_one()}"))
    monkeypatch.setattr(bot.intake, "insert_once", read_then_insert)
    assert await handled_by_two(hook, lena) == 2
    assert await lena.count("Digital goods") == 2
