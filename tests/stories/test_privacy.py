"""What people can do about what is kept: stop, see, and read who keeps what."""

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url
from world import PersonOfTheWorld, World

from domain.creators import add_creator
from store.models import Consent, Creator, Event, Lead, OutboxKind, OutboxMessage, OutboxState, Person, TelegramUpdate

HELD_BACK = {"api": "telegram", "method": "sendMessage", "fault": "429", "times": 1, "retry_after": 2}


async def another_creator(world: World) -> None:
    async with world.spark.database.transaction() as session:
        await add_creator(session, name="Atelier Süd", slug="sued", now=world.clock())


async def leads(world: World, person: PersonOfTheWorld) -> dict[str, Lead]:
    """By the creator's slug."""
    async with world.spark.database.reading() as session:
        rows = await session.execute(
            select(Creator.slug, Lead)
            .join(Lead, Lead.creator_id == Creator.id)
            .join(Person, Person.id == Lead.person_id)
            .where(Person.telegram_id == person.id)
        )
        return {row.slug: row.Lead for row in rows}


async def unasked(world: World) -> list[OutboxMessage]:
    async with world.spark.database.reading() as session:
        query = select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.FUNNEL)
        return list(await session.scalars(query.order_by(OutboxMessage.id)))


async def test_a_follow_up_that_waits_to_be_sent_does_not_go_out_after_stop(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.checkout("Preset pack")
    # Telegram asks to wait when the reminder is to go out, so that it is queued again
    await world.control("POST", "/faults", HELD_BACK)
    await world.skip(hours=1)
    (held,) = await unasked(world)
    assert held.state == OutboxState.QUEUED
    await lena.say("/stop")
    await lena.hears("no more follow-ups from Studio North")
    (held,) = await unasked(world)
    assert held.state == OutboxState.CANCELLED
    await world.skip(days=3)
    assert await lena.count("is still waiting for you") == 0
    assert await lena.count("did you have a moment") == 0


async def test_without_stop_the_same_follow_up_goes_out_when_telegram_takes_it(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.checkout("Preset pack")
    await world.control("POST", "/faults", HELD_BACK)
    await world.skip(hours=1)
    assert await lena.count("is still waiting for you") == 0
    await world.skip(minutes=5)
    await lena.hears("is still waiting for you")


async def test_who_stops_and_asks_again_hears_again_and_nothing_of_the_time_between(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.say("/stop")
    await lena.hears("no more follow-ups")
    await lena.tap("again")
    await lena.hears("Good to have you back")
    assert (await leads(world, lena))["studio"].unsubscribed_at is None
    await world.skip(days=2)
    assert await lena.count("did you have a moment") == 0
    await lena.checkout("Preset pack")
    await world.skip(hours=1)
    await lena.hears("is still waiting for you")


async def test_who_hears_from_two_creators_says_which_of_them_shall_stop(world: World):
    await another_creator(world)
    lena = await world.person("Lena")
    await lena.say("/start sued")
    await lena.hears("Atelier Süd")
    await lena.say("/start studio_ad42")
    await lena.hears("What shall we call you?")
    await lena.say("/stop")
    asked = await lena.hears("Who shall send you no more follow-ups?")
    assert asked.labels == ["Studio North", "Atelier Süd", "All of them"]
    await lena.tap("Atelier Süd")
    await lena.hears("no more follow-ups from Atelier Süd")
    known = await leads(world, lena)
    assert known["sued"].unsubscribed_at is not None
    assert known["studio"].unsubscribed_at is None
    # one is left, so there is nothing to ask
    await lena.say("/stop")
    await lena.hears("no more follow-ups from Studio North")
    await lena.say("/forget_me")
    await lena.tap("Atelier Süd", newer_than=asked.raw["message_id"])
    await lena.hears("Atelier Süd has forgotten you")
    assert set(await leads(world, lena)) == {"studio"}


async def test_everybody_gets_their_own_data_and_nothing_of_anybody_else(world: World):
    lena, anna = await world.person("Lena"), await world.person("Anna")
    await anna.answers_welcome(name="Annabel")
    await lena.answers_welcome(name="Magdalena")
    await world.pay(await lena.checkout("Preset pack"))
    await lena.gets_file("preset-pack.zip")
    await lena.say("/my_data")
    await lena.hears("Everything that is known about you here")
    async with world.spark.database.reading() as session:
        rows = await session.scalars(select(TelegramUpdate).order_by(TelegramUpdate.id.desc()))
        replies = [reply for row in rows for reply in row.reply if reply["do"] == "document"]
    told = json.loads(replies[0]["content"])
    assert told["person"]["telegram_id"] == lena.id
    (known,) = told["creators"]
    assert known["creator"] == "Studio North"
    assert known["lead"]["name"] == "Magdalena"
    assert known["lead"]["email"] == "magdalena@example.com"
    assert known["lead"]["phone"] == "+4915123456789"
    assert [order["lines"][0]["title"] for order in known["orders"]] == ["Preset pack"]
    assert known["orders"][0]["payments"][0]["amount_minor"] == 1900
    assert {each["title"] for each in known["library"]} == {"Preset pack", "Starter guide"}
    assert any("Preset pack" in each["text"] for each in known["messages"])
    assert "order.paid" in {each["event"] for each in known["events"]}
    assert any("Magdalena" in json.dumps(each) for each in told["written"])
    assert "annabel" not in replies[0]["content"].casefold()
    assert str(anna.id) not in replies[0]["content"]


async def test_privacy_and_terms_say_what_is_kept_in_the_creators_words_or_in_sparks(world: World):
    lena = await world.person("Lena")
    await lena.say("/privacy")
    told = await lena.hears("What Studio North keeps about you")
    assert "go after 7 days" in told.text
    assert "/forget_me" in told.text
    setups = world.spark._parts.published.setups
    own = {"en": "Hello {{ lead.first_name }}, {{ creator.name }} keeps little."}
    setups[1] = replace(setups[1], privacy=own, terms="Be kind.")
    await lena.say("/privacy")
    told = await lena.hears("Hello Lena, Studio North keeps little.")
    assert "/my_data" in told.text
    await lena.say("/terms")
    await lena.hears("Be kind.")


async def test_where_consent_is_needed_follow_ups_reach_only_who_has_given_it(world: World):
    setups = world.spark._parts.published.setups
    setups[1] = replace(setups[1], consent_required=True)
    lena, anna = await world.person("Lena"), await world.person("Anna")
    for person, name in ((lena, "Lena"), (anna, "Anna")):
        await person.answers_welcome(name=name)
    await anna.say("/stop")
    await anna.tap("again")
    await anna.hears("Good to have you back")
    async with world.spark.database.reading() as session:
        (kept,) = await session.scalars(select(Consent))
        assert (kept.text, kept.channel) == ("Studio North: Send me follow-ups again", "telegram")
    for person in (lena, anna):
        await person.checkout("Preset pack")
    await world.skip(hours=1)
    await anna.hears("is still waiting for you")
    await world.skip(days=2)
    assert await lena.count("is still waiting for you") == 0


@pytest.mark.parametrize("words", ["lead.blocked", "lead.unblocked"])
async def test_blocking_and_unblocking_the_bot_are_followed(world: World, words: str):
    lena = await world.person("Lena")
    await lena.answers_welcome()

    async def told() -> bool:
        async with world.spark.database.reading() as session:
            names = await session.scalars(select(Event.name).where(Event.name == words))
            return len(names.all()) == 1

    await world.control("PUT", f"/people/{lena.id}/blocked", {"blocked": True})
    if words == "lead.unblocked":
        await world.settle()
        await world.control("PUT", f"/people/{lena.id}/blocked", {"blocked": False})
    assert await world.until(told)
    async with world.spark.database.reading() as session:
        blocked = await session.scalar(select(Person.blocked_at).where(Person.telegram_id == lena.id))
    assert (blocked is None) == (words == "lead.unblocked")


async def test_the_database_file_of_a_whole_tour_holds_nothing_personal_in_the_open(world: World):
    url = make_url(world.loaded.settings.store.url)
    if url.get_backend_name() != "sqlite":
        pytest.skip("PostgreSQL keeps its files to itself; each column is looked at in tests/store")
    lena = await world.person("Lena")
    await lena.answers_welcome(name="Magdalena")
    await world.pay(await lena.checkout("Preset pack"))
    await lena.gets_file("preset-pack.zip")
    await lena.say("/paysupport a wild strawberry")
    await world.creator.hears("wild strawberry")
    await world.settle()
    path = Path(unquote(urlparse(world.loaded.settings.store.url).path))
    content = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    assert b"Preset pack" in content, "the file is read at all"
    for secret in (b"magdalena@example.com", b"15123456789", b"wild strawberry", b"Sale", b"/start ad42"):
        assert secret not in content, secret
