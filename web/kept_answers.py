"""What is told of the whole shop, or of a whole business: worked out anew at most once a minute, however many ask."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

# of so few products, orders or leads it is worked out at each request
EXACT_UP_TO = 1000
GOOD_FOR_SECONDS = 45.0
T = TypeVar("T")


@dataclass
class KeptAnswers:
    """Of one process. Whoever waits for an answer that another works out holds no transaction."""

    exact_up_to: int = EXACT_UP_TO
    most_kept: int = 500
    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[Hashable, tuple[Any, float]] = field(default_factory=dict)
    _making: dict[Hashable, asyncio.Lock] = field(default_factory=dict)

    async def of(self, what: Hashable, make: Callable[[], Awaitable[tuple[T, int]]]) -> T:
        """`make` answers it, and of how many rows it tells. Of those who ask at the same time one works it out."""
        async with self._making.setdefault(what, asyncio.Lock()):
            kept = self._kept.get(what)
            if kept is not None and self.monotonic() - kept[1] < GOOD_FOR_SECONDS:
                answer: T = kept[0]
                return answer
            began = self.monotonic()
            answer, many = await make()
            self._kept.pop(what, None)
            if many > self.exact_up_to:
                while len(self._kept) >= self.most_kept:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[what] = (answer, began)
            if len(self._making) > 2 * self.most_kept:
                self._making.clear()
            return answer
