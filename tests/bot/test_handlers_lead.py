"""One lead: the card, each of its buttons, each thing that is done in one line, and each line that is wrong."""

from pathlib import Path

from bot_world import hooked, tap, until_called
from leads_chat import CONFIG, answers, entered, lead_of, refused, somebody_elses, tapped, with_a_chat
from sqlalchemy import select, update
from world import CREATOR, World

from domain.entitlements import grant
from domain.fields import LeadFieldSpec
from domain.leads import edit_lead, note_answer
from domain.products import add_product
from kit.money import Money
from kit.text import visible_length
from store.models import Enrollment, Lead, LeadField, LeadNote, LeadTag, Membership, Proof, Right

FORM = "Like this: /lead 12, /lead 12 tag vip"


async def tags_of(world: World, number: int) -> list[str]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(LeadTag.tag).where(LeadTag.lead_id == number).order_by(LeadTag.tag)))


async def test_the_card_shows_what_is_known(chat: World):
    lena, number = await with_a_chat(chat, "<i>Lena</i>")
    await answers(chat, f"/lead {number} set email lena@example.com")
    await answers(chat, f"/lead {number} tag vip")
    await answers(chat, f"/lead {number} note Met <b>here</b>")
    await answers(chat, f"/lead {number} set size 12,5")
    await answers(chat, f"/lead {number} set topic Editing <presets>")
    await answers(chat, f"/lead {number} set pro yes")
    card = (await answers(chat, f"/lead {number}")).text
    for told in (
        f"👤 <i>Lena</i> (lead {number})",
        "Chat: <i>Lena</i>",
        "E-mail: lena@example.com (entered by you)",
        "Language: English (en)",
        "Time zone: Europe/Berlin, where it is Nov 3, 2026, 10:00",
        "Source: ad42",
        "Stage: new, score: 0",
        "Tags: #vip",
        "Team size: 12.5",
        "topic: Editing <presets>",
        "pro: yes",
        "Flow welcome: active · ask-name",
        "Met <b>here</b>",
    ):
        assert told in card, (told, card)
    await lena.say("/stop")
    await lena.hears("no more follow-ups")
    assert "Wants no follow-ups since Nov 3, 2026" in (await answers(chat, f"/lead #{number}")).text


async def test_the_card_says_how_sure_a_contact_is_and_who_else_has_it(chat: World):
    anna, bert = await entered(chat, "Anna", "Bert")
    await answers(chat, f"/lead {anna} set email a@example.com")
    async with chat.spark.database.transaction() as session:
        lead = await session.get_one(Lead, bert)
        await note_answer(session, lead, "email", "a@example.com", spec=None, now=chat.clock())
        await note_answer(session, lead, "phone", "+4915123456789", spec=None, now=chat.clock(), proof=Proof.VERIFIED)
    await chat.creator.hears("has given an e-mail address that lead")
    card = (await answers(chat, f"/lead {bert}")).text
    assert "E-mail: a@example.com (typed, not verified)" in card
    assert "Phone: +4915123456789 (verified)" in card
    assert f"Lead {anna} has the same e-mail address (entered by you)" in card


async def test_a_card_with_very_much_on_it_fits_one_message(chat: World):
    (number,) = await entered(chat, "N" * 200)
    async with chat.spark.database.transaction() as session:
        lead = await session.get_one(Lead, number)
        for each in range(60):
            value = f"<&>{each} " + "long " * 300
            await edit_lead(session, lead, f"field-{each}", value, spec=LeadFieldSpec(), now=chat.clock())
    card = await answers(chat, f"/lead {number}")
    assert visible_length(card.text) <= 4096
    assert card.text.endswith("…")
    assert "field-1: <&>1 long" in card.text


async def test_each_line_does_what_it_says(chat: World):
    anna, bert = await entered(chat, "Anna", "Bert")
    for line, told in (
        ("tag VIP #berlin", f"Anna (lead {anna}) is tagged: VIP #berlin"),
        ("untag berlin", f"Anna (lead {anna}) is no longer tagged: berlin"),
        ("note Likes\n tea & <cake>", f"Noted about Anna (lead {anna})."),
        ("stage Warm", f"Anna (lead {anna}) is now at the stage warm."),
        ("score +7", f"Anna (lead {anna}) has a score of 7."),
        ("score -2", f"Anna (lead {anna}) has a score of 5."),
        ("score 20", f"Anna (lead {anna}) has a score of 20."),
        ("set name Anna <Maria>", f"Anna <Maria> (lead {anna}): name is kept."),
        ("set email ANNA@example.com", f"Anna <Maria> (lead {anna}): email is kept."),
        ("set phone +49 151 23456789", f"Anna <Maria> (lead {anna}): phone is kept."),
        ("set time_zone lisbon", f"Anna <Maria> (lead {anna}): time zone is kept."),
        ("set time_zone Tokio", f"Anna <Maria> (lead {anna}): time zone is kept."),
        ("set size 12.5", f"Anna <Maria> (lead {anna}): Team size is kept."),
        ("set size -", f"Anna <Maria> (lead {anna}): Team size is empty."),
        ("set topic Presets", f"Anna <Maria> (lead {anna}): topic is kept."),
        (
            "block",
            f"Anna <Maria> (lead {anna}) is blocked: the bot no longer answers. What was paid for still arrives.",
        ),
        ("unblock", f"Anna <Maria> (lead {anna}) is no longer blocked."),
        ("back", f"The bot answers Anna <Maria> (lead {anna}) again."),
    ):
        assert (await answers(chat, f"/lead {anna} {line}")).text == told, line
    lead = await lead_of(chat, anna)
    assert (lead.name, lead.email, lead.email_proof, lead.phone) == (
        "Anna <Maria>",
        "anna@example.com",
        Proof.ENTERED,
        "+4915123456789",
    )
    assert (lead.stage, lead.score, lead.time_zone, lead.banned_at) == ("warm", 20, "Asia/Tokyo", None)
    assert await tags_of(chat, anna) == ["vip"]
    async with chat.spark.database.reading() as session:
        fields = (await session.scalars(select(LeadField).where(LeadField.lead_id == anna))).all()
        assert [(each.key, each.value) for each in fields] == [("topic", "presets")]
        assert (await session.scalars(select(LeadNote.text))).all() == ["Likes\n tea & <cake>"]
    happened = await answers(chat, f"/lead {anna} timeline")
    assert "score changed 20" in happened.text
    assert "times of Asia/Tokyo" in happened.text
    assert (await lead_of(chat, bert)).stage == "new"


WRONG = [
    ("12x", FORM),
    ("{n} dance", FORM),
    ("{n} block now", FORM),
    ("{n} tag", "Like this: /lead {n} tag vip berlin"),
    ("{n} tag <b>!", "is no tag"),
    ("{n} untag", "Like this: /lead {n} untag vip"),
    ("{n} note", "Like this: /lead {n} note"),
    ("{n} note " + "x" * 2001, "A note has between 1 and 2000 characters"),
    ("{n} write", "Like this: /lead {n} write"),
    ("{n} write hello", "Anna (lead {n}) has no chat with the bot."),
    ("{n} take", "Anna (lead {n}) has no chat with the bot."),
    ("{n} stage", "the stages are new, engaged, customer, lost, warm."),
    ("{n} stage won", "the stages are new, engaged, customer, lost, warm."),
    ("{n} score", "Like this: /lead {n} score +5"),
    ("{n} score much", "Like this: /lead {n} score +5"),
    ("{n} score 99999999999999999999", "Like this: /lead {n} score +5"),
    ("{n} set", "the fields are email, name, phone, time_zone, size, pro, topic."),
    ("{n} set colour red", "the fields are email, name, phone, time_zone, size, pro, topic."),
    ("{n} set size", "the fields are email"),
    ("{n} set size many", "Size is a number like 12.5"),
    ("{n} set pro perhaps", "Pro is yes or no"),
    ("{n} set topic video", "Topic is one of presets"),
    ("{n} set email nonsense", "nonsense"),
    ("{n} set email bert@example.com", "Lead {m} has this e-mail address already"),
    ("{n} set phone 12", "12"),
    ("{n} set time_zone Nowhere", "use a city like Berlin"),
    ("{n} enroll", "the funnels are: nurture"),
    ("{n} enroll other", "the funnels are: nurture"),
    ("{n} enroll nurture", "Lead {n} has no chat with the bot, so no follow-up reaches them"),
    ("{n} merge", "Like this: /lead {n} merge 15"),
    ("{n} merge {n}", "Like this: /lead {n} merge 15"),
    ("{n} merge bert", "Like this: /lead {n} merge 15"),
    ("{n} merge 999", "There is no lead 999."),
    ("999", "There is no lead 999."),
    ("999999999999999999999999", FORM),
    ("999 tag vip", "There is no lead 999."),
    ("add", "Like this: /lead add Anna Smith"),
    ("add source:fair", "Like this: /lead add Anna Smith"),
    ("add Carl bert@example.com", "Lead {m} has this e-mail address already"),
    ("add Carl carl@", "carl@"),
    ("add Tom tom@example.com extra@example.com", "Like this: /lead add Anna Smith"),
    ("add Tim tag:vip", "Like this: /lead add Anna Smith"),
    ("add Tim #vip", "Like this: /lead add Anna Smith"),
    ("add Tim city=Berlin", "Like this: /lead add Anna Smith"),
    ("add Tim source:", "Like this: /lead add Anna Smith"),
    ("add Tim source:fair source:ad42", "Like this: /lead add Anna Smith"),
    ("add Tim +4915123456789 +4915123456780", "Like this: /lead add Anna Smith"),
]


async def test_a_wrong_line_gets_one_with_the_right_form_and_changes_nothing(chat: World):
    anna, bert = await entered(chat, "Anna", "Bert")
    await answers(chat, f"/lead {bert} set email bert@example.com")
    for line, told in WRONG:
        said = (await answers(chat, "/lead " + line.format(n=anna, m=bert))).text
        assert told.format(n=anna, m=bert) in said, (line, said)
        assert "\n" not in said, line
    lead = await lead_of(chat, anna)
    assert (lead.stage, lead.score, lead.email, lead.phone, lead.time_zone) == ("new", 0, None, None, None)
    async with chat.spark.database.reading() as session:
        assert (await session.scalars(select(Lead.id).order_by(Lead.id))).all() == [anna, bert]
        assert (await session.scalars(select(LeadTag.tag))).all() == []


async def test_another_creators_lead_is_none_to_name(chat: World):
    secret = await somebody_elses(chat)
    (anna,) = await entered(chat, "Anna")
    for line in (
        *("", " tag vip", " note x", " write x", " stage lost", " score +1", " set name x", " enroll nurture"),
        *(f" merge {anna}", " block", " forget", " take", " timeline"),
    ):
        said = (await answers(chat, f"/lead {secret}{line}")).text
        assert said == f"There is no lead {secret}.", line
    assert (await answers(chat, f"/lead {anna} merge {secret}")).text == f"There is no lead {secret}."
    assert (await answers(chat, f"/tag {secret} vip")).text == f"There is no lead {secret}."
    lead = await lead_of(chat, secret)
    assert (lead.stage, lead.score, lead.banned_at, lead.forgotten_at) == ("new", 0, None, None)
    assert await tags_of(chat, secret) == []


async def test_a_lead_is_entered_in_one_line(chat: World):
    said = await answers(chat, "/lead add Anna Maria Smith anna@example.com +49 (151) 234-56789 source:fair")
    assert said.text.startswith("Entered: Anna Maria Smith (lead ")
    card = await chat.creator.hears("👤 Anna Maria Smith")
    assert "E-mail: anna@example.com (entered by you)" in card.text
    assert "Phone: +4915123456789 (entered by you)" in card.text
    assert "Source: fair" in card.text
    assert "No chat with the bot" in card.text
    assert "Write" not in card.labels
    assert (await answers(chat, "/lead add Nur")).text.startswith("Entered: Nur")
    assert (await answers(chat, "/lead add only@example.com")).text.startswith("Entered: lead ")


async def test_lead_alone_is_a_menu_with_buttons(chat: World):
    await entered(chat, "Anna")
    menu = await answers(chat, "/lead")
    await chat.creator.tap("What I can do with one")
    await chat.creator.hears(FORM)
    body = {"message_id": menu.raw["message_id"], "data": menu.button("Newest leads")["data"]}
    await chat.control("POST", f"/people/{chat.creator.id}/taps", body)
    await chat.creator.hears("Leads of Studio <North>: 1")


async def test_the_buttons_of_the_card_change_it_in_place_and_lead_back_to_the_list(chat: World):
    _, number = await with_a_chat(chat)
    (bert,) = await entered(chat, "Bert")
    await answers(chat, f"/tag {bert} vip")
    card = await tapped(chat, await answers(chat, "/leads lena"), str(number))
    tags = await tapped(chat, card, "Tag")
    assert "Tags of Lena" in tags.text
    tags = await tapped(chat, tags, "vip")
    assert "✓ vip" in tags.labels
    assert await tags_of(chat, number) == ["vip"]
    card = await tapped(chat, tags, "‹ Back")
    assert "Tags: #vip" in card.text
    tags = await tapped(chat, await tapped(chat, card, "Tag"), "✓ vip")
    assert await tags_of(chat, number) == []
    stages = await tapped(chat, await tapped(chat, tags, "‹ Back"), "Stage")
    assert stages.labels[:5] == ["✓ new", "engaged", "customer", "lost", "warm"]
    card = await tapped(chat, stages, "warm")
    assert "Stage: warm" in card.text
    card = await tapped(chat, await tapped(chat, card, "Enroll"), "nurture")
    assert "Funnel nurture: active" in card.text
    again = await tapped(chat, card, "Enroll")
    assert "is in the funnel nurture or has been through it" in await refused(chat, again, "nurture")
    card = await tapped(chat, await tapped(chat, again, "‹ Back"), "Block")
    assert "Blocked by you" in card.text
    assert "Block" not in card.labels
    no_funnel = await tapped(chat, card, "Enroll")
    assert "You have blocked lead" in await refused(chat, no_funnel, "nurture")
    card = await tapped(chat, await tapped(chat, no_funnel, "‹ Back"), "Unblock")
    assert "Blocked by you" not in card.text
    card = await tapped(chat, card, "Take over")
    assert "Taken over: the bot keeps quiet" in card.text
    card = await tapped(chat, card, "Give back")
    assert "Taken over" not in card.text
    happened = await tapped(chat, card, "Timeline")
    assert "chat taken over" in happened.text
    listed = await tapped(chat, await tapped(chat, happened, "‹ Back"), "‹ Back to the list")
    assert "Search: lena" in listed.text
    assert await chat.creator.count("Leads of Studio <North>") == 1


async def test_a_long_timeline_has_pages(chat: World):
    (number,) = await entered(chat, "Anna")
    for points in range(1, 18):
        await answers(chat, f"/lead {number} score {points}")
    first = await answers(chat, f"/lead {number} timeline")
    assert "18 events" in first.text
    assert "score changed 17" in first.text
    assert "entered by you" not in first.text
    second = await tapped(chat, first, "›")
    assert "entered by you" in second.text
    assert "›" not in second.labels
    assert "score changed 17" in (await tapped(chat, second, "‹")).text


async def test_forgetting_asks_first_and_the_number_says_so_afterwards(chat: World):
    _, number = await with_a_chat(chat)
    for kept in (await answers(chat, f"/lead {number} forget"), await answers(chat, f"/lead {number}")):
        assert "‹ Back" in kept.labels or "Forget" in kept.labels
        assert (await lead_of(chat, number)).forgotten_at is None
    card = await tapped(chat, await answers(chat, f"/lead {number} forget"), "‹ Back")
    asked = await tapped(chat, card, "Forget")
    assert "There is no way back" in asked.text
    done = await tapped(chat, asked, "Forget for good")
    assert done.text == f"Lead {number} has been forgotten."
    assert done.labels == []
    assert (await lead_of(chat, number)).forgotten_at is not None
    gone = f"Lead {number} has been forgotten; nothing of theirs is left."
    assert (await answers(chat, f"/lead {number}")).text == gone
    assert (await answers(chat, f"/lead {number} tag vip")).text == gone
    assert "Nobody yet" in (await answers(chat, "/leads")).text


async def test_whoever_owns_something_is_forgotten_when_an_owner_says_so_once_more(chat: World):
    _, number = await with_a_chat(chat)
    async with chat.spark.database.transaction() as session:
        lead = await session.get_one(Lead, number)
        pack = await add_product(
            session, creator_id=lead.creator_id, title="Pack", price=Money(1900, "usd"), now=chat.clock()
        )
        await grant(session, lead, pack.id, origin="gift", now=chat.clock())
    await chat.creator.hears("it has no file yet")
    asked = await tapped(chat, await answers(chat, f"/lead {number} forget"), "Forget for good")
    assert "would lose that without a refund" in asked.text
    assert (await lead_of(chat, number)).forgotten_at is None
    await _own(chat, owner=False)
    assert "Only an owner" in await refused(chat, asked, "Forget, with what they own")
    asked = await tapped(chat, await answers(chat, f"/lead {number} forget"), "Forget for good")
    assert "Only an owner" in asked.text
    assert asked.labels == ["‹ Back"]
    await _own(chat, owner=True)
    asked = await tapped(chat, await answers(chat, f"/lead {number} forget"), "Forget for good")
    await tapped(chat, asked, "Forget, with what they own")
    assert (await lead_of(chat, number)).forgotten_at is not None


async def _own(chat: World, *, owner: bool) -> None:
    async with chat.spark.database.transaction() as session:
        await session.execute(update(Membership).values(owner=owner, rights=[str(each) for each in Right]))


async def test_merging_asks_first_and_the_old_number_leads_to_the_new_one(chat: World):
    _, lena = await with_a_chat(chat)
    (anna,) = await entered(chat, "Anna", email="anna@example.com")
    await answers(chat, f"/tag {anna} vip")
    asked = await answers(chat, f"/lead {lena} merge #{anna}")
    assert asked.text.startswith(f"Merge Anna (lead {anna}) into Lena (lead {lena})?")
    assert (await lead_of(chat, anna)).merged_into_id is None
    card = await tapped(chat, asked, f"Merge {anna} into {lena}")
    assert f"Together with what was known as lead {anna}" in card.text
    assert "anna@example.com" in card.text
    assert "Tags: #vip" in card.text
    assert (await answers(chat, f"/lead {anna}")).text == f"Lead {anna} is now a part of lead {lena}."
    assert (await answers(chat, f"/lead {anna} score +1")).text.endswith(f"(lead {lena}) has a score of 1.")


async def test_before_merging_it_is_told_what_of_their_standing_is_taken_over(chat: World):
    person, lena = await with_a_chat(chat)
    anna, bert, carl = await entered(chat, "Anna", "Bert", "Carl")
    await answers(chat, f"/lead {anna} block")
    plain = (await answers(chat, f"/lead {lena} merge {bert}")).text
    assert "blocked" not in plain
    assert "chat" not in plain
    screen = await answers(chat, f"/lead {lena} merge {anna}")
    assert f"Lead {anna} is blocked by you. Lead {lena} is not, and stays so." in screen.text
    await tapped(chat, screen, f"Merge {anna} into {lena}")
    assert (await lead_of(chat, lena)).banned_at is None
    await person.say("/stop")
    await person.hears("no more follow-ups")
    await answers(chat, f"/lead {lena} take")
    await answers(chat, f"/lead {lena} block")
    screen = await answers(chat, f"/lead {carl} merge {lena}")
    assert screen.text.splitlines()[1:] == [
        f"Lead {carl} gets the chat of lead {lena}, which you have taken over.",
        f"Lead {lena} is blocked by you, and so is lead {carl} then.",
        f"Lead {lena} wants no follow-ups, and so lead {carl} gets none then.",
    ]
    await tapped(chat, screen, f"Merge {lena} into {carl}")
    kept = await lead_of(chat, carl)
    assert None not in {kept.person_id, kept.banned_at, kept.taken_over_at, kept.unsubscribed_at}


async def test_two_who_each_have_a_chat_are_not_merged(chat: World):
    _, lena = await with_a_chat(chat)
    _, mona = await with_a_chat(chat, "Mona")
    asked = await answers(chat, f"/lead {lena} merge {mona}")
    assert await refused(chat, asked, f"Merge {mona} into {lena}") not in {"", "None"}
    assert (await lead_of(chat, mona)).merged_into_id is None


async def test_a_button_that_is_none_of_ours_does_nothing(store_url: str, tmp_path: Path):
    async with hooked(store_url, tmp_path, CONFIG) as hook:
        world = hook.world
        (anna,) = await entered(world, "Anna")
        nonsense = ["lead", "lead:", "lead:show", "lead:show:x", f"lead:dance:{anna}:0:0", f"lead:stage:{anna}:0:0:zz"]
        nonsense += [f"lead:merge:{anna}:0:0:x", "leads", "leads:x", "leads:1:2:3:4", "tags", "tags:page:x", "tags:zz"]
        for number, data in enumerate(nonsense):
            await hook.post(tap(900_000 + number, CREATOR, data, query_id=str(number)))
        told = [each["params"].get("text") for each in await until_called(world, "answerCallbackQuery", len(nonsense))]
        assert all(told), told
        assert not any("went wrong" in each for each in told), told
        assert (await lead_of(world, anna)).stage == "new"


async def test_a_follow_up_is_begun_in_one_line_for_whoever_can_be_written_to(chat: World):
    person, lena = await with_a_chat(chat)
    line = f"/lead {lena} enroll nurture"
    assert (await answers(chat, line)).text == f"Lena (lead {lena}) begins the funnel nurture."
    assert (await answers(chat, line)).text == f"Lead {lena} is in the funnel nurture or has been through it"
    async with chat.spark.database.reading() as session:
        begun = (await session.scalars(select(Enrollment).where(Enrollment.lead_id == lena))).one()
        assert (begun.funnel_key, begun.subject) == ("nurture", "")
    await person.say("/stop")
    await person.hears("no more follow-ups")
    assert "has unsubscribed" in (await answers(chat, line)).text
