"""How often something may be done: so many times a minute, and as many at once after a pause.

By the generic cell rate algorithm, which keeps one instant for each name: when all its turns will be back
(https://www.itu.int/rec/T-REC-I.371, in annex A).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from sqlalchemy import select, update

from kit.errors import TooMany
from store.database import Database, insert_once
from store.models import RateCount

Rate = Literal["sign_in", "public", "usual", "heavy"]
USUAL: Mapping[Rate, int] = {"sign_in": 10, "public": 120, "usual": 600, "heavy": 20}
MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_Kept = TypeVar("_Kept")
# what is remembered at most: whoever was heard of longest ago is forgotten first
_MOST_NAMES = 50_000
# of several processes each takes so large a part of a minute's turns at once, and asks the store no more till then
_PARTS = 20


@dataclass
class TurnsSpent(Exception):
    """This process has to ask the store for more of them, and in no other transaction: `await turns.take_more(…)`."""

    name: str
    rate: Rate


@dataclass
class _Block:
    left: int
    good_until: datetime


class Turns:
    """`a_minute` says how many of each kind; a kind that is not in it has no limit.

    `shared`: the store by which several processes count as one.
    """

    def __init__(self, a_minute: Mapping[Rate, int], *, shared: Database | None = None) -> None:
        self._a_minute = dict(a_minute)
        self._shared = shared
        # when all turns of a name will be back: in this process, or as the store said when it had none left
        self._back_at: OrderedDict[str, datetime] = OrderedDict()
        self._blocks: OrderedDict[str, _Block] = OrderedDict()
        self._asking = asyncio.Lock()

    def take(self, rate: Rate, who: str, *, now: datetime) -> None:
        """Raises TooMany, or TurnsSpent."""
        most, name = self._a_minute.get(rate), f"{rate}:{who}"
        if most is None:
            return
        if self._shared is None:
            _keep(self._back_at, name, _take(self._back_at.get(name), 1, most=most, now=now))
        elif not self._take_of_block(name, now=now):
            raise TurnsSpent(name, rate)

    async def take_more(self, spent: TurnsSpent, *, now: datetime) -> None:
        """A block of turns for this process. Raises TooMany when the others have had them all."""
        name, most = spent.name, self._a_minute[spent.rate]
        if self._shared is None:
            return
        async with self._asking:
            block = self._blocks.get(name)
            if block is not None and block.left and now < block.good_until:
                return
            # whoever has none left asks the store nothing until one is back
            _left(self._back_at.get(name), most=most, now=now)
            async with self._shared.transaction() as session:
                await insert_once(session, RateCount, {"name": name, "began_at": now, "count": 0})
                kept = select(RateCount.began_at).where(RateCount.name == name)
                back_at = await session.scalar(kept.with_for_update())
                _keep(self._back_at, name, back_at or now)
                turns = min(max(1, most // _PARTS), _left(back_at, most=most, now=now))
                until = _take(back_at, turns, most=most, now=now)
                counted = update(RateCount).where(RateCount.name == name)
                await session.execute(counted.values(began_at=until, count=RateCount.count + turns))
            self._back_at.pop(name, None)
            _keep(self._blocks, name, _Block(turns, now + MINUTE))

    def _take_of_block(self, name: str, *, now: datetime) -> bool:
        block = self._blocks.get(name)
        if block is None or not block.left or block.good_until <= now:
            return False
        block.left -= 1
        return True


def _left(back_at: datetime | None, *, most: int, now: datetime) -> int:
    """How many turns there are. Raises TooMany when there is none."""
    each = MINUTE // most
    used = _begins(back_at, now) - now
    left = (MINUTE - used) // each
    if not left:
        wait = used + each - MINUTE
        raise TooMany("that was asked for too often; wait a moment", retry_after=max(1, -int(-wait // _SECOND)))
    return left


def _take(back_at: datetime | None, turns: int, *, most: int, now: datetime) -> datetime:
    """When all turns will be back once these are taken. Raises TooMany when there is none."""
    _left(back_at, most=most, now=now)
    return _begins(back_at, now) + turns * (MINUTE // most)


def _begins(back_at: datetime | None, now: datetime) -> datetime:
    # another process's clock may be ahead a little; one that went back keeps nobody out
    if back_at is None or back_at > now + 2 * MINUTE:
        return now
    return max(now, min(back_at, now + MINUTE))


def _keep(kept: OrderedDict[str, _Kept], name: str, value: _Kept) -> None:
    kept[name] = value
    kept.move_to_end(name)
    if len(kept) > _MOST_NAMES:
        kept.popitem(last=False)
