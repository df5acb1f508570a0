"""`spark playground`: the stand-ins in a process of their own."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from app.parts import BadUsage, CannotStart
from playground.server import Playground


async def serve_playground(port: int, app_url: str, state: Path | None, *, announce: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT, on loopback only.

    Raises BadUsage for an `app_url` that is none, and CannotStart when the port is taken or `state` cannot be used.
    """
    app_port = _port_of(app_url)
    address = f"http://127.0.0.1:{port}"
    try:
        playground = Playground(app_url=app_url, public_url=address, state_path=state)
    except (sqlite3.Error, OSError) as error:
        raise CannotStart(f"cannot keep anything in {state} ({error}); name another file with --state") from error
    secrets = os.environ.get("SPARK_STRIPE__WEBHOOK_SECRETS", "")
    if secrets:
        playground.core.stripe_webhook_secret = secrets.split(",")[0].strip()
    runner = web.AppRunner(playground.standalone(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    except OSError as error:
        await runner.cleanup()
        raise CannotStart(
            f"cannot listen on port {port} ({os.strerror(error.errno or 0)}); choose another with --port"
        ) from error
    announce(_how_to_point_spark_here(address, playground.core.stripe_webhook_secret, app_url, app_port))
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await stopping.wait()
    await runner.cleanup()


def _port_of(app_url: str) -> int:
    with suppress(ValueError):  # of a port that is no number, or out of range
        parts = urlsplit(app_url)
        if parts.scheme == "http" and parts.hostname and not (parts.username or parts.query or parts.fragment):
            return parts.port or 80
    raise BadUsage(f"--app {app_url} is no address of Spark; give one like http://127.0.0.1:8080")


def _how_to_point_spark_here(address: str, webhook_secret: str, app_url: str, app_port: int) -> str:
    return f"""The playground is running. Open the chat page: {address}/playground

Point `spark run` at it:
  export SPARK_TELEGRAM__TOKEN=7000000002:any-token-of-this-form
  export SPARK_TELEGRAM__BASE_URL={address}/telegram
  export SPARK_STRIPE__SECRET_KEY=sk_test_playground
  export SPARK_STRIPE__API_BASE={address}/stripe
  export SPARK_STRIPE__WEBHOOK_SECRETS={webhook_secret}
  export SPARK_HTTP__PORT={app_port}
  export SPARK_PUBLIC_URL={app_url}
  export SPARK_SECRET_KEY=any-thirty-two-characters-or-more
  spark creator add --name "Studio North" --slug studio --telegram-id 1001
  spark run"""
