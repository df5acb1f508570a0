"""Which funnels run, as every process knows it: read again when a head changes, here or in another process."""

from dataclasses import replace

from domain.clicks import Tracker, addresses, know_addresses
from domain.definitions import Published
from domain.funnels.publishing import Running, read_names, read_running
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
        trackers = await self._count_clicks(running)
        for creator_id in {*self._published.setups, *names}:
            setup = self._published.setup(creator_id)
            # a funnel that was dropped is not asked about any more; one that the file names always is
            known = names.get(creator_id, frozenset())
            tracker = trackers.get(creator_id, setup.tracker)
            if (known, tracker) != (setup.funnels, setup.tracker):
                self._published.setups[creator_id] = replace(setup, funnels=known, tracker=tracker)
        for creator_id in {*self._published.funnels, *running}:
            now_running = running.get(creator_id, {})
            if self._published.funnels.get(creator_id) != now_running:
                self._published.funnels[creator_id] = now_running
        return 0

    async def _count_clicks(self, running: Running) -> dict[int, Tracker]:
        """Where clicks are counted, the links of new wordings are known by number before they are sent."""
        trackers = {}
        for creator_id, funnels in running.items():
            tracker = self._published.setup(creator_id).tracker
            known = {version_id for version_id, _ in self._published.funnels.get(creator_id, {}).values()}
            new = [funnel.model_dump(mode="json") for version_id, funnel in funnels.values() if version_id not in known]
            urls = set(addresses(new)) if tracker is not None and new else set()
            if tracker is not None and not urls <= tracker.ids.keys():
                async with self._database.transaction() as session:
                    ids = await know_addresses(session, creator_id, urls, now=self._clock())
                trackers[creator_id] = replace(tracker, ids={**tracker.ids, **ids})
        return trackers
