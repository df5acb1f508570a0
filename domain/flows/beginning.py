"""What begins a flow, and what ends one before its end."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.consent import may_market
from domain.definitions import FlowVersionNow, Published
from domain.flows.definition import (
    CommandTrigger,
    Default,
    EventTrigger,
    KeywordTrigger,
    SourceTrigger,
)
from domain.flows.paused import current_screen, go_on, leave, make_room, take_up
from domain.flows.runs import definition_of, has_met, open_runs
from domain.flows.talk import Talk
from domain.flows.walking import walk
from domain.flows.way import Way
from domain.messages.local import LocalText
from domain.messages.plain import Message
from store.database import insert_once
from store.models import Event, FlowRun, FlowRunState, Lead

# a flow that an event begins and that makes such an event itself would never come to rest
_MOST_BY_EVENT = 10
_IN_SECONDS = 3600
_EDGES = " \t\n.,;:!?¡¿…\"'«»„“”"


async def begin_flow(session: AsyncSession, talk: Talk, flow: FlowVersionNow, *, now: datetime) -> list[Message]:
    """The first screens of a flow. Another one under way makes room and can be gone on with later.

    A lead who has this one under way is shown where they are; one that only waits is left for the new beginning.
    """
    key, _, definition = flow
    for run in await open_runs(session, talk.lead.id, flow_key=key):
        match run.state:
            case FlowRunState.ACTIVE:
                return await current_screen(session, talk, now=now)
            case FlowRunState.PAUSED:
                shown = await go_on(session, talk, run, now=now)
                return [*shown, *await take_up(session, talk, now=now)]
            case FlowRunState.WAITING:
                await leave(session, talk, run, now=now)
    await make_room(session, talk.lead.id, now=now)
    begun = await _insert(session, talk.lead.id, flow, FlowRunState.ACTIVE, now=now)
    if begun is None:
        # another start was first: the database let one of the two in
        return await current_screen(session, talk, now=now)
    way = Way(session, talk, begun, definition, now)
    await walk(way, definition.nodes[0])
    return [*way.shown, *await take_up(session, talk, now=now)]


async def begin_default(session: AsyncSession, talk: Talk, default: Default, *, now: datetime) -> list[Message] | None:
    """The creator's flow for `start`, `returning`, `no_match` or `unsubscribed`; None when they have none."""
    flow = talk.published.flow_for(talk.lead.creator_id, lambda trigger: trigger == default)
    return None if flow is None else await begin_flow(session, talk, flow, now=now)


def flow_of_source(published: Published, creator_id: int, source: str) -> FlowVersionNow | None:
    return published.flow_for(
        creator_id, lambda trigger: isinstance(trigger, SourceTrigger) and trigger.source == source
    )


def own_commands(published: Published, creator_id: int) -> dict[str, LocalText | None]:
    """The commands that begin a flow of this creator's, with its title."""
    return {
        trigger.command: flow.title
        for _, flow in reversed(published.flows.get(creator_id, {}).values())
        for trigger in flow.trigger
        if isinstance(trigger, CommandTrigger)
    }


def flow_of_command(published: Published, creator_id: int, command: str) -> FlowVersionNow | None:
    return published.flow_for(
        creator_id, lambda trigger: isinstance(trigger, CommandTrigger) and trigger.command == command
    )


def flow_of_words(published: Published, creator_id: int, text: str) -> FlowVersionNow | None:
    """The flow one of whose keywords stands in the text, or is all of it, whatever the capitals."""
    return published.flow_for(creator_id, lambda trigger: isinstance(trigger, KeywordTrigger) and _says(trigger, text))


def flows_of_event(talk: Talk, event: str) -> list[FlowVersionNow]:
    flows = talk.published.flows.get(talk.lead.creator_id, {})
    return [
        (key, version_id, flow)
        for key, (version_id, flow) in flows.items()
        if any(isinstance(trigger, EventTrigger) and trigger.event == event for trigger in flow.trigger)
    ]


async def begin_by_event(
    session: AsyncSession, talk: Talk, flow: FlowVersionNow, event: Event, *, now: datetime
) -> FlowRun | None:
    """A run that has yet to take its first step, paused until then.

    None for a lead who is in that flow already, who may not be written to, or who has been in it too often just now.
    """
    lead, key = talk.lead, flow[0]
    if not may_market(lead, talk.setup) or talk.person.blocked_at is not None:
        return None
    if event.subject.startswith("flow:") and event.data.get("flow") == key:
        # its own end begins it no more
        return None
    if await open_runs(session, lead.id, flow_key=key) or await _too_often(session, lead, key, now=now):
        return None
    return await _insert(session, lead.id, flow, FlowRunState.PAUSED, now=now)


async def greet(session: AsyncSession, talk: Talk, *, now: datetime) -> list[Message] | None:
    """A bare /start: where the lead is, what they left, the first flow, or the one for those who are back.

    None when there is nothing of the creator's own to say.
    """
    shown = await current_screen(session, talk, now=now)
    if shown:
        return shown
    paused = [run for run in await open_runs(session, talk.lead.id) if run.state == FlowRunState.PAUSED]
    if paused:
        shown = await go_on(session, talk, paused[-1], now=now)
        return [*shown, *await take_up(session, talk, now=now)]
    first = talk.published.start_flow(talk.lead.creator_id)
    if first is not None and not await has_met(session, talk.lead.id, first[0]):
        return await begin_flow(session, talk, first, now=now)
    return await begin_default(session, talk, "returning", now=now)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """By its title, and whether another one waits still. What stands aside is offered by itself."""

    title: str
    waits: bool


async def cancel_flow(session: AsyncSession, talk: Talk, *, now: datetime) -> Cancelled | None:
    """Ends the conversation that has a question open; else the last one that stands aside or waits.

    None when there is none of these.
    """
    under_way = await open_runs(session, talk.lead.id)
    if not under_way:
        return None
    run = next((each for each in under_way if each.state == FlowRunState.ACTIVE), under_way[-1])
    try:
        title = (await definition_of(session, run)).title
    except ValueError:
        title = None
    await leave(session, talk, run, now=now)
    waits = any(each.state == FlowRunState.WAITING for each in under_way)
    return Cancelled(run.flow_key if title is None else talk.label(title), waits)


async def _insert(
    session: AsyncSession, lead_id: int, flow: FlowVersionNow, state: FlowRunState, *, now: datetime
) -> FlowRun | None:
    key, version_id, definition = flow
    values = {
        "lead_id": lead_id,
        "flow_key": key,
        "version_id": version_id,
        "node": definition.nodes[0].key,
        "state": state,
        "started_at": now,
    }
    run_id = await insert_once(session, FlowRun, values)
    return None if run_id is None else await session.get_one(FlowRun, run_id)


async def _too_often(session: AsyncSession, lead: Lead, key: str, *, now: datetime) -> bool:
    recent = await session.scalars(
        select(FlowRun.started_at)
        .where(FlowRun.lead_id == lead.id, FlowRun.flow_key == key)
        .order_by(FlowRun.id.desc())
        .limit(_MOST_BY_EVENT)
    )
    return sum((now - started).total_seconds() < _IN_SECONDS for started in recent) >= _MOST_BY_EVENT


def _says(trigger: KeywordTrigger, text: str) -> bool:
    said = " ".join(text.casefold().split())
    words = [" ".join(word.casefold().split()) for word in trigger.keyword]
    if trigger.match == "exact":
        return said in words or said.strip(_EDGES) in {word.strip(_EDGES) for word in words}
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) for word in words)
