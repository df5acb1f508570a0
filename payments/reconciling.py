"""What the rails never told by themselves is asked of them, so that without one webhook every order ends right."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.holding import hold_order
from domain.open_shops import LEFT
from domain.orders import UNDER_WAY, are_stale, end_unpaid, expire_order, release_stale
from domain.pricing import STARS
from kit.clock import Clock
from kit.errors import Refusal
from kit.log import correlated, get_logger
from payments.looking import next_look
from payments.provider_events import keep_words
from payments.rail import Cursor, Rail, RailDown, Rails, Standing
from payments.standings import Mismatch, apply_standing, tell_of_mismatch
from store.database import Database, count_changed, upsert, wake
from store.models import Account, Creator, Lead, Order, RailCursor

TOPIC = "reconcile"
# a rail's list of events is read so often; what it tells, its webhook has mostly told before
EVERY = timedelta(minutes=5)
# what a rail told longer ago than this is not read any more when Spark first looks
FURTHEST_BACK = timedelta(days=30)
# looked at side by side
AT_ONCE = 8
# let go in one round
MOST_LET_GO = 200
# one call, with the tries that it takes: what takes longer is asked again later
WIRE_SECONDS = 6.0
# of real time, after a rail could not be read
PAUSE_SECONDS = 30.0
_log = get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Due:
    order_id: int
    rail: str
    session_id: str | None
    look_at: datetime
    created_at: datetime
    expires_at: datetime
    # whoever ordered it has been forgotten or has left since, or its business has closed: its page is to be closed
    withdrawn: bool


@dataclass
class Reconciler:
    """Several processes may run it: each look at an order is taken by one."""

    database: Database
    clock: Clock
    rails: Rails
    _paused: dict[str, float] = field(default_factory=dict)

    async def look_up_due(self) -> int:
        """Asks about some of the orders that are due, and does what their rails say; how many those were."""
        async with self.database.reading() as session:
            found = await session.execute(
                select(Order, Lead.forgotten_at, Creator.closed_at, LEFT)
                .join(Lead, Lead.id == Order.lead_id)
                .outerjoin(Account, Account.id == Lead.account_id)
                .join(Creator, Creator.id == Order.creator_id)
                # the end of an invoice is nobody's to tell: `domain.orders.release_stale` has them
                .where(Order.look_at <= self.clock(), Order.state.in_(UNDER_WAY), Order.rail != STARS)
                .order_by(Order.look_at, Order.id)
                .limit(AT_ONCE)
            )
            due = [
                _Due(
                    order.id,
                    order.rail,
                    order.session_id,
                    order.look_at,
                    order.created_at,
                    order.expires_at,
                    withdrawn=forgotten_at is not None or closed_at is not None or bool(left),
                )
                for order, forgotten_at, closed_at, left in found
                if order.look_at is not None
            ]
        await asyncio.gather(*(self._look(each) for each in due))
        return len(due)

    async def look_now(self, order_id: int) -> None:
        """Asks about one order at once, whatever it is, and does what its rail says. Raises RailDown or RailRefused."""
        async with self.database.reading() as session:
            found = await session.execute(
                select(Order, Lead.forgotten_at).join(Lead, Lead.id == Order.lead_id).where(Order.id == order_id)
            )
            order, forgotten_at = found.one()
        now, rail = self.clock(), self.rails.get(order.rail)
        if rail is None or order.session_id is None:
            return
        due = _Due(
            order.id,
            order.rail,
            order.session_id,
            now,
            order.created_at,
            order.expires_at,
            withdrawn=forgotten_at is not None,
        )
        with correlated(order=order_id):
            await self._conclude(due, rail, await _in_time(rail.look_up(order.session_id)), now=now)

    async def let_go(self) -> int:
        """What was held for a while, or asked for in Telegram, and not paid in time: one order after the other."""
        done = 0
        async with self.database.reading() as session:
            if not await are_stale(session, now=self.clock()):
                return 0
        for _ in range(MOST_LET_GO):
            async with self.database.transaction() as session:
                ended = await release_stale(session, now=self.clock())
            if not ended:
                break
            done += ended
        return done

    async def read_lists(self) -> int:
        """Reads each rail's own list from where it was left, if that was long ago; how many were read."""
        read = 0
        for name, rail in self.rails.items():
            if self._paused.get(name, 0.0) > asyncio.get_running_loop().time():
                continue
            cursor = await self._cursor(name)
            if cursor is None:
                continue
            try:
                await self._read(name, rail, cursor)
            except Refusal as refusal:
                _log.warning("a rail's list cannot be read", rail=name, reason=str(refusal))
                self._paused[name] = asyncio.get_running_loop().time() + PAUSE_SECONDS
                continue
            read += 1
        return read

    async def _look(self, due: _Due) -> None:
        """Taken before the rail is asked, so that a crash costs one look and two processes ask once."""
        now = self.clock()
        later = next_look(now, created_at=due.created_at, expires_at=due.expires_at)
        async with self.database.transaction() as session:
            taken = await count_changed(
                session,
                update(Order)
                .where(Order.id == due.order_id, Order.look_at == due.look_at, Order.state.in_(UNDER_WAY))
                .values(look_at=later),
            )
        rail = self.rails.get(due.rail)
        if not taken or (rail is None and due.session_id is not None):
            return
        standing = None
        with correlated(order=due.order_id):
            if rail is not None and due.session_id is not None:
                ask = rail.end_checkout if due.withdrawn else rail.look_up
                try:
                    standing = await _in_time(ask(due.session_id))
                except Refusal as refusal:
                    _log.warning("an order could not be looked up", reason=str(refusal))
                    return
            await self._conclude(due, rail, standing, now=now)

    async def _conclude(self, due: _Due, rail: Rail | None, standing: Standing | None, *, now: datetime) -> None:
        try:
            async with self.database.transaction() as session:
                order = await hold_order(session, due.order_id)
                if order is None or order.session_id != due.session_id:
                    # its checkout was made while nobody knew of one
                    return
                if rail is not None and standing is not None:
                    await apply_standing(session, order, standing, livemode=rail.livemode, now=now)
                elif order.expires_at <= now:
                    # nobody was ever given its page, or its rail knows of none
                    await expire_order(session, order, now=now)
                elif due.withdrawn:
                    await end_unpaid(session, order, now=now)
        except Mismatch as mismatch:
            _log.error("what a rail says does not fit its order", reason=str(mismatch))
            async with self.database.transaction() as session:
                await tell_of_mismatch(session, mismatch, key=f"order:{due.order_id}:{due.session_id}", now=now)

    async def _cursor(self, name: str) -> Cursor | None:
        """Where the next reading begins; None while the last one was not long ago.

        The first begins where the oldest order does: nothing before is ours.
        """
        now = self.clock()
        async with self.database.reading() as session:
            row = await session.get(RailCursor, name)
            if row is not None and row.read_to is not None:
                if row.checked_at is not None and row.checked_at > now - EVERY:
                    return None
                return Cursor(row.reference, row.read_to)
            oldest = await session.scalar(select(func.min(Order.created_at)).where(Order.rail == name))
        return Cursor(None, max(oldest or now, now - FURTHEST_BACK))

    async def _read(self, name: str, rail: Rail, cursor: Cursor) -> None:
        """Each page is kept by itself, under the rail's own names, so what is read twice is kept once."""
        now = self.clock()
        pages = aiter(rail.events_after(cursor))
        while (page := await _in_time(anext(pages, None))) is not None:
            async with self.database.transaction() as session:
                if page.words:
                    await keep_words(session, name, reversed(page.words), now=now)
                if page.cursor is not None:
                    await upsert(
                        session,
                        RailCursor,
                        {"rail": name},
                        {"reference": page.cursor.reference, "read_to": page.cursor.read_to, "checked_at": now},
                    )


async def read_soon(session: AsyncSession, rail: str, *, now: datetime, unless_within: float = 0.0) -> None:
    """Its list is read next, however lately that was done; not if it was read within so many seconds."""
    long_ago = RailCursor.checked_at <= now - timedelta(seconds=unless_within)
    await session.execute(update(RailCursor).where(RailCursor.rail == rail, long_ago).values(checked_at=None))
    wake(session, TOPIC)


async def _in_time(call: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(WIRE_SECONDS):
            return await call
    except TimeoutError:
        raise RailDown("the rail takes too long to answer", answered=False) from None
