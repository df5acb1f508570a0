"""The shipped flows for whoever is back, writes what nothing fits, or leaves; and what leaving does to a booking."""

from test_shipped_flows import book_shortly, lead_of, spoken_to_in_german
from world import PersonOfTheWorld, World

from domain.lead_acts import give_back
from store.models import Lead


async def _give_back(world: World, who: PersonOfTheWorld) -> None:
    lead = await lead_of(world, who)
    async with world.spark.database.transaction() as session:
        assert await give_back(session, await session.get_one(Lead, lead.id), now=world.clock())
    await world.settle()


async def _told(world: World, words: str) -> int:
    return await world.creator.count(words)


async def test_whoever_is_back_is_greeted_with_a_video_and_not_asked_again(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.say("/start")
    hello = await lena.hears("Welcome back, Lena!")
    assert hello.raw["video"]
    assert hello.labels == ["Book a session", "Preset pack"]
    assert await lena.count("What shall we call you?") == 1
    await lena.tap("Preset pack")
    await lena.hears("$19.00")
    # the creator hears of the lead, and of nothing that asked nothing
    assert await _told(world, "New lead") == 1
    assert await _told(world, "Welcome back") == 0


async def test_words_that_nothing_fits_get_a_friendly_line_with_ways_on(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.say("Do you like trains?")
    said = await lena.hears("I am not sure what you mean. I am only the bot of Studio North.")
    assert said.labels == ["Book a session", "Give feedback", "Preset pack"]
    await lena.say("And planes?")
    await lena.hears("I am not sure what you mean", times=2)
    asked = (await lena.hears("I am not sure what you mean", times=2)).raw["message_id"]
    await lena.tap("Give feedback", newer_than=asked - 1)
    await lena.hears("How happy are you with us?")


async def test_whoever_writes_first_what_nothing_fits_is_told_of_as_new_once_they_have_answered(world: World):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    await lena.say("/cancel")
    await lena.hears("I stop asking")
    await lena.say("Hm?")
    await lena.hears("I am not sure what you mean")
    await lena.answers_welcome()
    assert "name: Lena" in (await world.creator.hears("New lead")).text


async def test_whoever_leaves_gets_a_goodbye_with_the_way_back_in_german_too(world: World):
    tim = await spoken_to_in_german(world, "Tim")
    await tim.say("/start")
    await tim.hears("Wie dürfen wir dich nennen?")
    await tim.say("/cancel")
    await tim.say("/stop")
    await tim.hears("Mach's gut, Tim")
    assert await world.creator.count("Tschüss") == 0
    await tim.tap("Nachrichten")
    await tim.hears("Wie zufrieden bist du mit uns?")
    await tim.say("/cancel")
    await tim.say("Und jetzt?")
    await tim.hears("Ich weiß nicht genau, was du meinst.")


async def _booked(world: World) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.say("/start book")
    await book_shortly(lena)
    return lena


async def test_a_booking_reaches_the_creator_although_the_lead_sends_stop_and_can_be_made_again(world: World):
    lena = await _booked(world)
    await lena.say("/stop")
    await lena.hears("Take care, Lena")
    await world.skip(hours=2)
    await world.creator.hears("waits for a person")
    assert await lena.count("One of us will write to you") == 0
    await _give_back(world, lena)
    planned = await lena.count("Let us plan your session")
    await lena.say("/start book")
    await lena.hears("Let us plan your session", times=planned + 1)
    assert await lena.count("all settled") == 0


async def test_a_booking_reaches_the_creator_although_the_lead_blocks_the_bot(world: World):
    lena = await _booked(world)
    await world.control("PUT", f"/people/{lena.id}/blocked", {"blocked": True})
    await world.skip(hours=2)
    await world.creator.hears("waits for a person")


async def test_a_booking_that_waits_can_be_cancelled_and_the_creator_hears_what_it_was(world: World):
    lena = await _booked(world)
    await lena.say("/cancel")
    await lena.hears("I stop asking")
    said = await world.creator.hears("has not got to the end of “Book a session”")
    assert "People: 2" in said.text
    await world.skip(hours=2)
    assert await _told(world, "waits for a person") == 0
    assert await lena.count("One of us will write to you") == 0
