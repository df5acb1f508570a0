"""A broadcast through all that Telegram can do to it: what is counted in the end is what has happened."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select
from world import PersonOfTheWorld, World, a_world, seed

from domain.broadcasts.acts import draft_broadcast, find_broadcast, start_broadcast
from domain.broadcasts.definition import Content, Variant, Wording
from store.models import Broadcast, BroadcastState, Creator, OutboxMessage, OutboxState, Person
from store.queries.broadcasts import Counts, count_recipients

CONFIG = """\
creators:
  studio:
    name: Studio
    flows:
      hello: {trigger: start, nodes: [{key: hi, do: say, text: Welcome}]}
telegram: {default_creator: studio}
"""
NEWS = "The news of this week"
PEOPLE, MANY = 24, 500
AT_ONCE = 50
# each as often as one batch is large and a part of the next, so that every kind of call under way meets some of it
STORMS = (
    ("429", 60, {"retry_after": 1}),
    ("500", 40, {}),
    ("drop_reply", 20, {}),
    ("403", 25, {}),
    ("429", 60, {"retry_after": 2}),
    ("hang", 10, {}),
    ("500", 40, {}),
)


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, CONFIG) as world:
        await seed(world)
        await world.spark.start()
        yield world


async def crowd(world: World, count: int) -> list[PersonOfTheWorld]:
    people = [await world.person(f"Lead {number}") for number in range(count)]
    for place in range(0, count, AT_ONCE):
        await asyncio.gather(*(person.say("/start") for person in people[place : place + AT_ONCE]))
        for person in people[place : place + AT_ONCE]:
            await person.hears("Welcome")
    await world.settle()
    return people


async def started(world: World) -> int:
    async with world.spark.database.transaction() as session:
        creator_id = (await session.scalars(select(Creator.id))).one()
        content = Content(variants=(Variant(wordings={"en": Wording(text=NEWS)}),))
        broadcast = await draft_broadcast(session, creator_id, None, content, now=world.clock())
        await start_broadcast(session, broadcast, now=world.clock())
        return broadcast.id


async def fault(world: World, kind: str, times: int, **more: float) -> None:
    body = {"api": "telegram", "method": "sendMessage", "fault": kind, "times": times, **more}
    await world.control("POST", "/faults", body)


async def ended(world: World, broadcast_id: int) -> Counts:
    """As the time passes in which what failed is tried again."""
    await world.skip(minutes=30)
    async with world.spark.database.reading() as session:
        broadcast = await session.get_one(Broadcast, broadcast_id)
        assert broadcast.state == BroadcastState.DONE
        found = await find_broadcast(session, broadcast.creator_id, broadcast_id)
        return await count_recipients(session, found.id)


async def runs(world: World, broadcast_id: int) -> None:
    """From here on its audience is fixed."""

    async def holds() -> bool:
        async with world.spark.database.reading() as session:
            return (await session.get_one(Broadcast, broadcast_id)).state == BroadcastState.RUNNING

    assert await world.until(holds)


async def states(world: World) -> dict[int, OutboxState]:
    """What the store says became of each one's message, by their number at Telegram."""
    asked = select(Person.telegram_id, OutboxMessage.state).join(Person, Person.id == OutboxMessage.person_id)
    async with world.spark.database.reading() as session:
        rows = await session.execute(asked.where(OutboxMessage.broadcast_id.is_not(None)))
        return {row.telegram_id: row.state for row in rows}


async def arrived(people: list[PersonOfTheWorld]) -> Counter[int]:
    """How often it stands in each chat."""
    return Counter({person.id: await person.count(NEWS) for person in people})


async def test_whatever_telegram_does_each_recipient_is_counted_once_and_as_it_was(world: World):
    people = await crowd(world, PEOPLE)
    await fault(world, "429", 6, retry_after=1)
    await fault(world, "500", 5)
    await fault(world, "drop_reply", 3)
    await fault(world, "hang", 2)
    await fault(world, "403", 3)
    broadcast_id = await started(world)
    counts = await ended(world, broadcast_id)
    assert not (await world.control("GET", "/faults"))["items"]
    # what was put off or failed on Telegram's side has arrived later, and only what is unknown is not known
    assert counts == Counts(sent=PEOPLE - 8, uncertain=5, blocked=3)
    came = await arrived(people)
    assert Counter(came.values()) == {1: PEOPLE - 8 + 3, 0: 5}


async def test_who_blocks_the_bot_in_the_middle_gets_nothing_and_is_counted_as_that(world: World):
    people = await crowd(world, PEOPLE)
    # the first calls are put off, so that there is a middle
    await fault(world, "429", PEOPLE, retry_after=1)
    broadcast_id = await started(world)
    await runs(world, broadcast_id)
    blocked = people[:4]
    for person in blocked:
        await world.control("PUT", f"/people/{person.id}/blocked", {"blocked": True})
    counts = await ended(world, broadcast_id)
    assert counts.total == PEOPLE
    assert counts.sent == PEOPLE - len(blocked)
    assert counts.blocked + counts.dropped == len(blocked)
    came = await arrived(people)
    assert {person.id for person in people if not came[person.id]} == {person.id for person in blocked}
    assert set(came.values()) == {0, 1}


@pytest.mark.nightly
@pytest.mark.timeout(1800)
async def test_five_hundred_recipients_are_each_counted_as_it_was_through_storms_of_faults(world: World):
    people = await crowd(world, MANY)
    for kind, times, more in STORMS:
        await fault(world, kind, times, **more)
    broadcast_id = await started(world)
    await runs(world, broadcast_id)
    for person in people[::20]:
        await world.control("PUT", f"/people/{person.id}/blocked", {"blocked": True})
    counts = await ended(world, broadcast_id)
    assert not (await world.control("GET", "/faults"))["items"]
    came, told = await arrived(people), await states(world)
    assert counts == Counts(**Counter(state.value for state in told.values()), dropped=len(people) - len(told))
    # of each lost answer and each call that hung nobody knows, and all else has come to its end
    unknown = sum(times for kind, times, _ in STORMS if kind in {"drop_reply", "hang"})
    assert (counts.uncertain, counts.failed, counts.left) == (unknown, 0, 0)
    for person in people:
        match told.get(person.id):
            case OutboxState.SENT:
                assert came[person.id] == 1
            case OutboxState.UNCERTAIN:
                assert came[person.id] in {0, 1}
            case _:
                assert came[person.id] == 0
