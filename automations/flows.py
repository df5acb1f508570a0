"""Conversations that go on by themselves: when their time has come, or something has happened to their lead."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published
from domain.flows.definition import EventTrigger
from domain.flows.talk import Talk
from domain.flows.waking import BLOCKED, GIVEN_BACK, event_happens, time_is_up
from kit.clock import Clock
from kit.log import get_logger
from store.database import Database, count_changed, is_unavailable
from store.models import Event, FlowRun, FlowRunState, FlowTimer, Lead, Person

BATCH = 100
# a run at which something of ours fails is looked at again so much later
_LATER = timedelta(hours=1)
_log = get_logger(__name__)


async def run_flows(database: Database, clock: Clock, published: Published) -> int:
    """The same in a transaction of its own; a run that fails a batch is put off by itself, and the others go on."""
    try:
        async with database.transaction() as session:
            return await run_due_flows(session, published, now=clock())
    except Exception as error:
        if is_unavailable(error):
            raise
        _log.exception("a batch of conversations failed, now one by one")
    async with database.reading() as session:
        run_ids = (await session.scalars(_due(clock()).with_only_columns(FlowTimer.run_id))).all()
    return sum([await _run_one(database, clock, published, each) for each in run_ids])


async def _run_one(database: Database, clock: Clock, published: Published, run_id: int) -> int:
    now = clock()
    try:
        async with database.transaction() as session:
            return await run_due_flows(session, published, only=run_id, now=now)
    except Exception as error:
        if is_unavailable(error):
            raise
        _log.exception("a conversation cannot go on, later again", run=run_id)
    async with database.transaction() as session:
        put_off = update(FlowTimer).where(FlowTimer.run_id == run_id, FlowTimer.due_at <= now)
        return await count_changed(session, put_off.values(due_at=now + _LATER))


async def run_due_flows(session: AsyncSession, published: Published, *, now: datetime, only: int | None = None) -> int:
    """Takes a batch of due timers and moves their runs on; returns how many."""
    wanted = _due(now) if only is None else _due(now).where(FlowRun.id == only)
    claimed = await session.execute(
        wanted.with_for_update(of=FlowTimer, skip_locked=True).execution_options(populate_existing=True)
    )
    due = [(run, lead) for _, run, lead in claimed]
    people = await _hold(session, {lead.person_id for _, lead in due if lead.person_id is not None}, wait=False)
    # whoever writes at this very moment is left to that: their run is looked at again right after
    free = [(run, lead) for run, lead in due if lead.person_id is None or lead.person_id in people]
    if not free:
        return 0
    await session.execute(delete(FlowTimer).where(FlowTimer.run_id.in_([run.id for run, _ in free])))
    for run, lead in free:
        # read before they were held, and perhaps moved on since
        await session.refresh(run)
        await session.refresh(lead)
        person = people.get(lead.person_id or 0)
        if person is not None:
            await time_is_up(session, Talk(lead, person, published), run, now=now)
    return len(free)


def _due(now: datetime) -> Select[datetime, FlowRun, Lead]:
    """A batch. A lead with an event not yet routed waits for it: what a run waits for comes before its time-out."""
    unrouted = exists().where(Event.lead_id == FlowRun.lead_id, Event.routed_at.is_(None))
    return (
        select(FlowTimer.due_at, FlowRun, Lead)
        .join(FlowRun, FlowRun.id == FlowTimer.run_id)
        .join(Lead, Lead.id == FlowRun.lead_id)
        .where(FlowTimer.due_at <= now, ~unrouted)
        .order_by(FlowTimer.due_at, FlowTimer.run_id)
        .limit(BATCH)
    )


async def show_to_flows(
    session: AsyncSession, events: Sequence[Event], leads: Mapping[int, Lead], published: Published, *, now: datetime
) -> None:
    """Events in the order in which they happened: each wakes the runs that wait for it, and begins its flows."""
    waiting = set(
        await session.scalars(
            select(FlowRun.lead_id).where(FlowRun.lead_id.in_(leads), FlowRun.state == FlowRunState.WAITING)
        )
    )
    begins = {creator_id: _events_of(published, creator_id) for creator_id in published.flows}
    for event in events:
        lead = leads.get(event.lead_id or 0)
        if lead is None or lead.person_id is None:
            continue
        always = event.name in {BLOCKED, GIVEN_BACK}
        if lead.id not in waiting and not always and event.name not in begins.get(event.creator_id, ()):
            continue
        person = (await _hold(session, [lead.person_id], wait=True)).get(lead.person_id)
        if person is None:
            continue
        await session.refresh(lead)
        await event_happens(session, Talk(lead, person, published), event, now=now)
        # what has moved on may be waiting now for what comes next
        waiting.add(lead.id)


async def _hold(session: AsyncSession, ids: Collection[int], *, wait: bool) -> dict[int, Person]:
    """The people's rows, held as a person's own updates hold them: what they do now comes before or after this."""
    if not ids:
        return {}
    query = select(Person).where(Person.id.in_(ids)).order_by(Person.id)
    held = query.with_for_update(key_share=True, skip_locked=not wait).execution_options(populate_existing=True)
    return {person.id: person for person in await session.scalars(held)}


def _events_of(published: Published, creator_id: int) -> frozenset[str]:
    """The events that begin a flow of this creator's."""
    return frozenset(
        trigger.event
        for _, flow in published.flows[creator_id].values()
        for trigger in flow.trigger
        if isinstance(trigger, EventTrigger)
    )
