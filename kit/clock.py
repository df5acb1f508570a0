from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware UTC instant; only edges call it, everything below is handed `now`."""

    def __call__(self) -> datetime: ...


class SystemClock:
    def __call__(self) -> datetime:
        return datetime.now(UTC)


class MovableClock:
    """A running clock with an offset, so that a day can be skipped while seconds still pass.

    `frozen_at` stops it instead: tests move it by hand.
    """

    def __init__(
        self,
        *,
        offset: timedelta = timedelta(0),
        frozen_at: datetime | None = None,
        base: Callable[[], datetime] | None = None,
    ) -> None:
        self._base: Callable[[], datetime] = base or SystemClock()
        if frozen_at is not None:
            self._base = lambda: frozen_at
        self.offset = offset

    def __call__(self) -> datetime:
        return self._base() + self.offset

    def move_to(self, instant: datetime) -> None:
        """Moves forward to `instant`; time never runs backwards, so an earlier one changes nothing."""
        self.offset += max(instant - self(), timedelta(0))

    def pass_time(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        self.offset += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
