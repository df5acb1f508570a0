"""A creator brings leads in from a CSV file, and takes them out again."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from world import World

from automations import imports, transfer_jobs
from domain.transfers.asking import begin_export
from store.models import (
    Event,
    Lead,
    LeadTag,
    OutboxMessage,
    OutboxState,
    Person,
    StoredFile,
    Transfer,
    TransferProblem,
    TransferState,
)

GOOD = "Name;E-Mail;Telefon;Tags;Punkte\n"


async def uploads(world: World, name: str, text: str | bytes) -> None:
    await world.creator.send_file(name, text.encode() if isinstance(text, str) else text)


async def document(world: World, name: str) -> list[list[str]]:
    """What a file in the creator's chat says, as rows."""
    said = await world.creator.gets_file(name)
    files = world.playground.telegram.parts.files
    held = files.get(said.raw["document"]["file_id"])
    assert held is not None
    return list(csv.reader(io.StringIO(files.content(held).decode("utf-8-sig"))))


async def ask(world: World, statement: Any) -> Any:
    async with world.spark.database.reading() as session:
        return (await session.execute(statement)).all()


async def leads(world: World) -> dict[str, Lead]:
    async with world.spark.database.reading() as session:
        return {lead.name: lead for lead in await session.scalars(select(Lead))}


async def is_cleared(world: World) -> bool:
    states = await ask(world, select(Transfer.state))
    return all(row.state == TransferState.DONE for row in states)


def kept_files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and "transfers" in path.parts]


async def test_a_file_is_looked_through_then_imported_after_a_yes_and_forgotten(world: World, tmp_path: Path):
    text = (
        GOOD
        + "Ada Lovelace;ada@example.com;+49 151 23456789;vip, early;10\n"
        + "Bob;bob@example;;;\n"
        + '"Cleo\nCo";cleo@example.com;;;\n'
        + "Ada again;ADA@example.com;;;\n"
    )
    await uploads(world, "people.csv", text)
    report = await world.creator.hears("Nothing is saved yet")
    assert "2 new" in report.text
    assert "2 cannot be taken" in report.text
    assert "row 3: “E-Mail” is no e-mail address" in report.text
    assert "row 5: the same e-mail as row 2" in report.text
    assert "Punkte → score" in report.text
    problems = await document(world, "problems-1.csv")
    assert problems[0] == ["row", "problem", "Name", "E-Mail", "Telefon", "Tags", "Punkte"]
    assert [row[0] for row in problems[1:]] == ["3", "5"]
    assert "Ada Lovelace" not in await leads(world)

    await world.creator.tap("Import 2 rows")
    await world.creator.hears("2 added, 0 filled in, 0 unchanged, 2 not taken")
    known = await leads(world)
    assert known["Ada Lovelace"].email == "ada@example.com"
    assert known["Ada Lovelace"].phone == "+4915123456789"
    assert (known["Ada Lovelace"].score, known["Ada Lovelace"].source) == (10, "import")
    assert known["Cleo Co"].email == "cleo@example.com"
    tags = await ask(
        world, select(LeadTag.tag).where(LeadTag.lead_id == known["Ada Lovelace"].id).order_by(LeadTag.tag)
    )
    assert [row.tag for row in tags] == ["early", "vip"]
    names = {row.name for row in await ask(world, select(Event.name).where(Event.lead_id == known["Cleo Co"].id))}
    assert names == {"lead.imported"}

    assert await world.until(lambda: is_cleared(world))
    assert kept_files(tmp_path) == []
    assert await ask(world, select(TransferProblem.row)) == []
    assert await ask(world, select(StoredFile.id).where(StoredFile.file_name.like("problems%"))) == []


async def test_a_known_lead_is_filled_in_only_where_it_is_empty(world: World):
    lena = await world.person("Lena")
    await lena.answers_welcome(source="ad42")
    await uploads(world, "a.csv", "name,phone,score,source\nSomebody else,+4915123456789,7,csv\n")
    report = await world.creator.hears("known already (only what is empty")
    lead = (await leads(world))["Lena"]
    assert f"row 2 is lead {lead.id}" in report.text
    await world.creator.tap("Import 1 row")
    await world.creator.hears("0 added, 1 filled in")
    lead = (await leads(world))["Lena"]
    assert (lead.name, lead.score, lead.source, lead.email) == ("Lena", 7, "ad42", "lena@example.com")


async def test_a_stranger_who_typed_an_address_is_not_given_the_imported_leads_place(world: World):
    mallory = await world.person("Mallory")
    await mallory.answers_welcome(name="Victim")
    await uploads(world, "a.csv", "name,email\nThe real one,victim@example.com\n")
    await world.creator.tap("Import 1 row")
    await world.creator.hears("1 added, 0 filled in")
    known = await leads(world)
    assert known["The real one"].id != known["Victim"].id
    assert known["The real one"].person_id is None


async def test_a_column_is_changed_and_the_file_is_checked_again(world: World):
    await uploads(world, "a.csv", "Wer,Adresse\nAda,ada@example.com\n")
    first = await world.creator.hears("There is nothing to import so")
    assert not any("Import" in label for label in first.labels)
    for column, target in (("Wer", "name"), ("Adresse", "e-mail")):
        await world.creator.tap("Change columns")
        await world.creator.tap(f"{column} →")
        await world.creator.hears(f"What is “{column}”?")
        await world.creator.tap(target)
        await world.creator.hears(f"{column} → {target}")
    await world.creator.tap("Import 1 row")
    await world.creator.hears("1 added")
    assert (await leads(world))["Ada"].email == "ada@example.com"


async def test_cancel_takes_nothing_and_forgets_the_file(world: World, tmp_path: Path):
    await uploads(world, "a.csv", "name\nAda\n")
    await world.creator.hears("Nothing is saved yet")
    await world.creator.tap("Cancel")
    await world.creator.hears("Nothing was imported")
    assert await world.until(lambda: is_cleared(world))
    assert "Ada" not in await leads(world)
    assert kept_files(tmp_path) == []


async def test_an_import_that_nobody_confirms_is_cleared_after_a_day(world: World, tmp_path: Path):
    await uploads(world, "a.csv", "name\nAda\n")
    report = await world.creator.hears("Nothing is saved yet")
    assert kept_files(tmp_path) == ["upload.csv"]
    await world.skip(days=1, seconds=1)
    assert await world.until(lambda: is_cleared(world))
    assert kept_files(tmp_path) == []
    button = {"message_id": report.raw["message_id"], "data": report.button("Import 1")["data"]}
    told = await world.control("POST", f"/people/{world.creator.id}/taps", button)
    assert "send it again" in told["answer"]


async def test_what_is_no_list_of_leads_is_told_so_and_forgotten(world: World, tmp_path: Path):
    for name, content, reason in (
        ("a.csv", b"PK\x03\x04rest", "this is a workbook"),
        ("b.csv", b"ada@example.com,Ada\nbob@example.com,Bob\n", "looks like a lead"),
        ("c.csv", b"name,Name\nA,B\n", "are both called"),
        ("d.csv", b"", "the first line is empty"),
    ):
        # an empty file is none at Telegram's
        await uploads(world, name, content or b"\n")
        said = await world.creator.hears(f"“{name}” could not be worked on")
        assert reason in said.text
    assert await world.until(lambda: is_cleared(world))
    assert kept_files(tmp_path) == []


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_file_that_telegram_gives_no_bot_is_refused_at_once(world: World):
    await uploads(world, "big.csv", b"name\n" + b"Ada\n" * (5 * 1024 * 1024 + 1))
    await world.creator.hears("That file has 21 MB, and Telegram gives bots files of up to 20 MB only")
    assert await ask(world, select(Transfer.id)) == []


async def test_progress_is_one_message_that_changes(world: World, monkeypatch):
    monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 20)
    await world.spark.stop()
    monkeypatch.setattr(transfer_jobs.Tools, "seconds_between_edits", 0.0)
    monkeypatch.setattr(transfer_jobs.Tools.__init__, "__defaults__", (0.0, transfer_jobs.time.monotonic))
    await world.begin()
    await uploads(world, "a.csv", "name\n" + "".join(f"Person {number}\n" for number in range(200)))
    await world.creator.hears("Nothing is saved yet")
    shown = await world.creator.hears("✔️ 200 rows")
    edits = [
        call for call in await world.calls("editMessageText") if call["params"]["message_id"] == shown.raw["message_id"]
    ]
    texts = [call["params"]["text"] for call in edits]
    assert any("Looking through the file" in text and "% · about" in text for text in texts)
    assert len(texts) == len(set(texts))
    assert sum("Looking through the file" in said.text for said in await world.creator.chat()) == 0


async def test_an_import_that_is_cut_off_goes_on_and_doubles_nothing(world: World, monkeypatch):
    monkeypatch.setattr(imports, "IMPORTED_AT_ONCE", 10)
    rows = 300
    await uploads(world, "a.csv", "name,email\n" + "".join(f"P{n},p{n}@example.com\n" for n in range(rows)))
    await world.creator.tap(f"Import {rows} rows")

    async def some() -> bool:
        return 20 <= len(await leads(world)) < rows

    assert await world.until(some)
    await world.restart()
    assert len(await leads(world)) < rows
    await world.creator.hears(f"{rows} added, 0 filled in, 0 unchanged, 0 not taken")
    counted = await ask(world, select(func.count()).select_from(Lead).where(Lead.email_digest.is_not(None)))
    assert counted[0][0] == rows


async def test_an_export_comes_as_a_file_and_goes_round(world: World, tmp_path: Path):
    lena = await world.person("Lena")
    await lena.answers_welcome(source="ad42")
    await uploads(world, "a.csv", 'name,email,tags,consent\n"=HYPERLINK(""x"")",ada@example.com,vip,2026-01-02\n')
    await world.creator.tap("Import 1 row")
    await world.creator.hears("1 added")
    await world.creator.say("/export")
    rows = await document(world, "leads-studio-2026-11-03.csv")
    told = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    # the import before it already read the formula's text as it stands
    by_name = {row["name"]: row for row in told}
    assert by_name["Lena"]["phone"] == "'+4915123456789"
    assert by_name["Lena"]["phone_verified"] == "yes"
    assert (by_name["Lena"]["source"], by_name["Lena"]["interest"]) == ("ad42", "presets")
    assert by_name['\'=HYPERLINK("x")']["consent"] == "2026-01-02T00:00:00+00:00"
    assert await world.until(lambda: is_cleared(world))
    assert kept_files(tmp_path) == []

    before = await leads(world)
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    await uploads(world, "back.csv", out.getvalue())
    await world.creator.tap(f"Import {len(told)} rows")
    await world.creator.hears(f"0 added, 0 filled in, {len(told)} unchanged, 0 not taken")
    after = await leads(world)
    assert {name: (lead.id, lead.email, lead.phone) for name, lead in after.items()} == {
        name: (lead.id, lead.email, lead.phone) for name, lead in before.items()
    }


async def test_an_export_of_a_segment_has_its_leads_only(world: World):
    await uploads(world, "a.csv", "name,tags\nAda,vip\nBob,\n")
    await world.creator.tap("Import 2 rows")
    await world.creator.hears("2 added")
    await world.creator.say("/export tag:vip")
    rows = await document(world, "leads-studio-2026-11-03.csv")
    assert [row[1] for row in rows[1:]] == ["Ada"]
    await world.creator.say("/export tag:nobody-has-this")
    await world.creator.hears("No lead fits that")
    await world.creator.say("/export tag=")
    assert await world.creator.count("Your leads are on their way") == 2


async def test_a_lead_cannot_export_and_their_file_is_no_import(world: World):
    lena = await world.person("Lena")
    await lena.say("/export")
    await lena.hears("This is for creators")
    await lena.send_file("a.csv", b"name\nAda\n")
    await lena.say("/export tag:vip")
    await lena.hears("This is for creators", times=2)
    assert await ask(world, select(Transfer.id)) == []


async def test_a_file_that_cannot_be_sent_is_forgotten_after_a_day(world: World, tmp_path: Path):
    await (await world.person("Lena")).say("/start")

    async def someone() -> bool:
        return len(await ask(world, select(Lead.id))) == 1

    assert await world.until(someone)
    await world.control("PUT", f"/people/{world.creator.id}/blocked", {"blocked": True})
    async with world.spark.database.transaction() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == world.creator.id))).one()
        creator_id = await session.scalar(select(Lead.creator_id)) or 0
        await begin_export(session, creator_id, person.id, question="", file_name="leads.csv", now=world.clock())

    async def waits() -> bool:
        state = (await ask(world, select(Transfer.state)))[0].state
        queued = await ask(world, select(OutboxMessage.key).where(OutboxMessage.key.like("transfer:%:file:%")))
        return state == TransferState.CLEARING and len(queued) == 1 and kept_files(tmp_path) == ["leads.csv"]

    assert await world.until(waits)
    await world.skip(days=1, seconds=1)
    assert await world.until(lambda: is_cleared(world))
    assert kept_files(tmp_path) == []
    outcome = await ask(world, select(OutboxMessage.state).where(OutboxMessage.key.like("transfer:%:file:%")))
    assert [row.state for row in outcome] == [OutboxState.CANCELLED]
