"""Conversations from end to end: what begins them, interrupts them, hands them over, and brings them back."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from world import TOKEN, PersonOfTheWorld, World, a_world, begin_studio

from app.settings import load
from domain.lead_acts import ban_lead, give_back, take_over
from domain.links import make_link
from store.models import Enrollment, Lead, LinkTarget, Touch

CONFIG = """\
telegram: {default_creator: studio}
creators:
  studio:
    name: Studio North
    currency: usd
    tags: [vip]
    fields:
      note: {kind: text}
      mood: {kind: number}
      topics: {kind: choices}
    flows:
      welcome:
        trigger: start
        title: {en: the welcome, de: die Begrüßung}
        nodes:
          - {key: hello, do: say, text: "Hello {{ lead.first_name }}", buttons: [{text: Book, flow: booking}]}
          - {key: name, do: ask, kind: text, field: name, text: {en: "Your name?", de: "Dein Name?"}}
          - key: topics
            do: choose
            field: topics
            text: Which topics?
            many: true
            back: true
            options: [{value: light, label: Light}, {value: colour, label: Colour}, {value: sound, label: Sound}]
          - {key: email, do: ask, kind: email, field: email, text: "E-mail?", optional: true, back: true, tries: 1}
          - {key: bye, do: say, text: "All set, {{ lead.name }}."}
      booking:
        trigger: [{command: book}, {keyword: [booking, book me]}, {source: book}]
        nodes:
          - {key: note, do: ask, kind: text, field: note, text: "What for?", again: true}
          - {key: tag, do: tag, add: [vip]}
          - {key: offer, do: offer, product: preset-pack}
          - {key: wait, do: wait, event: order.paid, time: 2d, otherwise: late}
          - {key: paid, do: say, text: "Booked!", next: end}
          - {key: late, do: say, text: "The slot is free again."}
          - {key: end, do: end}
      person:
        trigger: {keyword: person}
        nodes:
          - {key: over, do: handover, text: "Somebody will be with you."}
          - {key: back, do: ask, kind: rating, field: mood, text: "How was it?", again: true}
      back: {trigger: returning, nodes: [{key: b, do: say, text: "Nice to see you again."}]}
      lost: {trigger: no_match, nodes: [{key: l, do: say, text: "Try the word booking."}]}
      gone: {trigger: unsubscribed, nodes: [{key: g, do: say, text: "We will miss you."}]}
    funnels:
      care:
        trigger: {event: order.expired}
        steps: [{key: hi, do: send, text: "Follow-up"}]
"""


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, CONFIG) as world:
        await begin_studio(world)
        yield world


async def test_a_conversation_with_marks_a_way_back_a_restart_and_a_wrong_answer(world: World):
    lena = await world.person("Lena")
    await lena.say("/start ad42")
    await lena.hears("Your name?")
    await world.restart()
    await lena.say("Lena")
    await lena.hears("Which topics?")
    await lena.tap("Light")
    await lena.tap("Sound")
    said = await lena.hears("Which topics?")
    assert said.labels[:3] == ["✓ Light", "Colour", "✓ Sound"]
    assert await lena.count("Which topics?") == 1
    await lena.tap("Done")
    await lena.hears("E-mail?")
    await lena.say("/back")
    await lena.hears("Which topics?", times=2)
    await lena.tap("Colour")
    await lena.tap("Done")
    await lena.hears("E-mail?", times=2)
    await lena.say("no address")
    await lena.hears("does not look like an e-mail address")
    await lena.say("/skip")
    await lena.hears("All set, Lena.")
    told = await world.creator.hears("New lead")
    assert "topics: Colour" in told.text
    await lena.say("/start")
    await lena.hears("Nice to see you again.")
    await lena.say("hm")
    await lena.hears("Try the word booking.")


async def test_a_keyword_a_command_a_button_and_a_source_begin_a_flow_and_the_first_can_be_gone_on_with(world: World):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("Your name?")
    # while a question is open a keyword is an answer like any other
    await lena.tap("Book")
    await lena.hears("What for?")
    await lena.say("A portrait")
    await lena.hears("Preset pack")
    await lena.hears("the welcome")
    await lena.tap("Go on")
    await lena.hears("Your name?", times=2)
    await lena.say("booking")
    await lena.hears("Which topics?")
    await lena.say("/book")
    await lena.hears("What for?", times=2)
    await lena.say("/cancel")
    await lena.hears("All right, I stop asking")
    await lena.hears("the welcome", times=2)
    await lena.tap("Leave it")
    await lena.say("Please BOOK ME, now")
    await lena.hears("What for?", times=3)
    await lena.say("/start book")
    await lena.hears("What for?", times=4)


async def test_what_is_waited_for_comes_or_its_time_runs_out(world: World):
    lena, tom = await world.person("Lena"), await world.person("Tom")
    for person in (lena, tom):
        await person.say("/start book")
        await person.hears("What for?")
        await person.say("A portrait")
        await person.hears("Preset pack")
    await lena.tap("Buy")
    paying = await lena.hears("Pay on the secure page")
    await world.pay(str(paying.button("Pay")["url"]).rsplit("/", 1)[-1])
    await lena.hears("Booked!")
    await world.skip(days=2)
    await tom.hears("The slot is free again.")
    assert await lena.count("The slot is free again.") == 0
    assert await tom.count("Booked!") == 0


async def test_a_person_takes_over_and_the_bot_keeps_quiet_until_the_chat_is_given_back(world: World):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("Your name?")
    await lena.say("/cancel")
    await lena.say("a person please")
    await lena.hears("Somebody will be with you.")
    await world.creator.hears("waits for a person")
    await lena.say("booking, is anybody there?")
    relayed = await world.creator.hears("is anybody there?")
    assert any("Answer" in label for label in relayed.labels)
    assert await lena.count("What for?") == 0
    await lena.say("/start")
    await lena.hears("A person is writing with you here")
    await lena.say("/shop")
    await lena.hears("Studio North")
    async with world.spark.database.transaction() as session:
        assert await give_back(session, await _lead(session), now=world.clock())
    await world.settle()
    await lena.hears("How was it?")
    await lena.tap("5 ★")
    await world.creator.hears("mood: 5")


async def test_while_a_question_is_open_a_takeover_stops_the_answers_and_taps(world: World):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("Your name?")
    await lena.say("Lena")
    await lena.hears("Which topics?")
    async with world.spark.database.transaction() as session:
        await take_over(session, await _lead(session), now=world.clock())
    await lena.tap("Light")
    assert await _tap_is_told(world, "A person is writing")
    async with world.spark.database.transaction() as session:
        await give_back(session, await _lead(session), now=world.clock())
    await lena.tap("Light")
    await lena.tap("Done")
    await lena.hears("E-mail?")


async def test_a_banned_lead_gets_no_answer_but_to_what_is_their_right(world: World):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("Your name?")
    async with world.spark.database.transaction() as session:
        await ban_lead(session, await _lead(session), now=world.clock())
    before = len([said for said in await lena.chat() if said.by_bot])
    for text in ("Lena", "/start", "/start book", "/shop", "booking", "/book"):
        await lena.say(text)
    await lena.say("/privacy")
    await lena.hears("Studio North")
    assert len([said for said in await lena.chat() if said.by_bot]) == before + 1


async def test_stopping_begins_the_flow_for_those_who_leave(world: World):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("Your name?")
    await lena.say("/cancel")
    await lena.say("/stop")
    await lena.hears("We will miss you.")


async def test_a_tracked_link_leads_to_its_flow_product_or_funnel_and_every_touch_is_kept(world: World):
    links = {}
    async with world.spark.database.transaction() as session:
        setup = world.spark.intake.facts.published.setup(1)
        for target, name in (
            (LinkTarget.FLOW, "booking"),
            (LinkTarget.PRODUCT, "preset-pack"),
            (LinkTarget.FUNNEL, "care"),
        ):
            link = await make_link(session, 1, setup, target=target, name=name, title=f"My {target}", now=world.clock())
            links[target] = link.key
    lena = await world.person("Lena")
    await lena.say(f"/start {links[LinkTarget.FLOW]}")
    await lena.hears("What for?")
    await lena.say(f"/start {links[LinkTarget.PRODUCT]}")
    await lena.hears("Preset pack")
    await lena.say(f"/start {links[LinkTarget.FUNNEL]}")
    await lena.hears("What for?", times=2)
    await lena.hears("Follow-up")
    async with world.spark.database.reading() as session:
        assert (await _lead(session)).source == "my-flow"
        touches = (await session.scalars(select(Touch.source).order_by(Touch.id))).all()
        assert touches == ["my-flow", "my-product", "my-funnel"]
        assert len((await session.scalars(select(Enrollment))).all()) == 1


async def test_whoever_began_with_a_version_ends_with_it_whatever_the_file_says_by_then(world: World, tmp_path: Path):
    lena = await world.person("Lena")
    await lena.say("/start")
    await lena.hears("Your name?")
    path = tmp_path / "changed.yaml"
    path.write_text(CONFIG.replace("Which topics?", "What do you like?"))
    changed = load(path, {"SPARK_TELEGRAM__TOKEN": TOKEN, "SPARK_SECRET_KEY": "a-secret-of-the-stories-of-32-bytes"})
    settings = world.loaded.settings.model_copy(update={"creators": changed.settings.creators})
    world.loaded = replace(world.loaded, settings=settings)
    await world.restart()
    await lena.say("Lena")
    await lena.hears("Which topics?")
    tom = await world.person("Tom")
    await tom.say("/start")
    await tom.say("Tom")
    await tom.hears("What do you like?")


async def test_a_german_lead_is_spoken_to_in_german(world: World):
    told = await world.control("POST", "/people", {"first_name": "Jonas", "language_code": "de"})
    jonas = PersonOfTheWorld(world, told["id"])
    await jonas.say("/start")
    await jonas.hears("Dein Name?")
    await jonas.say("/skip")
    await jonas.hears("lässt sich nicht überspringen")
    await jonas.tap("Book")
    await jonas.hears("What for?")
    await jonas.say("x")
    await jonas.hears("die Begrüßung")
    await jonas.tap("Weitermachen")
    await jonas.hears("Dein Name?", times=2)


async def _lead(session: AsyncSession) -> Lead:
    return (await session.scalars(select(Lead))).one()


async def _tap_is_told(world: World, words: str) -> bool:
    async def told() -> bool:
        return any(words in str(call["params"].get("text")) for call in await world.calls("answerCallbackQuery"))

    return await world.until(told)
