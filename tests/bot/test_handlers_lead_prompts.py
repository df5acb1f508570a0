"""What a creator types after a button has asked for it, and replies to what a lead wrote."""

from datetime import timedelta

from leads_chat import answers, entered, lead_of, with_a_chat
from sqlalchemy import func, select
from world import PersonOfTheWorld, Said, World

from domain.lead_acts import relay_to_creator
from domain.messages.plain import Message
from domain.outbox import tell_creator
from domain.prompts import GOOD_FOR
from store.models import Lead, LeadNote, OutboxKind, OutboxMessage, Person, Prompt, StoredFile

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def press(world: World, screen: Said, label: str) -> None:
    """A button that leaves its message as it is."""
    body = {"message_id": screen.raw["message_id"], "data": screen.button(label)["data"]}
    await world.control("POST", f"/people/{world.creator.id}/taps", body)


async def asked_to_write(world: World, number: int) -> None:
    before = await world.creator.count("What shall I write to")
    await press(world, await answers(world, f"/lead {number}"), "Write")
    await world.creator.hears("What shall I write to", times=before + 1)


async def prompts(world: World) -> int:
    async with world.spark.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Prompt)) or 0


async def notes(world: World) -> list[str]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(LeadNote.text).order_by(LeadNote.id)))


async def relayed(world: World, lena: PersonOfTheWorld, number: int, text: str) -> Said:
    """The message in the creator's chat that tells what the lead wrote."""
    async with world.spark.database.transaction() as session:
        lead = await session.get_one(Lead, number)
        person = (await session.scalars(select(Person).where(Person.telegram_id == lena.id))).one()
        await relay_to_creator(session, lead, person, text, key=f"relay:{text}", now=world.clock())
    said = await world.creator.hears(text)

    async def noted() -> bool:
        async with world.spark.database.reading() as session:
            found = select(OutboxMessage.id).where(OutboxMessage.telegram_message_id == said.raw["message_id"])
            return await session.scalar(found.where(OutboxMessage.kind == OutboxKind.NOTICE)) is not None

    assert await world.until(noted)
    return said


async def test_what_is_written_reaches_the_lead_as_it_was_typed(chat: World):
    lena, number = await with_a_chat(chat)
    await asked_to_write(chat, number)
    said = await answers(chat, "Hello <b>you</b> & all")
    assert said.text == f"✉️ On its way to Lena (lead {number})."
    await lena.hears("Hello <b>you</b> & all")
    # once
    assert (await answers(chat, "Hello again")).text != said.text
    assert await lena.count("Hello again") == 0
    card = await answers(chat, f"/lead {number}")
    assert "Hello <b>you</b> & all" in card.text.partition("Last messages to them")[2]
    assert (await answers(chat, f"/lead {number} write In <one> line")).text == said.text
    await lena.hears("In <one> line")


async def test_a_file_or_a_picture_reaches_the_lead_with_its_words(chat: World):
    lena, number = await with_a_chat(chat)
    await asked_to_write(chat, number)
    await chat.creator.send_file("invoice.zip", b"PK")
    await lena.gets_file("invoice.zip")
    await asked_to_write(chat, number)
    await chat.creator.post({"photo": {"content_base64": PNG}})

    async def seen() -> bool:
        return any(each.raw.get("photo") for each in await lena.chat() if each.by_bot)

    assert await chat.until(seen)
    # not a product's, and gone with the lead
    async with chat.spark.database.reading() as session:
        kept = (await session.scalars(select(StoredFile).where(StoredFile.lead_id == number))).all()
        assert [each.product_id for each in kept] == [None, None]


async def test_what_cannot_be_sent_is_told_and_asked_for_again(chat: World):
    lena, number = await with_a_chat(chat)
    await asked_to_write(chat, number)
    await chat.creator.post({"location": {"latitude": 52.5, "longitude": 13.4}})
    await chat.creator.hears("Please send a text, a photo, a video or a file, or /cancel.")
    await answers(chat, "Now in words")
    await lena.hears("Now in words")
    await press(chat, await answers(chat, f"/lead {number}"), "Note")
    await chat.creator.hears("What shall I note about Lena")
    await chat.creator.post({"photo": {"content_base64": PNG}})
    await chat.creator.hears("Please send a few words for this, or /cancel.")
    assert (await answers(chat, "Prefers <mornings>")).text == f"Noted about Lena (lead {number})."
    assert await notes(chat) == ["Prefers <mornings>"]


async def test_a_new_tag_and_the_lead_to_merge_with_are_typed(chat: World):
    anna, bert = await entered(chat, "Anna", "Bert")
    card = await answers(chat, f"/lead {anna}")
    await press(chat, card, "Tag")
    menu = await chat.creator.hears("Tags of Anna")
    await press(chat, menu, "New tag")
    await chat.creator.hears("Which tag for Anna")
    assert (await answers(chat, "vip, early-bird")).text == f"Anna (lead {anna}) is tagged: vip early-bird"
    await press(chat, await answers(chat, f"/lead {anna}"), "Merge")
    await chat.creator.hears("Which lead is the same person as Anna")
    # a wrong number may be sent again
    assert "with the number of another lead" in (await answers(chat, "bert")).text
    assert (await answers(chat, f"#{bert}")).text.startswith(f"Merge Bert (lead {bert}) into Anna")
    assert (await lead_of(chat, bert)).merged_into_id is None


async def test_a_prompt_is_over_after_a_quarter_of_an_hour(chat: World):
    lena, number = await with_a_chat(chat)
    await asked_to_write(chat, number)
    chat.clock.pass_time(seconds=GOOD_FOR / timedelta(seconds=1) - 1)
    await answers(chat, "Just in time")
    await lena.hears("Just in time")
    await asked_to_write(chat, number)
    chat.clock.pass_time(seconds=GOOD_FOR / timedelta(seconds=1))
    assert "On its way" not in (await answers(chat, "Too late")).text
    assert await lena.count("Too late") == 0
    assert await prompts(chat) == 0


async def test_cancel_gives_a_prompt_up_and_so_does_any_other_command(chat: World):
    lena, number = await with_a_chat(chat)
    await asked_to_write(chat, number)
    assert (await answers(chat, "/cancel")).text == "All right, never mind."
    await answers(chat, "Nobody reads this")
    await asked_to_write(chat, number)
    await answers(chat, "/leads")
    await answers(chat, "Nor this")
    assert (await answers(chat, "/cancel")).text != "All right, never mind."
    # the later of two is what counts
    await asked_to_write(chat, number)
    await press(chat, await chat.creator.hears("👤 Lena", times=2), "Note")
    await chat.creator.hears("What shall I note")
    await answers(chat, "For my eyes only")
    assert await notes(chat) == ["For my eyes only"]
    assert [await lena.count(each) for each in ("Nobody reads this", "Nor this", "For my eyes only")] == [0, 0, 0]


async def test_cancelling_a_prompt_leaves_the_creators_own_conversation_alone(chat: World):
    _, number = await with_a_chat(chat)
    await chat.creator.say("/start as-a-lead")
    await chat.creator.hears("What shall we call you?")
    await asked_to_write(chat, number)
    assert (await answers(chat, "/cancel")).text == "All right, never mind."
    assert "Thanks, The Boss." in (await answers(chat, "The Boss")).text


async def test_a_reply_to_what_a_lead_wrote_goes_to_that_lead(chat: World):
    lena, number = await with_a_chat(chat)
    mona, other = await with_a_chat(chat, "Mona")
    first = await relayed(chat, lena, number, "Are you <there>?")
    await relayed(chat, mona, other, "Me too")
    await chat.creator.post({"text": "Yes, Lena", "reply_to": first.raw["message_id"]})
    await lena.hears("Yes, Lena")
    assert await mona.count("Yes, Lena") == 0
    await press(chat, first, "Answer")
    await chat.creator.hears("What shall I write to Lena")
    await answers(chat, "By the button")
    await lena.hears("By the button")
    assert (await answers(chat, f"/lead {number} take")).text.startswith("You have taken over the chat with Lena")
    await press(chat, first, "Give back")
    await chat.creator.hears(f"The bot answers Lena (lead {number}) again.")
    assert (await lead_of(chat, number)).taken_over_at is None
    # what she wrote still stands there
    assert "Are you <there>?" in (await chat.creator.hears("Are you <there>?")).text


async def test_a_reply_to_any_other_notice_goes_to_nobody(chat: World):
    lena, number = await with_a_chat(chat)
    async with chat.spark.database.transaction() as session:
        lead = await session.get_one(Lead, number)
        await tell_creator(
            session,
            lambda _language: Message(text="About Lena"),
            key="about",
            creator_id=lead.creator_id,
            lead_id=number,
            now=chat.clock(),
        )
    notice = await chat.creator.hears("About Lena")
    await chat.creator.post({"text": "How nice", "reply_to": notice.raw["message_id"]})
    await answers(chat, "/lead")
    assert await lena.count("How nice") == 0


async def test_what_is_written_to_somebody_who_has_blocked_the_bot_waits_for_them(chat: World):
    lena, number = await with_a_chat(chat)
    await chat.control("PUT", f"/people/{lena.id}/blocked", {"blocked": True})

    async def known() -> bool:
        async with chat.spark.database.reading() as session:
            found = select(Person.blocked_at).where(Person.telegram_id == lena.id)
            return await session.scalar(found) is not None

    assert await chat.until(known)
    assert "has blocked the bot: your message waits" in (await answers(chat, f"/lead {number} write Come back")).text
    assert "Has blocked the bot since" in (await answers(chat, f"/lead {number}")).text
    await chat.control("PUT", f"/people/{lena.id}/blocked", {"blocked": False})
    await lena.say("Back again")

    async def told() -> int:
        # whoever is just being seen to is spoken to a moment later
        await chat.skip(seconds=3)
        return await lena.count("Come back")

    assert await chat.until(told)


async def test_a_creator_whom_another_one_has_banned_still_sees_to_their_own_leads(chat: World):
    await entered(chat, "Anna")
    await chat.creator.say("/start as-a-lead")
    await chat.creator.hears("What shall we call you?")
    async with chat.spark.database.transaction() as session:
        found = select(Lead).join(Person, Person.id == Lead.person_id).where(Person.telegram_id == chat.creator.id)
        (await session.scalars(found)).one().banned_at = chat.clock()
    assert "Leads of Studio" in (await answers(chat, "/leads")).text
