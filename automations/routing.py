from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.enrolling import begin_by_events, begin_for_segments, triggers_of
from automations.flows import show_to_flows
from automations.stops import read_follows, show_to_follows
from domain.attribution import attribute
from domain.definitions import Published
from domain.holding import hold_free
from domain.upsells import offer_more
from store.models import Event, Lead

BATCH = 500


async def route_events(session: AsyncSession, published: Published, *, now: datetime) -> int:
    """Shows a batch of new events to the funnels and flows, each lead's in their order; returns how many.

    An event first ends what it ends, then wakes what waits for it, then begins what it begins. What happens to two
    leads does not depend on each other, so the first events of all leads are looked at together, then the second.
    """
    events, leads = await _claim(session)
    if not events:
        return 0
    triggers = triggers_of(published, {event.creator_id for event in events})
    follows = await read_follows(session, leads)
    for wave in _waves(events):
        await show_to_follows(session, wave, follows, now=now)
        await begin_by_events(session, wave, leads, follows, published, triggers=triggers, now=now)
        for event in wave:
            kind, _, number = event.subject.partition(":")
            if event.name == "order.fulfilled" and kind == "order":
                setup = published.setup(event.creator_id)
                await offer_more(session, leads[event.lead_id or 0], int(number), setup, now=now)
    await begin_for_segments(session, events, triggers, now=now)
    await show_to_flows(session, events, leads, published, now=now)
    await session.execute(
        update(Event).where(Event.id.in_([event.id for event in events])).values(routed_at=now),
        execution_options={"synchronize_session": False},
    )
    await attribute(session, events)
    return len(events)


async def _claim(session: AsyncSession) -> tuple[list[Event], dict[int, Lead]]:
    """The events, and their leads, with whom nobody else does anything meanwhile.

    Whoever is written about, merged or forgotten at this moment comes later, with all that has happened to them: what
    such a transaction holds, and what this one does, would be waited for in a circle.
    """
    claimed = await session.scalars(
        select(Event).where(Event.routed_at.is_(None)).order_by(Event.id).limit(BATCH).with_for_update(skip_locked=True)
    )
    events = list(claimed)
    told = {event.lead_id for event in events if event.lead_id is not None}
    leads = await hold_free(session, told) if told else {}
    return [event for event in events if event.lead_id is None or event.lead_id in leads], leads


def _waves(events: Sequence[Event]) -> Iterator[list[Event]]:
    """The first event of each lead, then the second of each, and so on; what happens to nobody begins nothing."""
    theirs: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event.lead_id is not None:
            theirs[event.lead_id].append(event)
    for place in range(max((len(each) for each in theirs.values()), default=0)):
        yield [each[place] for each in theirs.values() if place < len(each)]
