"""From node to node: to the next question that is still open, to a wait, or to the end."""

from sqlalchemy import select

from domain.flows.branching import branch
from domain.flows.consenting import note_words
from domain.flows.definition import Idle
from domain.flows.doing import do_node
from domain.flows.nodes import (
    AnyNode,
    AskNode,
    BranchNode,
    ChooseNode,
    ConsentNode,
    EndNode,
    HandoverNode,
    Question,
    WaitNode,
)
from domain.flows.questions import question
from domain.flows.runs import end_run, move_run, set_timer
from domain.flows.telling import tell_of_end, tell_of_handover, tell_so_far
from domain.flows.way import Way
from domain.lead_acts import take_over
from domain.messages.plain import Message
from kit.errors import Reason, Refusal
from store.models import Consent, Event, FlowRunState

# a flow has 200 nodes at most; whoever has come by more is going round in a circle
MOST_NODES = 250
# the way back, and no longer
MOST_ASKED = 100
# what a node may fail with by its creator's fault, or by what has changed since
TROUBLE = (Refusal, ValueError, LookupError)


async def walk(way: Way, node: AnyNode | None) -> None:
    """On from `node`. Afterwards a question is open, or the run waits, makes room or is over: never in between.

    The run is ACTIVE when this begins; PAUSED when nobody hears what is said, and it stops before the next question.
    """
    for _ in range(MOST_NODES):
        if node is None:
            await finish(way)
            return
        try:
            if await _stops_at(way, node):
                return
            node = await _follows(way, node)
        except TROUBLE as error:
            await way.stumbled(node, error)
            node = None if node is None or isinstance(node, EndNode) else await below(way, node)
    await way.stumbled(node, Reason("stumbled-circle"))
    await end_early(way, FlowRunState.CANCELLED)


async def _stops_at(way: Way, node: AnyNode) -> bool:
    """True once a question is open, a wait has begun, or a person has been called."""
    match node:
        case AskNode() | ChooseNode() | ConsentNode():
            if await _passes_over(way, node):
                return False
            if way.unheard:
                await _stand_aside(way, node)
                return True
            return await ask(way, node)
        case WaitNode():
            await _wait(way, node)
            return True
        case HandoverNode():
            await _hand_over(way, node)
            return True
    return False


async def _follows(way: Way, node: AnyNode) -> AnyNode | None:
    """Does what the node says, and where it leads."""
    match node:
        case BranchNode():
            return await branch(way, node)
        case EndNode(text=text):
            if text is not None:
                way.say(Message(text=way.talk.words(text, await way.facts()), drop_keys=True))
            return None
    await do_node(way, node)
    return await below(way, node)


async def below(way: Way, node: AnyNode) -> AnyNode | None:
    """What follows; a name that leads nowhere is the end, and told."""
    try:
        return way.flow.below(node)
    except KeyError as error:
        await way.stumbled(node, Reason("stumbled-node", name=error.args[0]))
        return None


async def named(way: Way, node: AnyNode, key: str | None) -> AnyNode | None:
    """The node `key` names, else what follows `node`."""
    if key is None:
        return await below(way, node)
    try:
        return way.flow.node(key)
    except KeyError:
        await way.stumbled(node, Reason("stumbled-node", name=key))
        return await below(way, node)


async def ask(way: Way, node: AskNode | ChooseNode | ConsentNode, *, forward: bool = True) -> bool:
    """Opens the question. False, and the creator is told, when it cannot be asked. `forward`: not on the way back."""
    run = way.run
    if run.node != node.key or forward:
        run.node, run.tries, run.marked = node.key, 0, []
    run.reminded_at = None
    if forward and run.asked[-1:] != [node.key]:
        run.asked = [*run.asked, node.key][-MOST_ASKED:]
    if node.key not in run.met:
        run.met = [*run.met, node.key]
    if not await show(way, node):
        run.asked = [key for key in run.asked if key != node.key]
        return False
    await way.session.flush()
    await await_answer(way, way.flow.idle)
    return True


async def show(way: Way, node: AskNode | ChooseNode | ConsentNode) -> bool:
    """The question as it stands. False, and the creator is told, when it cannot be shown."""
    talk = way.talk
    try:
        if isinstance(node, ConsentNode):
            await note_words(way, node)
        way.say(
            question(way.run, node, await way.facts(), language=talk.language, fallback=talk.setup.language),
        )
    except TROUBLE as error:
        await way.stumbled(node, error)
        return False
    return True


async def await_answer(way: Way, idle: Idle | None) -> None:
    if idle is not None:
        await set_timer(way.session, way.run, way.now + idle.first())


async def finish(way: Way) -> None:
    """It is through: once, with an event, and the creator told of what was answered."""
    if await end_run(way.session, way.talk.lead, way.run, FlowRunState.DONE, now=way.now):
        await tell_of_end(way)


async def end_early(way: Way, state: FlowRunState) -> bool:
    """Before it is through: once, and the creator is told of what was answered by then."""
    if not await end_run(way.session, way.talk.lead, way.run, state, now=way.now):
        return False
    await tell_so_far(way)
    return True


async def _stand_aside(way: Way, node: AskNode | ChooseNode | ConsentNode) -> None:
    """Before a question that nobody would read: it is asked when the lead writes again."""
    run = way.run
    run.node = node.key
    run.asked = [key for key in run.asked if key != node.key]
    await move_run(way.session, run, FlowRunState.PAUSED, now=way.now)
    await way.session.flush()
    await tell_so_far(way)


async def _passes_over(way: Way, node: Question | ConsentNode) -> bool:
    """What is known already is not asked again, unless the flow says so or has come here before."""
    if node.key in way.run.met:
        return False
    if isinstance(node, ConsentNode):
        known = await _has_consented(way, node.version)
    else:
        known = not node.again and node.field in await way.known()
    if known:
        way.run.met = [*way.run.met, node.key]
    return known


async def _has_consented(way: Way, version: str) -> bool:
    same = select(Consent.id).where(
        Consent.lead_id == way.talk.lead.id, Consent.version == version, Consent.withdrawn_at.is_(None)
    )
    return await way.session.scalar(same.limit(1)) is not None


async def _wait(way: Way, node: WaitNode) -> None:
    run, session = way.run, way.session
    run.node, run.waits_for, run.ignores = node.key, node.event, []
    if node.event is not None:
        # the very answer that led here is an event too, and is not what is waited for
        happened = select(Event.id).where(
            Event.lead_id == way.talk.lead.id, Event.routed_at.is_(None), Event.name == node.event
        )
        run.ignores = list((await session.scalars(happened)).all())
    await move_run(session, run, FlowRunState.WAITING, now=way.now)
    if node.time is not None:
        await set_timer(session, run, way.now + node.time)


async def _hand_over(way: Way, node: HandoverNode) -> None:
    """A person writes from here on. What stands below waits until they give the chat back."""
    following = await below(way, node)
    try:
        way.say(Message(text=way.talk.words(node.text, await way.facts()), drop_keys=True))
    except TROUBLE as error:
        await way.stumbled(node, error)
    await take_over(way.session, way.talk.lead, now=way.now)
    await tell_of_handover(way)
    if following is None:
        await finish(way)
        return
    way.run.node = following.key
    way.run.asked = [key for key in way.run.asked if key != following.key]
    await move_run(way.session, way.run, FlowRunState.PAUSED, now=way.now)
