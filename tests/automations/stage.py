"""A store with a creator and leads in it, a gateway of ten lines, and a clock moved by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.outcomes import Claimed, Told, confirm, sweep
from automations.pace import Pace
from automations.routing import route_events
from automations.sender import Sender
from automations.stepping import Stepper
from automations.taking import Taking
from domain.creators import add_creator
from domain.definitions import Published, publish
from domain.events import record_event
from domain.funnels.definition import Funnel
from domain.leads import capture_lead
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.people import Profile, see_person
from kit.clock import MovableClock
from store.database import Database
from store.models import Base, Enrollment, Event, Lead, OutboxKind, OutboxMessage, Person

MORNING = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
BOT = 7


@dataclass
class FakeGateway:
    """Sends nothing; raises what stands in `failures`, one each time."""

    sent: list[tuple[int, str]] = field(default_factory=list)
    failures: list[Exception | None] = field(default_factory=list)

    async def send(self, telegram_id: int, message: Message) -> int:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.sent.append((telegram_id, message.text))
        return len(self.sent)


@dataclass
class Stage:
    database: Database
    creator_id: int = 0
    clock: MovableClock = field(default_factory=lambda: MovableClock(frozen_at=MORNING))
    published: Published = field(default_factory=Published)
    gateway: FakeGateway = field(default_factory=FakeGateway)

    async def open(self, **funnels: dict[str, Any]) -> "Stage":
        async with self.database.transaction() as session:
            new = await add_creator(session, name="Studio", slug="studio", now=self.clock())
            self.creator_id = new.creator.id
        await self.publish(**funnels)
        return self

    async def open_beside(self, other: "Stage", **funnels: dict[str, Any]) -> "Stage":
        """A second creator in the same store."""
        async with self.database.transaction() as session:
            new = await add_creator(session, name="Atelier", slug="atelier", now=self.clock())
            self.creator_id = new.creator.id
            given = {"atelier": {key: Funnel.model_validate(funnel) for key, funnel in funnels.items()}}
            self.published = await publish(session, {}, given, now=self.clock())
        other.published = self.published
        return self

    async def publish(self, **funnels: dict[str, Any]) -> None:
        async with self.database.transaction() as session:
            given = {"studio": {key: Funnel.model_validate(funnel) for key, funnel in funnels.items()}}
            self.published = await publish(session, {}, given, now=self.clock())

    async def lead(self, telegram_id: int = 100, name: str = "Lena") -> Lead:
        async with self.database.transaction() as session:
            person = await see_person(session, BOT, Profile(telegram_id, name, None, "en"), now=self.clock())
            lead, _ = await capture_lead(session, self.creator_id, person, source=None, now=self.clock())
            return lead

    async def happens(self, lead: Lead, name: str, subject: str = "") -> None:
        async with self.database.transaction() as session:
            await record_event(
                session, name, creator_id=self.creator_id, lead_id=lead.id, subject=subject, now=self.clock()
            )

    async def route(self) -> int:
        async with self.database.transaction() as session:
            return await route_events(session, self.published, now=self.clock())

    async def step(self) -> int:
        """One batch of what is due."""
        return await Stepper(self.published, ahead=10_000).run(self.database, self.clock)

    async def step_all(self) -> None:
        while await self.step():
            pass

    async def promise(self, lead: Lead, key: str, kind: OutboxKind = OutboxKind.NOTICE, **more: Any) -> None:
        async with self.database.transaction() as session:
            await queue_message(
                session,
                Message(text=key),
                key=key,
                kind=kind,
                creator_id=self.creator_id,
                person_id=lead.person_id or 0,
                lead_id=lead.id,
                now=self.clock(),
                **more,
            )

    def sender(
        self,
        *,
        pace: Pace | None = None,
        again: Callable[[float], None] = lambda _: None,
        holder: str = "stage",
        chance: Callable[[], float] = lambda: 0.0,
    ) -> Sender:
        quick = pace or Pace(in_all=10_000, to_one_chat=10_000)
        return Sender(
            self.database,
            self.clock,
            self.gateway,
            quick,
            self.published,
            again=again,
            chance=chance,
            holder=holder,
        )

    async def claim(self, *, most: int = 10, database: Database | None = None) -> list[Claimed]:
        """What a sender would send now, taken and not sent."""
        async with (database or self.database).transaction() as session:
            return await self.take(session, most=most)

    async def take(self, session: AsyncSession, *, most: int = 10) -> list[Claimed]:
        taking = Taking(self.published)
        told = {"lease_seconds": 60, "now": self.clock()}
        return (await taking.take(session, room=most, resting=[], **told)).claimed

    async def send(self, sender: Sender | None = None) -> int:
        """One batch, sent to its end."""
        sender = sender or self.sender()
        claimed = await sender.send_due()
        await sender.finish(10)
        return claimed

    async def send_all(self) -> None:
        while await self.send():
            pass

    async def sweep(self, *, abandoned: bool = True) -> int:
        async with self.database.transaction() as session:
            return await sweep(session, now=self.clock(), abandoned=abandoned)

    async def confirm(self, claimed: Claimed, message_id: int) -> None:
        async with self.database.transaction() as session:
            await confirm(session, [Told(claimed, message_id, self.clock())])

    async def look_at_events(self) -> None:
        """Nothing has happened that is not looked at yet."""
        async with self.database.transaction() as session:
            await session.execute(update(Event).values(routed_at=self.clock()))

    async def outbox(self) -> Sequence[OutboxMessage]:
        async with self.database.reading() as session:
            return (await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))).all()

    async def enrollments(self) -> Sequence[Enrollment]:
        async with self.database.reading() as session:
            return (await session.scalars(select(Enrollment).order_by(Enrollment.id))).all()

    async def person(self, lead: Lead) -> Person:
        async with self.database.reading() as session:
            return await session.get_one(Person, lead.person_id)

    async def count(self, model: type[Base]) -> int:
        async with self.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(model)) or 0


def follow_up(*, event: str = "lead.captured", stop: Sequence[str] = (), text: str = "Hi there") -> dict[str, Any]:
    """One message a day after its event."""
    steps = [{"key": "a-day", "do": "wait", "time": "1d"}, {"key": "hello", "do": "send", "text": text}]
    return {"trigger": {"event": event}, "stop": list(stop), "steps": steps}
