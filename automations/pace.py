import time
from collections.abc import Callable

# a process that only answers never asks who is resting
_MOST_REMEMBERED = 10_000


class Pace:
    """How fast Telegram lets one bot speak: 30 messages a second in all, one a second to one chat.

    Real seconds, whatever the clock of the business says, because Telegram counts them
    (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this). Answers to people are
    counted and never wait; what Spark says unasked takes what is left.
    """

    def __init__(
        self, *, in_all: float = 30, to_one_chat: float = 1, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = in_all
        self._gap = 1 / to_one_chat
        self._monotonic = monotonic
        self._left = in_all
        self._counted_at = monotonic()
        self._quiet_until: dict[int, float] = {}

    @property
    def rate(self) -> float:
        """Messages a second, in all."""
        return self._rate

    def room(self) -> int:
        """How many messages may go out right now."""
        now = self._monotonic()
        self._left = min(self._left + (now - self._counted_at) * self._rate, self._rate)
        self._counted_at = now
        return max(int(self._left), 0)

    def seconds_to_room(self) -> float:
        """How long it takes until there is room for a message."""
        self.room()
        return max((1 - self._left) / self._rate, 0.0)

    def spend(self, chat: int) -> None:
        """One message goes to this chat now."""
        self.room()
        self._left -= 1
        self.rest(chat, self._gap)

    def give_back(self) -> None:
        """What was counted of a message that Telegram has heard nothing of."""
        self.room()
        self._left = min(self._left + 1, self._rate)

    def rest(self, chat: int, seconds: float) -> None:
        """Nothing more to this chat for so long."""
        until = self._monotonic() + seconds
        self._quiet_until[chat] = max(self._quiet_until.get(chat, 0), until)
        if len(self._quiet_until) > _MOST_REMEMBERED:
            self.resting()

    def begin_slowly(self) -> None:
        """Somebody else has spoken until now, and nobody here knows how much: no burst, one message at first."""
        self.room()
        self._left = min(self._left, 1.0)

    def rest_all(self, seconds: float) -> None:
        """Nothing unasked to anybody for so long."""
        self.room()
        self._left = min(self._left, -seconds * self._rate)

    def resting(self) -> list[int]:
        """The chats that must not be written to at this moment."""
        now = self._monotonic()
        self._quiet_until = {chat: until for chat, until in self._quiet_until.items() if until > now}
        return list(self._quiet_until)
