"""How many there are of a long list: counted anew now and then, however many ask."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

# so few are counted at each request
EXACT_UP_TO = 2_000
# younger is as good as new; what takes long to count stays so for longer: counting is a small part of the work
_FRESH_SECONDS = 1.0
_TIMES_AS_LONG = 50
_FRESH_AT_MOST = 10.0
_MOST_KEPT = 2000


class _Counted(NamedTuple):
    """`at` and `good_for` in seconds."""

    total: int
    at: float
    good_for: float


@dataclass
class KeptTotals:
    """Of one process: totals up to `exact_up_to` are exact; above, a second old, or up to ten where they take long.

    While somebody counts anew, whoever else asks is told what was counted last, unless that is twice as old.
    """

    exact_up_to: int = EXACT_UP_TO
    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[Hashable, _Counted] = field(default_factory=dict)
    _counting: dict[Hashable, asyncio.Event] = field(default_factory=dict)

    async def of(self, what: Hashable, count: Callable[[], Awaitable[int]]) -> int:
        """`what` says whose and which; of those who ask at the same time one counts."""
        while True:
            kept, under_way = self._kept.get(what), self._counting.get(what)
            if kept is not None:
                good_for = kept.good_for if under_way is None else 2 * kept.good_for
                if self.monotonic() - kept.at < good_for:
                    return kept.total
            if under_way is None:
                return await self._count(what, count)
            await under_way.wait()
            # a short list is not kept, and whoever counts may have broken off
            if what not in self._kept:
                return await count()

    async def _count(self, what: Hashable, count: Callable[[], Awaitable[int]]) -> int:
        began, done = self.monotonic(), asyncio.Event()
        self._counting[what] = done
        try:
            total = await count()
            self._kept.pop(what, None)
            if total > self.exact_up_to:
                while len(self._kept) >= _MOST_KEPT:
                    self._kept.pop(next(iter(self._kept)))
                took = self.monotonic() - began
                good_for = min(max(_FRESH_SECONDS, _TIMES_AS_LONG * took), _FRESH_AT_MOST)
                self._kept[what] = _Counted(total, began, good_for)
        finally:
            del self._counting[what]
            done.set()
        return total
