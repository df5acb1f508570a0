"""Which flows begin, as every process knows it: read again when a head changes, here or in another process."""

from domain.definitions import Published
from domain.flows.heads import apply_flow_heads, read_flow_heads
from store.database import Database


class FlowHeads:
    """Keeps the flows of `published` as the store has them."""

    def __init__(self, database: Database, published: Published) -> None:
        self._database = database
        self._published = published

    async def refresh(self) -> int:
        """One narrow read when nothing has changed; a wording is read once."""
        async with self._database.reading() as session:
            flows = await read_flow_heads(session, self._published.flows_of_file, self._published.flows)
        apply_flow_heads(self._published, flows)
        return 0
