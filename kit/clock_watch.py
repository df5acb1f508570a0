"""Whether a machine's clock goes on evenly."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from kit.clock import Clock, SystemClock

# what NTP mends little by little is no jump: so much, and this part of the time that has passed
_LEAST_SECONDS = 2.0
_MOST_SLEW = 0.1
# a process that stood still between two looks at its clocks cannot compare them
_MOST_BETWEEN = 0.5


class ClockWatch:
    """Compares the wall clock with the monotonic one, which nobody sets and which goes on evenly.

    A machine that slept is told of too: its monotonic clock does not count that
    (https://man7.org/linux/man-pages/man2/clock_gettime.2.html, CLOCK_MONOTONIC).
    """

    def __init__(self, wall: Clock | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall or SystemClock()
        self._monotonic = monotonic
        self._last: tuple[datetime, float] | None = None

    def look(self) -> timedelta | None:
        """By how much the clock has jumped since the last look, forward or back; None when it has not.

        Each jump is told once: what follows is compared with the time after it.
        """
        before = self._monotonic()
        wall = self._wall()
        passed_by = self._monotonic()
        if passed_by - before > _MOST_BETWEEN:
            return None
        last, self._last = self._last, (wall, passed_by)
        if last is None:
            return None
        passed = passed_by - last[1]
        ahead = (wall - last[0]).total_seconds() - passed
        return timedelta(seconds=ahead) if abs(ahead) > _LEAST_SECONDS + passed * _MOST_SLEW else None
