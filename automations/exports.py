"""An export at work: leads are written to the disk page by page, and sent as files once all of them are there."""

from collections.abc import Sequence
from pathlib import PurePath

from sqlalchemy import ColumnElement, true
from sqlalchemy.ext.asyncio import AsyncSession

from automations.csv_files import CsvFile
from automations.transfer_jobs import Shown, Tools, setup_of
from automations.transfer_outcomes import end, promise, put_up
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.transfers.asking import fields_in_use
from domain.transfers.exporting import cells_of, export_keys, header
from store.models import Person, StoredFile, Transfer, TransferState
from store.queries.lead_pages import page_after
from store.queries.leads import count_leads, saved_segments, where

LEADS_AT_ONCE = 500
# Telegram takes documents of up to 50 MB from bots: https://core.telegram.org/bots/api#senddocument
MOST_BYTES = 48 * 1024 * 1024


class ExportJob:
    """Changes nothing, and so begins anew after a crash."""

    def __init__(self, tools: Tools, transfer: Transfer, person: Person, *, most_bytes: int = MOST_BYTES) -> None:
        self.tools, self.transfer, self.person = tools, transfer, person
        self._most_bytes = most_bytes
        self._keys: list[str] | None = None
        self._parts: list[CsvFile] = []
        self._after = 0
        self._done = 0
        self._total = 1
        self._shown = Shown(tools, transfer, person, "export")

    async def step(self) -> bool:
        async with self.tools.database.reading() as session:
            condition = await self._condition(session)
            if self._keys is None:
                setup = setup_of(self.tools, self.transfer)
                self._keys = export_keys(setup, await fields_in_use(session, self.transfer.creator_id))
                self._total = max(await count_leads(session, self.transfer.creator_id, condition), 1)
            page = await page_after(session, self.transfer.creator_id, self._after, LEADS_AT_ONCE, condition)
        if not page:
            await self._finish()
            return True
        for row in page:
            self._part(self._keys).add(cells_of(row, self._keys))
        self._after, self._done = page[-1].lead.id, self._done + len(page)
        await self._shown.tell(self._done, self._done / self._total)
        return False

    def _part(self, keys: Sequence[str]) -> CsvFile:
        if not self._parts or self._parts[-1].size > self._most_bytes:
            self._parts.append(CsvFile(header(keys)))
        return self._parts[-1]

    async def _condition(self, session: AsyncSession) -> ColumnElement[bool]:
        creator_id, question = self.transfer.creator_id, self.transfer.question
        if question is None:
            return true()
        known = setup_of(self.tools, self.transfer).known(await saved_segments(session, creator_id))
        return await where(session, creator_id, question, known, now=self.tools.clock())

    async def _finish(self) -> None:
        transfer, language, now = self.transfer, self.person.speaks, self.tools.clock()
        name, count = PurePath(transfer.file_name), len(self._parts)
        files: list[tuple[StoredFile, str]] = []
        for number, part in enumerate(self._parts, start=1):
            own = f"{name.stem}-{number}{name.suffix}" if count > 1 else transfer.file_name
            caption = say("export-done", language, leads=self._done)
            if count > 1:
                caption += "\n" + say("export-part", language, part=number, parts=count)
            files.append((await put_up(self.tools, transfer, own, part.file), caption))
        nothing = None if files else Message(text=say("export-none", language))
        async with self.tools.database.transaction() as session:
            # it may have been called off this very moment
            current = await session.get_one(Transfer, transfer.id, with_for_update=True)
            if current.state is TransferState.RUNNING:
                await promise(session, current, files, nothing, now=now)
                await end(session, transfer.id, now=now)
        await self._shown.finish(self._done)

    def close(self) -> None:
        for part in self._parts:
            part.close()
