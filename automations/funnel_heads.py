"""Which funnels run, as every process knows it: read again when a head changes, here or in another process."""

from dataclasses import replace

from automations.counted_links import count_clicks
from domain.definitions import Published
from domain.funnels.publishing import read_names, read_running
from kit.clock import Clock
from store.database import Database


class FunnelHeads:
    """Keeps the funnels of `published` as the store has them."""

    def __init__(self, database: Database, clock: Clock, published: Published) -> None:
        self._database = database
        self._clock = clock
        self._published = published

    async def refresh(self) -> int:
        """Two narrow reads when nothing has changed; a wording is read once."""
        async with self._database.reading() as session:
            running = await read_running(session, self._published.funnels)
            names = await read_names(session)
        await count_clicks(self._database, self._clock, self._published, running, self._published.funnels)
        for creator_id in {*self._published.setups, *names}:
            setup = self._published.setup(creator_id)
            # a funnel that was dropped is not asked about any more; one that the file names always is
            known = names.get(creator_id, frozenset())
            if known != setup.funnels:
                self._published.setups[creator_id] = replace(setup, funnels=known)
        for creator_id in {*self._published.funnels, *running}:
            now_running = running.get(creator_id, {})
            if self._published.funnels.get(creator_id) != now_running:
                self._published.funnels[creator_id] = now_running
        return 0
