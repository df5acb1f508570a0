"""Broadcasts at work: begun when it is time, written down, fed to the sender a few seconds ahead, ended."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.acts import begin_scheduled, cancel_broadcast, end_broadcast
from domain.broadcasts.audience import list_some
from domain.broadcasts.checking import check_content
from domain.broadcasts.definition import BadBroadcast, content_of
from domain.broadcasts.feeding import bring_back_late, count_queued, drop_waiting, feed, keep_back
from domain.definitions import Published
from domain.messages.catalogue import plain_why, say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from kit.clock import Clock
from kit.errors import Reason
from kit.log import get_logger
from kit.text import shorten
from store.database import Database, is_unavailable
from store.models import Broadcast, BroadcastState
from store.queries.broadcasts import broadcasts_at_work
from store.segments.question import BadSegment

_LONGEST = 300
_log = get_logger(__name__)


@dataclass
class Broadcasting:
    """Everything is a row, so a batch that a dead process was at is done again by the next one, from where it stood.

    `ahead`: so many messages of a creator's are queued at most, which is some seconds of what can be said.
    """

    database: Database
    clock: Clock
    published: Published
    ahead: int

    async def work(self) -> int:
        """One batch of each that there is something to do for; returns how much it was, 0 when nothing is left now."""
        now = self.clock()
        async with self.database.reading() as session:
            at_work = await broadcasts_at_work(session, now=now)
        return sum([await self._alone(broadcast_id, state, now=now) for broadcast_id, state in at_work])

    async def _alone(self, broadcast_id: int, state: BroadcastState, *, now: datetime) -> int:
        """What is wrong with one of them keeps no other from going on. What cannot go out is called off."""
        try:
            try:
                return await self._work_at(broadcast_id, state, now=now)
            except (BadSegment, BadBroadcast) as trouble:
                # what it names is gone since it was checked, or what it says cannot be read any more
                await self._call_off(broadcast_id, trouble.why, now=now)
                return 1
        except Exception as error:
            if is_unavailable(error):
                raise
            _log.exception("a broadcast failed", broadcast=broadcast_id)
            return 0

    async def _work_at(self, broadcast_id: int, state: BroadcastState, *, now: datetime) -> int:
        match state:
            case BroadcastState.SCHEDULED:
                async with self.database.transaction() as session:
                    return int(await begin_scheduled(session, broadcast_id, now=now))
            case BroadcastState.STARTING:
                return await self._list(broadcast_id, now=now)
            case BroadcastState.CANCELLED:
                async with self.database.transaction() as session:
                    return await drop_waiting(session, broadcast_id)
            case BroadcastState.PAUSED:
                async with self.database.transaction() as session:
                    return await keep_back(session, broadcast_id)
            case _:
                return await self._run(broadcast_id, now=now)

    async def _call_off(self, broadcast_id: int, why: Reason | None, *, now: datetime) -> None:
        async with self.database.transaction() as session:
            broadcast = await session.get_one(Broadcast, broadcast_id)
            await cancel_broadcast(session, broadcast, now=now)
            await _tell_of_trouble(session, broadcast, why, now=now)

    async def _list(self, broadcast_id: int, *, now: datetime) -> int:
        async with self.database.transaction() as session:
            broadcast = await session.get_one(Broadcast, broadcast_id)
            creator_id, setup = broadcast.creator_id, self.published.setup(broadcast.creator_id)
            if not broadcast.listed_to:
                await check_content(session, creator_id, content_of(broadcast), setup)
            await list_some(session, broadcast_id, setup, now=now)
        return 1

    async def _run(self, broadcast_id: int, *, now: datetime) -> int:
        async with self.database.transaction() as session:
            broadcast = await session.get(Broadcast, broadcast_id)
            if broadcast is None:
                return 0
            # called off as a whole, rather than failing for one after the other
            content_of(broadcast)
            creator_id = broadcast.creator_id
            late = await bring_back_late(session, broadcast_id, now=now)
            room = self.ahead - await count_queued(session, creator_id, now=now, most=self.ahead)
            setup = self.published.setup(creator_id)
            fed = await feed(session, broadcast_id, setup, room=room, now=now) if room > 0 else 0
            if not fed and not late and room > 0:
                await end_broadcast(session, broadcast_id, now=now)
        return fed + late


async def _tell_of_trouble(session: AsyncSession, broadcast: Broadcast, why: Reason | None, *, now: datetime) -> None:
    def told(language: str) -> Message:
        reason = "" if why is None else shorten(plain_why(why, language), _LONGEST)
        return Message(text=say("broadcast-not-started", language, title=broadcast.title, reason=reason))

    await tell_creator(session, told, key=f"broadcast-trouble:{broadcast.id}", creator_id=broadcast.creator_id, now=now)
