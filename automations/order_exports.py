from automations.export_parts import MOST_BYTES, ExportParts
from automations.transfer_jobs import Shown, Tools
from domain.transfers.order_cells import HEADER, order_cells
from store.models import Person, Transfer
from store.queries.order_lists import OrderFilter, count_chosen, sales_after

ORDERS_AT_ONCE = 500


class OrderExportJob:
    """A creator's orders as a file, page by page. Changes nothing, and so begins anew after a crash."""

    def __init__(self, tools: Tools, transfer: Transfer, person: Person, *, most_bytes: int = MOST_BYTES) -> None:
        self.tools, self.transfer, self.person = tools, transfer, person
        self._wanted = OrderFilter(transfer.question or "all")
        self._parts = ExportParts(tools, transfer, person, "orders", most_bytes=most_bytes)
        self._after = 0
        self._done = 0
        self._total: int | None = None
        self._shown = Shown(tools, transfer, person, "orders")

    async def step(self) -> bool:
        creator_id = self.transfer.creator_id
        async with self.tools.database.reading() as session:
            if self._total is None:
                self._total = await count_chosen(session, creator_id, self._wanted)
            page = await sales_after(session, creator_id, self._wanted, after=self._after, limit=ORDERS_AT_ONCE)
        if not page:
            await self._parts.send(self._done)
            await self._shown.finish(self._done)
            return True
        for each in page:
            self._parts.add(order_cells(each), HEADER)
        self._after, self._done = page[-1].order.id, self._done + len(page)
        await self._shown.tell(self._done, self._done / max(self._total, 1))
        return False

    def close(self) -> None:
        self._parts.close()
