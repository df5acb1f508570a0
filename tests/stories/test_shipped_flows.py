"""The two shipped flows that ask more than the welcome, walked by every branch, in both languages."""

import base64
from typing import Any

from sqlalchemy import select
from test_questions import PIXEL
from world import PersonOfTheWorld, World

from domain.lead_acts import give_back
from domain.leads import known_answers
from store.models import Consent, Lead, LeadTag, Person, StoredFile

MOOD = base64.b64encode(b"%PDF-1.4 a mood board").decode()


async def lead_of(world: World, who: PersonOfTheWorld) -> Lead:
    async with world.spark.database.reading() as session:
        found = await session.scalars(select(Lead).join(Person).where(Person.telegram_id == who.id))
        return found.one()


async def _answers(world: World, who: PersonOfTheWorld) -> dict[str, str]:
    lead = await lead_of(world, who)
    async with world.spark.database.reading() as session:
        return dict(await known_answers(session, lead))


async def _tags(world: World, who: PersonOfTheWorld) -> set[str]:
    lead = await lead_of(world, who)
    async with world.spark.database.reading() as session:
        return set(await session.scalars(select(LeadTag.tag).where(LeadTag.lead_id == lead.id)))


async def spoken_to_in_german(world: World, name: str) -> PersonOfTheWorld:
    body = {"first_name": name, "language_code": "de"}
    return PersonOfTheWorld(world, (await world.control("POST", "/people", body))["id"])


async def _share_place(who: PersonOfTheWorld) -> None:
    await who.post({"location": {"latitude": 52.52, "longitude": 13.405}})


async def _choose_topics(who: PersonOfTheWorld, *labels: str, asked: str, times: int = 1) -> None:
    """Marks these, each on the message as it stands by then, and presses the last button."""
    message = (await who.hears(asked, times=times)).raw["message_id"]
    for label in labels:
        await who.tap(label, newer_than=message - 1)
    await who.tap("Fertig" if "Worum" in asked else "Done", newer_than=message - 1)


async def _first_round(world: World, lena: PersonOfTheWorld) -> None:
    """Wrong answers, back, skip, a place, a picture, a file, and a restart in the middle."""
    await _choose_topics(lena, "Light", "Editing", asked="Choose one or two")
    await lena.hears("Your Instagram name")
    await lena.say("not a name!")
    await lena.hears("An Instagram name has letters")
    await lena.say("@lena.shoots")
    await lena.hears("How many of you")
    await lena.say("thirteen")
    await lena.hears("That is not a number")
    await lena.say("/back")
    await lena.hears("Your Instagram name", times=2)
    await lena.say("/skip")
    await lena.hears("How many of you", times=2)
    await lena.say("4")
    await lena.hears("Which day suits you")
    await lena.say("2020-01-01")
    await lena.hears("That is too early")
    await lena.say("2026-12-24")
    await lena.hears("Which time zone")
    await lena.say("Lisbon")
    await lena.hears("Shall we come to you?")
    await lena.tap("Yes")
    await lena.hears("Share the place")
    await world.restart()
    await _share_place(lena)
    await lena.hears("Send a picture that you like")
    await lena.post({"photo": {"content_base64": PIXEL}})
    await lena.hears("a mood board")
    document = {"file_name": "mood.pdf", "mime_type": "application/pdf", "content_base64": MOOD}
    await lena.post({"document": document})
    await lena.hears("May Studio North write to you")
    await lena.tap("Yes")
    await lena.hears("4 of you")


async def _second_round(lena: PersonOfTheWorld) -> None:
    """What has been asked is asked again on the way round."""
    await _choose_topics(lena, "Portrait", asked="Choose one or two", times=2)
    await lena.hears("Your Instagram name", times=3)
    await lena.say("@lena.shoots")
    await lena.hears("How many of you", times=3)
    await lena.say("2")
    await lena.hears("Which day suits you", times=2)
    await lena.say("2026-12-25")
    await lena.hears("Which time zone", times=2)
    await lena.say("skip")
    await lena.hears("Shall we come to you?", times=2)
    await lena.say("no")
    await lena.hears("Send a picture that you like", times=2)
    await lena.say("skip")
    await lena.hears("a mood board", times=2)
    await lena.say("skip")
    asked = (await lena.hears("May Studio North write to you", times=2)).raw["message_id"]
    await lena.tap("Yes", newer_than=asked - 1)


async def _is_booked(world: World, lena: PersonOfTheWorld) -> None:
    known = await _answers(world, lena)
    assert (known["handle"], known["group_size"], known["session_day"]) == ("@lena.shoots", "2", "2026-12-25")
    assert (known["time_zone"], known["booking"]) == ("Europe/Lisbon", "requested")
    # nobody comes to them any more
    assert "place" not in known
    lead = await lead_of(world, lena)
    assert (lead.stage, lead.score) == ("booking", 10)
    assert await _tags(world, lena) == {"booking", "newsletter"}
    async with world.spark.database.reading() as session:
        consent = (await session.scalars(select(Consent).where(Consent.lead_id == lead.id))).one()
        assert consent.version == "2026-11"
        kept = await session.scalars(select(StoredFile.file_name).where(StoredFile.lead_id == lead.id))
        assert "mood.pdf" in kept.all()


async def test_a_session_is_booked_over_every_hurdle(world: World):
    """A picture with buttons, wrong answers, back, skip, a place, a change of mind, and nothing bought."""
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    await lena.say("/book")
    hello = await lena.hears("Let us plan your session, Lena.")
    assert hello.raw["photo"]
    assert [hello.labels, hello.button("work")["url"]] == [
        ["See our work", "Preset pack", "Give feedback instead"],
        "https://studio-north.example",
    ]
    await _first_round(world, lena)
    asked = (await lena.hears("Is all of that right?")).raw["message_id"]
    await lena.tap("No", newer_than=asked - 1)
    await _second_round(lena)
    asked = (await lena.hears("Is all of that right?", times=2)).raw["message_id"]
    await lena.tap("Yes", newer_than=asked - 1)
    await lena.gets_file("session-checklist.pdf")
    await lena.hears("edit with this one afterwards")
    await _is_booked(world, lena)
    lead = await lead_of(world, lena)
    # nothing is bought within the hour
    await world.skip(hours=2)
    await lena.hears("One of us will write to you")
    assert await _tags(world, lena) == {"booking", "newsletter", "undecided"}
    await lena.say("Are you there?")
    await world.creator.hears("Are you there?")
    async with world.spark.database.transaction() as session:
        await give_back(session, await session.get_one(Lead, lead.id), now=world.clock())
    await world.settle()
    await lena.hears("That is all settled then.")


async def _answer_booking_in_german(tim: PersonOfTheWorld) -> None:
    await tim.say("Ich möchte eine Session BUCHEN!")
    await tim.hears("Lass uns deine Session planen, Tim.")
    await _choose_topics(tim, "Licht", asked="Worum soll es gehen?")
    await tim.hears("Dein Instagram-Name")
    await tim.say("überspringen")
    await tim.hears("Zu wievielt kommt ihr?")
    await tim.say("1")
    await tim.hears("Welcher Tag passt dir?")
    await tim.say("24.12.2026")
    await tim.hears("In welcher Zeitzone")
    await tim.tap("Überspringen")
    asked = (await tim.hears("Sollen wir zu dir kommen?")).raw["message_id"]
    await tim.tap("Nein", newer_than=asked - 1)
    asked = (await tim.hears("Schick ein Bild")).raw["message_id"]
    await tim.tap("Überspringen", newer_than=asked - 1)
    asked = (await tim.hears("Gibt es ein Briefing")).raw["message_id"]
    await tim.tap("Überspringen", newer_than=asked - 1)
    asked = (await tim.hears("Darf Studio North dir")).raw["message_id"]
    await tim.tap("Nein", newer_than=asked - 1)
    asked = (await tim.hears("Stimmt das alles?")).raw["message_id"]
    await tim.tap("Ja", newer_than=asked - 1)
    await tim.hears("bearbeiten danach damit")


async def test_a_session_is_booked_in_german_and_without_consent(world: World):
    tim = await spoken_to_in_german(world, "Tim")
    await tim.say("/start")
    await tim.hears("Wie dürfen wir dich nennen?")
    await tim.say("/cancel")
    await tim.say("/stop")
    await tim.hears("/start")
    await _answer_booking_in_german(tim)
    known = await _answers(world, tim)
    assert (known["session_day"], known["group_size"]) == ("2026-12-24", "1")
    assert await _tags(world, tim) == {"booking"}


async def test_buying_what_is_offered_ends_the_wait_at_once(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.say("booking")
    await book_shortly(lena)
    await world.pay(await lena.checkout("Preset pack"))
    await lena.hears("We will try your presets together.")
    await lena.hears("One of us will write to you")
    assert "undecided" not in await _tags(world, lena)


async def book_shortly(lena: PersonOfTheWorld) -> None:
    await _choose_topics(lena, "Light", asked="Choose one or two")
    await lena.hears("Your Instagram name")
    await lena.say("skip")
    await lena.hears("How many of you")
    await lena.say("2")
    await lena.hears("Which day suits you")
    await lena.say("2026-12-24")
    await lena.hears("Which time zone")
    await lena.say("skip")
    for question, answer in (
        ("Shall we come to you?", "no"),
        ("Send a picture that you like", "skip"),
        ("a mood board", "skip"),
        ("May Studio North write to you", "no"),
        ("Is all of that right?", "yes"),
    ):
        await lena.hears(question)
        await lena.say(answer)
    await lena.hears("edit with this one afterwards")


async def test_two_days_after_booking_a_button_leads_back_into_it(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.say("/start book")
    await book_shortly(lena)
    await world.skip(hours=2)
    await lena.hears("One of us will write to you")
    lead = await lead_of(world, lena)
    async with world.spark.database.transaction() as session:
        await give_back(session, await session.get_one(Lead, lead.id), now=world.clock())
    await world.skip(days=2)
    await lena.hears("We look forward to your session, Lena.")
    booked = await lena.count("Let us plan your session, Lena.")
    await lena.tap("Change my booking")
    await lena.hears("Let us plan your session, Lena.", times=booked + 1)


async def test_whoever_gets_a_question_wrong_too_often_is_handed_to_a_person(world: World):
    lena = await world.person("Lena")
    await lena.say("/book")
    await _choose_topics(lena, "Light", asked="Choose one or two")
    await lena.hears("Your Instagram name")
    await lena.say("skip")
    await lena.hears("How many of you")
    for wrong in ("many", "13", "1.5", "0"):
        await lena.say(wrong)
    await lena.hears("One of us will write to you")


async def test_a_booking_left_alone_is_reminded_of_and_then_put_aside(world: World):
    lena = await world.person("Lena")
    await lena.say("/book")
    await lena.hears("Choose one or two")
    await world.skip(days=1, hours=1)
    await lena.hears("Your session is almost booked, Lena.")
    await world.skip(days=2)
    await lena.hears("We have put your booking aside.")


async def _rates(who: PersonOfTheWorld, stars: str, about: str) -> None:
    await who.hears("How happy are you with us?")
    await who.tap(stars)
    await who.hears("What is it about?")
    await who.tap(about)


async def _feels(world: World, who: PersonOfTheWorld, *, about: str) -> dict[str, Any]:
    await _rates(who, "5 ★", about)
    return await _answers(world, who)


async def test_a_happy_lead_may_be_quoted_and_gets_the_guide(world: World):
    lena = await world.person("Lena")
    await lena.say("/start feedback")
    known = await _feels(world, lena, about="A session")
    assert known["happiness"] == "5"
    await lena.hears("May we quote you?")
    await lena.tap("Yes")
    await lena.gets_file("starter-guide.pdf")
    await lena.hears("It helps us a lot.")
    assert await _tags(world, lena) == {"fan"}


async def test_an_unhappy_lead_is_asked_what_to_do_better(world: World):
    lena = await world.person("Lena")
    await lena.say("/start feedback")
    await _rates(lena, "2 ★", "Something I bought")
    await lena.hears("What should we do better?")
    await lena.say("/back")
    asked = (await lena.hears("What is it about?", times=2)).raw["message_id"]
    await lena.tap("Something I bought", newer_than=asked - 1)
    await lena.hears("What should we do better?", times=2)
    await lena.say("x")
    await lena.hears("That is too short")
    await lena.say("Longer nights, please")
    await lena.hears("Which e-mail address may we answer to?")
    await lena.say("lena@example.com")
    await lena.hears("It helps us a lot.")
    known = await _answers(world, lena)
    assert (known["wish"], known["email"]) == ("Longer nights, please", "lena@example.com")
    assert await _tags(world, lena) == {"unhappy"}


async def test_whoever_says_hello_only_is_done_at_once_and_whoever_subscribes_again_is_asked(world: World):
    lena = await world.person("Lena")
    await lena.say("/start feedback")
    await _rates(lena, "1 ★", "Just saying hello")
    await lena.hears("It helps us a lot.")
    assert await _tags(world, lena) == set()
    await lena.say("/stop")
    await lena.tap("follow-ups")
    await lena.hears("How happy are you with us?", times=2)
