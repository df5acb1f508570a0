"""What failed by a fault of ours is tried again: after a while, then after twice that, and so on."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

AGAIN_AFTER, LONGEST_AFTER = timedelta(seconds=10), timedelta(hours=1)
# what was no try
_MOMENT = timedelta(seconds=1)


@dataclass
class Later:
    """By the number of what failed. Kept in memory: after a start each is tried at once."""

    # when to try again, and how long that was put off
    _failed: dict[int, tuple[datetime, timedelta]] = field(default_factory=dict, init=False)

    @property
    def numbers(self) -> Collection[int]:
        return self._failed.keys()

    def due(self, now: datetime) -> list[int]:
        """Those whose time has come, the first at first."""
        return sorted((each for each, (at, _) in self._failed.items() if at <= now), key=self._failed.__getitem__)

    def waits(self, number: int, *, now: datetime) -> bool:
        return number in self._failed and self._failed[number][0] > now

    def put_off(self, number: int, *, now: datetime) -> timedelta:
        """It has failed, perhaps once more; returns for how long it is left alone."""
        _, waited = self._failed.get(number, (now, AGAIN_AFTER / 2))
        waits = min(waited * 2, LONGEST_AFTER)
        self._failed[number] = now + waits, waits
        return waits

    def put_off_a_moment(self, number: int, *, now: datetime) -> None:
        """It could not be tried; what has not failed is tried with all others."""
        if number in self._failed:
            self._failed[number] = now + _MOMENT, self._failed[number][1]

    def forget(self, number: int) -> None:
        self._failed.pop(number, None)
