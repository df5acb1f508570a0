"""People walking through a flow of a bot behind a webhook, timed from the update posted to the reply sent.

The stub Bot API runs in the driver's process, so that a reply is seen the moment that the bot sends it:

    stub = TelegramStub()
    base_url = await stub.start()
    async with server_process("some.bot", "--base-url", base_url) as (pid, webhook_url):
        load = await drive(webhook_url, secret, stub, people=400, at_once=50, script=welcome)
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp
import orjson
import psutil

from bench.telegram_stub import Params, TelegramStub

REPLIES = ("send", "edit", "copy")  # what a person sees; answerCallbackQuery and sendChatAction are no reply
PATIENCE = 60.0  # seconds for one reply, then the run is given up

_people = count(700_000_000)  # Telegram ids and update ids: no two runs of one driver share any
_updates = count(time.time_ns() // 1_000_000 % 1_000_000_000)


@dataclass(frozen=True)
class Say:
    """A message typed; the reply has come once a text with `until` in it has been sent."""

    text: str
    until: str = ""


@dataclass(frozen=True)
class Tap:
    """A tap on the newest inline button whose label has `label` in it."""

    label: str
    until: str = ""


@dataclass(frozen=True)
class ShareContact:
    """The person's own contact, as the button that asks for it sends it."""

    phone: str
    until: str = ""


Step = Say | Tap | ShareContact
Script = Callable[[int], Sequence[Step]]  # the Telegram id of the person → what they do


def welcome(person: int) -> list[Step]:
    """The welcome flow as bench.baseline_conversation_bot asks it."""
    return [
        Say("/start ad42", until="name"),
        Say(f"Ada {person}", until="e-mail"),
        Say(f"ada{person}@example.org", until="phone"),
        Say(f"+1202555{person % 10_000:04}", until="interested"),
        Tap("Travel", until="Thank you"),
    ]


@dataclass(frozen=True)
class LoadResult:
    """Times in seconds; a latency runs from posting an update until its reply reached the Bot API."""

    people: int
    updates: int
    seconds: float
    latencies: Sequence[float]

    @property
    def updates_per_second(self) -> float:
        return self.updates / self.seconds

    @property
    def p50(self) -> float:
        return self._percentile(50)

    @property
    def p95(self) -> float:
        return self._percentile(95)

    def _percentile(self, which: int) -> float:
        return quantiles(self.latencies, n=100, method="inclusive")[which - 1]


class Person:
    """One chat: what the bot showed in it, and whom the next reply wakes."""

    def __init__(self, telegram_id: int) -> None:
        self.id = telegram_id
        self._buttons: dict[str, tuple[dict[str, Any], str]] = {}  # label → its message and data
        self._until = ""
        self._reply: asyncio.Future[float] | None = None

    def await_reply(self, until: str) -> asyncio.Future[float]:
        """The instant of the next reply that has `until` in its text."""
        self._until = until
        self._reply = asyncio.get_running_loop().create_future()
        return self._reply

    def see(self, message: dict[str, Any]) -> None:
        for row in message.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                if "callback_data" in button:
                    self._buttons[button["text"]] = (message, button["callback_data"])
        text = message.get("text") or message.get("caption") or ""
        if self._reply is not None and not self._reply.done() and self._until in text:
            self._reply.set_result(time.perf_counter())

    def update(self, step: Step, number: int) -> dict[str, Any]:
        """The update that Telegram would post for this step: https://core.telegram.org/bots/api#update"""
        sender = {"id": self.id, "is_bot": False, "first_name": "Ada", "language_code": "en"}
        message: dict[str, Any] = {
            "message_id": number,
            "from": sender,
            "chat": {"id": self.id, "type": "private", "first_name": "Ada"},
            "date": int(time.time()),
        }
        match step:
            case Say(text=text):
                message["text"] = text
                if text.startswith("/"):
                    length = len(text.partition(" ")[0])
                    message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
            case ShareContact(phone=phone):
                message["contact"] = {"phone_number": phone, "first_name": "Ada", "user_id": self.id}
            case Tap(label=label):
                shown, data = next(shown for name, shown in reversed(self._buttons.items()) if label in name)
                query = {"id": str(number), "from": sender, "chat_instance": str(self.id)}
                return {"update_id": number, "callback_query": query | {"message": shown, "data": data}}
        return {"update_id": number, "message": message}


async def drive(
    webhook_url: str, secret: str, stub: TelegramStub, *, people: int, at_once: int, script: Script
) -> LoadResult:
    """Has `people` walk through the script, `at_once` at a time, each waiting for the reply before the next
    step. Raises if an update is refused or a reply does not come. Takes the stub's `on_call` for its time.
    """
    persons = {person.id: person for person in (Person(next(_people)) for _ in range(people))}
    latencies: list[float] = []

    def saw(method: str, params: Params, result: Any) -> None:
        if method.startswith(REPLIES) and isinstance(result, dict):
            person = persons.get(int(params["chat_id"]))
            if person is not None:
                person.see(result)

    async def walk(queue: list[Person], session: aiohttp.ClientSession) -> None:
        while queue:
            person = queue.pop()
            for step in script(person.id):
                reply = person.await_reply(step.until)
                body = orjson.dumps(person.update(step, next(_updates)))
                posted = time.perf_counter()
                async with session.post(webhook_url, data=body) as answer:
                    answer.raise_for_status()
                try:
                    latencies.append(await asyncio.wait_for(reply, PATIENCE) - posted)
                except TimeoutError:
                    raise TimeoutError(f"no reply to {step} for {PATIENCE:.0f} s") from None

    stub.on_call = saw
    queue = list(persons.values())
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=at_once),
        headers={"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret},
    ) as session:
        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(walk(queue, session))
        seconds = time.perf_counter() - started
    stub.on_call = None
    return LoadResult(people, len(latencies), seconds, latencies)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children so far; take it before and after a run."""
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


@contextlib.asynccontextmanager
async def server_process(*arguments: str) -> AsyncIterator[tuple[int, str]]:
    """`python -m …` until the block ends; gives its pid and the first line it prints, its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parent.parent
    )
    try:
        assert process.stdout is not None
        yield process.pid, (await process.stdout.readline()).decode().strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@dataclass(frozen=True)
class Run:
    """One run of a bot under load, with the processor time that its process took."""

    load: LoadResult
    cpu_seconds: float

    @property
    def cpu_us_per_update(self) -> float:
        return self.cpu_seconds / self.load.updates * 1e6


async def run_baseline(people: int, at_once: int, data: Path, *, api_delay: float = 0) -> Run:
    """The ordinary bot of bench.baseline_conversation_bot under the load of `welcome`."""
    stub = TelegramStub(delay=api_delay)
    arguments = ("--base-url", await stub.start(), "--data", str(data))
    try:
        async with server_process("bench.baseline_conversation_bot", *arguments) as (pid, webhook_url):
            return await measure(pid, webhook_url, stub, people=people, at_once=at_once)
    finally:
        await stub.stop()


async def measure(
    pid: int,
    webhook_url: str,
    stub: TelegramStub,
    *,
    people: int,
    at_once: int,
    secret: str = "bench-secret",
    script: Script = welcome,
) -> Run:
    """A warm-up by other people, then the load, with the processor time of the server `pid` over it."""
    await drive(webhook_url, secret, stub, people=min(20, people), at_once=min(20, at_once), script=script)
    before = cpu_seconds(pid)
    load = await drive(webhook_url, secret, stub, people=people, at_once=at_once, script=script)
    return Run(load, cpu_seconds(pid) - before)
