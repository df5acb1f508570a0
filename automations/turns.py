"""Who speaks next when there is not room for all."""

from collections.abc import Mapping, Sequence

# of the room, what each urgency gets at least, however much of a greater one there is
LEAST_SHARE = 0.1
Turn = tuple[int, int]


class Turns:
    """The most urgent first, but none starves: each urgency that waits gets a tenth of the room at least.

    Within one the creators take turns, one message each, so that a small one waits for nobody's backlog.
    """

    def __init__(self) -> None:
        # what each urgency is behind with, in messages, and whose turn it last was
        self._owed: dict[int, float] = {}
        self._last: dict[int, int] = {}

    def share(self, room: int, waiting: Mapping[int, Sequence[int]]) -> list[Turn]:
        """Whose each of the `room` next places is, as (urgency, creator). `waiting`: the creators, by urgency."""
        urgencies = sorted(urgency for urgency, creators in waiting.items() if creators)
        self._owed = {urgency: self._owed.get(urgency, 0.0) for urgency in urgencies}
        return [self._next(urgencies, waiting) for _ in range(room)] if urgencies else []

    def _next(self, urgencies: Sequence[int], waiting: Mapping[int, Sequence[int]]) -> Turn:
        for urgency in urgencies:
            self._owed[urgency] += LEAST_SHARE
        # the small rest is what tenths lose when they are added up
        behind = [urgency for urgency in urgencies if self._owed[urgency] >= 1 - 1e-9]
        chosen = max(behind, key=lambda urgency: self._owed[urgency]) if behind else urgencies[0]
        self._owed[chosen] = max(self._owed[chosen] - 1, 0.0)
        return chosen, self._creator(chosen, waiting[chosen])

    def _creator(self, urgency: int, creators: Sequence[int]) -> int:
        last = self._last.get(urgency, 0)
        following = min((each for each in creators if each > last), default=None)
        self._last[urgency] = min(creators) if following is None else following
        return self._last[urgency]
