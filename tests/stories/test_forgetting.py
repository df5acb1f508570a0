"""Whoever is forgotten is nowhere any more: every table, every column and the file store are looked through."""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlparse

import orjson
from sqlalchemy import func, select
from world import PersonOfTheWorld, World

from domain.clicks import know_addresses, note_click
from domain.consent import give_consent
from domain.lead_acts import add_note, relay_to_creator, tag_lead, write_to_lead
from domain.leads import note_answer
from domain.prompts import ask_next
from domain.tickets import open_ticket
from store.models import (
    Base,
    Enrollment,
    Event,
    FileHandle,
    IdeaView,
    Lead,
    LeadView,
    Order,
    OrderLine,
    OutboxMessage,
    Payment,
    Person,
    Shape,
    StoredFile,
    Touch,
)

MARKER = "Zwiebelturm"
NAME = f"Lena{MARKER}"
# the numbers of people have no more digits, phone numbers have
_SHORT = 10


async def found_in_store(world: World, words: Iterable[str]) -> list[str]:
    """Every table, column and word of them that is left; sealed columns are opened."""
    needles = [_needle(word) for word in words]
    places = []
    async with world.spark.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in (await session.execute(select(table))).mappings():
                for column, value in row.items():
                    if isinstance(value, datetime):
                        # the microseconds of a moment may read like anybody's number
                        continue
                    told = orjson.dumps(value, default=str).decode().casefold()
                    text = told + json.dumps(value, default=str).casefold() + str(value).casefold()
                    places += [f"{table.name}.{column}: {told[:300]}" for each in needles if each.search(text)]
    return places


def _needle(word: str) -> re.Pattern[str]:
    """A word wherever it stands; a short number as a whole, since longer ones may have it in them."""
    text = re.escape(word.casefold())
    return re.compile(rf"(?<!\d){text}(?!\d)" if word.isdecimal() and len(word) <= _SHORT else text)


def found_in_files(world: World, words: Iterable[str]) -> list[str]:
    folder = Path(unquote(urlparse(world.loaded.settings.files_url).path))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files, "nothing of the creator's own is there either"
    return [str(path) for path in files for word in words if word.encode() in path.read_bytes()]


def traces(person: PersonOfTheWorld) -> list[str]:
    return [MARKER, "15123456789", str(person.id), f"user{MARKER}"]


async def lead_of(world: World, person: PersonOfTheWorld) -> Lead:
    async with world.spark.database.reading() as session:
        query = select(Lead).join(Person, Person.id == Lead.person_id).where(Person.telegram_id == person.id)
        return (await session.scalars(query)).one()


async def everything_happens(world: World) -> PersonOfTheWorld:
    """A lead who has answered, bought, failed, written and been written about, with their name in all of it."""
    told = {"first_name": NAME, "username": f"user{MARKER}"}
    lena = PersonOfTheWorld(world, (await world.control("POST", "/people", told))["id"])
    await lena.answers_welcome(name=NAME, source=f"from_{MARKER}")
    await world.pay(await lena.checkout("Preset pack"))
    await lena.gets_file("preset-pack.zip")
    await world.creator.hears("Sale")
    # an order that is left open, with its reminder
    await lena.checkout("Video course")
    await world.skip(hours=1)
    await lena.hears("is still waiting for you")
    await lena.say(f"/paysupport {MARKER} did not come")
    await world.creator.hears("did not come")
    await becomes_an_idea(world, lena, f"something else: {MARKER} and https://example.com/{MARKER}")
    await lena.say(f"/start other_{MARKER}")
    await world.settle()
    lead = await lead_of(world, lena)
    blob = await world.spark.files.keep(f"a photo of {MARKER}".encode())
    async with world.spark.database.transaction() as session:
        lead = await session.get_one(Lead, lead.id)
        person = await session.get_one(Person, lead.person_id)
        now = world.clock()
        await note_answer(session, lead, "dream", f"a {MARKER} of my own", spec=None, now=now)
        await add_note(session, lead, f"{MARKER} is nice", now=now)
        about = {"title": f"{MARKER} asks", "text": f"Where is {MARKER}?"}
        await open_ticket(session, creator_id=lead.creator_id, lead=lead, **about, now=now)
        await tag_lead(session, lead, f"vip-{MARKER}".lower(), now=now)
        await give_consent(session, lead, text=f"{MARKER} says yes", version="1", channel="telegram", now=now)
        await relay_to_creator(session, lead, person, f"{MARKER} asks", key=f"relay:{lead.id}", now=now)
        await write_to_lead(session, lead, f"Dear {MARKER}", key=f"write:{lead.id}", now=now)
        await ask_next(session, person.id, "write", {"text": MARKER}, now=now)
        session.add(Touch(creator_id=lead.creator_id, lead_id=lead.id, link_id=None, source=MARKER, touched_at=now))
        creator = (await session.scalars(select(Person).where(Person.telegram_id == world.creator.id))).one()
        session.add(
            LeadView(creator_id=lead.creator_id, person_id=creator.id, question=f'name:"{MARKER}"', created_at=now)
        )
        session.add(IdeaView(creator_id=lead.creator_id, person_id=creator.id, wanted=MARKER, created_at=now))
        stored = StoredFile(
            creator_id=lead.creator_id,
            product_id=None,
            lead_id=lead.id,
            shape=Shape.PHOTO,
            file_name=f"{MARKER}.jpg",
            mime_type="image/jpeg",
            size=3,
            sha256=blob,
            blob=blob,
            created_at=now,
            attached_at=None,
        )
        session.add(stored)
        await session.flush()
        session.add(FileHandle(file_id=stored.id, bot_id=person.bot_id, telegram_file_id=f"handle-{MARKER}"))
    # an update that cannot be handled stays as a dead letter, with their name in it
    lost = {"update_id": 900_001, "message": {"from": {"id": lena.id, "first_name": NAME}, "text": MARKER}}
    await world.spark.intake.receive(json.dumps(lost).encode())
    await world.creator.hears(f"{MARKER} asks")
    await lena.hears(f"Dear {MARKER}")
    await in_and_out_by_files(world, lead.id)
    await world.settle()
    assert len(await found_in_store(world, [MARKER])) > 20
    assert found_on_disk(world) or not world.spark.database.is_sqlite
    assert found_in_files(world, [MARKER])
    return lena


async def becomes_an_idea(world: World, lena: PersonOfTheWorld, text: str) -> None:
    """The creator passes it on to the bot, and makes a link for it."""
    written = await lena.post({"text": text})
    await world.creator.post({"forward": {"person": lena.id, "message_id": written["message_id"]}})
    await world.creator.hears("Kept as idea 1: something else")
    await world.creator.say("/link idea 1")
    await world.creator.hears("t.me/")


async def in_and_out_by_files(world: World, lead_id: int) -> None:
    """The creator writes down how to reach them, brings them in once more, takes them out, and writes to them."""
    async with world.spark.database.transaction() as session:
        lead = await session.get_one(Lead, lead_id)
        ids = await know_addresses(session, lead.creator_id, ["https://example.com/"], now=world.clock())
        await note_click(session, ids["https://example.com/"], lead_id, now=world.clock())
    await world.creator.say(f"/lead {lead_id} set email {MARKER}@example.com")
    await world.creator.say(f"/lead {lead_id} set phone +4915123456789")
    await world.creator.say(f"/lead {lead_id} write Hello {MARKER}, it is me")
    table = f"name,phone,tags,stage\n{NAME},+4915123456789,list-{MARKER},\n{MARKER},nobody,,none of {MARKER}\n"
    await world.creator.send_file("people.csv", table.encode())
    await world.creator.tap("Import 1 row")
    await world.creator.hears("0 added, 1 filled in")
    await world.creator.say(f"/export email:{MARKER}@example.com".lower())
    await world.creator.gets_file(f"leads-studio-{world.clock():%Y-%m-%d}.csv")


def found_on_disk(world: World) -> list[str]:
    """What SQLite's own files still hold of what was deleted: free pages, and the log of changes."""
    database = world.spark.database
    if not database.is_sqlite or database.url.database is None:
        return []
    store = Path(database.url.database)
    files = sorted(store.parent.glob(f"{store.name}*"))
    assert files
    return [
        f"{path.name}: {path.read_bytes().count(MARKER.encode())} times"
        for path in files
        if MARKER.encode() in path.read_bytes()
    ]


async def is_nowhere(world: World, lena: PersonOfTheWorld) -> None:
    async def left() -> list[str]:
        return [
            *await found_in_store(world, traces(lena)),
            *found_in_files(world, traces(lena)),
            *found_on_disk(world),
        ]

    async def gone() -> bool:
        return not await left()

    if not await world.until(gone):
        raise AssertionError("\n".join(await left()))


async def tombstone_stands(world: World, lead_id: int) -> None:
    """What the law wants kept is there, and leads to nobody."""
    async with world.spark.database.reading() as session:
        lead = await session.get_one(Lead, lead_id)
        assert lead.forgotten_at is not None
        assert (lead.name, lead.person_id, lead.email, lead.phone_digest) == ("", None, None, None)
        paid = (await session.scalars(select(Order).where(Order.paid_at.is_not(None)))).one()
        line = (await session.scalars(select(OrderLine).where(OrderLine.order_id == paid.id))).one()
        payment = (await session.scalars(select(Payment))).one()
        assert (paid.lead_id, line.title, payment.amount_minor) == (lead_id, "Preset pack", 1900)
        names = set(await session.scalars(select(Event.name).where(Event.lead_id == lead_id)))
        assert {"lead.captured", "order.paid", "lead.forgotten"} <= names
        assert await session.scalar(select(func.count()).where(OutboxMessage.lead_id == lead_id)) == 0
        open_ones = select(func.count()).where(Enrollment.lead_id == lead_id, Enrollment.state == "active")
        assert await session.scalar(open_ones) == 0


async def test_whoever_asks_to_be_forgotten_is_nowhere_any_more(world: World):
    lena = await everything_happens(world)
    lead = await lead_of(world, lena)
    await lena.say("/forget_me")
    asked = await lena.hears("Shall you be forgotten?")
    assert "Known to: " in asked.text
    await lena.tap("forget me")
    await lena.hears("you are forgotten here")
    await is_nowhere(world, lena)
    await tombstone_stands(world, lead.id)
    await world.skip(days=3)
    assert await lena.count("did you have a moment") == 0
    await is_nowhere(world, lena)


async def test_whom_their_creator_forgets_is_nowhere_any_more(world: World):
    lena = await everything_happens(world)
    lead = await lead_of(world, lena)
    await world.creator.say(f"/lead {lead.id}")
    await world.creator.hears(f"{lead.id}")
    await world.creator.say(f"/lead {lead.id} forget")
    await world.creator.tap("Forget for good")
    # she owns what she has bought
    await world.creator.tap("Forget, with what they own")
    await world.creator.hears(f"Lead {lead.id} has been forgotten")
    await is_nowhere(world, lena)
    await tombstone_stands(world, lead.id)


async def test_after_saying_no_everything_is_as_it_was(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.say("/forget_me")
    await lena.tap("No, keep it")
    await lena.hears("Nothing was deleted")
    assert (await lead_of(world, lena)).name == "Lena"


async def test_who_writes_again_after_being_forgotten_begins_anew(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome(source="ad42")
    first = await lead_of(world, lena)
    await lena.say("/forget_me")
    await lena.tap("forget me")
    await lena.hears("you are forgotten here")
    await lena.say("/start ad43")
    await lena.hears("What shall we call you?", times=2)
    await world.settle()
    again = await lead_of(world, lena)
    assert again.id != first.id
    assert again.source == "ad43"
    await world.skip(minutes=1)
    assert (await lead_of(world, lena)).id == again.id


async def test_a_creator_who_is_forgotten_as_a_lead_keeps_their_own_business(world: World):
    await world.creator.say("/start studio_ad42")
    await world.settle()
    await world.creator.say("/forget_me")
    asked = await world.creator.hears("Shall you be forgotten?")
    assert "You act for a creator here" in asked.text
    await world.creator.tap("forget me")
    await world.creator.hears("you are forgotten here")
    await world.settle()
    await world.creator.say("/product list")
    await world.creator.hears("Preset pack")
