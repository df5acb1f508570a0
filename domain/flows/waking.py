"""What happens to a run while its lead is silent: reminded, ended, or moved on by time or by an event.

Whatever is said here is said unasked, and so goes through the outbox.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.beginning import begin_by_event, flows_of_event
from domain.flows.definition import Idle
from domain.flows.nodes import ASKING, AnyNode, WaitNode
from domain.flows.paused import take_up, way_of
from domain.flows.runs import active_run, move_run, open_runs, set_timer, stands_at_question, take_turn
from domain.flows.talk import Talk
from domain.flows.walking import TROUBLE, below, end_early, named, show, walk
from domain.flows.way import Way
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import queue_message
from store.models import Event, FlowRun, FlowRunState, OutboxKind
from store.queries.outbox import HANDOVER

# what gives a chat back to the bot lets go on what had waited for that
GIVEN_BACK = "lead.given_back"
# whoever has blocked the bot answers nothing any more
BLOCKED = "lead.blocked"
# a chat that a person has taken over is looked at again so much later
_LATER = timedelta(hours=1)


def may_be_written_to(talk: Talk) -> bool:
    """Unasked: whoever has left, or wants no more of it, is let be."""
    lead = talk.lead
    left = (lead.unsubscribed_at, lead.banned_at, lead.forgotten_at, lead.merged_into_id, talk.person.blocked_at)
    return all(each is None for each in left)


async def time_is_up(session: AsyncSession, talk: Talk, run: FlowRun, *, now: datetime) -> None:
    """The instant for which a run had set its timer has come."""
    way = await way_of(session, talk, run, now=now)
    if way is None:
        return
    match run.state:
        case FlowRunState.WAITING:
            node = way.flow.node(run.node)
            otherwise = node.otherwise if isinstance(node, WaitNode) and node.event is not None else None
            await _wake(way, await named(way, node, otherwise))
        case FlowRunState.ACTIVE if way.flow.idle is not None:
            await _nobody_answers(way, way.flow.idle)


async def event_happens(session: AsyncSession, talk: Talk, event: Event, *, now: datetime) -> None:
    """Wakes what waits for it, then begins the flows that it starts."""
    for run in await open_runs(session, talk.lead.id):
        waits = run.state == FlowRunState.WAITING and run.waits_for == event.name
        if waits and event.id not in run.ignores and (way := await way_of(session, talk, run, now=now)) is not None:
            await _wake(way, await below(way, way.flow.node(run.node)))
    for flow in flows_of_event(talk, event.name):
        begun = await begin_by_event(session, talk, flow, event, now=now)
        if begun is not None:
            await _say(talk, begun, await take_up(session, talk, now=now), "begin", session=session, now=now)
    if event.name == BLOCKED and not may_be_written_to(talk):
        await _catch_up_unheard(session, talk, now=now)
    if event.name == GIVEN_BACK:
        await _go_on_after_takeover(session, talk, now=now)


async def _wake(way: Way, node: AnyNode | None) -> None:
    """On from a wait. While another question is open, or a person writes in the chat, it has to wait its turn."""
    session, talk, run, now = way.session, way.talk, way.run, way.now
    if talk.lead.banned_at is not None:
        await end_early(way, FlowRunState.CANCELLED)
        return
    await take_turn(session, run)
    run.waits_for, run.ignores = None, []
    if node is not None:
        run.node = node.key
        # met again after the wait, it is a new question and not the one that was open before
        run.asked = [key for key in run.asked if key != node.key]
    unheard = not may_be_written_to(talk)
    if talk.lead.taken_over_at is not None or unheard or await active_run(session, talk.lead.id) is not None:
        await move_run(session, run, FlowRunState.PAUSED, now=now)
        if unheard and talk.lead.taken_over_at is None:
            await _walk_unheard(way, node)
        return
    await move_run(session, run, FlowRunState.ACTIVE, now=now)
    await walk(way, node)
    shown = [*way.shown, *await take_up(session, talk, now=now)]
    await _say(talk, run, shown, "", session=session, now=now)


async def _walk_unheard(way: Way, node: AnyNode | None) -> None:
    """What a lead asked for is done for them, whether or not they want to be written to: tags, notices, a person."""
    way.unheard = True
    await walk(way, node)


async def _catch_up_unheard(session: AsyncSession, talk: Talk, *, now: datetime) -> None:
    """What waited its turn goes on without a word: the question that it waited behind may stay open for ever."""
    if talk.lead.banned_at is not None:
        return
    for run in await open_runs(session, talk.lead.id):
        if run.state != FlowRunState.PAUSED or talk.lead.taken_over_at is not None:
            continue
        way = await way_of(session, talk, run, now=now)
        if way is not None and not stands_at_question(run, way.flow):
            await take_turn(session, run)
            await _walk_unheard(way, way.flow.node(run.node))


async def _nobody_answers(way: Way, idle: Idle) -> None:
    """Reminded once, then ended, as the flow says."""
    session, talk, run, now = way.session, way.talk, way.run, way.now
    if talk.lead.taken_over_at is not None:
        await set_timer(session, run, now + _LATER)
        return
    if idle.remind_after is not None and run.reminded_at is None:
        run.reminded_at = now
        await session.flush()
        if may_be_written_to(talk):
            await _remind(way, idle)
        if idle.end_after is not None:
            await set_timer(session, run, now + (idle.end_after - idle.remind_after))
        return
    await end_early(way, FlowRunState.EXPIRED)
    if not may_be_written_to(talk):
        await _catch_up_unheard(session, talk, now=now)
        return
    if idle.goodbye is not None:
        try:
            way.say(Message(text=talk.words(idle.goodbye, await way.facts()), drop_keys=True))
        except TROUBLE as error:
            await way.stumbled(None, error)
    shown = [*way.shown, *await take_up(session, talk, now=now)]
    await _say(talk, run, shown, "end", session=session, now=now)


async def _remind(way: Way, idle: Idle) -> None:
    """With the question once more, so that nobody has to look for it."""
    node = way.flow.node(way.run.node)
    text = say("flow-reminder", way.talk.language)
    try:
        text = text if idle.reminder is None else way.talk.words(idle.reminder, await way.facts())
    except TROUBLE as error:
        await way.stumbled(node, error)
    way.say(Message(text=text))
    if isinstance(node, ASKING):
        await show(way, node)
    await _say(way.talk, way.run, way.shown, "reminder", session=way.session, now=way.now)


async def _go_on_after_takeover(session: AsyncSession, talk: Talk, *, now: datetime) -> None:
    if not may_be_written_to(talk):
        await _catch_up_unheard(session, talk, now=now)
        return
    paused = [run for run in await open_runs(session, talk.lead.id) if run.state == FlowRunState.PAUSED]
    if paused:
        await take_turn(session, paused[-1])
        await _say(talk, paused[-1], await take_up(session, talk, now=now), "back", session=session, now=now)


async def _say(
    talk: Talk, run: FlowRun, messages: Sequence[Message], about: str, *, session: AsyncSession, now: datetime
) -> None:
    """Once for each turn: `flow:RUN:TURN:…`."""
    # while a person writes in the chat nothing else comes here than what handed it over
    about = HANDOVER if talk.lead.taken_over_at is not None else about
    for number, message in enumerate(messages):
        await queue_message(
            session,
            message,
            key=f"flow:{run.id}:{run.turn}:{about}{number}",
            kind=OutboxKind.FLOW,
            creator_id=talk.lead.creator_id,
            person_id=talk.person.id,
            lead_id=talk.lead.id,
            now=now,
        )
