"""How many there are of a long list: counted anew at most once a second, however many ask."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

# so few are counted at each request
EXACT_UP_TO = 2_000
# younger is as good as new
_FRESH_SECONDS = 1.0
# up to then it is told to whoever asks while another counts anew
_OLDEST_SECONDS = 2.0
_MOST_KEPT = 2000


@dataclass
class KeptTotals:
    """Totals above EXACT_UP_TO are those of a second ago; up to it they are exact. Of one process."""

    exact_up_to: int = EXACT_UP_TO
    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[Hashable, tuple[int, float]] = field(default_factory=dict)
    _counting: dict[Hashable, asyncio.Event] = field(default_factory=dict)

    async def of(self, what: Hashable, count: Callable[[], Awaitable[int]]) -> int:
        """`what` says whose and which; of those who ask at the same time one counts."""
        while True:
            kept, under_way = self._kept.get(what), self._counting.get(what)
            if kept is not None:
                total, at = kept
                good_for = _FRESH_SECONDS if under_way is None else _OLDEST_SECONDS
                if self.monotonic() - at < good_for:
                    return total
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
                self._kept[what] = (total, began)
        finally:
            del self._counting[what]
            done.set()
        return total
