"""An import at work: its file is fetched, looked through, and, after a yes, taken in batch by batch."""

import asyncio
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy.exc import IntegrityError

from automations.csv_files import CsvFile
from automations.gateway import Refused
from automations.transfer_jobs import Shown, Tools, language_for, setup_of, size_of
from automations.transfer_outcomes import end, promise, put_up
from domain.messages.catalogue import say
from domain.transfers.asking import fields_in_use, forget_problems, sent_blob
from domain.transfers.formulas import defuse, rearm
from domain.transfers.importing import (
    Batch,
    Parsed,
    Tally,
    check_batch,
    finish_check,
    import_batch,
    keep_problems,
    late_problems,
    parse_rows,
)
from domain.transfers.mapping import guess
from domain.transfers.matching import Match
from domain.transfers.problems import FileProblem, RowProblem
from domain.transfers.reading import MOST_BROKEN, Layout, Place, Row, find_layout, make_readable, read_rows
from domain.transfers.reports import NAMED, check_report, done_report
from domain.transfers.writing import Ground
from store.models import Person, Transfer, TransferState
from store.seen import Seen

CHECKED_AT_ONCE = 500
# each is one transaction, and on SQLite others wait for it
IMPORTED_AT_ONCE = 100
_UPLOAD = "upload.csv"
# the columns of the file of problems that were not in the file that came
_ADDED = ("row", "problem")


async def open_upload(tools: Tools, transfer: Transfer) -> IO[bytes]:
    """The file as UTF-8 on this machine's disk, without a name; the first time as it was sent, then from the store.

    Raises FileProblem and SendFailure.
    """
    local = TemporaryFile()  # noqa: SIM115 - returned open; closed below on failure
    blob = f"{transfer.folder}/{_UPLOAD}"
    try:
        with suppress(FileNotFoundError):
            await tools.files.read_into(blob, local)
            return local
        with TemporaryFile() as raw:
            await _fetch(tools, transfer, raw)
            await asyncio.to_thread(make_readable, raw, local)
        await tools.files.write_from(blob, local)
    except BaseException:
        local.close()
        raise
    return local


async def _fetch(tools: Tools, transfer: Transfer, raw: IO[bytes]) -> None:
    """As it came. Raises FileProblem where it is gone, and SendFailure."""
    try:
        if transfer.telegram_file_id is None:
            await tools.files.read_into(sent_blob(transfer.folder), raw)
        else:
            await tools.gateway.download(transfer.telegram_file_id, raw)
    except (Refused, FileNotFoundError):
        raise FileProblem("import-gone") from None


class CheckJob:
    """The dry run: changes nothing but what is kept of the transfer itself, and begins anew after a crash."""

    def __init__(self, tools: Tools, transfer: Transfer, person: Person | None) -> None:
        self.tools, self.transfer, self.person = tools, transfer, person
        self._file: IO[bytes] | None = None
        self._open: list[IO[bytes] | CsvFile] = []
        self._seen = Seen()
        self._place = Place(0, 0)
        self._tally = Tally()
        self._broken = 0
        self._first: list[tuple[int, str]] = []
        self._known: list[tuple[int, int]] = []
        self._shown = Shown(tools, transfer, person, "check")

    async def step(self) -> bool:
        if self._file is None:
            await self._begin()
            return False
        rows, after = await asyncio.to_thread(read_rows, self._file, self._layout, self._place, CHECKED_AT_ONCE)
        if not rows:
            await self._finish()
            return True
        await self._look_through(rows)
        self._place = after
        await self._shown.tell(self._tally.rows, after.position / self._size)
        return False

    async def _begin(self) -> None:
        file = await open_upload(self.tools, self.transfer)
        self._open.append(file)
        self._file, self._size = file, max(size_of(file), 1)
        setup = setup_of(self.tools, self.transfer)
        if self.transfer.mapping:
            self._layout = Layout.model_validate(self.transfer.mapping)
        else:
            layout = await asyncio.to_thread(find_layout, file)
            async with self.tools.database.reading() as session:
                self._layout = guess(layout, setup, await fields_in_use(session, self.transfer.creator_id))
        async with self.tools.database.transaction() as session:
            await forget_problems(session, self.transfer.id)
        self._place = Place(self._layout.start, self._layout.row)
        self._own = [place for place, name in enumerate(self._layout.columns) if name not in _ADDED]
        self._problems = CsvFile([*_ADDED, *(self._layout.columns[place] for place in self._own)])
        self._matched = CsvFile(["row", "lead", "by"])
        self._open += [self._problems, self._matched]

    async def _look_through(self, rows: list[Row]) -> None:
        setup, now = setup_of(self.tools, self.transfer), self.tools.clock()
        parsed = await asyncio.to_thread(parse_rows, rows, self._layout, setup, now=now)
        async with self.tools.database.reading() as session:
            taken = await check_batch(session, self.transfer.creator_id, parsed, self._seen)
        if parsed.problems:
            async with self.tools.database.transaction() as session:
                await keep_problems(session, self.transfer.id, parsed.problems, language_for(self.person))
        self._note(rows, taken, parsed)

    def _note(self, rows: list[Row], taken: list[Match], parsed: Parsed) -> None:
        for row in rows:
            problem = parsed.problems.get(row.number)
            if problem is not None:
                reason = problem.plain(language_for(self.person))
                own = [defuse(rearm(row.cells[place])) for place in self._own if place < len(row.cells)]
                self._problems.add([str(row.number), defuse(reason), *own])
                if len(self._first) < NAMED:
                    self._first.append((row.number, reason))
            self._broken += row.problem is not None and row.problem.key == "import-broken-quotes"
        if self._broken > MOST_BROKEN:
            raise FileProblem("import-much-broken")
        for match in taken:
            if match.lead_id is not None:
                self._matched.add([str(match.entry.row), str(match.lead_id), match.by or ""])
                if len(self._known) < NAMED:
                    self._known.append((match.entry.row, match.lead_id))
        known = sum(match.lead_id is not None for match in taken)
        self._tally.rows += len(rows)
        self._tally.added += len(taken) - known
        self._tally.changed += known
        self._tally.bad += len(parsed.problems)

    async def _finish(self) -> None:
        transfer, language, now = self.transfer, language_for(self.person), self.tools.clock()
        number = transfer.checks + 1
        files = []
        if self._problems.rows and self.person is not None:
            stored = await put_up(self.tools, transfer, f"problems-{number}.csv", self._problems.file)
            files.append((stored, say("import-problems-file", language)))
        if self._matched.rows > NAMED and self.person is not None:
            stored = await put_up(self.tools, transfer, f"known-{number}.csv", self._matched.file)
            files.append((stored, say("import-known-file", language)))
        report = check_report(
            transfer.id,
            self._layout,
            self._tally,
            setup_of(self.tools, transfer),
            file_name=transfer.file_name,
            problems=self._first,
            known=self._known,
            language=language,
        )
        async with self.tools.database.transaction() as session:
            if await finish_check(session, transfer, self._layout, self._tally, now=now):
                await promise(session, transfer, files, report, now=now)
        await self._shown.finish(self._tally.rows)

    def close(self) -> None:
        self._seen.close()
        for each in self._open:
            each.close()


class ImportJob:
    """Takes the rows in. How far it is stands in the store, saved with the rows themselves."""

    def __init__(self, tools: Tools, transfer: Transfer, person: Person | None) -> None:
        self.tools, self.transfer, self.person = tools, transfer, person
        self._file: IO[bytes] | None = None
        self._layout = Layout.model_validate(transfer.mapping)
        self._place = Place(transfer.position, transfer.next_row)
        self._done = transfer.rows
        # rows one by one, after some that could not be taken together
        self._singly = 0
        self._shown = Shown(tools, transfer, person, "import", began_with=transfer.rows)

    async def step(self) -> bool:
        if self._file is None:
            self._file = await open_upload(self.tools, self.transfer)
            return False
        most = 1 if self._singly else IMPORTED_AT_ONCE
        rows, after = await asyncio.to_thread(read_rows, self._file, self._layout, self._place, most)
        if not rows:
            await self._finish()
            return True
        setup, now = setup_of(self.tools, self.transfer), self.tools.clock()
        parsed = await asyncio.to_thread(parse_rows, rows, self._layout, setup, now=now)
        batch = Batch(rows, parsed, self._place, after)
        try:
            await self._take(batch)
        except IntegrityError:
            # somebody else got the same e-mail or phone in this very moment
            if most > 1:
                self._singly = len(rows)
                return False
            taken = Parsed(problems={rows[0].number: RowProblem("import-taken-meanwhile")})
            await self._take(Batch(rows, taken, self._place, after))
        self._singly = max(self._singly - 1, 0)
        self._place, self._done = after, self._done + len(rows)
        await self._shown.tell(self._done, self._done / max(self.transfer.total, 1))
        return False

    async def _take(self, batch: Batch) -> None:
        transfer = self.transfer
        ground = Ground(transfer.creator_id, transfer.id, setup_of(self.tools, transfer), self.tools.clock())
        async with self.tools.database.transaction() as session:
            await import_batch(session, ground, batch, language=language_for(self.person))

    async def _finish(self) -> None:
        now, language = self.tools.clock(), language_for(self.person)
        async with self.tools.database.transaction() as session:
            transfer = await session.get_one(Transfer, self.transfer.id)
            if transfer.state is not TransferState.RUNNING:
                return
            tally = Tally(transfer.rows, transfer.added, transfer.changed, transfer.bad)
            late, count = await late_problems(session, transfer.id, NAMED)
            name = transfer.file_name
            report = done_report(tally, file_name=name, late=late, late_count=count, language=language)
            await promise(session, transfer, [], report, now=now)
            await end(session, transfer.id, now=now)
        await self._shown.finish(self._done)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
