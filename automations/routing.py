from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.enrolling import enroll, stop
from automations.flows import show_to_flows
from domain.definitions import Published
from domain.upsells import offer_more
from store.models import Event, Lead

BATCH = 200


async def route_events(session: AsyncSession, published: Published, *, now: datetime) -> int:
    """Shows a batch of new events to the funnels and flows, in the order in which they happened; returns how many."""
    claimed = await session.scalars(
        select(Event).where(Event.routed_at.is_(None)).order_by(Event.id).limit(BATCH).with_for_update(skip_locked=True)
    )
    events = list(claimed)
    if not events:
        return 0
    leads = {
        lead.id: lead
        for lead in await session.scalars(
            select(Lead).where(Lead.id.in_({event.lead_id for event in events if event.lead_id is not None}))
        )
    }
    for event in events:
        await stop(session, event, now=now)
        lead = leads.get(event.lead_id or 0)
        if lead is not None:
            funnels, setup = published.funnels.get(event.creator_id, {}), published.setup(event.creator_id)
            await enroll(session, event, lead, funnels, setup, now=now)
            kind, _, number = event.subject.partition(":")
            if event.name == "order.fulfilled" and kind == "order":
                await offer_more(session, lead, int(number), setup, now=now)
    await show_to_flows(session, events, leads, published, now=now)
    await session.execute(
        update(Event).where(Event.id.in_([event.id for event in events])).values(routed_at=now),
        execution_options={"synchronize_session": False},
    )
    return len(events)
