"""An answer to the open question, and what follows it."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.answers import (
    Answer,
    Back,
    Given,
    Ground,
    Skipped,
    Tapped,
    WrongAnswer,
    meant,
    read_answer,
    read_consent,
    read_option,
    read_options,
)
from domain.flows.consenting import WordsChanged, agree, note_words
from domain.flows.files import keep_answer_file
from domain.flows.nodes import ASKING, AnyNode, AskNode, ChooseNode, ConsentNode, Question
from domain.flows.paused import go_on, take_up, way_of
from domain.flows.questions import asked_again, closing, has_keys, question
from domain.flows.runs import AlreadyAnswered, end_run, stands_at_question, take_turn
from domain.flows.talk import Talk
from domain.flows.telling import tell_of_giving_up
from domain.flows.walking import TROUBLE, ask, await_answer, below, named, show, walk
from domain.flows.way import Way
from domain.leads import FieldValue, note_answer, zone_of
from domain.messages.catalogue import plain_why, say
from domain.messages.plain import Message
from store.models import FlowRun, FlowRunState, Proof

_TRIES_OF_CONSENT = 3


@dataclass
class Answered:
    """What is said now; `redrawn` takes the place of the question's own message.

    `closed` says below a question what became of it, as plain words; None when it is asked again. `told` says, as plain
    words too, why a tap was of no use: the question stands as it did.
    """

    messages: list[Message] = field(default_factory=list)
    redrawn: Message | None = None
    closed: str | None = None
    told: str | None = None


async def answer_flow(session: AsyncSession, talk: Talk, run: FlowRun, given: Given, *, now: datetime) -> Answered:
    """Takes the answer to the open question and shows what follows; a wrong one is told why and asked again.

    Raises AlreadyAnswered when the answer belongs to an earlier question, or another one came first.
    """
    if isinstance(given, Tapped) and (given.run_id, given.turn) != (run.id, run.turn):
        raise AlreadyAnswered("you have answered this already")
    if run.state == FlowRunState.PAUSED:
        # a button of the question at which it stood aside: it is taken up again with the answer
        shown = await go_on(session, talk, run, now=now)
        if isinstance(given, Tapped) and given.turn != run.turn:
            # it reads otherwise by now
            return Answered(shown)
    if run.state != FlowRunState.ACTIVE:
        raise AlreadyAnswered("you have answered this already")
    way = await way_of(session, talk, run, now=now)
    if way is None:
        return Answered(await take_up(session, talk, now=now))
    node = way.flow.node(run.node)
    if not isinstance(node, ASKING) or not stands_at_question(run, way.flow):
        # it was stopped between two questions, and goes on from there
        await walk(way, node)
        return Answered([*way.shown, *await take_up(session, talk, now=now)])
    return await _to_question(way, node, meant(node, given))


async def _to_question(way: Way, node: AskNode | ChooseNode | ConsentNode, given: Given) -> Answered:
    run, session, talk = way.run, way.session, way.talk
    closed = closing(run, node, given, **_tongue(way))
    try:
        marked = await _take(way, node, given)
    except WrongAnswer as wrong:
        closed = None
        if wrong.free and isinstance(given, Tapped):
            await await_answer(way, way.flow.idle)
            return Answered(told=plain_why(wrong.reason, talk.language))
        await _wrong(way, node, wrong)
    except WordsChanged:
        closed = None
        await show(way, node)
        await await_answer(way, way.flow.idle)
    else:
        if marked is not None:
            await session.flush()
            await await_answer(way, way.flow.idle)
            return Answered(redrawn=marked)
    _drop_keys(way, node)
    return Answered([*way.shown, *await take_up(session, talk, now=way.now)], closed=closed)


async def _take(way: Way, node: AskNode | ChooseNode | ConsentNode, given: Given) -> Message | None:
    """Keeps the answer and walks on; the question anew, when it only marked one of several. Raises WrongAnswer."""
    match node, given:
        case _, Back():
            await _back(way, node)
        case _, Skipped():
            if not isinstance(node, Question) or not node.optional:
                raise WrongAnswer("answer-not-optional", free=True)
            await _on(way, node, None)
        case AskNode(), _:
            answer = read_answer(node, given, _ground(way))
            await take_turn(way.session, way.run)
            await _note(way, node.field, await _value(way, answer), answer.proof)
            await _walk_on(way, node, None)
        case ChooseNode(many=True), _:
            marked = read_options(node, given, [str(each) for each in way.run.marked])
            way.run.marked = list(marked.values)
            if not marked.done:
                return await _redraw(way, node)
            await take_turn(way.session, way.run)
            await _note(way, node.field, list(marked.values), Proof.TYPED)
            await _walk_on(way, node, None)
        case ChooseNode(), _:
            option = read_option(node, given)
            await take_turn(way.session, way.run)
            await _note(way, node.field, option.value, Proof.TYPED)
            await _walk_on(way, node, option.next)
        case ConsentNode(), _:
            await _consent(way, node, agreed=read_consent(given))
    return None


async def _on(way: Way, node: AnyNode, key: str | None) -> None:
    await take_turn(way.session, way.run)
    await _walk_on(way, node, key)


async def _walk_on(way: Way, node: AnyNode, key: str | None) -> None:
    await walk(way, await named(way, node, key))


async def _consent(way: Way, node: ConsentNode, *, agreed: bool) -> None:
    if agreed:
        await agree(way, node)
    else:
        await take_turn(way.session, way.run)
    await _walk_on(way, node, None if agreed else node.otherwise)


async def _back(way: Way, node: AskNode | ChooseNode | ConsentNode) -> None:
    """To the question before; what is answered there takes the place of the earlier answer."""
    run = way.run
    earlier = _before(way)
    if earlier is None:
        raise WrongAnswer("answer-none-before", free=True)
    if not isinstance(node, Question) or not node.back:
        raise WrongAnswer("answer-no-way-back", free=True)
    await take_turn(way.session, run)
    run.asked = run.asked[: _last(run.asked, earlier.key) + 1]
    if not await ask(way, earlier, forward=False):
        await walk(way, await below(way, earlier))


def _before(way: Way) -> AskNode | ChooseNode | ConsentNode | None:
    """The question asked before the open one, of those that this version still has."""
    questions = {node.key: node for node in way.flow.nodes if isinstance(node, ASKING)}
    for key in reversed(way.run.asked[:-1]):
        if key in questions and key != way.run.node:
            return questions[key]
    return None


def _last(keys: list[str], key: str) -> int:
    return max(number for number, each in enumerate(keys) if each == key)


async def _value(way: Way, answer: Answer) -> FieldValue:
    if answer.file is None:
        return answer.value
    lead, person = way.talk.lead, way.talk.person
    kept = await keep_answer_file(way.session, lead, answer.file, bot_id=person.bot_id, now=way.now)
    return str(kept)


async def _note(way: Way, key: str, value: FieldValue, proof: Proof) -> None:
    spec = way.talk.setup.fields.get(key)
    try:
        await note_answer(way.session, way.talk.lead, key, value, spec=spec, now=way.now, proof=proof)
    except TROUBLE as error:
        # the field is of another kind than the question: the creator mends that, and the lead goes on
        await way.stumbled(way.flow.node(way.run.node), error)
    way.learned()


async def _redraw(way: Way, node: ChooseNode) -> Message | None:
    try:
        return question(way.run, node, await way.facts(), **_tongue(way))
    except TROUBLE as error:
        await way.stumbled(node, error)
        await _on(way, node, None)
        return None


async def _wrong(way: Way, node: AskNode | ChooseNode | ConsentNode, wrong: WrongAnswer) -> None:
    """Told why and asked again, so often; then the way out."""
    run = way.run
    if not wrong.free:
        run.tries += 1
    if run.tries <= (node.tries if isinstance(node, Question) else _TRIES_OF_CONSENT):
        await way.session.flush()
        try:
            if isinstance(node, ConsentNode):
                await note_words(way, node)
            way.say(asked_again(run, node, await way.facts(), wrong, **_tongue(way)))
        except TROUBLE as error:
            # its words cannot be filled in any more: the lead is not kept for that
            await way.stumbled(node, error)
            await _on(way, node, None)
            return
        await await_answer(way, way.flow.idle)
        return
    await take_turn(way.session, run)
    if node.otherwise is not None:
        await _walk_on(way, node, node.otherwise)
        return
    if isinstance(node, ConsentNode):
        # whatever was meant, it was no yes
        await _walk_on(way, node, None)
        return
    way.say(Message(text=say("flow-given-up", way.talk.language), drop_keys=True))
    await tell_of_giving_up(way)
    await end_run(way.session, way.talk.lead, run, FlowRunState.EXPIRED, now=way.now)


def _drop_keys(way: Way, node: AskNode | ChooseNode | ConsentNode) -> None:
    """Keys under the question just answered go away: a message carries buttons or takes keys away, never both."""
    replaced = any(each.drop_keys or each.keys or each.contact_key or each.location_key for each in way.shown)
    if way.shown and has_keys(node) and not replaced:
        way.shown.insert(0, Message(text=say("answer-thanks", way.talk.language), drop_keys=True))


def _tongue(way: Way) -> dict[str, str]:
    return {"language": way.talk.language, "fallback": way.talk.setup.language}


def _ground(way: Way) -> Ground:
    zone = zone_of(way.talk.lead, way.talk.setup)
    return Ground(way.talk.language, way.now.astimezone(zone).date())
