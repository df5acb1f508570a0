"""A creator in the chat, and leads to speak of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select
from world import PersonOfTheWorld, Said, World, a_world, begin_studio

from domain.creators import add_creator, bind_by_payload
from domain.leads import add_lead, capture_lead
from domain.people import Profile, see_person
from store.models import Creator, Lead, Person

BOT = 7000000009
CONFIG = """
telegram:
  default_creator: studio
creators:
  studio:
    name: Studio <North>
    currency: usd
    time_zone: Europe/Berlin
    stages: [warm]
    fields:
      size: {kind: number, label: Team size}
      pro: {kind: yes_no}
      topic:
        kind: choice
        options:
          - {value: presets, label: {en: Editing <presets>, de: Presets}}
    segments:
      curious: stage:engaged
    flows:
      welcome:
        trigger: start
        nodes:
          - key: hello
            do: say
            text: Hi there.
          - key: ask-name
            do: ask
            kind: text
            field: name
            text: What shall we call you?
          - key: done
            do: say
            text: Thanks, {{ lead.name }}.
    funnels:
      nurture:
        trigger: {event: lead.subscribed}
        steps:
          - {key: a-day, do: wait, time: 1d}
          - {key: hello, do: send, text: Still there?}
"""


@asynccontextmanager
async def a_chat(store_url: str, folder: Path) -> AsyncIterator[World]:
    """Spark with a creator in the chat, and no lead yet."""
    async with a_world(store_url, folder, CONFIG) as world:
        await begin_studio(world)
        yield world


async def answers(world: World, text: str, *, who: PersonOfTheWorld | None = None) -> Said:
    """What the bot answers to a line: the first message after it."""
    who = who or world.creator
    sent = (await who.post({"text": text}))["message_id"]

    async def said() -> list[Said]:
        return [each for each in await who.chat() if each.by_bot and each.raw["message_id"] > sent]

    assert await world.until(said), f"no answer to {text!r}"
    return (await said())[0]


async def tapped(world: World, screen: Said, label: str) -> Said:
    """The same message once a tap on one of its buttons has changed it."""
    number = screen.raw["message_id"]
    body = {"message_id": number, "data": screen.button(label)["data"]}
    told = await world.control("POST", f"/people/{world.creator.id}/taps", body)
    assert told["answer"] is None, told

    async def changed() -> bool:
        now = await message(world, number)
        return (now.text, now.raw["buttons"]) != (screen.text, screen.raw["buttons"])

    assert await world.until(changed), f"{label!r} changed nothing in {screen.text!r}"
    return await message(world, number)


async def message(world: World, number: int) -> Said:
    return next(each for each in await world.creator.chat() if each.raw["message_id"] == number)


async def refused(world: World, screen: Said, label: str) -> str:
    """What is shown on a button that does nothing."""
    body = {"message_id": screen.raw["message_id"], "data": screen.button(label)["data"]}
    return str((await world.control("POST", f"/people/{world.creator.id}/taps", body))["answer"])


async def the_creator(world: World) -> Creator:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(Creator).where(Creator.slug == "studio"))).one()


async def entered(world: World, *names: str, **more: Any) -> list[int]:
    """Leads that the creator has entered, by their numbers."""
    creator = await the_creator(world)
    async with world.spark.database.transaction() as session:
        return [(await add_lead(session, creator.id, name=name, now=world.clock(), **more)).id for name in names]


async def with_a_chat(
    world: World, first_name: str = "Lena", start: str = "/start ad42"
) -> tuple[PersonOfTheWorld, int]:
    """Somebody who has met the bot and is asked for their name."""
    person = await world.person(first_name)
    await person.say(start)
    await person.hears("What shall we call you?")
    async with world.spark.database.reading() as session:
        found = select(Lead.id).join(Person, Person.id == Lead.person_id).where(Person.telegram_id == person.id)
        return person, (await session.scalars(found)).one()


async def lead_of(world: World, number: int) -> Lead:
    async with world.spark.database.reading() as session:
        return await session.get_one(Lead, number)


async def somebody_elses(world: World, name: str = "Secret") -> int:
    """A lead of another creator on the same bot."""
    async with world.spark.database.transaction() as session:
        made = await add_creator(session, name="Other", slug="other", now=world.clock())
        person = await see_person(session, BOT, Profile(990001, "Olga", None, "en"), now=world.clock())
        other = await bind_by_payload(session, person, made.bind_payload, now=world.clock())
        theirs = await see_person(session, BOT, Profile(990002, name, None, "en"), now=world.clock())
        lead, _ = await capture_lead(session, other.id, theirs, source="ad42", now=world.clock())
        return lead.id
