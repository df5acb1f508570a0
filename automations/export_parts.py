"""The files of one export: they grow on this machine's disk, and are sent once all of them are there."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal

from automations.csv_files import CsvFile
from automations.transfer_jobs import Tools
from automations.transfer_outcomes import end, promise, put_up
from domain.messages.catalogue import say
from domain.messages.plain import Message
from store.models import Person, StoredFile, Transfer, TransferState

# Telegram takes documents of up to 50 MB from bots: https://core.telegram.org/bots/api#senddocument
MOST_BYTES = 48 * 1024 * 1024


class ExportParts:
    """A new file begins where one would be too large for Telegram."""

    def __init__(
        self, tools: Tools, transfer: Transfer, person: Person, what: Literal["leads", "orders"], *, most_bytes: int
    ) -> None:
        self._tools, self._transfer, self._person, self._what = tools, transfer, person, what
        self._most_bytes = most_bytes
        self._files: list[CsvFile] = []

    def add(self, cells: Sequence[str], header: Sequence[str]) -> None:
        """Formulas defused already."""
        if not self._files or self._files[-1].size > self._most_bytes:
            self._files.append(CsvFile(header))
        self._files[-1].add(cells)

    async def send(self, rows: int) -> None:
        """Promises all of them, or the word that there are none; the transfer is over then."""
        transfer, language, now = self._transfer, self._person.speaks, self._tools.clock()
        name, count = PurePath(transfer.file_name), len(self._files)
        files: list[tuple[StoredFile, str]] = []
        for number, part in enumerate(self._files, start=1):
            own = f"{name.stem}-{number}{name.suffix}" if count > 1 else transfer.file_name
            caption = self._done(rows, language)
            if count > 1:
                caption += "\n" + say("export-part", language, part=number, parts=count)
            files.append((await put_up(self._tools, transfer, own, part.file), caption))
        nothing = None if files else Message(text=self._none(language))
        async with self._tools.database.transaction() as session:
            # it may have been called off this very moment
            current = await session.get_one(Transfer, transfer.id, with_for_update=True)
            if current.state is TransferState.RUNNING:
                await promise(session, current, files, nothing, now=now)
                await end(session, transfer.id, now=now)

    def close(self) -> None:
        for part in self._files:
            part.close()

    def _done(self, rows: int, language: str) -> str:
        if self._what == "orders":
            return say("orders-export-done", language, orders=rows)
        return say("export-done", language, leads=rows)

    def _none(self, language: str) -> str:
        return say("orders-export-none" if self._what == "orders" else "export-none", language)
