"""A creator who reads German: refusals, cards, what happened, and what leads have answered."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from leads_chat import answers, tapped
from world import PersonOfTheWorld, World, a_world, seed

CONFIG = """
telegram:
  default_creator: studio
creators:
  studio:
    name: Studio North
    currency: usd
    language: en
    stages: [warm]
    fields:
      size: {kind: number, label: {en: Team size, de: Teamgröße}}
      pro: {kind: yes_no}
      day: {kind: date}
      topics:
        kind: choices
        label: {en: Topics, de: Themen}
      stars: {kind: number}
    flows:
      welcome:
        trigger: start
        nodes:
          - {key: size, do: ask, kind: number, field: size, text: How many?}
          - {key: pro, do: ask, kind: yes_no, field: pro, text: A pro?}
          - {key: day, do: ask, kind: date, field: day, text: Which day?}
          - key: topics
            do: choose
            many: true
            field: topics
            text: Which topics?
            options:
              - {value: light, label: {en: Light, de: Licht}}
              - {value: portrait, label: {en: Portrait, de: Porträt}}
              - {value: sound, label: Sound}
          - {key: stars, do: ask, kind: rating, field: stars, text: How good?, optional: true, back: true}
          - key: done
            do: say
            text: >-
              {{ lead.size }} {{ lead.pro }} {{ lead.day }} {{ lead.topics }}{% if lead.pro == 'yes' %} pro{% endif %}
      fair:
        trigger: {command: fair}
        title: {en: "See us at the <b>fair</b>", de: Auf der Messe}
        nodes:
          - {key: hello, do: say, text: Come to the fair.}
      mine:
        trigger: {command: mine}
        title: "{{ lead.first_name }}, yours"
        nodes:
          - {key: hello, do: say, text: Yours.}
"""


@pytest.fixture
async def chat(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, CONFIG) as world:
        await seed(world)
        await world.spark.start()
        await world.creator.say("/language de")
        await world.creator.hears("ab jetzt schreibe ich auf Deutsch")
        yield world


async def through(world: World, name: str, language: str) -> PersonOfTheWorld:
    """Somebody who has answered everything."""
    body = {"first_name": name, "language_code": language}
    person = PersonOfTheWorld(world, (await world.control("POST", "/people", body))["id"])
    await person.say("/start")
    await person.hears("How many?")
    await person.say("12,5" if language == "de" else "12.5")
    await person.hears("A pro?")
    await person.tap("Ja" if language == "de" else "Yes")
    await person.hears("Which day?")
    await person.say("2031-02-03")
    await person.hears("Which topics?")
    await person.tap("Licht" if language == "de" else "Light")
    await person.tap("Porträt" if language == "de" else "Portrait")
    await person.tap("Fertig" if language == "de" else "Done")
    await person.hears("How good?")
    return person


async def test_refusals_that_name_what_was_typed_are_told_in_german(chat: World):
    await answers(chat, "/lead add Anna anna@example.com")
    for line, told in (
        ("/lead 1 tag <b>!", "„<b>!“ ist kein Tag: höchstens 40 Buchstaben, Ziffern und Bindestriche."),
        ("/lead 1 set size viele", "Size: Hier passt eine Zahl wie 12,5."),
        ("/lead 1 set email anna", "„anna“ ist keine E-Mail-Adresse; schreib sie wie ada@example.com."),
        ("/lead add Bert anna@example.com", "Diese E-Mail-Adresse hat schon Kontakt 1."),
        ("/leads tga:vip", "Zeichen 1: eine Bedingung „tga“ gibt es nicht; meinst du tag?"),
        ("/leads stage:won", "Zeichen 1: „won“ gibt es nicht (Phase); es gibt customer, engaged, lost, new oder warm"),
        ("/link flow nowhere", "„nowhere“ (Flow) gibt es nicht; es gibt: fair, mine, welcome"),
        ('/product add "Paket" 19.001 usd', "„19.001“ lässt sich auf zwei Arten lesen; schreib es wie 1900.00."),
        ("/idea add " + "x" * 201, "Der Titel einer Idee hat 1 bis 200 Zeichen."),
    ):
        assert (await answers(chat, line)).text == told


async def test_answers_read_as_each_reader_reads_them(chat: World):
    lena = await through(chat, "Lena", "en")
    edited = await lena.hears("Which topics?")
    assert edited.text == "Which topics?\n\n✓ Light, Portrait"
    assert (await lena.hears("A pro?")).text == "A pro?\n\n✓ Yes"
    await lena.tap("4 ★")
    await lena.hears("12.5 yes February 3, 2031 Light, Portrait pro")
    assert (await lena.hears("How good?")).text == "How good?\n\n★★★★☆"
    told = (await chat.creator.hears("Neuer Kontakt")).text
    assert all(
        line in told for line in ("Teamgröße: 12,5", "pro: ja", "day: 3. Februar 2031", "Themen: Licht, Porträt")
    )
    card = (await answers(chat, "/lead 1")).text
    assert "Phase: interessiert, Punkte: 0" in card
    assert "Themen: Licht, Porträt" in card
    assert "day: 3. Februar 2031" in card
    assert "Flow welcome: abgeschlossen" in card
    timeline = (await answers(chat, "/lead 1 timeline")).text
    assert "kam zum ersten Mal" in timeline
    assert "hat geantwortet Teamgröße" in timeline
    assert "Phase geändert interessiert" in timeline
    # what is typed for a stage may be either word
    assert "ist jetzt in der Phase gekauft" in (await answers(chat, "/lead 1 stage gekauft")).text
    assert "ist jetzt in der Phase verloren" in (await answers(chat, "/lead 1 stage lost")).text


async def test_a_skipped_question_and_one_left_by_back_say_so(chat: World):
    mia = await through(chat, "Mia", "de")
    await mia.tap("Zurück")
    await mia.hears("Which topics?", times=2)
    assert (await mia.hears("How good?")).text == "How good?\n\n↩ Zurück zur Frage davor"
    await mia.tap("Licht")
    await mia.tap("Fertig")
    await mia.hears("How good?", times=2)
    await mia.tap("Überspringen")
    await mia.hears("12,5 ja 3. Februar 2031")
    assert (await mia.hears("How good?", times=2)).text == "How good?\n\n↷ Übersprungen"


async def test_the_menu_shows_the_commands_of_the_creators_own_flows(chat: World):
    async def everyones() -> dict[str | None, dict[str, str]]:
        calls = [call["params"] for call in await chat.calls("setMyCommands")]
        return {
            call.get("language_code"): {each["command"]: each["description"] for each in call["commands"]}
            for call in calls
            if call["scope"]["type"] == "default"
        }

    async def told() -> bool:
        return len(await everyones()) == 2

    assert await chat.until(told)
    menus = await everyones()
    assert (menus[None]["fair"], menus["de"]["fair"]) == ("See us at the fair", "Auf der Messe")
    assert (menus[None]["mine"], menus["de"]["mine"]) == ("From Studio North", "Von Studio North")
    assert menus[None]["shop"] == "What is for sale"


async def test_a_link_to_an_idea_shows_its_title_on_its_card_and_on_the_leads(chat: World):
    await answers(chat, "/idea add Studio tour")
    made = (await answers(chat, '/link idea 1 "Bio link"')).text
    assert "Idee 1 – Studio tour" in made
    key = made.split("?start=")[1].split()[0]
    lena = await chat.person("Lena")
    await lena.say(f"/start {key}")
    await lena.hears("How many?")
    assert "Quelle: Bio link – Idee Studio tour" in (await answers(chat, "/lead 1")).text


async def test_a_lead_without_a_name_is_called_by_number_in_the_readers_language(chat: World):
    assert "Kontakt 1 (Kontakt 1)" in (await answers(chat, "/lead add anna@example.com")).text
    listed = await answers(chat, "/leads")
    assert "1 Kontakt 1 · neu" in listed.text
    stages = await tapped(chat, await tapped(chat, listed, "1"), "Phase")
    assert stages.labels[:2] == ["✓ neu", "interessiert"]
