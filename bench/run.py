"""Runs the benchmarks and writes what they found to bench/RESULTS.md."""

import argparse
import asyncio
import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from bench import flow_updates, request_class, sealing, segments, transfers
from bench.report import Report

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = """# What was measured

Written by `make bench` (`python -m bench`); `python -m bench --only NAME` renews one section. Figures compare
two things on the same machine in the same minutes; they say little about another machine."""


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
    parser.add_argument("--only", choices=[one.name for one in BENCHMARKS], help="run this one alone")
    parser.add_argument("--quick", action="store_true", help="a rough look, shown and not written")
    options = parser.parse_args()

    found = sections(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for benchmark in BENCHMARKS:
        if options.only in {None, benchmark.name}:
            print(f"{benchmark.name} …", flush=True)
            report = asyncio.run(benchmark.run(quick=options.quick)).markdown()
            print(f"\n{report}\n", flush=True)
            found[benchmark.name] = f"{report}\n\nMeasured {datetime.now(UTC):%Y-%m-%d} on {machine()}."
            if not options.quick:
                RESULTS.write_text(results(found), encoding="utf-8")  # each as it comes: the next may fail
