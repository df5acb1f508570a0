"""Each person is written to in their own language: Telegram's, until they choose another."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from world import PersonOfTheWorld, World, a_world, begin_studio

CONFIG = """
creators:
  studio:
    name: Studio
    currency: eur
    fields:
      interest: {kind: choice}
    flows:
      welcome:
        trigger: start
        nodes:
          - {key: hello, do: say, text: {en: "Hello, {{ lead.first_name }}!", de: "Hallo, {{ lead.first_name }}!"}}
          - {key: name, do: ask, kind: text, field: name, max_length: 20, text: {en: Your name?, de: Dein Name?}}
          - key: phone
            do: ask
            kind: phone
            field: phone
            optional: true
            text: {en: "Your phone, {{ lead.name }}?", de: "Dein Telefon, {{ lead.name }}?"}
          - key: pick
            do: choose
            field: interest
            text: {en: Which?, de: Was davon?}
            options:
              - {value: video, label: {en: Films, de: Filme}}
              - {value: photo, label: {en: Photos, de: Fotos}}
          - {key: done, do: say, text: {en: That is all., de: Das ist alles.}}
"""


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, CONFIG) as world:
        await begin_studio(world)
        yield world


async def somebody(world: World, first_name: str, language: str) -> PersonOfTheWorld:
    body = {"first_name": first_name, "language_code": language}
    return PersonOfTheWorld(world, (await world.control("POST", "/people", body))["id"])


async def test_a_lead_hears_everything_in_the_language_of_their_telegram(world: World):
    lena = await somebody(world, "Lena", "de-AT")
    await lena.say("/start")
    await lena.hears("Hallo, Lena!")
    await lena.hears("Dein Name?")
    await lena.say("x" * 21)
    await lena.hears("Das ist zu lang: höchstens 20 Zeichen.")
    await lena.say("Lena")
    asked = await lena.hears("Dein Telefon, Lena?")
    keys = [key["text"] for row in asked.raw["keyboard"] for key in row]
    assert keys == ["📱 Meine Telefonnummer teilen", "Überspringen"]
    await lena.say("Überspringen")
    await lena.hears("Was davon?")
    await lena.tap("Filme")
    await lena.hears("Das ist alles.")
    await lena.say("/shop")
    shop = await lena.hears("Studio")
    assert shop.labels[:2] == ["Starter guide · kostenlos", "Preset pack · 19,00\xa0€"]
    await lena.say("/frobnicate")
    await lena.hears("Das habe ich nicht verstanden.")


async def test_a_language_that_spark_does_not_speak_is_answered_in_english(world: World):
    ana = await somebody(world, "Ana", "pt-br")
    await ana.say("/start")
    await ana.hears("Hello, Ana!")
    await ana.say("/help")
    await ana.hears("What I can do")


async def test_language_is_changed_in_the_middle_and_the_open_question_comes_again(world: World):
    lena = await somebody(world, "Lena", "de")
    await lena.say("/start")
    await lena.hears("Dein Name?")
    await lena.say("/language")
    choice = await lena.hears("Zurzeit ist es Deutsch.")
    assert choice.labels == ["Deutsch", "English", "Wie in Telegram"]
    await lena.tap("English")
    changed = await lena.hears("All right, from now on I write in English.")
    assert (changed.raw["message_id"], changed.labels) == (choice.raw["message_id"], [])
    await lena.hears("Your name?")
    # what Telegram tells with each update does not win over what was chosen
    await lena.say("Lena")
    await lena.hears("Your phone, Lena?")
    # the word of the other language counts as well
    await lena.say("überspringen")
    assert (await lena.hears("Which?")).labels == ["Films", "Photos"]
    await world.restart()
    await lena.say("/language auto")
    await lena.hears("in der du Telegram benutzt")
    assert (await lena.hears("Was davon?")).labels == ["Filme", "Fotos"]


async def test_a_choice_typed_in_another_language_is_the_same_choice(world: World):
    lena = await somebody(world, "Lena", "de")
    await lena.say("/start")
    await lena.hears("Dein Name?")
    await lena.say("/language EN")
    await lena.hears("Your name?")
    await lena.say("Lena")
    await lena.say("/skip")
    await lena.hears("Which?")
    await lena.say("fotos")
    await lena.hears("That is all.")
    assert "interest: Photos" in (await world.creator.hears("New lead")).text


async def test_a_language_that_is_not_there_is_told_with_those_that_are(world: World):
    lena = await somebody(world, "Lena", "en")
    await lena.say("/language tlh")
    told = await lena.hears("I speak Deutsch (de), English (en).")
    assert "/language auto" in told.text
    await lena.say("/help")
    await lena.hears("What I can do")


async def test_a_creator_reads_notices_in_a_language_of_their_own(world: World):
    await world.creator.say("/language de")
    await world.creator.hears("ab jetzt schreibe ich auf Deutsch")
    lena = await somebody(world, "Lena", "en")
    await lena.say("/start ad42")
    await lena.hears("Your name?")
    await lena.say("Lena")
    await lena.say("/skip")
    await lena.tap("Films")
    assert "Quelle ad42" in (await world.creator.hears("Neuer Kontakt")).text
    await lena.say("/paysupport It never came")
    assert "It never came" in (await world.creator.hears("Hilfe bei einer Zahlung")).text
    await lena.hears("has your message and will write to you")


async def test_the_command_menu_speaks_each_language_and_the_chosen_one(world: World):
    async def menus(method: str) -> list[dict[str, Any]]:
        return [call["params"] for call in await world.calls(method)]

    def shop(menu: dict[str, Any]) -> str:
        return next(each["description"] for each in menu["commands"] if each["command"] == "shop")

    everyones = {menu.get("language_code"): shop(menu) for menu in await menus("setMyCommands")}
    assert everyones == {"de": "Was es zu kaufen gibt", None: "What is for sale"}
    lena = await somebody(world, "Lena", "en")
    await lena.say("/language de")
    await lena.hears("ab jetzt schreibe ich auf Deutsch")

    async def has_own() -> bool:
        own = [menu for menu in await menus("setMyCommands") if menu["scope"].get("chat_id") == lena.id]
        return [shop(menu) for menu in own] == ["Was es zu kaufen gibt"]

    assert await world.until(has_own)
    await lena.say("/language auto")
    await lena.hears("in the language that you use Telegram in")

    async def follows() -> bool:
        return [menu["scope"]["chat_id"] for menu in await menus("deleteMyCommands")] == [lena.id]

    assert await world.until(follows)


async def test_a_refusal_is_told_in_the_persons_language(world: World):
    lena = await somebody(world, "Lena", "de")
    await lena.say("/start bind_" + "x" * 43)
    await lena.hears("Dieser Link ist benutzt oder zu alt")
