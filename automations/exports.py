"""An export at work: leads are written to the disk page by page, and sent as files once all of them are there."""

from sqlalchemy import ColumnElement, true
from sqlalchemy.ext.asyncio import AsyncSession

from automations.export_parts import MOST_BYTES, ExportParts
from automations.transfer_jobs import Shown, Tools, setup_of
from domain.transfers.asking import fields_in_use
from domain.transfers.exporting import cells_of, export_keys, header
from store.models import Person, Transfer
from store.queries.lead_pages import page_after
from store.queries.leads import count_leads, saved_segments, where

LEADS_AT_ONCE = 500


class ExportJob:
    """Changes nothing, and so begins anew after a crash."""

    def __init__(self, tools: Tools, transfer: Transfer, person: Person, *, most_bytes: int = MOST_BYTES) -> None:
        self.tools, self.transfer, self.person = tools, transfer, person
        self._keys: list[str] | None = None
        self._parts = ExportParts(tools, transfer, person, "leads", most_bytes=most_bytes)
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
            await self._parts.send(self._done)
            await self._shown.finish(self._done)
            return True
        for row in page:
            self._parts.add(cells_of(row, self._keys), header(self._keys))
        self._after, self._done = page[-1].lead.id, self._done + len(page)
        await self._shown.tell(self._done, self._done / self._total)
        return False

    async def _condition(self, session: AsyncSession) -> ColumnElement[bool]:
        creator_id, question = self.transfer.creator_id, self.transfer.question
        if question is None:
            return true()
        known = setup_of(self.tools, self.transfer).known(await saved_segments(session, creator_id))
        return await where(session, creator_id, question, known, now=self.tools.clock())

    def close(self) -> None:
        self._parts.close()
