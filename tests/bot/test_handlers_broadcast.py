"""`/broadcast` as a creator meets it: one line, a message composed by sending it, times, and what came of it."""

import base64

import pytest
from leads_chat import answers, message, refused, tapped, with_a_chat
from sqlalchemy import select, update
from world import PersonOfTheWorld, Said, World

from domain.creators import add_creator
from store.models import Account, Broadcast, BroadcastState, Lead, Membership, Order, Person

PIXEL = base64.b64encode(
    base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
).decode()


async def shows(world: World, screen: Said, text: str) -> Said:
    """The same message once it says so."""
    number = screen.raw["message_id"]

    async def said() -> bool:
        return text in (await message(world, number)).text

    assert await world.until(said), f"{text!r} is not in {(await message(world, number)).text!r}"
    return await message(world, number)


async def over(world: World, screen: Said) -> Said:
    """The same message once it says what came of it."""
    return await shows(world, screen, "What came of it")


async def typed(world: World, text: str, *, expects: str) -> Said:
    sent = (await world.creator.post({"text": text}))["message_id"]
    return await newest(world, expects, newer_than=sent)


async def newest(world: World, expects: str, *, newer_than: int) -> Said:
    async def found() -> list[Said]:
        return [
            each
            for each in await world.creator.chat()
            if each.by_bot and each.raw["message_id"] > newer_than and expects in each.text
        ]

    assert await world.until(found), f"nothing says {expects!r}"
    return (await found())[-1]


async def press(world: World, screen: Said, label: str) -> str | None:
    """Taps and returns what is shown on the button."""
    body = {"message_id": screen.raw["message_id"], "data": screen.button(label)["data"]}
    told = (await world.control("POST", f"/people/{world.creator.id}/taps", body))["answer"]
    return None if told is None else str(told)


async def last_id(world: World) -> int:
    return (await world.creator.chat())[-1].raw["message_id"]


async def drafted(world: World, text: str = "Hello") -> Said:
    """A draft, composed by sending the message."""
    menu = await answers(world, "/broadcast")
    await press(world, menu, "New broadcast")
    await world.creator.hears("Send me the message as it is to look")
    return await typed(world, text, expects="To: everybody")


async def states(world: World) -> list[BroadcastState]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Broadcast.state).order_by(Broadcast.id)))


async def is_paid(world: World) -> bool:
    async with world.spark.database.reading() as session:
        return await session.scalar(select(Order.id).where(Order.paid_at.is_not(None))) is not None


async def speaks(world: World, person: PersonOfTheWorld, language: str) -> None:
    async with world.spark.database.transaction() as session:
        await session.execute(update(Person).where(Person.telegram_id == person.id).values(language=language))


async def test_one_line_asks_first_and_then_reaches_everybody(chat: World):
    lena, _ = await with_a_chat(chat, "Lena")
    anna, _ = await with_a_chat(chat, "Anna")
    asked = await answers(chat, "/broadcast all Hello {{ lead.first_name }} <3")
    assert "Send “Hello {{ lead.first_name }} <3” to 2 leads now?" in asked.text
    assert await lena.count("Hello Lena") == 0
    assert await press(chat, asked, "Send to 2") is None
    heard = await lena.hears("Hello Lena <3")
    assert "/stop" in heard.text
    await anna.hears("Hello Anna <3")
    done = await over(chat, asked)
    assert "Broadcast 1 · done" in done.text
    assert "2 of 2 done" in done.text
    assert "✅ Sent: 2" in done.text
    # the one message was edited, and nothing else was said
    assert [each.text for each in await chat.creator.chat() if each.by_bot][-1] == done.text


async def test_a_segment_in_the_line_narrows_it_and_a_wrong_one_is_told_at_once(chat: World):
    lena, number = await with_a_chat(chat, "Lena")
    await with_a_chat(chat, "Anna")
    async with chat.spark.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == number).values(stage="warm"))
    asked = await answers(chat, '/broadcast "stage:warm" Only for you')
    assert "To: stage:warm" in asked.text
    await press(chat, asked, "Send to 1")
    await lena.hears("Only for you")
    await over(chat, asked)
    await typed(chat, '/broadcast "stage:hot" Hi', expects="hot")
    assert await states(chat) == [BroadcastState.DONE]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/broadcast all", "Write whom it is for, and then what it says: /broadcast all Hello"),
        ("/broadcast 99", "no such broadcast"),
        ("/broadcast all at=tomorrow Hi", "2026-12-01 10:00"),
        ("/broadcast all {{ lead.frist_name }}", "first_name"),
        ('/broadcast all at="2020-01-01 10:00" Hi', "That time is over"),
        ("/broadcast all {{ order.total }}", "cannot be filled in"),
        ("/broadcast all {{ lead. }}", "would not take"),
        ("/broadcast all " + "x" * 4075, "too long"),
    ],
)
async def test_what_cannot_be_meant_is_told_with_the_right_form(chat: World, line: str, told: str):
    assert told in (await answers(chat, line)).text
    assert await states(chat) == []


async def test_it_is_for_creators_alone(chat: World):
    lena, _ = await with_a_chat(chat, "Lena")
    await answers(chat, "/broadcast all Hi", who=lena)
    assert await states(chat) == []


async def test_a_photo_with_words_is_composed_tried_and_sent(chat: World):
    lena, _ = await with_a_chat(chat, "Lena")
    menu = await answers(chat, "/broadcast")
    await press(chat, menu, "New broadcast")
    await chat.creator.hears("Send me the message as it is to look")
    sent = await chat.creator.post({"photo": {"content_base64": PIXEL}, "caption": "Look, {{ lead.first_name }}"})
    draft = await newest(chat, "To: everybody", newer_than=sent["message_id"])
    before = await last_id(chat)
    await press(chat, draft, "Send it to me alone")
    trial = await newest(chat, "Look, ", newer_than=before)
    assert trial.raw["photo"]
    assert "/stop" in trial.text
    assert await lena.count("Look, Lena") == 0
    confirm = await tapped(chat, draft, "Send now")
    await press(chat, confirm, "Send to 1")
    heard = await lena.hears("Look, Lena")
    assert heard.raw["photo"]
    await over(chat, draft)


async def test_languages_variants_and_buttons_are_written_by_chat(chat: World):
    lena, _ = await with_a_chat(chat, "Lena")
    anna, _ = await with_a_chat(chat, "Anna")
    await speaks(chat, anna, "de")
    draft = await drafted(chat, "Hello")
    variant = await tapped(chat, draft, "A ×1")
    await press(chat, variant, "➕ de")
    variant = await typed(chat, "Hallo", expects="Hallo")
    await press(chat, variant, "🔘 en")
    variant = await typed(chat, "Home - https://example.com\nStart - flow:welcome", expects="2 buttons")
    draft = await tapped(chat, variant, "Back")
    assert "en, de" in draft.text
    confirm = await tapped(chat, draft, "Send now")
    await press(chat, confirm, "Send to 2")
    heard = await lena.hears("Hello")
    assert heard.labels == ["Home", "Start"]
    assert (await anna.hears("Hallo")).labels == []


async def test_a_second_variant_gets_its_share_and_can_be_dropped(chat: World):
    await with_a_chat(chat, "Lena")
    draft = await drafted(chat, "One")
    await press(chat, draft, "➕ Variant")
    variant = await typed(chat, "Two", expects="Two")
    assert "(50 %)" in variant.text
    variant = await tapped(chat, variant, "+")
    assert "weight 2 (67 %)" in variant.text
    draft = await tapped(chat, variant, "This variant")
    assert "B" not in "".join(label for label in draft.labels if label.startswith("✏️"))


async def test_whom_it_is_for_is_chosen_or_asked(chat: World):
    _lena, number = await with_a_chat(chat, "Lena")
    await with_a_chat(chat, "Anna")
    async with chat.spark.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == number).values(stage="engaged"))
    draft = await drafted(chat)
    assert "Reaches 2 of 2 leads" in draft.text
    whom = await tapped(chat, draft, "To whom")
    draft = await tapped(chat, whom, "curious")
    assert "To: segment:curious" in draft.text
    assert "Reaches 1 of 1 lead" in draft.text
    whom = await tapped(chat, draft, "To whom")
    await press(chat, whom, "A question")
    assert "To: not stage:engaged" in (await typed(chat, "not stage:engaged", expects="Reaches")).text


async def test_it_is_scheduled_kept_back_and_scheduled_again(chat: World):
    lena, _ = await with_a_chat(chat, "Lena")
    draft = await drafted(chat, "Good morning")
    when = await tapped(chat, draft, "Schedule")
    scheduled = await tapped(chat, when, "Nov 4, 2026, 9:00")
    assert "Goes out on Nov 4, 2026, 9:00" in scheduled.text
    draft = await tapped(chat, scheduled, "Back to the draft")
    when = await tapped(chat, draft, "Schedule")
    await press(chat, when, "Another time")
    card = await typed(chat, "2026-11-05 08:30", expects="Goes out on")
    assert "Nov 5, 2026, 8:30" in card.text
    await chat.skip(hours=40)
    assert await lena.count("Good morning") == 0
    await chat.skip(hours=10)
    await lena.hears("Good morning")
    assert await states(chat) == [BroadcastState.DONE]
    # the card that stood there all the while asks no more whether to send what has gone out
    assert "· done" in (await tapped(chat, card, "Send now")).text


async def test_it_is_paused_resumed_and_cancelled_while_it_goes_round_the_clocks(chat: World):
    people = [await with_a_chat(chat, name) for name in ("Aiko", "Berta", "Carl")]
    zones = ("Asia/Tokyo", "Europe/Berlin", "America/Los_Angeles")
    async with chat.spark.database.transaction() as session:
        for (_, number), zone in zip(people, zones, strict=True):
            await session.execute(update(Lead).where(Lead.id == number).values(time_zone=zone))
    asked = await answers(chat, '/broadcast all at="2026-11-05 10:00" local Good morning')
    assert "by each lead's own clock" in asked.text
    card = await tapped(chat, asked, "Schedule for 3")
    await chat.skip(hours=41)
    await people[0][0].hears("Good morning")
    card = await shows(chat, card, "1 of 3 done")
    assert await press(chat, card, "Pause") is None
    card = await shows(chat, card, "paused")
    assert "⏳ Waiting: 2" in card.text
    await chat.skip(hours=10)
    assert await people[1][0].count("Good morning") == 0
    await press(chat, card, "Go on")
    await people[1][0].hears("Good morning")
    # what goes on is shown anew every few seconds
    await chat.skip(seconds=6)
    card = await shows(chat, card, "2 of 3 done")
    before = await last_id(chat)
    await press(chat, card, "Cancel")
    really = await newest(chat, "for good?", newer_than=before)
    aside = await tapped(chat, really, "Back")
    assert "on its way" in aside.text
    before = await last_id(chat)
    await press(chat, card, "Cancel")
    really = await newest(chat, "for good?", newer_than=before)
    await press(chat, really, "Yes, cancel it")
    card = await shows(chat, card, "cancelled")
    assert "👋 Left out: 1" in card.text
    assert "· cancelled" in (await tapped(chat, aside, "Cancel")).text
    await chat.skip(days=2)
    assert await people[2][0].count("Good morning") == 0


async def test_a_draft_is_discarded_and_what_went_out_is_copied(chat: World):
    await with_a_chat(chat, "Lena")
    asked = await answers(chat, "/broadcast all First")
    await press(chat, asked, "Send to 1")
    done = await over(chat, asked)
    before = await last_id(chat)
    await press(chat, done, "Copy")
    copied = await newest(chat, "Broadcast 2", newer_than=before)
    listed = await tapped(chat, copied, "Discard")
    assert "Broadcast 2" not in listed.text
    assert "1 · done · First" in listed.text


async def test_what_was_bought_after_it_is_put_down_to_it(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    asked = await typed(world, "/broadcast all New presets", expects="Send “")
    await press(world, asked, "Send to 1")
    await lena.hears("New presets")
    card = await over(world, asked)
    assert "orders within 7 days: 0" in card.text
    await world.skip(hours=1)
    session_id = await lena.checkout("Preset pack")
    await world.pay(session_id)
    assert await world.until(lambda: is_paid(world))
    await press(world, card, "Refresh")
    card = await shows(world, card, "orders within 7 days: 1 ($19.00)")


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("/broadcast alle Hallo", "To: everybody"),
        ("/broadcast “stage:new and not stage:warm” Hi", "To: stage:new and not stage:warm"),
        ("/broadcast stage:new Hi\n\nand more", "To: stage:new"),
    ],
)
async def test_a_line_is_read_as_people_write_it(chat: World, line: str, question: str):
    await with_a_chat(chat, "Lena")
    assert question in (await answers(chat, line)).text


@pytest.mark.parametrize(
    "buttons",
    [
        "Home",
        "Home - example.com",
        "Home - product:",
        "Buy - product:preset-pack code=X1 for=2d",
        "x" * 70 + " - flow:a",
    ],
)
async def test_buttons_that_lead_nowhere_are_told_with_the_right_form(chat: World, buttons: str):
    draft = await drafted(chat)
    variant = await tapped(chat, draft, "A ×1")
    await press(chat, variant, "🔘 en")
    await chat.creator.hears("Type the buttons")
    await chat.creator.say(buttons)
    told = await chat.creator.hears("Type the buttons", times=2)
    assert f"I cannot read “{buttons[:60]}" in told.text


async def test_an_old_yes_sends_nothing_else_and_buttons_know_their_own_creator(chat: World):
    await with_a_chat(chat, "Lena")
    await with_a_chat(chat, "Anna")
    asked = await answers(chat, "/broadcast stage:engaged Hello")
    assert "Nobody is there" in asked.text
    asked = await answers(chat, "/broadcast all Hello")
    assert "First of them: Lena, Anna" in asked.text
    draft = await answers(chat, "/broadcast 2")
    whom = await tapped(chat, draft, "To whom")
    # meanwhile the chat is with another creator of theirs
    async with chat.spark.database.transaction() as session:
        other = (await add_creator(session, name="Other", slug="other", now=chat.clock())).creator
        account = select(Account.id).join(Person, Person.id == Account.person_id)
        own = await session.scalar(account.where(Person.telegram_id == chat.creator.id))
        session.add(Membership(account_id=own, creator_id=other.id))
        await session.execute(update(Person).where(Person.telegram_id == chat.creator.id).values(creator_id=other.id))
    draft = await tapped(chat, whom, "curious")
    assert "To: segment:curious" in draft.text
    assert "changed since" in await refused(chat, asked, "Send to 2")
    listed = await tapped(chat, draft, "All broadcasts")
    assert "Studio <North>" in listed.text
    assert await states(chat) == [BroadcastState.DRAFT, BroadcastState.DRAFT]


async def test_a_draft_to_a_segment_that_is_gone_can_still_be_mended(chat: World):
    draft = await drafted(chat)
    async with chat.spark.database.transaction() as session:
        await session.execute(update(Broadcast).values(segment="segment:gone"))
    card = await answers(chat, "/broadcast 1")
    assert "It cannot go out as it is" in card.text
    whom = await tapped(chat, card, "To whom")
    assert "To: everybody" in (await tapped(chat, whom, "Everybody")).text
    async with chat.spark.database.transaction() as session:
        await session.execute(update(Broadcast).values(content={}))
    card = await answers(chat, "/broadcast 1")
    assert "cannot be read any more" in card.text
    await tapped(chat, card, "Discard")
    assert await states(chat) == [BroadcastState.CANCELLED]
    assert draft.text


async def test_a_trial_that_cannot_show_all_of_it_says_so(chat: World):
    draft = await drafted(chat, "Your size: {{ lead.size }}")
    assert "no lead yet" in str(await press(chat, draft, "Send it to me alone"))
    many = {"variants": [{"wordings": {f"a{letter}": {"text": "Hello"} for letter in "abcdefghijk"}}]}
    async with chat.spark.database.transaction() as session:
        await session.execute(update(Broadcast).values(content=many))
    before = await last_id(chat)
    await press(chat, draft, "Send it to me alone")
    await newest(chat, "These are 10 of 11 wordings", newer_than=before)


async def test_german_creators_read_all_of_it_in_german(chat: World):
    await with_a_chat(chat, "Lena")
    async with chat.spark.database.transaction() as session:
        await session.execute(update(Person).where(Person.telegram_id == chat.creator.id).values(language_chosen="de"))
    menu = await answers(chat, "/broadcast")
    assert "Es gibt noch keine Rundnachrichten" in menu.text
    assert "{{ lead.first_name }}" in menu.text
    asked = await answers(chat, "/broadcast alle Hallo")
    await press(chat, asked, "An 1 schicken")
    card = await shows(chat, asked, "Was daraus wurde")
    assert "Rundnachricht 1 · fertig" in card.text
    assert "✅ Verschickt: 1" in card.text
