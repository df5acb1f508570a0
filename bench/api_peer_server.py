"""Runs the peer: `python -m bench.api_peer_server --store URL --key HEX` prints its address."""

import argparse
import asyncio
import socket
from typing import Any

import uvicorn
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bench import api_peer, api_peer_ideas, api_peer_products
from store.database import as_async_url

POOL = 4


def engines(store: str) -> dict[str, AsyncEngine]:
    """As many connections as Spark has: on SQLite one that writes, on PostgreSQL as many as read."""
    url = as_async_url(store)
    if url.get_backend_name() == "postgresql":
        one = create_async_engine(url, pool_size=10, max_overflow=10)
        return {"read": one, "write": one}
    reads, writes = create_async_engine(url, pool_size=POOL), create_async_engine(url, pool_size=1, max_overflow=0)
    for engine, begin in ((reads, "BEGIN"), (writes, "BEGIN IMMEDIATE")):
        event.listen(engine.sync_engine, "connect", _connected)
        event.listen(engine.sync_engine, "begin", _beginner(begin))
    return {"read": reads, "write": writes}


def _connected(connection: Any, _record: Any) -> None:
    # https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#enabling-non-legacy-sqlite-transactional-modes
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _beginner(statement: str) -> Any:
    def begin(connection: Any) -> None:
        connection.exec_driver_sql(statement)

    return begin


async def main(store: str, key: str) -> None:
    assert api_peer_ideas
    assert api_peer_products
    api_peer.configure(engines(store), key)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(api_peer.app, log_level="warning", access_log=False))
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        await server.serve(sockets=[listening])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--key", required=True, help="with which access tokens are signed, in hex")
    options = parser.parse_args()
    asyncio.run(main(options.store, options.key))
