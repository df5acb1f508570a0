"""Which events may be told to those who watch live: up to where nothing is still to come in between.

PostgreSQL commits numbers out of order: 7 may be there while 6 is being written. So what lies behind a gap waits until
the gap is filled, or every transaction that could still fill it is over. One look a second serves all who watch.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from kit.errors import TooMany
from kit.log import get_logger
from store.database import Database, is_unavailable
from store.queries.events import Writers, last_number, numbers_after, writers

TOPIC = "events"
MOST_OF_AN_ACCOUNT = 5
# so many are looked at in one go, and may be waiting for what comes before them
MOST_UNSETTLED = 1000
# when the first of all watches, so much is looked at for numbers that are still to come
_BACK = 100
# commits that follow each other closely are looked at together
_REST_SECONDS = 0.05
_RETRY_SECONDS = 15
_log = get_logger(__name__)


@dataclass(eq=False)
class Seat:
    """Of somebody who watches; `news` is set when there may be something for them."""

    account_id: int
    creator_id: int
    news: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class LiveEvents:
    """Of one process. Nothing is asked of the store while nobody watches."""

    look_every: float = 1.0
    # nothing to tell for so long, and a sign of life is sent
    beat_every: float = 15.0
    # how often it is asked whether the token and the rights are still there; with news at each look
    check_every: float = 30.0
    # no event that comes later has this number or a smaller one
    settled: int = 0
    _seats: set[Seat] = field(default_factory=set)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _looked: asyncio.Event = field(default_factory=asyncio.Event)
    _heard: set[int] = field(default_factory=set)
    _watch: asyncio.Task[None] | None = None
    # up to which number it is asked who could still write one that is missing; and who could, once they are known
    _asked: int = 0
    _since: Writers | None = None
    # up to which number nobody can any more
    _over: int = 0

    @contextmanager
    def seat(self, database: Database, account_id: int, creator_id: int) -> Iterator[Seat]:
        """Raises TooMany when the account has as many as it may have."""
        if sum(each.account_id == account_id for each in self._seats) >= MOST_OF_AN_ACCOUNT:
            raise TooMany(
                f"this account watches {MOST_OF_AN_ACCOUNT} times already; close one first", retry_after=_RETRY_SECONDS
            )
        seat = Seat(account_id, creator_id)
        self._seats.add(seat)
        if self._watch is None:
            self._begin(database)
        try:
            yield seat
        finally:
            self._seats.discard(seat)
            if not self._seats and self._watch is not None:
                self._watch.cancel()
                self._watch = None

    async def first_look(self) -> None:
        """Returns once `settled` is known."""
        await self._looked.wait()

    def _begin(self, database: Database) -> None:
        self._looked.clear()
        self._asked, self._since, self._over = 0, None, 0
        if id(database) not in self._heard:
            self._heard.add(id(database))
            database.on_commit(self._hear)
        self._watch = asyncio.create_task(self._keep_looking(database), name="live events")

    def _hear(self, topics: frozenset[str]) -> None:
        if TOPIC in topics:
            self._woken.set()

    async def _keep_looking(self, database: Database) -> None:
        while True:
            self._woken.clear()
            try:
                while await self._look(database):
                    pass
            except Exception as error:  # noqa: BLE001 - it goes on looking, whatever has come between
                if is_unavailable(error):
                    _log.warning("live events wait for the store", reason=type(error).__name__)
                else:
                    _log.exception("live events failed")
            await asyncio.sleep(_REST_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.look_every):
                    await self._woken.wait()

    async def _look(self, database: Database) -> bool:
        """True while there is more to look at."""
        async with database.reading() as session:
            now_writing = await writers(session)
            if not self._looked.is_set():
                last = await last_number(session)
                self.settled = last if now_writing is None else max(last - _BACK, 0)
            found = await numbers_after(session, self.settled, most=MOST_UNSETTLED)
        creators: set[int] = set()
        stopped = False
        for number, creator_id in found:
            if number > self.settled + 1 and not self._is_over(number - 1, found[-1][0], now_writing):
                stopped = True
                break
            self.settled = number
            creators.add(creator_id)
        for seat in self._seats:
            if seat.creator_id in creators:
                seat.news.set()
        self._looked.set()
        return len(found) == MOST_UNSETTLED and not stopped

    def _is_over(self, missing: int, last: int, now: Writers | None) -> bool:
        """Whether nobody can write it any more. All that are missing up to `last` are asked about in one go."""
        if now is None or missing <= self._over:
            return True
        if missing > self._asked:
            # whoever has taken a number may not have written yet: they are asked for at the next look
            self._asked, self._since = last, None
            return False
        if self._since is None:
            self._since = now
        if now.first < self._since.next:
            return False
        self._over = self._asked
        return True
