"""Two people who write, tap, repeat themselves and come back, to a Spark that is restarted between times."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import func, select
from stores import DATA_KEYS
from telegram import Bot

from automations.flows import run_due_flows
from automations.pace import Pace
from automations.routing import route_events
from bot.answering import Answering
from bot.gateway import TelegramGateway
from bot.intake import Intake
from bot.turn import BotFacts
from domain.creators import add_creator, bind_by_payload
from domain.definitions import Published, publish
from domain.events import record_event
from domain.flows import runs
from domain.flows.definition import Flow
from domain.leads import known_answers
from domain.messages.plain import Message, Rows
from domain.people import Profile, note_block, see_person
from domain.setups import CreatorSetup
from domain.uploads import UploadAddress
from kit.clock import MovableClock
from store.database import Database
from store.models import Event, FlowRun, FlowRunState, Lead, OutboxKind, OutboxMessage, Person, TelegramUpdate

BOT = 7000000009
LENA, TOM, CREATOR = 501, 502, 503
MORNING = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


@dataclass
class Shown:
    """A button that somebody was shown, under a message of the bot's."""

    person: int
    message_id: int
    text: str
    data: str
    rows: Rows


@dataclass
class RecordingGateway:
    """Sends nothing, and remembers the buttons. Nobody pays by Stars here, so no bot is asked for anything."""

    bot: Bot = field(default_factory=lambda: Bot("4242:nobody-is-called"))
    shown: list[Shown] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)

    async def send(self, telegram_id: int, message: Message) -> int:
        self.texts.append((telegram_id, message.text))
        self.remember(telegram_id, len(self.texts), message)
        return len(self.texts)

    async def edit(self, telegram_id: int, message_id: int, text: str, buttons: Rows = ()) -> None:
        self.remember(telegram_id, message_id, Message(text=text, buttons=buttons))

    async def answer_tap(self, query_id: str, text: str | None) -> None:
        assert query_id

    def remember(self, telegram_id: int, message_id: int, message: Message) -> None:
        for row in message.buttons:
            for button in row:
                if button.data is not None:
                    self.shown.append(Shown(telegram_id, message_id, message.text, button.data, message.buttons))


@dataclass
class People:
    url: str
    flows: dict[str, Any]
    setup: CreatorSetup
    clock: MovableClock = field(default_factory=lambda: MovableClock(frozen_at=MORNING))
    gateway: RecordingGateway = field(default_factory=RecordingGateway)
    posted: list[dict[str, Any]] = field(default_factory=list)
    creator_id: int = 0
    _unasked: int = 0

    async def open(self) -> None:
        self.database = Database(self.url, data_keys=DATA_KEYS)
        async with self.database.transaction() as session:
            made = await add_creator(session, name="Studio", slug="studio", now=self.clock())
            person = await see_person(session, BOT, Profile(CREATOR, "Creator", None, "en"), now=self.clock())
            # so that there is somebody to be told
            self.creator_id = (await bind_by_payload(session, person, made.bind_payload, now=self.clock())).id
        await self._begin()

    async def restart(self) -> None:
        """Another process: nothing in memory is left of the one before."""
        await self.intake.stop(within=5)
        await self.database.close()
        runs._READ.clear()
        self.database = Database(self.url, data_keys=DATA_KEYS)
        await self._begin()

    async def close(self) -> None:
        await self.intake.stop(within=5)
        await self.database.close()

    async def _begin(self) -> None:
        parsed = {key: Flow.model_validate(flow) for key, flow in self.flows.items()}
        async with self.database.transaction() as session:
            self.published: Published = await publish(
                session, {"studio": parsed}, {}, setups={"studio": self.setup}, now=self.clock()
            )
        gateway = cast("TelegramGateway", self.gateway)
        answering = Answering(self.database, self.clock, gateway, Pace(in_all=10**6, to_one_chat=10**6), {})
        uploads = UploadAddress("https://spark.example", b"key")
        facts = BotFacts(BOT, "studio", self.published, b"key", None, lambda: "https://t.me/bot", uploads)
        self.intake = Intake(self.database, self.clock, Bot(f"{BOT}:token"), facts, answering)

    async def write(self, person: int, text: str) -> None:
        number = len(self.posted) + 1
        message: dict[str, Any] = {
            "message_id": 10_000 + number,
            "date": 1_790_000_000,
            "chat": {"id": person, "type": "private", "first_name": "L"},
            "from": _sender(person),
            "text": text,
        }
        if text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        await self.post({"update_id": number, "message": message})

    async def tap(self, person: int, shown: Shown) -> None:
        number = len(self.posted) + 1
        keyboard = [
            [{"text": each.text, "callback_data": each.data} for each in row if each.data is not None]
            for row in shown.rows
        ]
        message = {
            "message_id": shown.message_id,
            "date": 1_790_000_000,
            "chat": {"id": person, "type": "private", "first_name": "L"},
            "from": {"id": BOT, "is_bot": True, "first_name": "Spark"},
            "text": "question",
            "reply_markup": {"inline_keyboard": keyboard},
        }
        query = {"id": str(number), "from": _sender(person), "chat_instance": "1", "data": shown.data}
        await self.post({"update_id": number, "callback_query": query | {"message": message}})

    async def post(self, update: dict[str, Any], *, again: bool = False) -> None:
        """Once, or once more: as a redelivery of what was posted before."""
        if not again:
            self.posted.append(update)
        await self.intake.receive(json.dumps(update).encode())
        while not self.intake.idle:  # noqa: ASYNC110 - its lanes tell nobody that they are empty
            await asyncio.sleep(0)

    async def happens(self, name: str, telegram_id: int = LENA) -> None:
        async with self.database.transaction() as session:
            lead = await session.scalar(
                select(Lead).join(Person, Person.id == Lead.person_id).where(Person.telegram_id == telegram_id)
            )
            if lead is not None:
                await record_event(session, name, creator_id=self.creator_id, lead_id=lead.id, now=self.clock())

    async def block(self, telegram_id: int = LENA) -> None:
        """Whoever writes again has unblocked the bot."""
        async with self.database.transaction() as session:
            person = (await session.scalars(select(Person).where(Person.telegram_id == telegram_id))).one()
            await note_block(session, person.id, now=self.clock())

    async def told(self) -> Sequence[str]:
        """By which keys the creator was told something."""
        async with self.database.reading() as session:
            query = select(OutboxMessage.key).where(OutboxMessage.kind == OutboxKind.NOTICE)
            return (await session.scalars(query)).all()

    async def tick(self) -> None:
        """The engine does all that is due, and what it says unasked is shown."""
        done = 1
        while done:
            async with self.database.transaction() as session:
                done = await route_events(session, self.published, now=self.clock())
            async with self.database.transaction() as session:
                done += await run_due_flows(session, self.published, now=self.clock())
        async with self.database.reading() as session:
            rows = await session.execute(
                select(OutboxMessage.id, OutboxMessage.message, Person.telegram_id)
                .join(Person, Person.id == OutboxMessage.person_id)
                .where(OutboxMessage.kind == OutboxKind.FLOW, OutboxMessage.id > self._unasked)
                .order_by(OutboxMessage.id)
            )
            for row in rows:
                self._unasked = row.id
                await self.gateway.send(row.telegram_id, Message.model_validate(row.message))

    async def active(self, telegram_id: int = LENA) -> FlowRun | None:
        return next((run for run in await self.runs(telegram_id) if run.state == FlowRunState.ACTIVE), None)

    async def runs(self, telegram_id: int = LENA) -> Sequence[FlowRun]:
        async with self.database.reading() as session:
            query = (
                select(FlowRun)
                .join(Lead, Lead.id == FlowRun.lead_id)
                .join(Person, Person.id == Lead.person_id)
                .where(Person.telegram_id == telegram_id)
                .order_by(FlowRun.id)
            )
            return (await session.scalars(query)).all()

    async def known(self, telegram_id: int = LENA) -> dict[str, str]:
        async with self.database.reading() as session:
            lead = await session.scalar(
                select(Lead).join(Person, Person.id == Lead.person_id).where(Person.telegram_id == telegram_id)
            )
            return {} if lead is None else await known_answers(session, lead)

    async def answers(self, telegram_id: int = LENA) -> int:
        """How many answers have been kept."""
        async with self.database.reading() as session:
            query = (
                select(func.count())
                .select_from(Event)
                .join(Lead, Lead.id == Event.lead_id)
                .join(Person, Person.id == Lead.person_id)
                .where(Event.name == "lead.answered", Person.telegram_id == telegram_id)
            )
            return await session.scalar(query) or 0

    async def failures(self) -> Sequence[str]:
        """Why updates could not be handled."""
        async with self.database.reading() as session:
            query = select(TelegramUpdate.error).where(TelegramUpdate.error.is_not(None))
            return [str(error) for error in await session.scalars(query)]


def _sender(person: int) -> dict[str, Any]:
    return {"id": person, "is_bot": False, "first_name": "L", "language_code": "en"}
