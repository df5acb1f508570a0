"""What is being made already is waited for, not made a second time."""

import asyncio
from collections.abc import Awaitable, Callable


class Once:
    """Of one process: between several, whoever makes it has to be safe to ask twice."""

    def __init__(self) -> None:
        self._under_way: dict[int, asyncio.Task[str | None]] = {}

    async def make(self, number: int, make: Callable[[], Awaitable[str | None]]) -> str | None:
        """All who ask for the same number while it is being made get the same answer, or the same refusal."""
        task = self._under_way.get(number)
        if task is None:
            task = asyncio.create_task(_awaited(make))
            self._under_way[number] = task
            task.add_done_callback(lambda done: self._over(number, done))
        # one who leaves takes nothing away from the others
        return await asyncio.shield(task)

    def _over(self, number: int, done: asyncio.Task[str | None]) -> None:
        del self._under_way[number]
        if not done.cancelled():
            # looked at even when everybody has left, so that nobody is told of an error that was heard by none
            done.exception()


async def _awaited(make: Callable[[], Awaitable[str | None]]) -> str | None:
    return await make()
