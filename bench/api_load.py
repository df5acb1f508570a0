"""Requests to an API, timed: a closed loop of connections that ask one after the other, or an open loop at a set pace.

In an open loop a request's time runs from the moment it was due, so that a server that stands still is not spared.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

import aiohttp

# a request that is not answered by then counts as late as that
PATIENCE = 20.0


@dataclass(frozen=True)
class Ask:
    """One request: method, path, parameters and body; `good` is the status it must be answered with."""

    method: str
    path: str
    params: Mapping[str, str | int] | None = None
    body: Mapping[str, Any] | None = None
    good: int = 200


Asking = Callable[[random.Random], Ask]


@dataclass(frozen=True)
class Timed:
    """Seconds of each request, and in how many seconds they were all answered; `failed` were answered otherwise."""

    seconds: list[float]
    within: float
    failed: int

    @property
    def per_second(self) -> float:
        return (len(self.seconds) - self.failed) / self.within

    @property
    def p95(self) -> float:
        return quantiles(self.seconds, n=100, method="inclusive")[94]


class Load:
    """What asks: one session with so many connections."""

    def __init__(self, base: str, token: str, *, connections: int) -> None:
        self._base, self._connections = base, connections
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections),
            headers={"Authorization": f"Bearer {token}"},
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
        )
        self._random = random.Random(7)

    async def close(self) -> None:
        await self._session.close()

    async def closed(self, asking: Asking, *, seconds: float) -> Timed:
        """Each connection asks again as soon as it is answered."""
        taken: list[float] = []
        failed = 0
        began = time.perf_counter()
        until = began + seconds

        async def one() -> None:
            nonlocal failed
            while time.perf_counter() < until:
                asked = time.perf_counter()
                failed += not await self._ask(asking(self._random))
                taken.append(time.perf_counter() - asked)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._connections):
                group.create_task(one())
        return Timed(taken, time.perf_counter() - began, failed)

    async def open(self, asking: Asking, *, per_second: float, seconds: float) -> Timed:
        """At that pace, whatever the answers do."""
        taken: list[float] = []
        failed = 0
        began = time.perf_counter()

        async def one(due: float) -> None:
            nonlocal failed
            failed += not await self._ask(asking(self._random))
            taken.append(time.perf_counter() - due)

        async with asyncio.TaskGroup() as group:
            for number in range(int(per_second * seconds)):
                due = began + number / per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(one(due))
        return Timed(taken, time.perf_counter() - began, failed)

    async def _ask(self, ask: Ask) -> bool:
        try:
            async with self._session.request(
                ask.method,
                self._base + ask.path,
                params=ask.params,
                data=None if ask.body is None else json.dumps(ask.body),
                headers={"Content-Type": "application/json"} if ask.body is not None else None,
            ) as answer:
                await answer.read()
                return answer.status == ask.good
        except (TimeoutError, aiohttp.ClientError):
            return False
