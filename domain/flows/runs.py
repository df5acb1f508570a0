from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from domain.entitlements import grant
from domain.events import record_event
from domain.flows.answers import Given, Skipped, Tapped, Typed, WrongAnswer, read_answer
from domain.flows.definition import Flow
from domain.flows.nodes import AnyNode, AskNode, ChooseNode, GiveNode, SayNode
from domain.leads import known_answers, note_answer
from domain.messages.catalogue import say
from domain.messages.local import pick
from domain.messages.plain import Button, Message, column
from domain.messages.templates import render
from domain.outbox import tell_creator
from kit.errors import Conflict
from store.database import count_changed, insert_once
from store.models import FlowRun, FlowRunState, FlowVersion, Lead, Person, Product, Proof

# built once: these belong to every answer
_ACTIVE = select(FlowRun).where(FlowRun.lead_id == bindparam("lead"), FlowRun.state == FlowRunState.ACTIVE)
_TAKE_TURN = (
    update(FlowRun)
    .where(FlowRun.id == bindparam("run"), FlowRun.turn == bindparam("shown"), FlowRun.state == FlowRunState.ACTIVE)
    .values(turn=FlowRun.turn + 1)
    .execution_options(synchronize_session=False)
)
_MOVE = (
    update(FlowRun)
    .where(FlowRun.id == bindparam("run"))
    .values(node=bindparam("to"))
    .execution_options(synchronize_session=False)
)
_DIGEST = select(FlowVersion.digest).where(FlowVersion.id == bindparam("version"))
# wordings by the digest of what they say, which never changes
_READ: dict[str, Flow] = {}


class AlreadyAnswered(Conflict):
    """The button belongs to a question that is no longer open."""

    code = "already_answered"


async def begin_flow(
    session: AsyncSession, lead: Lead, person: Person, flow: tuple[str, int, Flow], *, now: datetime
) -> list[Message]:
    """The first screens of a flow. A lead with a run under way gets that one's current screen instead."""
    key, version_id, definition = flow
    values = {
        "lead_id": lead.id,
        "flow_key": key,
        "version_id": version_id,
        "node": definition.nodes[0].key,
        "started_at": now,
    }
    run_id = await insert_once(session, FlowRun, values)
    if run_id is None:
        return await current_screen(session, lead, person)
    run = await session.get_one(FlowRun, run_id)
    return await _walk(session, run, definition, definition.nodes[0], lead=lead, person=person, now=now)


async def active_run(session: AsyncSession, lead_id: int) -> FlowRun | None:
    return (await session.scalars(_ACTIVE, {"lead": lead_id})).one_or_none()


async def answer_flow(
    session: AsyncSession, run: FlowRun, lead: Lead, person: Person, given: Given, *, now: datetime
) -> list[Message]:
    """Takes the answer to the open question and shows what follows; a wrong one is told why and asked again.

    Raises AlreadyAnswered when the answer belongs to an earlier question, or another one came first.
    """
    flow = await _definition(session, run)
    node = flow.node(run.node)
    if isinstance(given, Tapped) and (given.run_id, given.turn) != (run.id, run.turn):
        raise AlreadyAnswered("you have answered this already")
    try:
        await _take(session, node, lead, given, now=now)
    except WrongAnswer as wrong:
        why = say(str(wrong), person.language)
        facts = _facts(await known_answers(session, lead), person)
        return [_question(run, node, facts).model_copy(update={"text": why})]
    if await count_changed(session, _TAKE_TURN, {"run": run.id, "shown": run.turn}) == 0:
        raise AlreadyAnswered("you have answered this already")
    set_committed_value(run, "turn", run.turn + 1)
    keys_shown = isinstance(node, AskNode) and (node.kind == "phone" or node.optional)
    return await _walk(session, run, flow, flow.below(node), lead=lead, person=person, now=now, keys_shown=keys_shown)


async def current_screen(session: AsyncSession, lead: Lead, person: Person) -> list[Message]:
    """The open question once more, nothing when no flow is under way."""
    run = await active_run(session, lead.id)
    if run is None:
        return []
    flow = await _definition(session, run)
    return [_question(run, flow.node(run.node), _facts(await known_answers(session, lead), person))]


async def cancel_flow(session: AsyncSession, lead_id: int, *, now: datetime) -> bool:
    """Ends the conversation under way; False when there was none."""
    return bool(
        await count_changed(
            session,
            update(FlowRun)
            .where(FlowRun.lead_id == lead_id, FlowRun.state == FlowRunState.ACTIVE)
            .values(state=FlowRunState.CANCELLED, ended_at=now),
        )
    )


async def has_finished(session: AsyncSession, lead_id: int, flow_key: str) -> bool:
    done = select(FlowRun.id).where(
        FlowRun.lead_id == lead_id, FlowRun.flow_key == flow_key, FlowRun.state == FlowRunState.DONE
    )
    return await session.scalar(done.limit(1)) is not None


async def _definition(session: AsyncSession, run: FlowRun) -> Flow:
    """As it was when the run began. Equal wordings are read once by a process, whichever store they stand in."""
    digest = (await session.execute(_DIGEST, {"version": run.version_id})).scalar_one()
    known = _READ.get(digest)
    if known is None:
        version = await session.get_one(FlowVersion, run.version_id)
        known = _READ[digest] = Flow.model_validate(version.definition)
    return known


async def _take(session: AsyncSession, node: AnyNode, lead: Lead, given: Given, *, now: datetime) -> None:
    match node, given:
        case AskNode(optional=True), Skipped():
            return
        case AskNode(), Typed(text=text) if node.optional and text.strip().casefold() in _SKIP_WORDS:
            return
        case AskNode(), _:
            answer = read_answer(node, given)
            proof = Proof.VERIFIED if answer.verified else Proof.TYPED
            await note_answer(session, lead, node.field, answer.value, spec=None, now=now, proof=proof)
        case ChooseNode(), _:
            await note_answer(session, lead, node.field, _chosen(node, given), spec=None, now=now)
        case _:
            raise WrongAnswer("answer-not-expected")


_SKIP_WORDS = frozenset({"skip", "/skip"})


def _chosen(node: ChooseNode, given: Given) -> str:
    match given:
        case Tapped(option=number) if 0 <= number < len(node.options):
            return str(node.options[number].value)
        case Typed(text=text):
            # a choice may be typed too, as its label or its value stands
            for option in node.options:
                if text.strip().casefold() in {pick(option.label, "en").casefold(), option.value}:
                    return str(option.value)
    raise WrongAnswer("answer-needs-choice")


async def _walk(
    session: AsyncSession,
    run: FlowRun,
    flow: Flow,
    node: AnyNode | None,
    *,
    lead: Lead,
    person: Person,
    now: datetime,
    keys_shown: bool = False,
) -> list[Message]:
    """On from `node` to the next question that is still open, or to the end."""
    shown: list[Message] = []
    known = await known_answers(session, lead)
    facts = _facts(known, person)
    while node is not None:
        match node:
            case SayNode(text=text):
                shown.append(Message(text=render(pick(text or "", person.language), facts), drop_keys=True))
            case GiveNode(text=text, product=slug):
                shown.append(Message(text=render(pick(text or "", person.language), facts), drop_keys=True))
                await _give(session, lead, slug, now=now)
            case AskNode() | ChooseNode() if node.field not in known:
                await session.execute(_MOVE, {"run": run.id, "to": node.key})
                set_committed_value(run, "node", node.key)
                question = _question(run, node, facts)
                if question.buttons and keys_shown and not shown:
                    # a message carries buttons or takes keys away, never both
                    shown.append(Message(text=say("answer-thanks", person.language), drop_keys=True))
                return [*shown, question]
        node = flow.below(node)
    await session.execute(update(FlowRun).where(FlowRun.id == run.id).values(state=FlowRunState.DONE, ended_at=now))
    await record_event(
        session, "flow.finished", creator_id=lead.creator_id, lead_id=lead.id, subject=f"flow:{run.id}", now=now
    )
    await _tell_of_lead(session, lead, known, run_id=run.id, now=now)
    return shown


async def _give(session: AsyncSession, lead: Lead, slug: str, *, now: datetime) -> None:
    """Only what is free is given: a product that got a price since is left to the shop."""
    product = await session.scalar(
        select(Product).where(
            Product.creator_id == lead.creator_id, Product.slug == slug, Product.active, Product.price_minor == 0
        )
    )
    if product is not None:
        await grant(session, lead, product.id, origin="gift", now=now)
        return
    missing = Message(text=say("gift-missing", slug=slug))
    key = f"gift-missing:{lead.creator_id}:{slug}"
    await tell_creator(session, missing, key=key, creator_id=lead.creator_id, now=now)


def _question(run: FlowRun, node: AnyNode, facts: Mapping[str, Mapping[str, str]]) -> Message:
    match node:
        case AskNode(text=text, kind="phone", optional=optional):
            return Message(
                text=render(pick(text or "", "en"), facts),
                contact_key=say("key-share-contact"),
                keys=_skip_key(optional),
            )
        case AskNode(text=text, optional=optional):
            return Message(text=render(pick(text or "", "en"), facts), keys=_skip_key(optional), drop_keys=not optional)
        case ChooseNode(text=text, options=options):
            buttons = [
                Button(text=pick(option.label, "en"), data=f"flow:{run.id}:{run.turn}:{number}")
                for number, option in enumerate(options)
            ]
            return Message(text=render(pick(text or "", "en"), facts), buttons=column(*buttons))
    raise ValueError(f"node {node.key} asks nothing")


def _skip_key(optional: bool) -> Sequence[str]:  # noqa: FBT001 - reads as what it is at both calls
    return (say("key-skip"),) if optional else ()


def _facts(known: Mapping[str, str], person: Person) -> dict[str, dict[str, str]]:
    """What a creator's text may name."""
    return {"lead": {**known, "first_name": person.first_name}}


async def _tell_of_lead(
    session: AsyncSession, lead: Lead, known: dict[str, str], *, run_id: int, now: datetime
) -> None:
    answers = "\n".join(say("lead-answer", field=field, value=value) for field, value in known.items())
    text = say("lead-told", lead=lead.id, source=lead.source or "—") + (f"\n{answers}" if answers else "")
    await tell_creator(session, Message(text=text), key=f"lead-told:{run_id}", creator_id=lead.creator_id, now=now)
