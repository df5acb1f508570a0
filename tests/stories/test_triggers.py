"""What begins a follow-up by itself: the clock, a birthday, a silence, a segment, and another program's word."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import aiohttp
import pytest_asyncio
from sqlalchemy import select
from world import PersonOfTheWorld, World, a_world, begin_studio

from domain.enrollments import begin_for_segment
from domain.fields import LeadFieldSpec
from domain.lead_acts import tag_lead
from domain.leads import note_answer
from store.models import FieldKind, Lead, Person

CONFIG = """\
creators:
  studio:
    name: Studio
    time_zone: Europe/Berlin
    fields: {birthday: {kind: date}}
    flows:
      hello: {nodes: [{key: hi, do: say, text: Welcome}]}
    funnels:
      news:
        trigger: {cron: "0 9 * * thu", when: "tag:fan"}
        again: always
        steps: [{key: say, do: send, text: The news of this Thursday}]
      party:
        trigger: {date: birthday, at: "09:00", every: year}
        steps: [{key: say, do: send, text: "Happy birthday!"}]
      back:
        trigger: {inactive: 3d}
        steps: [{key: say, do: send, text: "Are you still there?"}]
      fans:
        trigger: {enters: "tag:fan"}
        steps: [{key: say, do: send, text: "Welcome among the fans"}]
      pro:
        trigger: {event: custom.signed_up, data: {plan: pro}}
        stop: [lead.wrote]
        steps:
          - {key: say, do: send, text: "Welcome to pro"}
          - {key: rest, do: wait, time: 1d}
          - {key: more, do: send, text: "More of pro"}
      sale:
        steps: [{key: say, do: send, text: "Everything is cheaper today"}]
telegram: {default_creator: studio}
"""


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, CONFIG) as world:
        await begin_studio(world)
        yield world


async def a_lead(world: World, name: str) -> tuple[PersonOfTheWorld, int]:
    person = await world.person(name)
    await person.say("/start")
    await person.hears("Welcome")
    async with world.spark.database.reading() as session:
        theirs = select(Lead.id).join(Person, Person.id == Lead.person_id).where(Person.telegram_id == person.id)
        return person, (await session.scalars(theirs)).one()


async def is_a_fan(world: World, lead_id: int) -> None:
    async with world.spark.database.transaction() as session:
        await tag_lead(session, await session.get_one(Lead, lead_id), "fan", now=world.clock())


async def test_time_alone_begins_what_goes_by_it_and_each_at_its_hour(world: World):
    lena, lead_id = await a_lead(world, "Lena")
    # who is a fan by then has not become one
    await world.settle()
    await is_a_fan(world, lead_id)
    async with world.spark.database.transaction() as session:
        lead = await session.get_one(Lead, lead_id)
        spec = LeadFieldSpec(kind=FieldKind.DATE)
        await note_answer(session, lead, "birthday", date(1990, 11, 4), spec=spec, now=world.clock())
    await world.skip(hours=12)
    assert await lena.count("Welcome among the fans") == 1
    assert await lena.count("Happy birthday!") == 0
    # half past eight, and nine, of the next day in Berlin
    await world.skip(hours=10, minutes=30)
    assert await lena.count("Happy birthday!") == 0
    await world.skip(minutes=30)
    assert await lena.count("Happy birthday!") == 1
    assert await lena.count("The news of this Thursday") == 0
    await world.skip(days=1)
    assert await lena.count("The news of this Thursday") == 1
    assert await lena.count("Are you still there?") == 0
    await world.skip(days=1, hours=2)
    assert await lena.count("Are you still there?") == 1
    for text in ("Happy birthday!", "The news of this Thursday", "Welcome among the fans"):
        assert await lena.count(text) == 1


async def test_another_program_begins_one_by_what_it_tells_and_a_reply_ends_it(world: World):
    (lena, lead_id), (tom, other_id) = await a_lead(world, "Lena"), await a_lead(world, "Tom")
    await world.creator.say("/token")
    token = (await world.creator.hears("Your API token")).text.splitlines()[-1]
    url = f"{world.loaded.settings.public_url}/api/v1/events"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        for told in (lead_id, other_id):
            for _ in range(2):
                body = {"name": "custom.signed_up", "lead_id": told, "data": {"plan": "pro"}}
                async with http.post(url, json=body, headers={"Idempotency-Key": f"signed-up:{told}"}) as answer:
                    assert answer.status in {200, 201}
        async with http.post(url, json={"name": "custom.signed_up", "lead_id": lead_id, "data": {"plan": "free"}}):
            pass
    await lena.hears("Welcome to pro")
    await tom.hears("Welcome to pro")
    await tom.say("How does it work?")
    await world.skip(days=1, minutes=1)
    assert (await lena.count("Welcome to pro"), await lena.count("More of pro")) == (1, 1)
    assert (await tom.count("Welcome to pro"), await tom.count("More of pro")) == (1, 0)


async def test_a_segment_begins_one_by_hand(world: World):
    (lena, lead_id), (tom, _) = await a_lead(world, "Lena"), await a_lead(world, "Tom")
    await is_a_fan(world, lead_id)
    async with world.spark.database.transaction() as session:
        creator_id = (await session.get_one(Lead, lead_id)).creator_id
        await begin_for_segment(session, creator_id, "sale", "tag:fan", now=world.clock())
    await lena.hears("Everything is cheaper today")
    await world.creator.hears("one lead has begun, of 1 in the segment")
    assert await tom.count("Everything is cheaper today") == 0
