"""Who has come into the segments that funnels ask for, and who has left them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.asking import condition_of
from automations.later import Later
from automations.troubles import tell_cannot_ask
from domain.definitions import Published
from domain.enrollments import AT_ONCE, Current, Entry, begin_each
from domain.funnels.definition import EntersTrigger, LeavesTrigger
from domain.messages.catalogue import plain_why
from kit.clock import Clock
from kit.errors import Reason
from kit.log import get_logger
from store.database import Database, count_changed, insert_and_tell, insert_once, is_unavailable
from store.models import RUNS, FunnelHead, Lead, SegmentMember, SegmentWatch
from store.queries.leads import leads_matching
from store.segments.question import BadSegment

BEGUN_BY = "segment"
# those who are in it from the beginning are only written down: read so many at once, and written so many
_READ_FIRST, _WRITTEN_FIRST = 20_000, 2000
# a check that took longer than this many seconds is not made again for twenty times as long
_LONG = 5.0
_REST = 20
_log = get_logger(__name__)
_MEMBERS = select(SegmentMember.lead_id).order_by(SegmentMember.lead_id)


@dataclass(slots=True)
class Watched:
    """The funnels that begin by somebody's coming into a segment, and those that begin by their leaving it."""

    creator_id: int
    question: str
    enters: list[Current] = field(default_factory=list)
    leaves: list[Current] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Change:
    """Who has come, and who has gone, as far as one batch goes; or why that cannot be told."""

    watch: SegmentWatch
    condition: ColumnElement[bool] | None = None
    come: Sequence[int] = ()
    gone: Sequence[int] = ()
    trouble: Reason | None = None


Watches = Mapping[tuple[int, str], Watched]


def watched_by(published: Published) -> Watches:
    """Each question once, however many funnels ask it."""
    found: dict[tuple[int, str], Watched] = {}
    for creator_id, funnels in published.funnels.items():
        for key, (version_id, funnel) in sorted(funnels.items()):
            current = Current(creator_id, key, version_id, funnel)
            for trigger in funnel.triggers:
                match trigger:
                    case EntersTrigger(enters=question):
                        _watched(found, creator_id, question).enters.append(current)
                    case LeavesTrigger(leaves=question):
                        _watched(found, creator_id, question).leaves.append(current)
                    case _:
                        pass
    return found


def _watched(found: dict[tuple[int, str], Watched], creator_id: int, question: str) -> Watched:
    return found.setdefault((creator_id, question), Watched(creator_id, question))


@dataclass
class SegmentWatches:
    """Compares each watched segment with who was in it before, a batch at a time."""

    database: Database
    clock: Clock
    published: Published
    # until when on the loop's clock the checks rest, so that a large store is not busy with them
    _rests_until: float = field(default=0.0, init=False)
    # those at which something of ours fails
    _failed: Later = field(default_factory=Later, init=False)

    async def check(self) -> int:
        """How many have come or gone in one batch of each segment."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._rests_until:
            return 0
        begun, done = loop.time(), 0
        wanted = watched_by(self.published)
        watches = await self._watches(wanted)
        for watch in watches:
            now = self.clock()
            if self._failed.waits(watch.id, now=now):
                continue
            try:
                done += await self._check(watch, wanted[watch.creator_id, watch.question or ""])
            except Exception as error:
                if is_unavailable(error):
                    raise
                # a fault of ours about this one: the others are looked at all the same
                waits = self._failed.put_off(watch.id, now=now).total_seconds()
                _log.exception("a segment cannot be watched", watch=watch.id, creator=watch.creator_id, seconds=waits)
            else:
                self._failed.forget(watch.id)
        took = loop.time() - begun
        if took > _LONG and all(watch.checked_at is not None for watch in watches):
            self._rests_until = loop.time() + took * _REST
        return done

    async def _watches(self, wanted: Watches) -> list[SegmentWatch]:
        """The rows of all that is watched. Of what is watched no more nobody takes the row up again."""
        kept = await self._read(wanted)
        known = {(watch.creator_id, watch.question) for watch in kept}
        if new := sorted(wanted.keys() - known):
            async with self.database.transaction() as session:
                for creator_id, question in new:
                    await insert_once(session, SegmentWatch, {"creator_id": creator_id, "question": question})
            kept = await self._read(wanted)
        return [watch for watch in kept if (watch.creator_id, watch.question) in wanted]

    async def _read(self, wanted: Watches) -> Sequence[SegmentWatch]:
        async with self.database.reading() as session:
            rows = (await session.scalars(select(SegmentWatch).order_by(SegmentWatch.id))).all()
            kept = [watch for watch in rows if watch.question is not None]
            forgotten = [watch.id for watch in rows if watch.question is None]
            unwanted = [watch.id for watch in kept if (watch.creator_id, watch.question) not in wanted]
            if unwanted and await self._is_up_to_date(session):
                forgotten += unwanted
        for watch_id in forgotten:
            async with self.database.transaction() as session:
                await _forget(session, watch_id)
        return kept

    async def _is_up_to_date(self, session: AsyncSession) -> bool:
        """Whether this process knows the wording of everything that runs."""
        known = {version_id for funnels in self.published.funnels.values() for version_id, _ in funnels.values()}
        heads = await session.scalars(select(FunnelHead.version_id).where(FunnelHead.state.in_(RUNS)))
        return set(heads) - {None} <= known

    async def _check(self, watch: SegmentWatch, watched: Watched) -> int:
        now = self.clock()
        if watch.checked_at is None:
            return await self._write_first(watch, watched, now=now)
        change = await self._compare(watch, watched, now=now)
        if watch.error is None and not change.come and not change.gone and change.trouble is None:
            return 0
        async with self.database.transaction() as session:
            if change.trouble is not None:
                await _note_trouble(session, watch, change.trouble, watched, now=now)
            if change.condition is None:
                return 0
            return await _save(session, change, change.condition, watched, now=now)

    async def _write_first(self, watch: SegmentWatch, watched: Watched, *, now: datetime) -> int:
        """Goes on with those who are in it from the beginning, by their numbers; nobody begins."""
        setup = self.published.setup(watch.creator_id)
        leads: Sequence[int] = ()
        async with self.database.reading() as session:
            try:
                condition = await condition_of(session, watch.creator_id, watched.question, setup, now=now)
            except BadSegment as error:
                trouble = error.why
            else:
                trouble = None
                following = (
                    select(Lead.id).where(condition, Lead.id > watch.listed_to).order_by(Lead.id).limit(_READ_FIRST)
                )
                leads = (await session.scalars(following)).all()
        if trouble is not None:
            async with self.database.transaction() as session:
                await _note_trouble(session, watch, trouble, watched, now=now)
            return 0
        for place in range(0, len(leads), _WRITTEN_FIRST):
            some = leads[place : place + _WRITTEN_FIRST]
            async with self.database.transaction() as session:
                if not await _goes_on(session, watch, listed_to=some[-1]):
                    return place
                await _write_down(session, watch.id, some)
            watch.listed_to = some[-1]
        if len(leads) < _READ_FIRST:
            async with self.database.transaction() as session:
                await _goes_on(session, watch, checked_at=now, error=None)
        return len(leads)

    async def _compare(self, watch: SegmentWatch, watched: Watched, *, now: datetime) -> _Change:
        """By a read that nobody waits for."""
        setup = self.published.setup(watch.creator_id)
        async with self.database.reading() as session:
            try:
                condition = await condition_of(session, watch.creator_id, watched.question, setup, now=now)
            except BadSegment as error:
                return _Change(watch, trouble=error.why)
            member = exists().where(SegmentMember.watch_id == watch.id, SegmentMember.lead_id == Lead.id)
            come = select(Lead.id).where(condition, ~member).order_by(Lead.id)
            still = select(Lead.id).where(condition, Lead.id == SegmentMember.lead_id).exists()
            gone = _MEMBERS.where(SegmentMember.watch_id == watch.id, ~still)
            return _Change(
                watch,
                condition,
                (await session.scalars(come.limit(AT_ONCE))).all(),
                (await session.scalars(gone.limit(AT_ONCE))).all(),
            )


async def _forget(session: AsyncSession, watch_id: int) -> None:
    """Nobody goes on with it from now on. Its members go a few at a time, and in the end it does.

    Taken up again before they are all gone, those who are would count as having come.
    """
    await session.execute(update(SegmentWatch).where(SegmentWatch.id == watch_id).values(question=None))
    some = _MEMBERS.where(SegmentMember.watch_id == watch_id).limit(_WRITTEN_FIRST)
    theirs = (SegmentMember.watch_id == watch_id) & SegmentMember.lead_id.in_(some)
    if not await count_changed(session, delete(SegmentMember).where(theirs)):
        await session.execute(delete(SegmentWatch).where(SegmentWatch.id == watch_id))


async def _goes_on(session: AsyncSession, watch: SegmentWatch, **values: object) -> bool:
    """Its first reading, from where it stands; False when another process was first, or it is forgotten."""
    as_read = update(SegmentWatch).where(
        SegmentWatch.id == watch.id,
        SegmentWatch.question == watch.question,
        SegmentWatch.checked_at.is_(None),
        SegmentWatch.listed_to == watch.listed_to,
    )
    return bool(await count_changed(session, as_read.values(**values)))


async def _note_trouble(
    session: AsyncSession, watch: SegmentWatch, why: Reason, watched: Watched, *, now: datetime
) -> None:
    """Who is in it stays as it was, and the creator is told once."""
    said = plain_why(why)
    new = (SegmentWatch.id == watch.id) & (SegmentWatch.error.is_(None) | (SegmentWatch.error != said))
    if await count_changed(session, update(SegmentWatch).where(new).values(error=said)):
        for current in (*watched.enters, *watched.leaves):
            await tell_cannot_ask(session, current, why, now=now)


async def _save(
    session: AsyncSession, change: _Change, condition: ColumnElement[bool], watched: Watched, *, now: datetime
) -> int:
    """Writes down who has come and gone since, and begins what that begins; asked again, as they are now.

    Of two processes at once, the second finds nothing left to write down.
    """
    watch = change.watch
    noted = update(SegmentWatch).where(SegmentWatch.id == watch.id, SegmentWatch.question == watch.question)
    if not await count_changed(session, noted.values(checked_at=now, error=None)):
        return 0
    come = await _write_down(session, watch.id, await leads_matching(session, change.come, condition))
    gone = await _strike_out(
        session, watch.id, set(change.gone) - await leads_matching(session, change.gone, condition)
    )
    for current in watched.enters:
        await begin_each(session, current, [Entry(each, now, begun_by=BEGUN_BY) for each in come], now=now)
    for current in watched.leaves:
        await begin_each(session, current, [Entry(each, now, begun_by=BEGUN_BY) for each in gone], now=now)
    return len(come) + len(gone)


async def _write_down(session: AsyncSession, watch_id: int, leads: Iterable[int]) -> list[int]:
    rows = [{"watch_id": watch_id, "lead_id": lead_id} for lead_id in sorted(leads)]
    return sorted(row.lead_id for row in await insert_and_tell(session, SegmentMember, rows, "lead_id"))


async def _strike_out(session: AsyncSession, watch_id: int, leads: Iterable[int]) -> list[int]:
    struck = (
        delete(SegmentMember)
        .where(SegmentMember.watch_id == watch_id, SegmentMember.lead_id.in_(sorted(leads)))
        .returning(SegmentMember.lead_id)
    )
    return sorted(await session.scalars(struck, execution_options={"synchronize_session": False}))
