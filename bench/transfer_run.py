"""One import and one export of so many rows, in a process of its own, so that its peak memory is its own."""

import argparse
import asyncio
import csv
import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from sqlalchemy import func, select, update

from automations.pace import Pace
from automations.transfer_jobs import Tools
from automations.transfers import Transfers
from domain.creators import add_creator
from domain.definitions import Published
from domain.fields import LeadFieldSpec
from domain.messages.plain import Message, Rows
from domain.people import Profile, see_person
from domain.setups import CreatorSetup
from domain.transfers.asking import begin_export, begin_import, confirm_import
from store.database import Database
from store.files import FileStore
from store.models import FieldKind, Lead, OutboxMessage, OutboxState, StoredFile, Transfer, TransferState
from store.schema import migrate

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BAD_SHARE = 0.01
SETUP = CreatorSetup(
    fields={
        "city": LeadFieldSpec(kind=FieldKind.TEXT),
        "visits": LeadFieldSpec(kind=FieldKind.NUMBER),
        "birthday": LeadFieldSpec(kind=FieldKind.DATE),
    }
)
_PROGRESS = ("first_seen", "last_seen", "lead")


@dataclass
class Measured:
    rows: int
    megabytes: float
    check: float
    taking: float
    exporting: float
    added: int
    bad: int
    # rows named in the file of problems, and whether they are those that were made bad
    named_right: bool
    edits: int
    # how long another's small transaction waited while rows were taken in: median and longest
    wait_median: float
    wait_longest: float
    round_trip: bool
    peak_before: float
    peak: float


def make_rows(count: int) -> tuple[Iterator[list[str]], set[int]]:
    """Rows of leads of which one in a hundred is bad, and the numbers of those."""
    dice = random.Random(7)
    bad = {row + 2 for row in range(count) if dice.random() < BAD_SHARE}

    def rows() -> Iterator[list[str]]:
        for number in range(count):
            email = f"person{number}@example.com"
            broken = number + 2 in bad
            yield [
                f"Person {number}",
                "no address at all" if broken and number % 2 else email,
                f"+4915{10_000_000 + number}" if not (broken and not number % 2) else "12",
                "imported, vip" if number % 10 == 0 else "imported",
                str(number % 100),
                f"City {number % 500}",
                f"{number % 37}.5",
                f"19{50 + number % 50}-0{1 + number % 9}-11",
            ]

    return rows(), bad


class FileOfTheBench:
    """Stands in for Telegram: gives the one file, and counts what it is asked to show."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.edits = 0

    async def send(self, telegram_id: int, message: Message) -> int:
        return 1

    async def edit(self, telegram_id: int, message_id: int, text: str, buttons: Rows = ()) -> None:
        self.edits += 1

    async def download(self, telegram_file_id: str, target: IO[bytes]) -> None:
        with self.path.open("rb") as file:
            while piece := file.read(1024 * 1024):
                target.write(piece)


class Run:
    def __init__(self, database: Database, folder: Path, source: Path) -> None:
        self.database = database
        self.files = FileStore((folder / "files").as_uri())
        self.telegram = FileOfTheBench(source)
        self.published = Published()
        tools = Tools(database, lambda: NOW, self.telegram, self.files, Pace(), self.published)
        self.transfers = Transfers(tools)

    async def creator(self, slug: str) -> tuple[int, int]:
        async with self.database.transaction() as session:
            made = await add_creator(session, name=slug, slug=slug, now=NOW)
            person = await see_person(session, 1, Profile(len(slug), "Creator", None, "en"), now=NOW)
            self.published.setups[made.creator.id] = SETUP
            return made.creator.id, person.id

    async def work_until(self, transfer_id: int, *states: TransferState) -> float:
        began = time.perf_counter()
        while True:
            await self.transfers.work()
            async with self.database.reading() as session:
                if (await session.get_one(Transfer, transfer_id)).state in states:
                    return time.perf_counter() - began

    async def take_in(self, creator_id: int, person_id: int) -> tuple[int, float, float, list[float]]:
        async with self.database.transaction() as session:
            transfer = await begin_import(
                session, creator_id, person_id, telegram_file_id="x", file_name="leads.csv", now=NOW
            )
        check = await self.work_until(transfer.id, TransferState.READY)
        async with self.database.transaction() as session:
            await confirm_import(session, await session.get_one(Transfer, transfer.id))
        waits: list[float] = []
        other = asyncio.create_task(self.write_meanwhile(person_id, waits))
        taking = await self.work_until(transfer.id, TransferState.CLEARING, TransferState.DONE)
        other.cancel()
        return transfer.id, check, taking, sorted(waits)

    async def write_meanwhile(self, person_id: int, waits: list[float]) -> None:
        """Somebody else, who writes ten times a second."""
        while True:
            began = time.perf_counter()
            async with self.database.transaction() as session:
                await session.execute(update(OutboxMessage).where(OutboxMessage.id == 0).values(attempts=0))
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.1)

    async def put_out(self, creator_id: int, person_id: int, target: Path) -> float:
        async with self.database.transaction() as session:
            transfer = await begin_export(session, creator_id, person_id, question="", file_name=target.name, now=NOW)
        took = await self.work_until(transfer.id, TransferState.CLEARING)
        await self.fetch(target.name, target)
        return took

    async def fetch(self, name: str, target: Path) -> None:
        async with self.database.reading() as session:
            stored = (await session.scalars(select(StoredFile).where(StoredFile.file_name == name))).one()
        with target.open("wb") as file:
            await self.files.read_into(stored.blob or "", file)

    async def everything_is_sent(self) -> None:
        async with self.database.transaction() as session:
            await session.execute(update(OutboxMessage).values(state=OutboxState.SENT))


def told(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: value for name, value in row.items() if name not in _PROGRESS}


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(url: str, count: int, folder: Path) -> Measured:
    source = folder / "source.csv"
    rows, bad = make_rows(count)
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Name", "E-Mail", "Phone", "Tags", "Score", "city", "visits", "birthday"])
        writer.writerows(rows)
    database = Database(url, data_keys=("the data key of the bench, long enough",))
    await migrate(database)
    run = Run(database, folder, source)
    creator = await run.creator("first")
    before = peak_megabytes()
    transfer_id, check, taking, waits = await run.take_in(*creator)
    async with database.reading() as session:
        transfer = await session.get_one(Transfer, transfer_id)
        added, bad_count = transfer.added, transfer.bad
    problems = folder / "problems.csv"
    await run.fetch("problems-1.csv", problems)
    out = folder / "out.csv"
    exporting = await run.put_out(*creator, out)
    peak = peak_megabytes()
    # what went out comes in again, for another creator, and goes out as it was
    await run.everything_is_sent()
    other = await run.creator("second")
    run.telegram.path = out
    await run.take_in(*other)
    back = folder / "back.csv"
    await run.put_out(*other, back)
    with problems.open(encoding="utf-8-sig", newline="") as file:
        named = {int(row["row"]) for row in csv.DictReader(file)}
    async with database.reading() as session:
        leads = await session.scalar(select(func.count()).select_from(Lead))
    same = leads == 2 * added and all(one == two for one, two in zip(told(out), told(back), strict=True))
    await database.close()
    return Measured(
        rows=count,
        megabytes=source.stat().st_size / 1e6,
        check=check,
        taking=taking,
        exporting=exporting,
        added=added,
        bad=bad_count,
        named_right=named == bad,
        edits=run.telegram.edits,
        wait_median=waits[len(waits) // 2] if waits else 0.0,
        wait_longest=waits[-1] if waits else 0.0,
        round_trip=same,
        peak_before=before,
        peak=peak,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url", help="a store without tables; {folder} stands for the run's own")
    parser.add_argument("rows", type=int)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = asyncio.run(measure(options.url.replace("{folder}", folder), options.rows, Path(folder)))
    sys.stdout.write(json.dumps(asdict(found)) + "\n")


if __name__ == "__main__":
    main()
