import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from kit.clock import MovableClock
from playground.state import State

Api = Literal["telegram", "stripe"]
FaultKind = Literal["429", "403", "500", "hang", "drop_reply"]


class Traveller(Protocol):
    """What the app lends the stand-ins, so that skipping time can walk from one due time to the next."""

    async def next_due(self) -> datetime | None:
        """The earliest instant at which the app has something to do, None when it waits for nothing."""

    async def settle(self) -> None:
        """Returns once everything that is due by now has been done, sent and answered."""


class Watch:
    """One reader's view of what changed since it last looked; `people` holds chats too, by their ids."""

    def __init__(self) -> None:
        self.people: set[int] = set()
        self.news = asyncio.Event()

    def take(self) -> list[int]:
        people, self.people = sorted(self.people), set()
        self.news.clear()
        return people


class Changes:
    """Wakes whoever waits for news: the chat page's event streams and long polls."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._watches: set[Watch] = set()

    def tell(self, *people: int) -> None:
        """Something changed: for these people where they are known, somewhere otherwise."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)
        for watch in self._watches:
            watch.people.update(people)
            watch.news.set()

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        watch = Watch()
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109 - a long poll's own length, in seconds
        """True when something changed within `timeout` seconds."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            async with asyncio.timeout(timeout):
                await future
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(future)
        return True


@dataclass
class Fault:
    """A refusal or a failure to come, asked for through the control API."""

    api: Api
    method: str
    fault: FaultKind
    times: int = 1
    retry_after: int = 1


class Faults:
    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._pending.append(fault)

    def clear(self) -> None:
        self._pending.clear()

    def pending(self) -> list[Fault]:
        return list(self._pending)

    def take(self, api: Api, method: str) -> Fault | None:
        """The fault that this call meets, counted down; `*` as the method of a fault meets every call."""
        for fault in self._pending:
            if fault.api == api and fault.method in {method, "*"}:
                fault.times -= 1
                if fault.times <= 0:
                    self._pending.remove(fault)
                return fault
        return None


@dataclass
class Core:
    """What the two stand-ins, the control API and the page share."""

    state: State
    clock: MovableClock
    app_url: str
    public_url: str  # where the stand-ins themselves are reached: checkout pages, files
    stripe_webhook_secret: str = "whsec_playground"  # noqa: S105 - a stand-in's secret is no secret
    traveller: Traveller | None = None
    faults: Faults = field(default_factory=Faults)
    changes: Changes = field(default_factory=Changes)

    def log_call(self, api: Api, method: str, params: dict[str, Any], status: int, result: Any) -> None:
        """Keeps one call the app made; `params` and `result` are JSON values, files named and not held."""
        self.state.append(
            "calls",
            {
                "api": api,
                "method": method,
                "params": params,
                "status": status,
                "result": result,
                "at": self.clock().isoformat(),
            },
        )

    def save_clock(self) -> None:
        self.state.put("clock", "offset", {"seconds": self.clock.offset.total_seconds()})
