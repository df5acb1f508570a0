"""Where a creator wants clicks counted, the links of new wordings are known by number before they are sent."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel

from domain.clicks import addresses, know_addresses
from domain.definitions import Published
from kit.clock import Clock
from store.database import Database

# by creator and name: the version's number, and what it says
Wordings = Mapping[int, Mapping[str, tuple[int, BaseModel]]]


async def count_clicks(
    database: Database, clock: Clock, published: Published, running: Wordings, before: Wordings
) -> None:
    """Of what runs now and did not before."""
    for creator_id, wordings in running.items():
        known = {version_id for version_id, _ in before.get(creator_id, {}).values()}
        new = [wording.model_dump(mode="json") for version_id, wording in wordings.values() if version_id not in known]
        tracker = published.setup(creator_id).tracker
        urls = set[str]() if tracker is None else set(addresses(new)) - tracker.ids.keys()
        if not urls:
            continue
        async with database.transaction() as session:
            ids = await know_addresses(session, creator_id, urls, now=clock())
        # others may have become known meanwhile
        setup = published.setup(creator_id)
        if setup.tracker is not None:
            tracker = replace(setup.tracker, ids={**setup.tracker.ids, **ids})
            published.setups[creator_id] = replace(setup, tracker=tracker)
