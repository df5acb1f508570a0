"""What had to make room for another conversation, and goes on after it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.nodes import ASKING
from domain.flows.runs import active_run, definition_of, end_run, move_run, open_runs, stands_at_question
from domain.flows.talk import Talk
from domain.flows.telling import tell_of_unreadable
from domain.flows.walking import await_answer, below, end_early, show, walk
from domain.flows.way import Way
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message
from store.models import FlowRun, FlowRunState

# each that goes on by itself may wait or end at once, and the next one follows
_MOST_IN_A_ROW = 20


async def way_of(session: AsyncSession, talk: Talk, run: FlowRun, *, now: datetime) -> Way | None:
    """None, and the run is over, when its wording can no longer be read or lacks the node at which it stands."""
    try:
        flow = await definition_of(session, run)
    except ValueError:
        await end_run(session, talk.lead, run, FlowRunState.CANCELLED, now=now)
        await tell_of_unreadable(session, talk, run, now=now)
        return None
    way = Way(session, talk, run, flow, now)
    if not any(node.key == run.node for node in flow.nodes):
        await end_early(way, FlowRunState.CANCELLED)
        return None
    return way


async def leave(session: AsyncSession, talk: Talk, run: FlowRun, *, now: datetime) -> None:
    """The lead wants no more of it. One that is over already is let be."""
    way = await way_of(session, talk, run, now=now)
    if way is not None:
        await end_early(way, FlowRunState.CANCELLED)


async def make_room(session: AsyncSession, lead_id: int, *, now: datetime) -> None:
    """Whatever has a question open stands aside, and can be gone on with later."""
    run = await active_run(session, lead_id)
    if run is not None:
        await move_run(session, run, FlowRunState.PAUSED, now=now)


async def go_on(session: AsyncSession, talk: Talk, run: FlowRun, *, now: datetime) -> list[Message]:
    """A paused run's question once more, or on from where it stood; whatever has a question open makes room."""
    way = await way_of(session, talk, run, now=now)
    if way is None:
        return []
    at_question = stands_at_question(run, way.flow)
    await make_room(session, talk.lead.id, now=now)
    if not await move_run(session, run, FlowRunState.ACTIVE, now=now):
        return []
    await _show_or_walk(way, at_question=at_question)
    return way.shown


async def _show_or_walk(way: Way, *, at_question: bool) -> None:
    node = way.flow.node(way.run.node)
    if at_question and isinstance(node, ASKING):
        if await show(way, node):
            await await_answer(way, way.flow.idle)
        else:
            await walk(way, await below(way, node))
        return
    await walk(way, node)


async def current_screen(session: AsyncSession, talk: Talk, *, now: datetime) -> list[Message]:
    """The open question once more, nothing when there is none."""
    run = await active_run(session, talk.lead.id)
    if run is None:
        return []
    way = await way_of(session, talk, run, now=now)
    if way is None:
        return await take_up(session, talk, now=now)
    await _show_or_walk(way, at_question=stands_at_question(run, way.flow))
    return [*way.shown, *await take_up(session, talk, now=now)]


async def take_up(session: AsyncSession, talk: Talk, *, now: datetime) -> list[Message]:
    """When no question is open: what never got to ask goes on by itself, what had a question open is offered."""
    shown: list[Message] = []
    for _ in range(_MOST_IN_A_ROW):
        if talk.lead.taken_over_at is not None or await active_run(session, talk.lead.id) is not None:
            return shown
        paused = [run for run in await open_runs(session, talk.lead.id) if run.state == FlowRunState.PAUSED]
        if not paused:
            return shown
        waiting = await _first_to_walk(session, paused)
        if waiting is None:
            return [*shown, await _offer(session, talk, paused[-1])]
        shown += await go_on(session, talk, waiting, now=now)
    return shown


async def _first_to_walk(session: AsyncSession, paused: Sequence[FlowRun]) -> FlowRun | None:
    for run in paused:
        try:
            flow = await definition_of(session, run)
        except ValueError:
            return run
        if not stands_at_question(run, flow):
            return run
    return None


async def _offer(session: AsyncSession, talk: Talk, run: FlowRun) -> Message:
    flow = await definition_of(session, run)
    language = talk.language
    text = (
        say("flow-paused", language)
        if flow.title is None
        else say("flow-paused-titled", language, title=talk.label(flow.title))
    )
    more = Button(text=say("button-go-on", language), data=f"resume:{run.id}:go")
    leave = Button(text=say("button-leave-it", language), data=f"resume:{run.id}:leave")
    return Message(text=text, buttons=((more, leave),))
