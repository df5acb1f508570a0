"""Imports and exports at work: by turns, through trouble, and never twice."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import select

from automations import imports
from automations.gateway import NotNow, Refused
from automations.imports import ImportJob
from automations.pace import Pace
from automations.transfer_jobs import Tools
from automations.transfers import REST_SECONDS, Transfers
from domain.creators import add_creator
from domain.definitions import Published
from domain.messages.plain import Message, Rows
from domain.people import Profile, see_person
from domain.transfers import importing
from domain.transfers.asking import begin_export, begin_import, confirm_import
from domain.transfers.matching import Match
from store.database import Database
from store.files import FileStore
from store.models import Lead, OutboxKind, OutboxMessage, StoredFile, Transfer, TransferState

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)


@dataclass
class Telegram:
    """Gives files by their handles, or fails as it is told to."""

    files: dict[str, bytes] = field(default_factory=dict)
    failure: Exception | None = None
    shown: list[str] = field(default_factory=list)

    async def send(self, telegram_id: int, message: Message) -> int:
        self.shown.append(message.text)
        return len(self.shown)

    async def edit(self, telegram_id: int, message_id: int, text: str, buttons: Rows = ()) -> None:
        self.shown.append(text)

    async def download(self, telegram_file_id: str, target: IO[bytes]) -> None:
        if self.failure is not None:
            raise self.failure
        target.write(self.files[telegram_file_id])


class Stage:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.telegram = Telegram()
        self.files = FileStore((folder / "files").as_uri())
        self.seconds = 0.0
        self.creator_id = self.person_id = 0
        self.transfers: Transfers | None = None
        self.anew()

    def anew(self) -> Transfers:
        """As another process would begin, knowing what the stores know."""
        tools = Tools(
            self.database,
            lambda: NOW,
            self.telegram,
            self.files,
            Pace(),
            Published(),
            seconds_between_edits=0.0,
            monotonic=lambda: self.seconds,
        )
        if self.transfers is not None:
            # open files would end with the process
            self.transfers.close()
        self.transfers = Transfers(tools)
        return self.transfers

    async def set_up(self) -> None:
        async with self.database.transaction() as session:
            self.creator_id = (await add_creator(session, name="Studio", slug="studio", now=NOW)).creator.id
            self.person_id = (await see_person(session, 1, Profile(1001, "Creator", None, "en"), now=NOW)).id

    async def sends(self, name: str, content: str) -> int:
        self.telegram.files[name] = content.encode()
        async with self.database.transaction() as session:
            transfer = await begin_import(
                session, self.creator_id, self.person_id, telegram_file_id=name, file_name=name, now=NOW
            )
            return transfer.id

    async def works(self, *, steps: int = 1000) -> int:
        """Until there is nothing left to do, or so many steps."""
        done = 0
        while done < steps and await self.transfers.work():
            done += 1
        return done

    async def confirms(self, transfer_id: int) -> None:
        async with self.database.transaction() as session:
            await confirm_import(session, await session.get_one(Transfer, transfer_id))

    async def transfer(self, transfer_id: int) -> Transfer:
        async with self.database.reading() as session:
            return await session.get_one(Transfer, transfer_id)

    async def told(self) -> list[str]:
        async with self.database.reading() as session:
            found = await session.scalars(
                select(OutboxMessage)
                .where(OutboxMessage.kind == OutboxKind.NOTICE, OutboxMessage.key.like("transfer:%"))
                .order_by(OutboxMessage.id)
            )
            return [str(each.message["text"]) for each in found]

    async def names(self) -> list[str]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Lead.name).order_by(Lead.id)))


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(database, tmp_path)
    await stage.set_up()
    yield stage
    stage.anew()


def a_file(count: int) -> str:
    return "name,email\n" + "".join(f"P{number},p{number}@example.com\n" for number in range(count))


async def test_a_small_file_does_not_wait_for_a_large_one(stage: Stage, monkeypatch):
    monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 10)
    large = await stage.sends("large.csv", a_file(500))
    small = await stage.sends("small.csv", a_file(5))
    await stage.works(steps=8)
    assert (await stage.transfer(small)).state is TransferState.READY
    assert (await stage.transfer(large)).state is TransferState.CHECKING


async def test_a_check_that_was_cut_off_begins_anew_and_tells_once(stage: Stage, monkeypatch):
    monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 10)
    number = await stage.sends("a.csv", a_file(50) + "nobody,no address\n")
    await stage.works(steps=4)
    stage.anew()
    await stage.works()
    transfer = await stage.transfer(number)
    assert (transfer.state, transfer.added, transfer.bad) == (TransferState.READY, 50, 1)
    assert len([text for text in await stage.told() if "Nothing is saved yet" in text]) == 1


@pytest.mark.parametrize("kill_after", [1, 2, 3, 7])
async def test_an_import_goes_on_behind_the_last_rows_that_were_saved(stage: Stage, monkeypatch, kill_after: int):
    monkeypatch.setattr(imports, "IMPORTED_AT_ONCE", 7)
    number = await stage.sends("a.csv", a_file(60))
    await stage.works()
    await stage.confirms(number)
    for _ in range(100):
        if not await stage.works(steps=kill_after + 1):
            break
        # nothing is put in order: what was in memory is gone
        stage.anew()
    assert await stage.names() == [f"P{number}" for number in range(60)]
    transfer = await stage.transfer(number)
    assert (transfer.rows, transfer.added, transfer.changed) == (60, 60, 0)


async def test_a_kill_between_the_rows_and_their_place_cannot_be(stage: Stage, monkeypatch):
    """The rows are written, and the process dies before the commit: the batch is taken again as if never begun."""
    number = await stage.sends("a.csv", a_file(20))
    await stage.works()
    await stage.confirms(number)

    async def dies(self: ImportJob, batch: importing.Batch) -> None:
        async with self.tools.database.transaction() as session:
            ground = importing.Ground(stage.creator_id, number, imports.setup_of(self.tools, self.transfer), NOW)
            await importing.import_batch(session, ground, batch, language="en")
            raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(ImportJob, "_take", dies)
        with pytest.raises(ConnectionError):
            await stage.works()
    assert await stage.names() == []
    stage.anew()
    await stage.works()
    assert len(await stage.names()) == 20


async def test_whose_address_was_taken_in_that_very_moment_is_named_and_the_others_come(stage: Stage, monkeypatch):
    number = await stage.sends("a.csv", a_file(5))
    await stage.works()
    await stage.confirms(number)
    real = importing.match_entries

    async def too_early(session, creator_id, entries) -> list[Match]:
        """As if the other lead had been saved right after the look."""
        matches: list[Match] = await real(session, creator_id, entries)
        for match in matches:
            match.lead_id, match.by = None, None
        return matches

    other = await stage.sends("b.csv", "name,email\nFirst,p3@example.com\n")
    await stage.works()
    assert len(await stage.names()) == 5
    await stage.confirms(other)
    monkeypatch.setattr(importing, "match_entries", too_early)
    await stage.works()
    assert (await stage.transfer(other)).bad == 1
    assert any("row 2: somebody else has its e-mail or phone by now" in text for text in await stage.told())
    assert "First" not in await stage.names()


async def test_telegram_that_is_away_is_waited_for(stage: Stage):
    number = await stage.sends("a.csv", a_file(3))
    stage.telegram.failure = NotNow("away")
    assert await stage.works(steps=5) == 1
    assert (await stage.transfer(number)).state is TransferState.CHECKING
    stage.telegram.failure = None
    assert await stage.works() == 0
    stage.seconds += REST_SECONDS
    await stage.works()
    assert (await stage.transfer(number)).state is TransferState.READY


async def test_a_file_that_telegram_has_no_more_is_told_of(stage: Stage):
    stage.telegram.failure = Refused("wrong file_id")
    await stage.sends("a<b>.csv", a_file(3))
    await stage.works()
    assert await stage.told() == [
        "“a&lt;b&gt;.csv” could not be worked on: Telegram no longer has the file. Send it again."
    ]


async def test_a_fault_of_ours_ends_that_transfer_and_no_other(stage: Stage, monkeypatch):
    broken = await stage.sends("broken.csv", a_file(3))
    real = imports.open_upload

    async def fails(tools: Tools, transfer: Transfer) -> IO[bytes]:
        if transfer.id == broken:
            raise ZeroDivisionError
        return await real(tools, transfer)

    monkeypatch.setattr(imports, "open_upload", fails)
    well = await stage.sends("well.csv", a_file(3))
    await stage.works()
    assert (await stage.transfer(broken)).state is TransferState.DONE
    assert (await stage.transfer(well)).state is TransferState.READY
    assert any("Spark failed at it" in text for text in await stage.told())


async def test_a_file_of_nothing_but_open_quotes_is_given_up(stage: Stage, monkeypatch):
    monkeypatch.setattr(imports, "MOST_BROKEN", 20)
    await stage.sends("a.csv", "name\n" + '"x" y\n' * 30)
    await stage.works()
    assert any("too many rows are no CSV at all" in text for text in await stage.told())


async def test_a_long_export_comes_in_parts(stage: Stage, monkeypatch):
    number = await stage.sends("a.csv", a_file(40))
    await stage.works()
    await stage.confirms(number)
    await stage.works()
    monkeypatch.setattr("automations.exports.LEADS_AT_ONCE", 10)
    monkeypatch.setattr("automations.exports.ExportJob.__init__.__kwdefaults__", {"most_bytes": 1500})
    async with stage.database.transaction() as session:
        await begin_export(session, stage.creator_id, stage.person_id, question="", file_name="out.csv", now=NOW)
    await stage.works()
    async with stage.database.reading() as session:
        parts = list(await session.scalars(select(StoredFile).where(StoredFile.file_name.like("out-%"))))
    assert len(parts) > 1
    names = []
    for part in sorted(parts, key=lambda each: each.id):
        rows = csv.DictReader(io.StringIO((await stage.files.read(part.blob or "")).decode("utf-8-sig")))
        names += [row["name"] for row in rows]
    assert names == [f"P{number}" for number in range(40)]
    assert any(f"Part 1 of {len(parts)}" in text for text in await stage.told())


async def test_progress_tells_how_far_how_fast_and_how_long(stage: Stage, monkeypatch):
    monkeypatch.setattr(imports, "IMPORTED_AT_ONCE", 10)
    number = await stage.sends("a.csv", a_file(40))
    await stage.works()
    await stage.confirms(number)
    for _ in range(4):
        stage.seconds += 1
        await stage.works(steps=1)
    assert any("Importing: 20 rows, 10 a second\n50 % · about 0 min" in text for text in stage.telegram.shown), (
        stage.telegram.shown
    )
