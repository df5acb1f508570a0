import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from kit.log import correlated, get_logger
from store.database import is_unavailable

REST_SECONDS = 0.05
_SPREAD = 0.25
_log = get_logger(__name__)

# Does a batch of what is due and returns how much it was; asked again until there is nothing left.
Work = Callable[[], Awaitable[int]]


class Tick:
    """One kind of work: done when its interval comes round, and at once when somebody wakes it."""

    def __init__(self, name: str, work: Work, *, every: float, topics: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.every = every
        self.topics = topics
        self._work = work
        self._due = asyncio.Event()
        self._turn = asyncio.Lock()
        self._stopped = False

    def wake(self) -> None:
        """Of the loop's own thread alone: an event that another sets may be slept through for good."""
        self._due.set()

    async def run(self) -> int:
        """Does all that is due now, one batch after another; returns how much it was."""
        done = 0
        async with self._turn:
            while not self._stopped and (count := await self._work()):
                done += count
        return done

    def begin_no_more(self) -> None:
        """No batch follows the one under way."""
        self._stopped = True

    async def finish(self) -> None:
        """Returns once the batch under way is done: a claim is followed by its work."""
        async with self._turn:
            return

    async def keep_running(self) -> None:
        """Waits to be woken and runs, until cancelled. What goes wrong is logged once and tried again later."""
        while True:
            await self._due.wait()
            self._due.clear()
            with correlated(tick=self.name):
                try:
                    await self.run()
                except Exception as error:  # noqa: BLE001 - logged; the next tick runs all the same
                    if is_unavailable(error):
                        _log.warning("tick waits for the store", reason=type(error).__name__)
                    else:
                        _log.exception("tick failed")
            # what comes in the meantime is done in one go, not each by itself
            await asyncio.sleep(REST_SECONDS)


class Ticks:
    """The few fixed ticks of one process. APScheduler only beats time; what is due stands in rows."""

    def __init__(self) -> None:
        self._ticks: list[Tick] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            # right where time is beaten, and not in a thread as what is no coroutine else is
            executors={"default": DebugExecutor()},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )

    def add(self, tick: Tick) -> None:
        self._ticks.append(tick)

    def start(self) -> None:
        for tick in self._ticks:
            self._tasks.append(asyncio.create_task(tick.keep_running(), name=f"tick {tick.name}"))
            # not all at the same moment: together they would hold everybody up for a while each second
            spread = tick.every * _SPREAD
            self._scheduler.add_job(tick.wake, "interval", seconds=tick.every, jitter=spread, id=tick.name)
            tick.wake()
        self._scheduler.start()

    async def stop(self, *, within: float | None = None) -> None:
        """Takes up no more work, and lets the batches under way end: all of them at once, for so many seconds.

        One that takes longer is cut off, as by a crash; none of the others waits for it.
        """
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for tick in self._ticks:
            tick.begin_no_more()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await asyncio.gather(*(tick.finish() for tick in self._ticks))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def wake(self, topics: frozenset[str]) -> None:
        """Wakes the ticks that work on any of these topics."""
        for tick in self._ticks:
            if tick.topics & topics:
                tick.wake()

    async def run_all(self) -> int:
        """One round of every tick, right now; returns how much there was to do."""
        done = 0
        for tick in self._ticks:
            done += await tick.run()
        return done
