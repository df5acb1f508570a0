"""Which flows begin, as every process knows it: read again when a head changes, here or in another process."""

from collections.abc import Awaitable, Callable

from automations.counted_links import count_clicks
from domain.definitions import Published
from domain.flows.heads import apply_flow_heads, read_flow_heads
from kit.clock import Clock
from store.database import Database


class FlowHeads:
    """Keeps the flows of `published` as the store has them; `changed` is told once they are others."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        published: Published,
        *,
        changed: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._published = published
        self._changed = changed
        self._untold = False

    async def refresh(self) -> int:
        """One narrow read when nothing has changed; a wording is read once."""
        published = self._published
        async with self._database.reading() as session:
            flows = await read_flow_heads(session, published.flows_of_file, published.flows)
        await count_clicks(self._database, self._clock, published, flows, published.flows)
        self._untold |= apply_flow_heads(published, flows)
        if self._untold and self._changed is not None:
            await self._changed()
        self._untold = False
        return 0
