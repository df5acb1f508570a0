"""Every kind of question over the wire: a wrong answer, told why, and a right one, kept as what it is."""

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select
from world import CREATOR, PersonOfTheWorld, World, a_world, seed

from domain.leads import known_answers
from store.models import Creator, FileHandle, Lead, LeadField, Person, Proof, Shape, StoredFile

CONFIG = """
creators:
  studio:
    name: Studio
    fields:
      code: {kind: text}
      age: {kind: number}
      birthday: {kind: date}
      news: {kind: yes_no}
      cv: {kind: file}
      face: {kind: file}
      place: {kind: location}
      stars: {kind: number}
      tools: {kind: choices}
      plan: {kind: choice}
    flows:
      everything:
        trigger: start
        nodes:
          - key: code
            do: ask
            kind: text
            field: code
            text: Code?
            pattern: "[A-Z]{2}[0-9]{2}"
            hint: Like <b>AB12</b>.
          - {key: email, do: ask, kind: email, field: email, text: E-mail?}
          - {key: phone, do: ask, kind: phone, field: phone, text: Phone?}
          - {key: age, do: ask, kind: number, field: age, text: Age?, least: 18, whole: true}
          - {key: birthday, do: ask, kind: date, field: birthday, text: Birthday?, latest: today}
          - {key: news, do: ask, kind: yes_no, field: news, text: News?}
          - {key: cv, do: ask, kind: file, field: cv, text: CV?}
          - {key: face, do: ask, kind: photo, field: face, text: Photo?}
          - {key: place, do: ask, kind: location, field: place, text: Where?, optional: true}
          - {key: stars, do: ask, kind: rating, field: stars, text: Stars?}
          - {key: zone, do: ask, kind: time_zone, field: time_zone, text: Zone?}
          - key: tools
            do: choose
            field: tools
            many: true
            least: 2
            text: Tools?
            options: [{value: pen, label: Pen}, {value: ink, label: Ink}, {value: nib, label: Nib}]
          - {key: plan, do: choose, field: plan, text: Plan?, options: [{value: a, label: A}, {value: b, label: B}]}
          - {key: done, do: say, text: That is all.}
"""
# a picture of one pixel
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
        "e221bc330000000049454e44ae426082"
    )
).decode()


@pytest_asyncio.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(store_url, tmp_path, CONFIG) as world:
        await seed(world)
        await world.spark.start()
        yield world


async def stored(world: World, lena: PersonOfTheWorld) -> tuple[Lead, dict[str, str], dict[str, list[LeadField]]]:
    async with world.spark.database.reading() as session:
        query = select(Lead).join(Person, Person.id == Lead.person_id).where(Person.telegram_id == lena.id)
        lead = (await session.scalars(query.join(Creator, Creator.id == Lead.creator_id))).one()
        rows: dict[str, list[LeadField]] = {}
        for row in await session.scalars(
            select(LeadField).where(LeadField.lead_id == lead.id).order_by(LeadField.item)
        ):
            rows.setdefault(row.key, []).append(row)
        return lead, await known_answers(session, lead), rows


async def file_of(world: World, field: LeadField) -> tuple[StoredFile, str]:
    async with world.spark.database.reading() as session:
        file = await session.get_one(StoredFile, int(field.value or field.sealed or 0))
        handle = (await session.scalars(select(FileHandle).where(FileHandle.file_id == file.id))).one()
        return file, handle.telegram_file_id


async def all_is_kept(world: World, lena: PersonOfTheWorld) -> None:
    lead, known, rows = await stored(world, lena)
    assert (lead.email, lead.email_proof) == ("lena@example.com", Proof.TYPED)
    assert (lead.phone, lead.phone_proof) == ("+819012345678", Proof.VERIFIED)
    assert lead.time_zone == "Europe/Berlin"
    assert (rows["age"][0].number, rows["stars"][0].number) == (18, 4)
    assert (rows["birthday"][0].value, rows["news"][0].value) == ("2000-02-29", "yes")
    assert [row.value for row in rows["tools"]] == ["pen", "nib"]
    assert (known["code"], known["place"], known["plan"]) == ("AB12", "52.52,13.405", "b")
    cv, face = await file_of(world, rows["cv"][0]), await file_of(world, rows["face"][0])
    assert (cv[0].shape, cv[0].file_name, cv[0].lead_id) == (Shape.DOCUMENT, "cv.pdf", lead.id)
    assert face[0].shape == Shape.PHOTO
    assert re.fullmatch(r"photo-[\w-]+\.jpg", face[0].file_name)
    assert cv[1] != face[1]


async def test_every_kind_of_question_is_asked_and_its_answer_kept(world: World):
    lena = await world.person("Lena")

    async def gives(question: str, *turns: tuple[str | dict[str, Any], str]) -> None:
        """Each thing that is sent, and what is heard of it; the last is the next question."""
        for what, heard in turns:
            await (lena.say(what) if isinstance(what, str) else lena.post(what))
            assert await lena.hears(heard), question

    document = {"file_name": "cv.pdf", "mime_type": "application/pdf", "content_base64": "JVBERg=="}
    own = {"phone_number": "+819012345678"}
    other = {"phone_number": "+4915100000000", "user_id": CREATOR}
    await world.skip(hours=12)
    await lena.say("/start")
    await lena.hears("Code?")
    await gives("code", ("ab12", "Like AB12."), ("AB12", "E-mail?"))
    await gives("email", ("lena", "does not look like an e-mail"), ("Lena@Example.com", "Phone?"))
    await gives("phone", ({"contact": other}, "somebody else's contact"), ({"contact": own}, "Age?"))
    await gives("age", ("17", "at least 18"), ("18.5", "whole number"), ("18", "Birthday?"))
    # where the number is from the fourth has begun
    await gives("birthday", ("5.11.2026", "too late: Nov 4, 2026"), ("29 Feb 2000", "News?"))
    await gives("news", ("perhaps", "yes or no"))
    await lena.tap("Yes")
    await lena.hears("CV?")
    await gives("cv", ("here", "send a file"), ({"document": document}, "Photo?"))
    await gives("face", ({"document": document}, "send a photo"), ({"photo": {"content_base64": PIXEL}}, "Where?"))
    await gives("place", ("there", "share where you are"))
    await lena.post({"location": {"latitude": 52.52, "longitude": 13.405}})
    await lena.hears("Stars?")
    await gives("stars", ("6", "from 1 to 5"))
    await lena.tap("4 ★")
    await lena.hears("Zone?")
    await gives("zone", ("UTC+2", "Clocks change in summer"), ("münchen", "Tools?"))
    await lena.tap("Nib")
    await lena.hears("Tools?")

    async def marked() -> bool:
        return any("✓ Nib" in said.labels for said in await lena.chat())

    assert await world.until(marked)
    assert (await lena.tap("Done"))["answer"] == "Please mark at least 2."
    await lena.tap("Pen")
    await lena.tap("Done")
    await lena.hears("Plan?")
    await lena.tap("B")
    await lena.hears("That is all.")
    await all_is_kept(world, lena)


@pytest.mark.parametrize("word", ["Skip", "/skip", "überspringen"])
async def test_a_location_may_be_left_out(world: World, word: str):
    lena = await world.person("Lena")
    await lena.say("/start")
    for answer, heard in (
        ("AB12", "E-mail?"),
        ("a@example.com", "Phone?"),
        ("+4915123456789", "Age?"),
        ("18", "Birthday?"),
        ("2000-01-01", "News?"),
        ("no", "CV?"),
    ):
        await lena.say(answer)
        await lena.hears(heard)
    await lena.send_file("cv.pdf", b"%PDF")
    await lena.hears("Photo?")
    await lena.post({"photo": {"content_base64": PIXEL}})
    asked = await lena.hears("Where?")
    assert [key["text"] for row in asked.raw["keyboard"] for key in row] == ["📍 Share where I am", "Skip"]
    await lena.say(word)
    await lena.hears("Stars?")
    assert "place" not in (await stored(world, lena))[2]
