"""Runs the benchmarks and writes what they found to bench/RESULTS.md."""

import argparse
import asyncio
import os
import platform
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from bench import (
    api,
    engine_answers,
    engine_planning,
    engine_sending,
    engine_simulation,
    flow_updates,
    ideas,
    request_class,
    sealing,
    segments,
    transfers,
)
from bench.report import Report

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = """# What was measured

Written by `make bench` (`python -m bench`); `python -m bench --only NAME` renews one section, and
`--only engine` all of the engine's (some ten minutes). Figures compare two things on the same machine in the same
minutes; they say little about another machine. What they mean for how much one Spark carries stands in
[docs/SCALING.md](../docs/SCALING.md)."""


class Run(Protocol):
    async def __call__(self, *, quick: bool) -> Report:
        """With `quick` a rough look: fewer calls, rougher figures."""


@dataclass(frozen=True)
class Benchmark:
    name: str
    run: Run


BENCHMARKS = [
    Benchmark("request_class", request_class.run),
    Benchmark("flow_updates", flow_updates.run),
    Benchmark("sealing", sealing.run),
    Benchmark("transfers", transfers.run),
    Benchmark("segments", segments.run),
    Benchmark("api", api.run),
    Benchmark("ideas", ideas.run),
    Benchmark("engine_planning", engine_planning.run),
    Benchmark("engine_simulation", engine_simulation.run),
    Benchmark("engine_sending", engine_sending.run),
    Benchmark("engine_answers", engine_answers.run),
]


def machine() -> str:
    """What the figures depend on, and nothing that names whose machine it is."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
        model = found.group(1).strip() if found else model
    return f"{os.cpu_count()} cores ({model}), {platform.system()}, Python {platform.python_version()}"


def sections(text: str) -> dict[str, str]:
    """The sections of an earlier RESULTS.md by the name of their benchmark."""
    parts = re.split(r"^<!-- (\w+) -->\n", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def results(found: dict[str, str]) -> str:
    """The page: sections in the order of BENCHMARKS, those of benchmarks that are gone left out."""
    bodies = (f"<!-- {one.name} -->\n{found[one.name]}" for one in BENCHMARKS if one.name in found)
    return "\n\n".join([HEAD, *bodies]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = ", ".join(one.name for one in BENCHMARKS)
    parser.add_argument("--only", default="", metavar="NAME", help=f"those alone whose names begin so, of {names}")
    parser.add_argument("--quick", action="store_true", help="a rough look, shown and not written")
    options = parser.parse_args()
    chosen = [one for one in BENCHMARKS if one.name.startswith(options.only)]
    if not chosen:
        parser.error(f"there is no benchmark {options.only!r}, only {names}")

    found = sections(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for benchmark in chosen:
        print(f"{benchmark.name} …", flush=True)
        began = time.monotonic()
        report = asyncio.run(benchmark.run(quick=options.quick)).markdown()
        seconds = time.monotonic() - began
        print(f"\n{report}\n", flush=True)
        found[benchmark.name] = (
            f"{report}\n\nMeasured {datetime.now(UTC):%Y-%m-%d} within {seconds:,.0f} s on {machine()}."
        )
        if not options.quick:
            RESULTS.write_text(results(found), encoding="utf-8")  # each as it comes: the next may fail
