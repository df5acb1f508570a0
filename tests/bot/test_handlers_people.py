"""What everyone can do in the chat: begin, buy, ask again, and type nonsense."""

import asyncio
import json

import pytest
from bot_world import answered, row, tap
from sqlalchemy import func, select, update
from world import PersonOfTheWorld, World

from domain.codes import send_code
from domain.creators import add_creator, make_bind_payload
from domain.pricing import FREE
from store.models import Account, CodePurpose, Creator, Entitlement, Lead, Order, Person, Product, Role


async def lead_of(world: World, person: PersonOfTheWorld) -> tuple[str, str | None]:
    """The creator and the source of somebody's only lead."""
    async with world.spark.database.reading() as session:
        rows = await session.execute(
            select(Creator.slug, Lead.source)
            .join(Lead, Lead.creator_id == Creator.id)
            .join(Person, Person.id == Lead.person_id)
            .where(Person.telegram_id == person.id)
        )
        slug, source = rows.one()
        return slug, source


async def another_creator(world: World) -> str:
    async with world.spark.database.transaction() as session:
        new = await add_creator(session, name="Atelier Süd", slug="sued", now=world.clock())
        return new.bind_payload


@pytest.mark.parametrize(
    ("payload", "slug", "source"),
    [
        ("", "studio", None),
        ("ad42", "studio", "ad42"),
        ("AD-42_x", "studio", "AD-42_x"),
        ("sued", "sued", None),
        ("sued_ad42", "sued", "ad42"),
        ("sued_ad_42", "sued", "ad_42"),
        ("x" * 64, "studio", "x" * 64),
        ("x" * 65, "studio", None),
        ("a b", "studio", None),
        ("<b>", "studio", None),
        ("ü", "studio", None),
    ],
)
async def test_a_start_payload_names_the_source_and_may_name_the_creator(
    world: World, payload: str, slug: str, source: str | None
):
    await another_creator(world)
    lena = await world.person("Lena")
    await lena.say(f"/start {payload}".strip())
    await lena.hears("Hello! This is Atelier" if slug == "sued" else "What shall we call you?")
    assert await lead_of(world, lena) == (slug, source)


async def test_the_first_source_wins(world: World):
    lena = await world.person("Lena")
    await lena.say("/start ad42")
    await lena.hears("What shall we call you?")
    await lena.say("/start ad43")
    await lena.hears("What shall we call you?", times=2)
    assert await lead_of(world, lena) == ("studio", "ad42")


async def test_a_bind_link_is_good_once(world: World):
    payload = await another_creator(world)
    cora, thief = await world.person("Cora"), await world.person("Thief")
    await thief.say("/start bind_" + "x" * 43)
    await thief.hears("has been used or is too old")
    await cora.say(f"/start {payload}")
    await cora.hears("You now act for Atelier Süd")
    await thief.say(f"/start {payload}")
    await thief.hears("has been used or is too old", times=2)
    await cora.say("/product add Pack 1 usd")
    await cora.hears("Added: no.")


async def test_an_account_that_acts_for_nobody_has_a_chat_too_and_codes_come_there(world: World):
    async with world.spark.database.transaction() as session:
        account = Account(role=Role.BUYER, name="Zoe", password_hash="...", created_at=world.clock())
        session.add(account)
        await session.flush()
        payload = await make_bind_payload(session, account.id, now=world.clock())
    zoe = await world.person("Zoe")
    await zoe.say(f"/start {payload}")
    await zoe.hears("This chat belongs to your account now")
    async with world.spark.database.transaction() as session:
        account = await session.get_one(Account, account.id)
        assert await send_code(session, account, CodePurpose.SIGN_IN, now=world.clock())
    await zoe.hears("Your code to sign in")


async def test_a_bind_link_of_last_week_is_too_old(world: World):
    payload = await another_creator(world)
    await world.skip(days=8)
    cora = await world.person("Cora")
    await cora.say(f"/start {payload}")
    await cora.hears("has been used or is too old")


async def test_words_and_commands_that_mean_nothing_here_are_answered_kindly(world: World):
    lena = await world.person("Lena")
    await lena.say("/frobnicate")
    await lena.hears("I did not understand that")
    await lena.answers_welcome()
    for times, text in enumerate(("/START_", "/frob@nicate"), 2):
        await lena.say(text)
        await lena.hears("I did not understand that", times=times)
    # words are the shipped flow's
    for times, text in enumerate(("hello?", "x" * 4096, "🎁", "/ shop"), 1):
        await lena.say(text)
        await lena.hears("I am not sure what you mean", times=times)
    await lena.say("/cancel")
    await lena.hears("There is nothing to cancel")


async def test_somebody_who_writes_without_having_started_is_welcomed(world: World):
    lena = await world.person("Lena")
    await lena.say("hello?")
    await lena.hears("What shall we call you?")
    await lena.say("Lena")
    await lena.hears("Which e-mail address")


async def test_an_answer_that_is_too_long_is_told_so_and_asked_again(world: World):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    await lena.say("x" * 4096)
    await lena.hears("That is too long")
    await lena.say("Lena")
    await lena.hears("Which e-mail address")


async def test_a_name_with_markup_in_it_is_shown_as_it_is_typed(world: World):
    eve = await world.person("<b>x</b>")
    await eve.say("/start")
    await eve.hears("Hi <b>x</b>, lovely to meet you")
    await eve.say("<b>x</b> & 'y' \"z\"")
    await eve.hears("Good to have you here, <b>x</b> & 'y' \"z\"")
    await eve.say("eve@example.com")
    await eve.hears("phone number")
    await eve.say("Skip")
    await eve.tap("presets")
    told = await world.creator.hears("New lead")
    assert "name: <b>x</b> & 'y' \"z\"" in told.text
    await world.pay(await eve.checkout("Preset pack"))
    assert "to <b>x</b> & 'y' \"z\"" in (await world.creator.hears("Sale")).text
    await world.skip(days=1)
    await eve.hears("Hi <b>x</b>, did you have a moment")


async def test_taps_at_the_same_moment_open_one_order(world: World):
    lena = await world.person("Lena")
    await lena.say("/shop")
    await lena.tap("Preset pack")
    said = await lena.hears("Preset pack")
    data = {"message_id": said.raw["message_id"], "data": said.button("Buy")["data"]}
    await asyncio.gather(*(world.control("POST", f"/people/{lena.id}/taps", data) for _ in range(4)))
    await lena.hears("Pay on the secure page")
    await world.settle()
    async with world.spark.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 1
    pages = {str(said.button("Pay")["url"]) for said in await lena.chat() if "Pay on the secure page" in said.text}
    assert len(pages) == 1


async def test_a_tap_under_an_old_question_is_told_that_it_is_answered(world: World):
    lena = await world.person("Lena")
    await lena.say("/start")
    for answer, question in (("Lena", "e-mail"), ("l@example.com", "phone number"), ("Skip", "What brings you here")):
        await lena.say(answer)
        await lena.hears(question)
    said = await lena.hears("What brings you here")
    data = {"message_id": said.raw["message_id"], "data": said.button("Video")["data"]}
    # typed in the meantime, on another device
    await lena.say("Video lessons")
    await lena.hears("Here comes your starter guide")
    answer = await world.control("POST", f"/people/{lena.id}/taps", data)
    assert answer["answer"] == "You have answered this already."
    assert await lena.count("Here comes your starter guide") == 1


async def test_what_is_sold_out_cannot_be_ordered(world: World):
    await world.creator.say("/product add Last 5 usd stock=0")
    await world.creator.hears("Added: no. 11")
    lena = await world.person("Lena")
    await lena.say("/shop")
    await lena.tap("Last")
    assert (await lena.hears("Sold out")).labels == []


async def test_what_is_free_is_had_from_the_shop_once_and_again_on_asking(world: World):
    lena = await world.person("Lena")
    for times in (1, 2):
        asked = (await lena.post({"text": "/shop"}))["message_id"]
        await lena.tap("Starter guide", newer_than=asked)
        await lena.tap("Get it free", newer_than=asked)
        await lena.hears("Here is Starter guide", times=times)
    async with world.spark.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Entitlement)) == 1


async def test_what_is_free_and_priced_in_stars_is_had_up_to_its_limit(world: World):
    async with world.spark.database.transaction() as session:
        guide = update(Product).where(Product.slug == "starter-guide")
        await session.execute(guide.values(currency="xtr", stock=5, initial=5, limit_per_person=1))
    lena = await world.person("Lena")
    await lena.say("/shop")
    await lena.tap("Starter guide")
    await lena.tap("Get it free")
    await lena.hears("Here is Starter guide")
    asked = (await lena.post({"text": "/shop"}))["message_id"]
    await lena.tap("Starter guide", newer_than=asked)
    assert "Each person may buy 1 of this at most" in str(await lena.tap("Get it free", newer_than=asked))
    async with world.spark.database.reading() as session:
        assert (await session.scalar(select(Product.stock).where(Product.slug == "starter-guide"))) == 4
        assert [*await session.scalars(select(Order.rail))] == [FREE]


async def test_who_has_a_checkout_of_it_open_pays_or_calls_off_before_they_get_it_free(world: World):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.checkout("Preset pack")
    async with world.spark.database.transaction() as session:
        await session.execute(update(Product).where(Product.slug == "preset-pack").values(price_minor=0))
    asked = (await lena.post({"text": "/shop"}))["message_id"]
    await lena.tap("Preset pack", newer_than=asked)
    await lena.tap("Get it free", newer_than=asked)
    assert len((await lena.hears("You have a checkout open")).labels) == 2
    async with world.spark.database.reading() as session:
        assert len((await session.scalars(select(Order))).all()) == 1


async def test_somebody_elses_library_cannot_be_had_by_its_button(world: World):
    lena, eve = await world.person("Lena"), await world.person("Eve")
    await lena.say("/shop")
    await lena.tap("Starter guide")
    await lena.tap("Get it free")
    await lena.gets_file("starter-guide.pdf")
    await lena.say("/library")
    theirs = (await lena.hears("Yours")).button("Starter guide")["data"]
    await eve.say("/help")
    await eve.hears("What I can do")
    await world.spark.intake.receive(json.dumps(tap(900_000, eve.id, theirs)).encode())
    await answered(world, 900_000)
    assert "not in your library" in json.dumps((await row(world, 900_000)).reply)
    assert not any(said.file_name for said in await eve.chat())


async def test_what_is_written_in_a_group_and_what_is_edited_is_left_alone(world: World):
    lena = await world.person("Lena")
    sent = (await lena.post({"text": "/help"}))["message_id"]
    await lena.hears("What I can do")
    await lena.post({"edit": {"message_id": sent, "text": "/terms"}})
    await lena.say("/privacy")
    await lena.hears("and nothing else")
    assert await lena.count("Digital goods") == 0


async def test_the_address_of_a_product_that_is_not_for_sale_says_so(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await world.creator.say("/product 2 archive")
    await world.creator.hears("is off the shop")
    asked = await lena.count("What shall we call you?")
    for number, payload in enumerate(("p_2", "p_999"), start=1):
        await lena.say(f"/start {payload}")
        await lena.hears("This is not for sale at present", times=number)
    await world.settle()
    assert await lena.count("What shall we call you?") == asked
    # whoever is new is greeted all the same
    anna = await world.person("Anna")
    await anna.say("/start p_2")
    await anna.hears("This is not for sale at present")
    await anna.hears("What shall we call you?")


async def test_a_library_says_whose_it_is_and_leads_to_the_others(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.gets_file("starter-guide.pdf")
    await another_creator(world)
    await lena.say("/start sued")
    await lena.hears("Hello! This is Atelier")
    await lena.say("/library")
    here = await lena.hears("Nothing from Atelier Süd here yet")
    assert here.labels == ["Yours from Studio North ›"]
    await lena.tap("Yours from Studio North")
    theirs = await lena.hears("Yours from Studio North")
    assert any("Starter guide" in label for label in theirs.labels)
    await lena.say("/library sued")
    await lena.hears("Nothing from Atelier Süd here yet")
    await lena.say("/library studio")
    await lena.hears("Yours from Studio North", times=2)
    await lena.say("/library nobody")
    await lena.hears("There is no shop “nobody” here")
