"""Segments that a creator lets begin a funnel by hand, worked off a batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.asking import condition_of
from domain.broadcasts.audience import can_be_written_to
from domain.definitions import Published
from domain.enrollments import AT_ONCE, Current, Entry, begin_each
from domain.funnels.definition import Funnel
from domain.messages.catalogue import plain_why, say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from kit.clock import Clock
from kit.errors import Reason
from kit.text import shorten
from store.database import Database, count_changed
from store.models import RUNS, FunnelHead, FunnelVersion, Lead, StartByHand
from store.segments.question import BadSegment

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class _Batch:
    """Whose turn it is, and in which wording; fewer than a whole batch are the last.

    Of these leads those begin who can be written to: the others would be through before the first word.
    """

    wish: StartByHand
    current: Current | None
    leads: Sequence[int] = ()
    reached: Sequence[int] = ()
    trouble: Reason | None = None


@dataclass
class Starts:
    database: Database
    clock: Clock
    published: Published

    async def work(self) -> int:
        """One batch of the oldest wish that is not fulfilled."""
        now = self.clock()
        async with self.database.reading() as session:
            batch = await self._next(session, now=now)
        if batch is None:
            return 0
        async with self.database.transaction() as session:
            await _take(session, batch, now=now)
        return 1

    async def _next(self, session: AsyncSession, *, now: datetime) -> _Batch | None:
        wish = await session.scalar(
            select(StartByHand).where(StartByHand.ended_at.is_(None)).order_by(StartByHand.id).limit(1)
        )
        if wish is None:
            return None
        current = await _wording(session, wish)
        if current is None:
            return _Batch(wish, None, trouble=Reason("funnel-not-running"))
        setup = self.published.setup(wish.creator_id)
        try:
            condition = await condition_of(session, wish.creator_id, wish.question, setup, now=now)
        except BadSegment as error:
            return _Batch(wish, current, trouble=error.why)
        some = (
            select(Lead.id, case((can_be_written_to(setup), 1), else_=0).label("reached"))
            .where(condition, Lead.id > wish.reached, Lead.id <= wish.last_lead)
            .order_by(Lead.id)
            .limit(AT_ONCE)
        )
        rows = (await session.execute(some)).all()
        return _Batch(wish, current, [row.id for row in rows], [row.id for row in rows if row.reached])


async def _wording(session: AsyncSession, wish: StartByHand) -> Current | None:
    """The one that was looked at when it was wished; None where it cannot be read, or the funnel runs no more."""
    definition = await session.scalar(
        select(FunnelVersion.definition)
        .join(FunnelHead, (FunnelHead.creator_id == wish.creator_id) & (FunnelHead.key == wish.funnel_key))
        .where(FunnelVersion.id == wish.version_id, FunnelHead.state.in_(RUNS))
    )
    funnel = None if definition is None else Funnel.readable(definition)
    return None if funnel is None else Current(wish.creator_id, wish.funnel_key, wish.version_id, funnel)


async def _take(session: AsyncSession, batch: _Batch, *, now: datetime) -> None:
    """Nothing, when another process has taken this batch."""
    wish = batch.wish
    over = len(batch.leads) < AT_ONCE
    values: dict[str, object] = {
        "reached": batch.leads[-1] if batch.leads else wish.reached,
        "met": StartByHand.met + len(batch.leads),
        "ended_at": now if over else None,
        "error": None if batch.trouble is None else plain_why(batch.trouble),
    }
    if over:
        # it may name somebody, and nobody asks it any more
        values["question"] = ""
    as_read = update(StartByHand).where(
        StartByHand.id == wish.id, StartByHand.reached == wish.reached, StartByHand.ended_at.is_(None)
    )
    if not await count_changed(session, as_read.values(values).execution_options(synchronize_session=False)):
        return
    begun: dict[tuple[int, str], int] = {}
    if batch.current is not None:
        entries = [Entry(lead_id, now, begun_by=wish.begun_by) for lead_id in batch.reached]
        begun = await begin_each(session, batch.current, entries, now=now)
    counted = update(StartByHand).where(StartByHand.id == wish.id).values(begun=StartByHand.begun + len(begun))
    await session.execute(counted, execution_options={"synchronize_session": False})
    if over:
        await _tell(session, await session.get_one(StartByHand, wish.id), batch.trouble, now=now)


async def _tell(session: AsyncSession, wish: StartByHand, trouble: Reason | None, *, now: datetime) -> None:
    def told(language: str) -> Message:
        if trouble is None:
            shown = {"funnel": wish.funnel_key, "begun": wish.begun, "met": wish.met}
            return Message(text=say("funnel-started-by-hand", language, **shown))
        reason = shorten(plain_why(trouble, language), _LONGEST)
        return Message(
            text=say("funnel-not-started", language, funnel=wish.funnel_key, begun=wish.begun, reason=reason)
        )

    await tell_creator(session, told, key=f"funnel-started:{wish.id}", creator_id=wish.creator_id, now=now)
