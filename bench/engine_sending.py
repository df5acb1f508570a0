"""How fast the one sender is, how soon another follows it, and what it keeps of the pace and for the small ones."""

import asyncio
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import insert, select
from telegram import Bot

from automations.gateway import Gateway
from automations.pace import Pace
from automations.sender import Sender
from bench.engine_steps import plan_all
from bench.engine_store import BOT, Sizes, Stores, fill, opened
from bench.report import Report
from bench.telegram_stub import stub_process
from bot.gateway import TelegramGateway
from bot.openings import Openings
from bot.request import AiohttpRequest
from domain.creators import add_creator
from domain.definitions import Published
from domain.downloads import DownloadAddress
from domain.messages.plain import Message
from domain.outbox import queue_message
from store.database import Database
from store.files import FileStore
from store.models import Lead, OutboxKind, OutboxMessage, OutboxState, Person

RATE = 30
GOAL_PER_SECOND, GOAL_OF_PACE, GOAL_WAIT = 5_000, 0.97, 2.0
SMALL = 10


@dataclass(frozen=True)
class Plan:
    """How much of each."""

    messages: int
    backlog: int
    seconds: int
    kills: int


FULL, QUICK = Plan(30_000, 150_000, 40, 3), Plan(1_000, 3_000, 6, 1)
Row = list[str]


class AtOnce:
    """A Telegram with no limit and no distance; notes when each chat was spoken to."""

    def __init__(self) -> None:
        self.at: dict[int, float] = {}

    async def send(self, telegram_id: int, message: Message) -> int:
        self.at[telegram_id] = time.perf_counter()
        return len(self.at)


async def run(*, quick: bool) -> Report:
    plan, rows, kept = (QUICK if quick else FULL), list[Row](), list[tuple[str, bool]]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stores = Stores(folder)
        try:
            for store, url in stores.urls():
                each = await _speed(url, plan, folder)
                rows += [
                    [f"messages/s, {plan.messages:,} waiting, {what}", store, f"{found:,.0f}"] for what, found in each
                ]
                kept.append((f"5,000 a second, {store}", each[0][1] >= GOAL_PER_SECOND))
            for store, url in stores.urls():
                waited = await _small_behind_large(url, plan)
                rows.append([f"seconds that a small creator's waits behind {plan.backlog:,}", store, f"{waited:.2f}"])
                kept.append((f"at most 2 s behind another, {store}", waited <= GOAL_WAIT))
            (_, url) = stores.urls()[1]
            share = await _pace_with_four(url, plan, folder)
            rows.append([f"of {RATE}/s, four workers, {plan.seconds} s", "PostgreSQL", f"{share:.1%}"])
            kept.append(("97% of 30/s with four workers", share >= GOAL_OF_PACE))
            for number, what in ((signal.SIGKILL, "killed"), (signal.SIGSTOP, "stopped")):
                (_, url) = stores.urls()[1]
                gaps = await _taken_over(url, plan, folder, number)
                told = f"{median(gaps):.1f} (at most {max(gaps):.1f})"
                rows.append([f"seconds of silence when the one of three that speaks is {what}", "PostgreSQL", told])
        finally:
            stores.close()
    return Report(
        title="The one sender: speed, pace, fairness, and who follows it",
        what_ran=(
            "The sender of `spark run` alone. Messages are a funnel's, each to a chat of its own, put into words when "
            "they are taken; taken, said and noted in at most 250 to a transaction, on disk before the first is said."
        ),
        columns=["what", "store", "found"],
        rows=rows,
        notes=[
            "Goals: " + ", ".join(f"{what}: {'kept' if held else 'NOT kept'}" for what, held in kept) + ".",
            "By HTTP: the same through python-telegram-bot and Spark's client to the stub of the first benchmark, "
            "which alone answers some 6,000 calls a second to a client that does nothing else.",
            f"A small creator has {SMALL} messages to say while another's backlog waits, at {RATE} a second; "
            "the longest wait of them.",
            f"Silence is from the last message before the signal to the first after it, {plan.kills} times each.",
        ],
    )


async def _speed(url: str, plan: Plan, folder: Path) -> Sequence[tuple[str, float]]:
    sizes = Sizes(enrolled=3 * plan.messages, due=plan.messages, groups=2)
    async with opened(url) as database:
        published = await fill(database, sizes)
        await plan_all(database, published, sizes.group_at(0))
        at_once = await _say_all(database, published, AtOnce(), sizes.group_at(0), plan.messages)
        await plan_all(database, published, sizes.group_at(1))
        async with stub_process() as address, _by_http(address, database, published, folder) as gateway:
            by_http = await _say_all(database, published, gateway, sizes.group_at(1), plan.messages)
    return [("answered at once", at_once), ("by HTTP", by_http)]


async def _say_all(database: Database, published: Published, gateway: Gateway, now: datetime, count: int) -> float:
    """Messages a second."""
    pace = Pace(in_all=1_000_000, to_one_chat=1_000_000)
    sender = Sender(database, lambda: now, gateway, pace, published, again=lambda _: None, bot_id=BOT)
    began = time.perf_counter()
    while await sender.send_due():  # noqa: ASYNC110 - its calls have their turn
        await asyncio.sleep(0)
    await sender.finish(60)
    seconds = time.perf_counter() - began
    await sender.give_way()
    async with database.reading() as session:
        left = await session.scalar(select(OutboxMessage.id).where(OutboxMessage.state != OutboxState.SENT).limit(1))
    if left is not None:
        raise RuntimeError("not everything was said")
    return count / seconds


@contextlib.asynccontextmanager
async def _by_http(address: str, database: Database, published: Published, folder: Path) -> AsyncIterator[Gateway]:
    request = AiohttpRequest()
    bot = Bot(f"{BOT}:bench-token-of-nobody-at-all", base_url=f"{address}/bot", request=request)
    files, downloads = FileStore((folder / "files").as_uri()), DownloadAddress("http://127.0.0.1", b"x" * 32)
    openings = Openings(bot, database, lambda: datetime.now(UTC), published, downloads)
    async with bot:
        yield TelegramGateway(bot, BOT, database, files, openings)


async def _small_behind_large(url: str, plan: Plan) -> float:
    sizes = Sizes(enrolled=plan.backlog, due=plan.backlog)
    now = sizes.group_at(0)
    async with opened(url) as database:
        published = await fill(database, sizes)
        await plan_all(database, published, now)
        gateway = AtOnce()
        sender = Sender(database, lambda: now, gateway, Pace(in_all=RATE), published, again=lambda _: None, bot_id=BOT)
        speaking = asyncio.create_task(_speak(sender))
        await asyncio.sleep(2)
        chats = await _a_small_creator(database, now)
        queued = time.perf_counter()
        while not chats <= gateway.at.keys():  # noqa: ASYNC110 - said by another task
            await asyncio.sleep(0.01)
        speaking.cancel()
    return max(gateway.at[chat] for chat in chats) - queued


async def _speak(sender: Sender) -> None:
    while True:
        await sender.send_due()
        await asyncio.sleep(0.01)


async def _a_small_creator(database: Database, now: datetime) -> set[int]:
    """The chats to which something is queued now."""
    first = 900_000_000
    async with database.transaction() as session:
        creator = (await add_creator(session, name="Small", slug="small", now=now)).creator.id
        for number in range(first, first + SMALL):
            person = {"bot_id": BOT, "first_name": "Bo", "language": "en", "created_at": now, "seen_at": now}
            await session.execute(insert(Person).values(id=number, telegram_id=number, **person))
            lead = {"creator_id": creator, "name": "Bo", "created_at": now}
            await session.execute(insert(Lead).values(id=number, person_id=number, **lead))
            await queue_message(
                session,
                Message(text="Hello"),
                key=f"small:{number}",
                kind=OutboxKind.FUNNEL,
                creator_id=creator,
                person_id=number,
                lead_id=number,
                now=now,
            )
    return set(range(first, first + SMALL))


@dataclass
class Worker:
    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.process.pid


@contextlib.asynccontextmanager
async def _workers(url: str, journal: Path, count: int, plan: Plan) -> AsyncIterator[list[Worker]]:
    """At work on a store in which more is due than they can say, at Telegram's pace."""
    enough = RATE * (plan.seconds + 90) * (plan.kills + 1)
    # a minute ago: nothing of it is late, and all of it due
    beginning = datetime.now(UTC) - timedelta(minutes=2)
    async with opened(url) as database:
        await fill(database, Sizes(enrolled=enough, due=enough, beginning=beginning))
    workers: list[Worker] = []
    try:
        for _ in range(count):
            workers.append(await _started(url, journal))  # noqa: PERF401 - those that run already are ended too
        yield workers
    finally:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                worker.process.kill()
            await worker.process.wait()


async def _started(url: str, journal: Path) -> Worker:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.engine_worker", "work", url, str(journal), str(RATE)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    assert process.stdout is not None
    if (await process.stdout.readline()).strip() != b"ready":
        raise RuntimeError("a worker did not come to work")
    return Worker(process)


def _lines(journal: Path) -> list[tuple[int, float]]:
    """Who said something, and when."""
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [(int(line.split()[0]), float(line.split()[1])) for line in lines]


def _said_by_others(journal: Path, pid: int, since: float) -> list[float]:
    return [at for each, at in _lines(journal) if each != pid and at > since]


async def _pace_with_four(url: str, plan: Plan, folder: Path) -> float:
    journal = folder / "pace.txt"
    async with _workers(url, journal, 4, plan):
        # the burst that Telegram allows at first is over by then
        while not _lines(journal):  # noqa: ASYNC110 - other processes write it
            await asyncio.sleep(0.05)
        await asyncio.sleep(3)
        began = time.time()
        await asyncio.sleep(plan.seconds)
        ended = time.time()
        said = sum(began <= at < ended for _, at in _lines(journal))
    return said / (RATE * (ended - began))


async def _taken_over(url: str, plan: Plan, folder: Path, number: signal.Signals) -> list[float]:
    journal = folder / f"taken-over-{number}.txt"
    gaps = []
    async with _workers(url, journal, 3, plan) as workers:
        for _ in range(plan.kills):
            # it fails where nobody speaks again
            async with asyncio.timeout(90):
                gaps.append(await _silence(workers, url, journal, number))
    return gaps


async def _silence(workers: list[Worker], url: str, journal: Path, number: signal.Signals) -> float:
    """Seconds from the last word of who spoke to the first one of another."""
    while not (lines := _lines(journal)) or time.time() - lines[-1][1] > 0.5:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    speaker = next(each for each in workers if each.pid == _lines(journal)[-1][0])
    speaker.process.send_signal(number)
    struck = time.time()
    while not (after := _said_by_others(journal, speaker.pid, struck)):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.02)
    gap = after[0] - max(at for pid, at in _lines(journal) if pid == speaker.pid and at < after[0])
    if number is signal.SIGSTOP:
        speaker.process.send_signal(signal.SIGCONT)
    else:
        await speaker.process.wait()
        workers.remove(speaker)
        workers.append(await _started(url, journal))
    return gap
