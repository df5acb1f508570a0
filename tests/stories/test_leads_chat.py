"""A creator and a lead, from the first answer to a chat taken over and given back, and the business in German."""

from typing import Any

from sqlalchemy import select
from world import PersonOfTheWorld, Said, World

from store.models import Lead, Person


async def number_of(world: World, person: PersonOfTheWorld) -> int:
    async with world.spark.database.reading() as session:
        found = select(Lead.id).join(Person, Person.id == Lead.person_id).where(Person.telegram_id == person.id)
        return (await session.scalars(found)).one()


async def press(world: World, screen: Said, label: str) -> None:
    body = {"message_id": screen.raw["message_id"], "data": screen.button(label)["data"]}
    await world.control("POST", f"/people/{world.creator.id}/taps", body)


async def replies(world: World, said: Said, text: str) -> None:
    # nobody answers sooner than Spark notes what it has said
    await world.settle()
    body: dict[str, Any] = {"text": text, "reply_to": said.raw["message_id"]}
    await world.creator.post(body)


async def test_a_lead_who_answered_is_found_looked_at_written_to_and_taken_over(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome(name="Meier")
    number = await number_of(world, lena)
    session_id = await lena.checkout("Preset pack")
    await world.pay(session_id)
    await world.creator.hears("Sale")

    await world.creator.say("/leads meier")
    found = await world.creator.hears("Search: meier")
    await press(world, found, str(number))
    card = await world.creator.hears("👤 Meier")
    for told in ("verified", "Source: ad42", "Preset pack · $19.00", "Paid in all: $19.00", "Flow welcome: done"):
        assert told in card.text, (told, card.text)

    await press(world, card, "Take over")
    await world.creator.hears("Taken over: the bot keeps quiet")
    await lena.say("Can we <talk>?")
    written = await world.creator.hears("Can we <talk>?")
    assert f"(lead {number})" in written.text
    await replies(world, written, "Of course!")
    await lena.hears("Of course!")
    await lena.send_file("brief.zip", b"PK")
    brief = await world.creator.gets_file("brief.zip")
    await replies(world, brief, "Got it")
    await lena.hears("Got it")
    assert await lena.count("not sure what you mean") == 0

    await press(world, written, "Give back")
    await world.creator.hears(f"The bot answers Meier (lead {number}) again.")
    await lena.say("Anybody?")
    await lena.hears("not sure what you mean")
    assert await world.creator.count("Anybody?") == 0


async def test_a_blocked_lead_is_not_answered_until_unblocked_and_can_still_leave(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    number = await number_of(world, lena)
    await world.creator.say(f"/lead {number} block")
    await world.creator.hears("is blocked")
    await lena.say("/shop")
    await lena.say("/stop")
    await lena.hears("no more follow-ups")
    await world.settle()
    assert await lena.count("Preset pack") == 0
    await world.creator.say(f"/lead {number} unblock")
    await world.creator.hears("no longer blocked")
    asked = (await lena.post({"text": "/shop"}))["message_id"]
    await lena.tap("Preset pack", newer_than=asked)


async def test_a_prompt_survives_a_restart(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    number = await number_of(world, lena)
    await world.creator.say(f"/lead {number}")
    await press(world, await world.creator.hears("👤 Lena"), "Write")
    await world.creator.hears("What shall I write to Lena")
    await world.restart()
    await world.creator.say("Still here")
    await lena.hears("Still here")


async def test_the_creator_is_spoken_to_in_german(world: World):
    await world.creator.say("/language de")
    await world.creator.hears("Deutsch")
    lena = await world.person("Lena")
    await lena.say("/start messe")
    await lena.hears("What shall we call you?")
    number = await number_of(world, lena)
    await world.creator.say("/leads")
    listed = await world.creator.hears("Kontakte von Studio North")
    assert listed.labels[-3:] == ["Filtern", "Suchen", "Exportieren"]
    await world.creator.say(f"/lead {number} stage nix")
    await world.creator.hears("die Phasen sind neu, interessiert, gekauft, verloren")
    await world.creator.say(f"/lead {number}")
    card = await world.creator.hears(f"👤 Lena (Kontakt {number})")
    assert "Quelle: messe" in card.text
    assert "3.11.2026" in card.text or "03.11.2026" in card.text
    assert "Übernehmen" in card.labels
