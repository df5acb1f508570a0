"""`spark playground`: the stand-ins in a process of their own."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from app.parts import CannotStart
from playground.server import Playground


async def serve_playground(port: int, app_url: str, state: Path | None, *, announce: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT, on loopback only. Raises CannotStart when the port is taken."""
    address = f"http://127.0.0.1:{port}"
    playground = Playground(app_url=app_url, public_url=address, state_path=state)
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
    announce(_how_to_point_spark_here(address, playground.core.stripe_webhook_secret))
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await stopping.wait()
    await runner.cleanup()


def _how_to_point_spark_here(address: str, webhook_secret: str) -> str:
    return f"""The playground is running. Open the chat page: {address}/playground

Point `spark run` at it:
  export SPARK_TELEGRAM__TOKEN=7000000002:any-token-of-this-form
  export SPARK_TELEGRAM__BASE_URL={address}/telegram
  export SPARK_STRIPE__SECRET_KEY=sk_test_playground
  export SPARK_STRIPE__API_BASE={address}/stripe
  export SPARK_STRIPE__WEBHOOK_SECRETS={webhook_secret}
  export SPARK_SECRET_KEY=any-thirty-two-characters-or-more
  spark creator add --name "Studio North" --slug studio --telegram-id 1001
  spark run"""
