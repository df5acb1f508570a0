"""One lead's chat with a creator who has flows: each act in a transaction of its own, at an hour moved by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from folk import NOW, a_creator, a_lead, a_product
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.flows import run_due_flows
from automations.routing import route_events
from domain.definitions import FlowVersionNow, Published, publish
from domain.events import record_event
from domain.fields import LeadFieldSpec
from domain.flows.answering import Answered, answer_flow
from domain.flows.answers import Given, Tapped, Typed
from domain.flows.beginning import begin_default, begin_flow, cancel_flow, greet
from domain.flows.definition import Flow
from domain.flows.paused import current_screen, go_on, take_up
from domain.flows.runs import active_run
from domain.flows.talk import Talk
from domain.funnels.definition import Funnel
from domain.leads import known_answers
from domain.messages.plain import Message
from domain.setups import CreatorSetup
from store.database import Database
from store.models import Creator, FieldKind, FlowRun, FlowRunState, FlowTimer, Lead, OutboxKind, OutboxMessage, Person

Node = dict[str, Any]
FIELDS = {
    "interest": LeadFieldSpec(kind=FieldKind.CHOICE),
    "topics": LeadFieldSpec(kind=FieldKind.CHOICES),
    "age": LeadFieldSpec(kind=FieldKind.NUMBER),
    "from": LeadFieldSpec(kind=FieldKind.DATE),
    "happy": LeadFieldSpec(kind=FieldKind.YES_NO),
    "note": LeadFieldSpec(),
}


def say(key: str, text: str, **more: Any) -> Node:
    return {"key": key, "do": "say", "text": text, **more}


def ask(key: str, *, kind: str = "text", field: str | None = None, **more: Any) -> Node:
    return {"key": key, "do": "ask", "kind": kind, "field": field or key, "text": f"{key}?", **more}


def choose(key: str, *values: str, **more: Any) -> Node:
    options = [{"value": value, "label": value.title()} for value in values]
    return {"key": key, "do": "choose", "field": key, "text": f"{key}?", "options": options, **more}


@dataclass
class Conversation:
    database: Database
    creator_id: int
    lead_id: int
    person_id: int
    published: Published = field(default_factory=Published)
    now: datetime = NOW

    async def publish(
        self, flows: Mapping[str, Any], *, funnels: Mapping[str, Any] | None = None, **setup: Any
    ) -> None:
        """Each flow as its nodes, which /start begins, or as a whole."""
        parsed = {
            key: Flow.model_validate({"nodes": flow} if isinstance(flow, list) else flow) for key, flow in flows.items()
        }
        begun = {key: Funnel.model_validate(funnel) for key, funnel in (funnels or {}).items()}
        given = CreatorSetup(
            **{"fields": FIELDS, "flows": frozenset(parsed), "funnels": frozenset(begun), "tags": frozenset({"vip"})}
            | setup
        )
        async with self.database.transaction() as session:
            creator = await session.get_one(Creator, self.creator_id)
            slug = creator.slug
            self.published = await publish(session, {slug: parsed}, {slug: begun}, setups={slug: given}, now=self.now)

    def flow(self, key: str) -> FlowVersionNow:
        found = self.published.flow(self.creator_id, key)
        assert found is not None, key
        return found

    async def talk(self, session: AsyncSession) -> Talk:
        lead, person = await session.get_one(Lead, self.lead_id), await session.get_one(Person, self.person_id)
        return Talk(lead, person, self.published)

    async def begin(self, key: str = "first") -> list[str]:
        return texts(await self.begun(key))

    async def begun(self, key: str = "first") -> list[Message]:
        async with self.database.transaction() as session:
            return await begin_flow(session, await self.talk(session), self.flow(key), now=self.now)

    async def start(self) -> list[str] | None:
        async with self.database.transaction() as session:
            shown = await greet(session, await self.talk(session), now=self.now)
        return None if shown is None else texts(shown)

    async def default(self, trigger: Any) -> list[str] | None:
        async with self.database.transaction() as session:
            shown = await begin_default(session, await self.talk(session), trigger, now=self.now)
        return None if shown is None else texts(shown)

    async def answer(self, given: Given | str) -> list[str]:
        return texts((await self.answered(given)).messages)

    async def answered(self, given: Given | str, *, run_id: int | None = None) -> Answered:
        async with self.database.transaction() as session:
            run = await active_run(session, self.lead_id) if run_id is None else await session.get(FlowRun, run_id)
            assert run is not None
            answer = Typed(given) if isinstance(given, str) else given
            return await answer_flow(session, await self.talk(session), run, answer, now=self.now)

    async def tap(self, option: int) -> list[str]:
        return texts((await self.tapped(option)).messages)

    async def tapped(self, option: int) -> Answered:
        run = await self.active()
        return await self.answered(Tapped(run.id, run.turn, option))

    async def go_on(self, run: FlowRun) -> list[str]:
        async with self.database.transaction() as session:
            talk = await self.talk(session)
            shown = await go_on(session, talk, await session.get_one(FlowRun, run.id), now=self.now)
            return texts([*shown, *await take_up(session, talk, now=self.now)])

    async def cancel(self) -> list[str]:
        async with self.database.transaction() as session:
            talk = await self.talk(session)
            assert await cancel_flow(session, talk, now=self.now) is not None
            return texts(await take_up(session, talk, now=self.now))

    async def screen(self) -> list[str]:
        async with self.database.transaction() as session:
            return texts(await current_screen(session, await self.talk(session), now=self.now))

    async def runs(self) -> Sequence[FlowRun]:
        async with self.database.reading() as session:
            return (await session.scalars(select(FlowRun).order_by(FlowRun.id))).all()

    async def run(self, key: str) -> FlowRun:
        return [run for run in await self.runs() if run.flow_key == key][-1]

    async def active(self) -> FlowRun:
        return next(run for run in await self.runs() if run.state == FlowRunState.ACTIVE)

    async def states(self) -> dict[str, str]:
        return {run.flow_key: str(run.state) for run in await self.runs()}

    async def known(self) -> dict[str, str]:
        async with self.database.reading() as session:
            return await known_answers(session, await session.get_one(Lead, self.lead_id))

    async def lead(self) -> Lead:
        async with self.database.reading() as session:
            return await session.get_one(Lead, self.lead_id)

    async def change(self, **values: Any) -> None:
        """Something becomes of the lead outside of the conversation."""
        async with self.database.transaction() as session:
            await session.execute(update(Lead).where(Lead.id == self.lead_id).values(**values))

    async def happens(self, name: str, subject: str = "") -> None:
        async with self.database.transaction() as session:
            await record_event(
                session, name, creator_id=self.creator_id, lead_id=self.lead_id, subject=subject, now=self.now
            )

    async def route(self) -> None:
        while True:
            async with self.database.transaction() as session:
                if not await route_events(session, self.published, now=self.now):
                    return

    async def tick(self) -> int:
        """Events are routed, then what is due is done."""
        await self.route()
        async with self.database.transaction() as session:
            done = await run_due_flows(session, self.published, now=self.now)
        await self.route()
        return done

    async def later(self, **length: float) -> list[str]:
        """Time passes; what is said unasked on its account."""
        before = len(await self.unasked())
        self.now += timedelta(**length)
        while await self.tick():
            pass
        return (await self.unasked())[before:]

    async def unasked(self) -> list[str]:
        async with self.database.reading() as session:
            rows = await session.scalars(
                select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.FLOW).order_by(OutboxMessage.id)
            )
            return [str(row.message["text"]) for row in rows]

    async def timers(self) -> int:
        async with self.database.reading() as session:
            return len((await session.execute(select(FlowTimer.run_id))).all())


def texts(messages: Sequence[Message]) -> list[str]:
    return [message.text for message in messages]


async def a_conversation(database: Database, *, price: int = 0) -> Conversation:
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, person = await a_lead(session, creator)
        await a_product(session, creator, price=price)
    return Conversation(database, creator.id, lead.id, person.id)
