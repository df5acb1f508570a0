"""What a creator hears of how conversations end."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.definition import Flow
from domain.flows.nodes import AskNode, ChooseNode
from domain.flows.runs import stands_at_question
from domain.flows.talk import Talk
from domain.flows.way import Way
from domain.leads import display_name
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message
from domain.outbox import tell_creator
from domain.shown import Showing, file_names
from kit.text import shorten
from store.models import FlowRun, FlowRunState

VALUE_LENGTH = 300


async def tell_of_end(way: Way) -> None:
    """All answers, the first time that a conversation of this lead is through; later on only the new ones."""
    lead, run = way.talk.lead, way.run
    if not way.flow.tell_creator:
        return
    known = await way.known()
    first = await _is_first(way)
    asked = _fields(way.flow, run.asked)
    if not first and not asked:
        return
    shown = {field: value for field, value in known.items() if first or field in asked}
    title = run.flow_key if way.flow.title is None else way.talk.label(way.flow.title)
    name = await display_name(way.session, lead)
    by = way.talk.showing(way.flow)
    files = await file_names(way.session, lead.id, shown, by)

    def told(language: str) -> Message:
        head = (
            say("lead-told", language, lead=lead.id, source=lead.source or "—")
            if first
            else say("flow-told", language, lead=lead.id, name=name(language), flow=title)
        )
        return Message(text="\n".join([head, *_lines(by, shown, language, files)]))

    key = f"lead-told:{run.id}"
    await tell_creator(way.session, told, key=key, creator_id=lead.creator_id, lead_id=lead.id, now=way.now)


async def tell_so_far(way: Way) -> None:
    """What was answered in a conversation that goes no further; without any answer there is nothing to tell.

    It is told again only when there are more answers by then.
    """
    lead, run = way.talk.lead, way.run
    if not way.flow.tell_creator:
        return
    asked = run.asked[:-1] if stands_at_question(run, way.flow) else run.asked
    answered = _fields(way.flow, asked)
    known = await way.known()
    shown = {field: value for field, value in known.items() if field in answered}
    if not shown:
        return
    title = run.flow_key if way.flow.title is None else way.talk.label(way.flow.title)
    name = await display_name(way.session, lead)
    by = way.talk.showing(way.flow)
    files = await file_names(way.session, lead.id, shown, by)

    def told(language: str) -> Message:
        head = say("flow-so-far-told", language, lead=lead.id, name=name(language), flow=title)
        return Message(text="\n".join([head, *_lines(by, shown, language, files)]))

    key = f"flow-so-far:{run.id}:{len(asked)}"
    await tell_creator(way.session, told, key=key, creator_id=lead.creator_id, lead_id=lead.id, now=way.now)


async def tell_of_unreadable(session: AsyncSession, talk: Talk, run: FlowRun, *, now: datetime) -> None:
    """Of one that ended because this Spark cannot read its wording any more: what was answered stands on the card."""
    lead = talk.lead
    name = await display_name(session, lead)

    def told(language: str) -> Message:
        return Message(text=say("flow-unreadable-told", language, lead=lead.id, name=name(language), flow=run.flow_key))

    key = f"flow-so-far:{run.id}:{run.turn}"
    await tell_creator(session, told, key=key, creator_id=lead.creator_id, lead_id=lead.id, now=now)


def _fields(flow: Flow, asked: Collection[str]) -> set[str]:
    return {node.field for node in flow.nodes if isinstance(node, AskNode | ChooseNode) and node.key in asked}


def _lines(by: Showing, shown: Mapping[str, str], language: str, files: Mapping[str, str]) -> list[str]:
    """Each answer on a line of its own."""
    return [
        say(
            "lead-answer",
            language,
            field=by.name(field, language),
            value=shorten(by.value(field, kept, language, files), VALUE_LENGTH),
        )
        for field, kept in shown.items()
    ]


async def _is_first(way: Way) -> bool:
    """True when this lead has been through no conversation before; one that asks nothing is none."""
    others = select(FlowRun.id).where(
        FlowRun.lead_id == way.talk.lead.id,
        FlowRun.state == FlowRunState.DONE,
        FlowRun.id != way.run.id,
        FlowRun.turn > 0,
    )
    return await way.session.scalar(others.limit(1)) is None


async def tell_of_handover(way: Way) -> None:
    lead = way.talk.lead
    name = await display_name(way.session, lead)

    def told(language: str) -> Message:
        answer = Button(text=say("relay-button-answer", language), data=f"lead:write:{lead.id}")
        back = Button(text=say("relay-button-give-back", language), data=f"lead:back:{lead.id}")
        return Message(
            text=say("handover-told", language, lead=lead.id, name=name(language)), buttons=((answer, back),)
        )

    key = f"handover:{way.run.id}:{way.run.turn}"
    await tell_creator(way.session, told, key=key, creator_id=lead.creator_id, lead_id=lead.id, now=way.now)


async def tell_of_giving_up(way: Way) -> None:
    """A question that this lead does not get right: a person may help."""
    lead, run = way.talk.lead, way.run
    name = await display_name(way.session, lead)

    def told(language: str) -> Message:
        text = say("flow-given-up-told", language, lead=lead.id, name=name(language), flow=run.flow_key, node=run.node)
        return Message(text=text)

    key = f"flow-given-up:{run.id}"
    await tell_creator(way.session, told, key=key, creator_id=lead.creator_id, lead_id=lead.id, now=way.now)
