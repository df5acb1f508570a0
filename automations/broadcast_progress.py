"""How broadcasts go, shown to whoever sends them: one message that is edited, every few seconds at most."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.gateway import Blocked, FileGateway, Refused, SendFailure
from automations.pace import Pace
from domain.broadcasts.screens import Standing, standing_screen
from domain.definitions import Published
from domain.messages.plain import Message
from kit.clock import Clock
from kit.log import get_logger
from kit.zones import zone_named
from store.database import Database
from store.models import Broadcast, BroadcastState, OutboxMessage, OutboxState, Person
from store.queries.broadcasts import count_recipients, outcomes_of, reasons_of

# how often what goes on may be shown anew; an end, a pause and the like are shown at once
SHOWN_EVERY = timedelta(seconds=5)
REASONS_SHOWN = 3
# of what ended before, everything has long been known and shown
_LATELY = timedelta(days=1)
_GOES_ON = (BroadcastState.STARTING, BroadcastState.RUNNING)
_STOPPED = (BroadcastState.PAUSED, BroadcastState.CANCELLED)
_SHOWN = (*_GOES_ON, BroadcastState.PAUSED, BroadcastState.DONE, BroadcastState.CANCELLED)
_BY_CORE = {"synchronize_session": False}
_log = get_logger(__name__)


async def standing_of(session: AsyncSession, broadcast: Broadcast, *, now: datetime) -> Standing:
    """With what came of it, once it is over."""
    counts = await count_recipients(session, broadcast.id)
    if broadcast.state not in {BroadcastState.DONE, BroadcastState.CANCELLED}:
        return Standing(broadcast, counts)
    reasons = await reasons_of(session, broadcast.id, most=REASONS_SHOWN)
    return Standing(broadcast, counts, await outcomes_of(session, broadcast, now=now), tuple(reasons))


@dataclass(frozen=True, slots=True)
class _Screen:
    broadcast_id: int
    telegram_id: int
    message_id: int | None
    message: Message
    # how it stood, and when it had been shown last
    state: BroadcastState
    shown_at: datetime | None
    # it stands still, and something of it is being said all the same
    is_settling: bool


def _unsettled(now: datetime) -> Select[int]:
    """Those that stand still, and of which something was still being said when they were shown last."""
    since = or_(
        OutboxMessage.state == OutboxState.SENDING,
        # what was not known then
        OutboxMessage.closed_at > Broadcast.progress_at,
    )
    said_since = exists().where(OutboxMessage.broadcast_id == Broadcast.id, since)
    lately = or_(Broadcast.ended_at.is_(None), Broadcast.ended_at > now - _LATELY)
    return select(Broadcast.id).where(
        Broadcast.state.in_(_STOPPED), Broadcast.started_at.is_not(None), lately, said_since
    )


@dataclass
class BroadcastProgress:
    """A courtesy: what of it gets lost is shown the next time, or not at all."""

    database: Database
    clock: Clock
    gateway: FileGateway
    pace: Pace
    published: Published
    # those that were shown so; None before the first look, which finds what an earlier process had shown
    settling: set[int] | None = None

    async def show(self) -> int:
        """Shows what is to be shown now; returns 0, since a screen that could not be shown waits for the next time."""
        for each in await self._due():
            await self._show(each)
        return 0

    async def _due(self) -> list[_Screen]:
        now = self.clock()
        async with self.database.reading() as session:
            if self.settling is None:
                self.settling = set(await session.scalars(_unsettled(now)))
            asked = (
                select(Broadcast, Person)
                .join(Person, Person.id == Broadcast.person_id)
                .where(
                    Broadcast.state.in_(_SHOWN),
                    or_(
                        Broadcast.progress_at.is_(None),
                        (Broadcast.progress_at <= now - SHOWN_EVERY)
                        & (Broadcast.state.in_(_GOES_ON) | Broadcast.id.in_(self.settling)),
                    ),
                    # a draft that was thrown away was never under way
                    Broadcast.started_at.is_not(None),
                )
                .order_by(Broadcast.id)
            )
            found = (await session.execute(asked)).all()
            screens = [await self._screen(session, broadcast, person, now=now) for broadcast, person in found]
        return [each for each in screens if each is not None]

    async def _screen(
        self, session: AsyncSession, broadcast: Broadcast, person: Person, *, now: datetime
    ) -> _Screen | None:
        """None for one that cannot be read: the others are shown all the same."""
        zone = zone_named(self.published.setup(broadcast.creator_id).time_zone)
        standing = await standing_of(session, broadcast, now=now)
        try:
            screen = standing_screen(standing, zone, person.speaks, now=now)
        except ValueError:
            _log.exception("a broadcast cannot be shown", broadcast=broadcast.id)
            return None
        return _Screen(
            broadcast.id,
            person.telegram_id,
            broadcast.progress_message_id,
            screen,
            broadcast.state,
            broadcast.progress_at,
            broadcast.state in _STOPPED and standing.counts.sending > 0,
        )

    async def _show(self, screen: _Screen) -> None:
        self.pace.spend(screen.telegram_id)
        message_id = screen.message_id
        try:
            if message_id is None:
                message_id = await self.gateway.send(screen.telegram_id, screen.message)
            else:
                await self.gateway.edit(screen.telegram_id, message_id, screen.message.text, screen.message.buttons)
        except (Blocked, Refused) as failure:
            _log.info("progress is shown to nobody", broadcast=screen.broadcast_id, reason=str(failure))
        except SendFailure as failure:
            _log.info("progress not shown", broadcast=screen.broadcast_id, reason=str(failure))
            return
        self.settling = self.settling or set()
        if screen.is_settling:
            self.settling.add(screen.broadcast_id)
        else:
            self.settling.discard(screen.broadcast_id)
        await self._note(screen, message_id)

    async def _note(self, screen: _Screen, message_id: int | None) -> None:
        """What has changed while it was being shown is shown again."""
        own = update(Broadcast).where(Broadcast.id == screen.broadcast_id)
        as_shown = own.where(
            Broadcast.state == screen.state, Broadcast.progress_at.is_not_distinct_from(screen.shown_at)
        )
        async with self.database.transaction() as session:
            await session.execute(as_shown.values(progress_at=self.clock()), execution_options=_BY_CORE)
            if screen.message_id is None and message_id is not None:
                new = own.where(Broadcast.progress_message_id.is_(None)).values(progress_message_id=message_id)
                await session.execute(new, execution_options=_BY_CORE)
