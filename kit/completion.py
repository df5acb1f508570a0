import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_to_completion(ending: Coroutine[Any, Any, None]) -> None:
    """Runs `ending` to its end even when whoever waits for it is cancelled meanwhile; they are told so afterwards."""
    task = asyncio.create_task(ending)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled
