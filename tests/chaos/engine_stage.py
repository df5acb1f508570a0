"""Leads with something due and a broadcast to all of them, processes that are killed over it, and what came of it."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from chaos_check import Facts, Promise, Sent
from chaos_stage import until
from engine_process import Task, run
from nursery import NURSERY, open_nursery
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from stores import DATA_KEYS

from automations.broadcasting import Broadcasting
from automations.outcomes import sweep
from domain.broadcasts.acts import draft_broadcast, start_broadcast
from domain.broadcasts.definition import Content, Variant, Wording
from domain.creators import add_creator
from domain.definitions import publish
from domain.funnels.definition import Funnel
from domain.funnels.heads import save_funnel
from store.database import Database
from store.database_clock import database_in
from store.models import (
    Base,
    Broadcast,
    BroadcastRecipient,
    BroadcastState,
    Enrollment,
    EnrollmentState,
    Event,
    Kept,
    Lead,
    OutboxMessage,
    OutboxState,
    Person,
    RecipientState,
    StepCount,
    Timer,
)
from store.queries.leases import clear_leases

# one that says something, one that may only be done once, one that waits, and one behind it
STEPS = [
    {"key": "first", "do": "send", "text": "first"},
    {"key": "scored", "do": "set", "score": "+1"},
    {"key": "pause", "do": "wait", "time": "1s"},
    {"key": "second", "do": "send", "text": "second"},
]
FUNNEL = Funnel.model_validate({"steps": STEPS})
NEWS = "news"
# a process is killed while it starts, so often
WHILE_STARTING = 0.15


class EngineProcess:
    """Killed and started again, any number of times: a copy of a process that has read all the code, in an instant."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._process: ForkServerProcess | None = None
        self._told: Connection[None, None] | None = None

    def start(self) -> None:
        open_nursery()
        self._told, telling = NURSERY.Pipe(duplex=False)
        self._process = NURSERY.Process(target=run, args=(self._task, telling), daemon=True)
        self._process.start()
        telling.close()

    async def ready(self) -> None:
        assert self._told is not None
        try:
            assert await asyncio.to_thread(self._told.poll, 60), "it does not come to work"
            self._told.recv()
        except EOFError:
            raise AssertionError(f"it ended by itself:\n{self.words()[-3000:]}") from None

    async def kill(self) -> None:
        """SIGKILL: no code of the process runs after this."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.join)

    async def terminate(self) -> None:
        assert self._process is not None
        self._process.terminate()
        await asyncio.to_thread(self._process.join, 20)
        assert self._process.exitcode == 0, self.words()[-3000:]

    def words(self) -> str:
        return self._task.log.read_text(errors="replace") if self._task.log.exists() else ""

    def complaints(self) -> list[str]:
        """What it called an error itself."""
        return [line for line in self.words().splitlines() if line.startswith("Traceback") or '"error"' in line]


@dataclass
class EngineStage:
    """One store, one file that stands for Telegram, and processes at work on them."""

    url: str
    folder: Path
    database: Database
    leads: int
    enrolled: int
    processes: list[EngineProcess] = field(default_factory=list)

    @classmethod
    async def open(cls, url: str, folder: Path, *, leads: int, enrolled: int) -> "EngineStage":
        """`enrolled` of the leads have a first step due; the broadcast to all of them has been started."""
        stage = cls(url, folder, Database(url, data_keys=DATA_KEYS), leads, enrolled)
        now = datetime.now(UTC)
        async with stage.database.transaction() as session:
            creator = (await add_creator(session, name="Studio", slug="studio", now=now)).creator.id
            head = await save_funnel(session, creator, "nurture", FUNNEL, kept=Kept.API, now=now)
            await session.flush()
            await _add_leads(session, creator, leads, now)
            version = {"creator_id": creator, "funnel_key": "nurture", "version_id": head.version_id}
            begun = {**version, "subject": "", "step": "", "started_at": now}
            await _insert(session, Enrollment, [{**begun, "lead_id": number} for number in _numbers(enrolled)])
            numbers = (await session.scalars(select(Enrollment.id).order_by(Enrollment.id))).all()
            await _insert(session, Timer, [{"due_at": now, "enrollment_id": number} for number in numbers])
            await session.execute(update(Event).values(routed_at=now))
            content = Content(variants=(Variant(wordings={"en": Wording(text=NEWS)}),))
            broadcast = await draft_broadcast(session, creator, None, content, now=now)
            await start_broadcast(session, broadcast, now=now)
        return stage

    @property
    def journal(self) -> Path:
        return self.folder / "telegram.txt"

    def process(
        self, *, rate: float = 10_000, answer_seconds: float = 0.05, guarded: bool = True, silent: bool = False
    ) -> EngineProcess:
        """Not yet started; `rate` is what Telegram lets it say in a second. A `silent` Telegram never answers."""
        log = self.folder / f"engine-{len(self.processes)}.log"
        task = Task(self.url, DATA_KEYS[0], self.journal, log, rate, answer_seconds, guarded, silent)
        process = EngineProcess(task)
        self.processes.append(process)
        return process

    async def close(self) -> None:
        for process in self.processes:
            await process.kill()
        await self.database.close()

    async def said(self) -> bool:
        """Nothing waits any more; what a dead process left in the middle may still be open."""
        async with self.database.reading() as session:
            state = await session.scalar(select(Broadcast.state))
            for left in (
                select(Timer.enrollment_id),
                select(OutboxMessage.id).where(OutboxMessage.state == OutboxState.QUEUED),
                select(BroadcastRecipient.lead_id).where(BroadcastRecipient.state == RecipientState.WAITING),
                select(Event.id).where(Event.routed_at.is_(None)),
            ):
                if await session.scalar(left.limit(1)) is not None:
                    return False
        return state in {BroadcastState.RUNNING, BroadcastState.DONE}

    async def finish(self, *, within: float) -> None:
        """Waits until all is said, ends the processes in order, and calls what is left in the middle by its name."""
        await until(self.said, "all is said", within=within)
        for process in self.processes:
            await process.terminate()
        await self.let_calls_end()
        now = datetime.now(UTC)
        async with self.database.transaction() as session:
            await sweep(session, now=now)
        async with self.database.transaction() as session:
            published = await publish(session, {}, {}, now=now)
        while await Broadcasting(self.database, lambda: now, published, 1000).work():
            pass

    async def let_calls_end(self) -> None:
        """As if the time had passed that a call to Telegram may take, and a lease is good for."""
        async with self.database.transaction() as session:
            await clear_leases(session)
            taken = update(OutboxMessage).where(OutboxMessage.state == OutboxState.SENDING)
            await session.execute(taken.values(lease_until=database_in(session, -1)))

    async def nothing_in_hand(self) -> bool:
        """Whatever a dead process left in the middle has been looked at by another one."""
        async with self.database.reading() as session:
            left = select(OutboxMessage.id).where(OutboxMessage.state == OutboxState.SENDING)
            return await session.scalar(left.limit(1)) is None

    def sent(self) -> list[Sent]:
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        pairs = [line.split("\t") for line in lines]
        return [Sent(int(chat), ("text", text)) for chat, text in pairs]

    async def facts(self, *, kills: int) -> Facts:
        facts = Facts(kills=kills, sent=self.sent())
        async with self.database.reading() as session:
            rows = (await session.execute(_MESSAGES)).all()
            facts.promises = [_promise(row) for row in rows]
            facts.uncertain = sum(row.uncertain for row in rows)
            facts.errors = await self._errors(session)
        facts.errors += [line for process in self.processes for line in process.complaints()]
        return facts

    async def _errors(self, session: AsyncSession) -> list[str]:
        """What is not as it would be had nobody been killed."""
        expected: dict[str, tuple[Any, int]] = {
            "enrollments that are done": (
                select(func.count()).where(Enrollment.state == EnrollmentState.DONE),
                self.enrolled,
            ),
            "enrollments": (select(func.count()).select_from(Enrollment), self.enrolled),
            "messages": (select(func.count()).select_from(OutboxMessage), self.leads + 2 * self.enrolled),
            "those whose score was raised once": (select(func.count()).where(Lead.score == 1), self.enrolled),
            "those whose score was not": (select(func.count()).where(Lead.score == 0), self.leads - self.enrolled),
            "recipients": (
                select(func.count()).where(BroadcastRecipient.state == RecipientState.QUEUED),
                self.leads,
            ),
            "broadcasts that are done": (select(func.count()).where(Broadcast.state == BroadcastState.DONE), 1),
        }
        reached = select(func.sum(StepCount.count)).where(StepCount.measure == "reached")
        for step in STEPS:
            expected[f"times {step['key']} was reached"] = (reached.where(StepCount.step == step["key"]), self.enrolled)
        counted = select(func.sum(StepCount.count)).where(StepCount.measure == "sent")
        told = select(func.count()).where(OutboxMessage.state == OutboxState.SENT, OutboxMessage.step.is_not(None))
        errors = []
        for what, (query, right) in expected.items():
            found = int(await session.scalar(query) or 0)
            if found != right:
                errors.append(f"{found} {what}, and not {right}")
        of_funnel = told.where(OutboxMessage.enrollment_id.is_not(None))
        if (await session.scalar(counted) or 0) != await session.scalar(of_funnel):
            errors.append("what was sent is counted wrong")
        return errors


_MESSAGES = select(
    OutboxMessage.key,
    Person.telegram_id,
    OutboxMessage.state,
    OutboxMessage.uncertain,
    OutboxMessage.step,
    OutboxMessage.broadcast_id,
).join(Person, Person.id == OutboxMessage.person_id)


def _promise(row: Any) -> Promise:
    """Marketing that may have arrived is not said again, so it has arrived once at most, marked or not."""
    content = ("text", NEWS if row.broadcast_id is not None else str(row.step))
    match row.state:
        case OutboxState.SENT:
            return Promise(row.key, row.telegram_id, content)
        case OutboxState.UNCERTAIN:
            return Promise(row.key, row.telegram_id, content, least=0, most=0, marked=row.uncertain)
    # nobody blocks, stops or is refused here: whatever else became of it, it is lost
    return Promise(f"{row.key} ({row.state})", row.telegram_id, content)


async def kill_at_random(processes: Sequence[EngineProcess], *, kills: int, life: float, dice: random.Random) -> None:
    """One at a time, at any moment of its life of so many seconds or while it starts, and starts it again."""
    for _ in range(kills):
        process = dice.choice(processes)
        await process.kill()
        process.start()
        if dice.random() < WHILE_STARTING:
            await asyncio.sleep(dice.uniform(0, 1))
        else:
            await process.ready()
            await asyncio.sleep(dice.uniform(0, 2 * life))


async def first_words(stage: EngineStage, count: int) -> None:
    """Waits until so many messages have arrived."""

    async def arrived() -> bool:
        return len(stage.sent()) >= count

    await until(arrived, f"{count} messages arrive", within=30)


def told(facts: Facts, begun: float) -> str:
    arrived, promised = len(facts.sent), len(facts.promises)
    return (
        f"kills {facts.kills}, messages {promised}, arrived {arrived}, uncertain {facts.uncertain}, "
        f"{time.monotonic() - begun:.0f} s"
    )


async def _add_leads(session: AsyncSession, creator: int, count: int, now: datetime) -> None:
    person = {"bot_id": 7, "first_name": "Lena", "language": "en", "created_at": now, "seen_at": now}
    lead = {"creator_id": creator, "name": "Lena", "created_at": now - timedelta(days=1)}
    numbers = _numbers(count)
    await _insert(session, Person, [{**person, "id": number, "telegram_id": 10_000 + number} for number in numbers])
    await _insert(session, Lead, [{**lead, "id": number, "person_id": number} for number in numbers])


async def _insert(session: AsyncSession, model: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        await session.execute(insert(model.__table__), rows)  # type: ignore[arg-type]


def _numbers(count: int) -> range:
    return range(1, count + 1)
