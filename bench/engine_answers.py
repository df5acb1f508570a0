"""What people wait for an answer while a broadcast to very many goes out at Telegram's limit."""

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from sqlalchemy import func, insert, literal, literal_column, select

from bench.engine_store import Stores
from bench.flow_load import drive, welcome
from bench.flow_updates import SECRET, TOKEN, Bot, spark_bot
from bench.report import Report
from domain.broadcasts.acts import draft_broadcast, start_broadcast
from domain.broadcasts.definition import Content, Variant, Wording
from store.database import Database
from store.models import Creator, Lead, OutboxMessage, OutboxState, Person


@dataclass(frozen=True)
class Plan:
    """How many get the broadcast, and for how many seconds people write, before it and during it."""

    leads: int
    alone: float
    beside: float


FULL, QUICK = Plan(100_000, 15, 180), Plan(1_000, 4, 8)
# well below the pace: what answers take of it is not left for the broadcast
AT_ONCE, PAUSE = 2, 2.0
RATE, GOAL = 30, 1.0
KEYS = ("a key of the benchmark alone, 32 and more",)
NEWS = "The news of this week"


@dataclass
class Found:
    """Seconds that each answer took, and how many of the broadcast went out meanwhile."""

    latencies: list[float] = field(default_factory=list)
    said: int = 0
    seconds: float = 0.0

    def after(self, percent: int) -> float:
        return quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


async def run(*, quick: bool) -> Report:
    plan = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as name:
        stores = Stores(Path(name))
        try:
            urls = stores.urls()
            found = await asyncio.gather(*(_measured(store, url, Path(name), plan) for store, url in urls))
        finally:
            stores.close()
    rows, kept = [], []
    for (store, _), (alone, beside) in zip(urls, found, strict=True):
        rows += [_row("nothing else", store, alone), _row(f"the broadcast, {plan.beside:.0f} s", store, beside)]
        kept.append(f"{store}: {'kept' if beside.after(95) < GOAL else 'NOT kept'}")
    return Report(
        title=f"Answers while a broadcast to {plan.leads:,} goes out at the limit",
        what_ran=(
            f"`spark run` behind a webhook; {AT_ONCE} people at a time walk through a flow of five updates, each as "
            f"soon as the one before is answered, and {PAUSE:.0f} s later the next two; first alone and then while a "
            f"broadcast goes out with all that they leave of {RATE} messages a second. An answer takes from posting "
            "the update until the Bot API has it. Both databases at the same time, each with a Spark of its own, on "
            "the same two cores as those who write and the Bot API."
        ),
        columns=["beside", "store", "answers", "p50 ms", "p95 ms", "p99 ms", "broadcast/s"],
        rows=rows,
        notes=[
            f"Goal: p95 under 1 s: {', '.join(kept)}.",
            "Answers count in the pace and never wait for it: what is left is the broadcast's.",
        ],
    )


def _row(beside: str, store: str, found: Found) -> list[str]:
    told = [f"{1000 * found.after(percent):,.0f}" for percent in (50, 95, 99)]
    rate = f"{found.said / found.seconds:.1f}" if found.said else ""
    return [beside, store, f"{len(found.latencies):,}", *told, rate]


async def _measured(store: str, url: str, folder: Path, plan: Plan) -> tuple[Found, Found]:
    """Alone, and beside the broadcast."""
    data = folder / f"answers-{store}"
    data.mkdir()
    async with spark_bot(store, data, url) as bot:
        alone = await _answers(bot, url, plan.alone)
        await _start(url, plan.leads)
        await _until_it_goes_out(url)
        beside = await _answers(bot, url, plan.beside)
    return alone, beside


async def _start(url: str, leads: int) -> None:
    """So many people who have never written, and a broadcast to everybody."""
    database, now = Database(url, data_keys=KEYS), datetime.now(UTC)
    first = 10_000_000
    numbers = select(literal_column("1").label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < leads))
    number = numbers.c.n + first
    try:
        async with database.transaction() as session:
            creator = (await session.scalars(select(Creator.id))).one()
            person = {
                "id": number,
                "bot_id": literal(int(TOKEN.partition(":")[0])),
                "telegram_id": number,
                "first_name": literal("Ada"),
                "language": literal("en"),
                "created_at": literal(now, Person.created_at.type),
                "seen_at": literal(now, Person.seen_at.type),
            }
            lead = {
                "id": number,
                "creator_id": literal(creator),
                "person_id": number,
                "name": literal("Ada"),
                "created_at": literal(now, Lead.created_at.type),
            }
            for model, columns in ((Person, person), (Lead, lead)):
                rows = select(*(value.label(name) for name, value in columns.items()))
                await session.execute(insert(model).from_select(list(columns), rows))
        async with database.transaction() as session:
            content = Content(variants=(Variant(wordings={"en": Wording(text=NEWS)}),))
            broadcast = await draft_broadcast(session, creator, None, content, now=now)
            await start_broadcast(session, broadcast, now=now)
    finally:
        await database.close()


async def _answers(bot: Bot, url: str, seconds: float) -> Found:
    found, ends_at = Found(), time.monotonic() + seconds
    before, began = await _said(url), time.perf_counter()
    while time.monotonic() < ends_at:
        load = await drive(bot.webhook_url, SECRET, bot.stub, people=AT_ONCE, at_once=AT_ONCE, script=welcome)
        found.latencies += load.latencies
        await asyncio.sleep(PAUSE)
    found.seconds = time.perf_counter() - began
    found.said = await _said(url) - before
    return found


async def _until_it_goes_out(url: str) -> None:
    """Its audience has been written down, and the burst that Telegram allows at first is over."""
    async with asyncio.timeout(60):
        while await _said(url) <= RATE:  # noqa: ASYNC110 - the process that sends tells nobody here
            await asyncio.sleep(0.2)


async def _said(url: str) -> int:
    """How many of the broadcast have gone out."""
    database = Database(url, data_keys=KEYS)
    try:
        async with database.reading() as session:
            told = select(func.count()).where(OutboxMessage.broadcast_id == 1, OutboxMessage.state == OutboxState.SENT)
            return await session.scalar(told) or 0
    finally:
        await database.close()
