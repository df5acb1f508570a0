"""Spark's aiohttp request class against the default client of python-telegram-bot, on one stub server."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

import aiohttp
import httpx
import telegram
from telegram.request import BaseRequest, HTTPXRequest, RequestData
from telegram.request._requestparameter import RequestParameter  # how Bot builds what do_request is given

from bench.baseline import spare_the_search_for_sniffio
from bench.report import Report
from bench.telegram_stub import stub_process
from bot.request import AiohttpRequest

TOKEN = "4242:bench"
TEXT = "Hi Ada! Your preset pack is ready: tap the button below whenever you like."
CONCURRENCY = (1, 30, 200)

Call = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Figures:
    calls_per_second: float
    cpu_us: float


async def measure(call: Call, *, calls: int, at_once: int) -> Figures:
    """`calls` calls by `at_once` callers, after a warm-up that opens all connections."""

    async def caller(left: list[None]) -> None:
        while left:
            left.pop()
            await call()

    async def all_callers(number: int) -> None:
        left = [None] * number
        await asyncio.gather(*(caller(left) for _ in range(at_once)))

    await all_callers(max(20, 2 * at_once))
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    await all_callers(calls)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Figures(calls / wall, cpu / calls * 1e6)


async def bot_call(request: BaseRequest, base_url: str, *, calls: int, at_once: int) -> Figures:
    """`Bot.send_message`: building the call, the wire, and the Message that comes out."""
    bot = telegram.Bot(TOKEN, base_url=f"{base_url}/bot", request=request)
    return await measure(lambda: bot.send_message(42, TEXT), calls=calls, at_once=at_once)


async def raw_call(request: BaseRequest, base_url: str, *, calls: int, at_once: int) -> Figures:
    """`do_request` alone: what the request class itself costs."""
    url = f"{base_url}/bot{TOKEN}/sendMessage"
    data = RequestData([RequestParameter.from_input("chat_id", 42), RequestParameter.from_input("text", TEXT)])
    return await measure(lambda: request.do_request(url, "POST", data), calls=calls, at_once=at_once)


async def run(*, quick: bool) -> Report:
    spare_the_search_for_sniffio()
    calls, rounds = (200, 3) if quick else (1000, 7)
    rows = []
    async with stub_process() as base_url:
        for name, how in (("`Bot.send_message`", bot_call), ("`do_request` alone", raw_call)):
            for at_once in CONCURRENCY:
                pairs = []
                for _ in range(rounds):
                    # both get a pool as large as the callers are many, so that nobody waits for a place
                    async with HTTPXRequest(connection_pool_size=at_once, pool_timeout=None) as default:
                        before = await how(default, base_url, calls=calls, at_once=at_once)
                    async with AiohttpRequest(connection_pool_size=at_once, pool_timeout=None) as ours:
                        after = await how(ours, base_url, calls=calls, at_once=at_once)
                    pairs.append((before, after))
                rows.append(row(name, at_once, pairs))
    return Report(
        title="Request class: Spark's aiohttp client against the library's default",
        what_ran=(
            f"`sendMessage` against the same stub Bot API in a process of its own, over loopback. "
            f"Baseline: `HTTPXRequest`, the default of python-telegram-bot {telegram.__version__} "
            f"(httpx {httpx.__version__}); Spark: `bot.request.AiohttpRequest` (aiohttp {aiohttp.__version__}). "
            f"{rounds} rounds of {calls} calls each, baseline and Spark by turns."
        ),
        columns=[
            "call",
            "at once",
            "calls/s, baseline",
            "calls/s, Spark",
            "times as many",
            "CPU µs a call, baseline",
            "CPU µs a call, Spark",
            "CPU saved",
        ],
        rows=rows,
        notes=[
            "Figures are medians; ratios are the median of the pairwise ratios, with their range.",
            "CPU is the client process's alone (`time.process_time`), connections kept open in both.",
            "The baseline's pool looks through all its connections at each call, so its cost grows with them.",
            "httpcore's search for sniffio, 170 to 500 µs a call, is not held against it (bench/baseline.py).",
        ],
    )


def row(name: str, at_once: int, pairs: list[tuple[Figures, Figures]]) -> list[str]:
    faster = [after.calls_per_second / before.calls_per_second for before, after in pairs]
    cheaper = [before.cpu_us / after.cpu_us for before, after in pairs]
    return [
        name,
        str(at_once),
        f"{median(before.calls_per_second for before, _ in pairs):,.0f}",
        f"{median(after.calls_per_second for _, after in pairs):,.0f}",
        f"**{median(faster):.1f}×** ({min(faster):.1f}–{max(faster):.1f})",
        f"{median(before.cpu_us for before, _ in pairs):,.0f}",
        f"{median(after.cpu_us for _, after in pairs):,.0f}",
        f"**{median(cheaper):.1f}×** ({min(cheaper):.1f}–{max(cheaper):.1f})",
    ]
