"""What whoever looks after the instance sees in the chat, and that nobody else does."""

import json
from datetime import timedelta

from bot_world import answered, row, tap
from sqlalchemy import select, update
from world import PersonOfTheWorld, World

from bot.commands import ADMINS, CREATORS, EVERYONE
from domain.accounts import add_account
from domain.creators import make_bind_payload
from domain.messages.catalogue import keys
from store.models import (
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
    Product,
    ProviderEvent,
    ProviderEventState,
    RailCursor,
    Review,
    ReviewState,
    Role,
)
from store.queries.troubles import count_troubles


async def an_admin(world: World, name: str = "Otto") -> PersonOfTheWorld:
    async with world.spark.database.transaction() as session:
        account = await add_account(session, role=Role.ADMIN, name=name, now=world.clock())
        payload = await make_bind_payload(session, account.id, now=world.clock())
    otto = await world.person(name)
    await otto.say(f"/start {payload}")
    await otto.hears("You look after this bot now")
    return otto


async def menu_of(world: World, person: PersonOfTheWorld) -> list[str]:
    """The commands that this chat was last given."""

    async def given() -> list[list[str]]:
        return [
            [each["command"] for each in call["params"]["commands"]]
            for call in await world.calls("setMyCommands")
            if call["params"].get("scope", {}).get("chat_id") == person.id
        ]

    assert await world.until(given)
    return (await given())[-1]


async def test_admin_is_for_those_who_look_after_the_instance(world: World):
    lena = await world.person("Lena")
    await lena.say("/admin")
    await lena.hears("This is for those who look after this bot.")
    await world.creator.say("/admin")
    await world.creator.hears("This is for those who look after this bot.")


async def test_the_menu_shows_it_to_admins_only_and_keeps_what_else_is_theirs(world: World):
    otto = await an_admin(world)
    sparks = [*ADMINS, *EVERYONE]
    assert (await menu_of(world, otto))[: len(sparks)] == sparks
    await otto.say("/language auto")
    await otto.hears("language")
    assert (await menu_of(world, otto))[: len(ADMINS)] == [*ADMINS]
    await world.creator.say("/start")
    theirs = await menu_of(world, world.creator)
    assert {*CREATORS, *EVERYONE} < set(theirs)
    assert "admin" not in theirs
    assert len(theirs) == len(set(theirs))


async def test_a_quiet_instance_says_so(world: World):
    otto = await an_admin(world)
    await otto.say("/admin")
    said = await otto.hears("Nothing waits for you")
    assert "0 events to apply, 0 orders to look up, 0 refunds to make" in said.text
    assert said.labels == ["🔄 Look again"]
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    async with world.spark.database.transaction() as session:
        lead = (await session.scalars(select(Lead).limit(1))).one()
        product = (await session.scalars(select(Product).limit(1))).one()
        told = {"rating": 1, "text": "Rubbish", "created_at": world.clock(), "reported_at": world.clock()}
        whose = {"creator_id": lead.creator_id, "lead_id": lead.id, "product_id": product.id}
        session.add(Review(**whose, **told, state=ReviewState.REPORTED))
    await otto.tap("Look again")
    await otto.tap("Reported reviews: 1")
    assert await otto.count("Nothing waits for you") == 0


async def test_what_waits_is_counted_with_its_age_and_how_to_mend_it(world: World):
    otto, then = await an_admin(world), world.clock()
    async with world.spark.database.transaction() as session:
        person = await session.scalar(select(Person.id).where(Person.telegram_id == otto.id))
        refused = {"rail": "stripe", "kind": "checkout.session.completed", "body": "{}", "received_at": then}
        session.add_all(
            ProviderEvent(reference=f"evt_{each}", state=ProviderEventState.REFUSED, retry_at=then, **refused)
            for each in (1, 2)
        )
        failed = {"state": OutboxState.FAILED, "due_at": then, "created_at": then - timedelta(hours=3)}
        session.add(
            OutboxMessage(
                key="x", kind=OutboxKind.NOTICE, creator_id=1, person_id=person, message={"text": "Hi"}, **failed
            )
        )
        cursor = await session.scalar(select(RailCursor).where(RailCursor.rail == "stripe"))
        if cursor is None:
            cursor = RailCursor(rail="stripe")
            session.add(cursor)
        cursor.checked_at = then - timedelta(hours=2)
    await otto.say("/admin")
    said = (await otto.hears("How each is mended")).text
    assert "Events of payments: 2, the oldest from 1 minute ago" in said
    assert "Messages: 1, the oldest from 3 hours ago" in said
    assert "Nothing waits for you" not in said
    # and where it stands, another look shows how it is by then
    async with world.spark.database.transaction() as session:
        for row in [*await session.scalars(select(ProviderEvent)), *await session.scalars(select(OutboxMessage))]:
            row.state = ProviderEventState.IGNORED if isinstance(row, ProviderEvent) else OutboxState.CANCELLED
        await session.execute(update(RailCursor).values(checked_at=world.clock()))
    await otto.tap("Look again")
    await otto.hears("Nothing waits for you")


async def test_every_kind_of_trouble_has_words(world: World):
    async with world.spark.database.reading() as session:
        kinds = {each.what for each in await count_troubles(session, now=world.clock())}
    told = {key.removeprefix("admin-trouble-") for key in keys() if key.startswith("admin-trouble-")}
    assert told == kinds


async def test_somebody_elses_button_shows_nothing(world: World):
    otto, lena = await an_admin(world), await world.person("Lena")
    await otto.say("/admin")
    await otto.hears("How Spark is doing")
    await lena.say("/help")
    await lena.hears("What I can do")
    await world.spark.intake.receive(json.dumps(tap(900_000, lena.id, "admin")).encode())
    await answered(world, 900_000)
    assert "This is for those who look after this bot." in json.dumps((await row(world, 900_000)).reply)
    assert await lena.count("How Spark is doing") == 0
