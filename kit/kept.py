"""What was worked out a moment ago, kept in this process for whoever asks the same."""

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any

MOST = 5000


class Kept:
    """By key, each with the time it was worked out at; when there are too many, the oldest go."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._found: dict[Hashable, tuple[datetime, Any]] = {}

    def find(self, key: Hashable, *, good_for: timedelta, now: datetime) -> Any | None:
        """None for what is older than that, or from a time to come, before a clock was set back."""
        found = self._found.get(key)
        if found is None or not timedelta(0) <= now - found[0] < good_for:
            return None
        return found[1]

    def keep(self, key: Hashable, value: Any, *, now: datetime) -> None:
        self._found.pop(key, None)
        while len(self._found) >= self._most:
            del self._found[next(iter(self._found))]
        self._found[key] = (now, value)
