import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Lane(Generic[T]):
    waiting: deque[tuple[int, T]] = field(default_factory=deque)
    busy: bool = False


class Lanes(Generic[T]):
    """Work in lanes: one thing at a time in each, in the order of arrival; many lanes side by side.

    Between lanes the more urgent goes first (lower number): a lane is as urgent as the most urgent thing in it.
    """

    def __init__(self, do: Callable[[T], Awaitable[None]], *, at_once: int) -> None:
        self._do = do
        self._at_once = at_once
        self._lanes: dict[str, _Lane[T]] = {}
        self._ready: list[tuple[int, int, str]] = []
        self._count = itertools.count()
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False

    @property
    def idle(self) -> bool:
        return not self._lanes

    def put(self, lane: str, urgency: int, work: T) -> None:
        entry = self._lanes.setdefault(lane, _Lane())
        entry.waiting.append((urgency, work))
        if not entry.busy:
            # it may stand there already with less urgency; whichever comes up first is used
            heapq.heappush(self._ready, (urgency, next(self._count), lane))
        self._start()

    async def stop(self, *, within: float) -> list[T]:
        """Begins nothing more, waits so many seconds for what is in hand, and returns what was never begun."""
        self._stopped = True
        left = [work for lane in self._lanes.values() for _, work in lane.waiting]
        for lane in self._lanes.values():
            lane.waiting.clear()
        if self._running:
            with suppress(TimeoutError):
                await asyncio.wait(set(self._running), timeout=within)
        for task in set(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        return left

    async def drain(self, *, within: float) -> None:
        """Lets all of it be done, at most so many seconds; what is left then is cut off."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._running:
                    await asyncio.wait(set(self._running), return_when=asyncio.FIRST_COMPLETED)
        await self.stop(within=0)

    def _start(self) -> None:
        while not self._stopped and self._ready and len(self._running) < self._at_once:
            _, _, name = heapq.heappop(self._ready)
            lane = self._lanes.get(name)
            if lane is None or lane.busy or not lane.waiting:
                continue
            lane.busy = True
            _, work = lane.waiting.popleft()
            task = asyncio.create_task(self._work(name, lane, work))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _work(self, name: str, lane: _Lane[T], work: T) -> None:
        try:
            await self._do(work)
        finally:
            lane.busy = False
            if lane.waiting:
                urgency = min(urgency for urgency, _ in lane.waiting)
                heapq.heappush(self._ready, (urgency, next(self._count), name))
            else:
                del self._lanes[name]
            # this task makes room for the next one a moment before it is gone itself
            task = asyncio.current_task()
            if task is not None:
                self._running.discard(task)
            self._start()
