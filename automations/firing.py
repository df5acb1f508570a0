"""The triggers that go by the clock: when each looks next stands in a row, and who begins is found in batches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations import cron, date_triggers, inactivity
from automations.looks import Found, Look, Schedule, Schedules, schedules_of
from automations.troubles import tell_cannot_ask
from domain.definitions import Published
from domain.enrollments import begin_each
from domain.funnels.definition import CronTrigger, DateTrigger, InactiveTrigger
from kit.clock import Clock
from kit.errors import Reason
from kit.log import get_logger
from kit.zones import zone_named
from store.database import Database, count_changed, insert_once, is_unavailable
from store.models import RUNS, CronFiring, FunnelHead
from store.segments.question import BadSegment

_log = get_logger(__name__)
_A_DAY = timedelta(days=1)
# how long it can be seen when a schedule fired
_KEPT = timedelta(days=90)
_OPEN = select(CronFiring).where(CronFiring.fired_at.is_(None)).order_by(CronFiring.fire_at, CronFiring.id)


@dataclass(frozen=True, slots=True)
class _Step:
    """A batch of one look, worked out beforehand: whoever writes is not kept waiting for it."""

    row: CronFiring
    schedule: Schedule
    until: datetime
    found: Found
    # once the look is over
    next_at: datetime | None
    trouble: Reason | None = None


@dataclass
class Firing:
    """Each call does one batch of what is due, and says whether there was any."""

    database: Database
    clock: Clock
    published: Published

    async def fire(self) -> int:
        now = self.clock()
        schedules = schedules_of(self.published)
        async with self.database.reading() as session:
            rows = (await session.scalars(_OPEN)).all()
            idle = await self._idle(session, rows, schedules)
        new = schedules.keys() - {(row.creator_id, row.schedule) for row in rows}
        if new or idle:
            await self._keep_up(schedules, new, idle, now=now)
        for row in rows:
            schedule = schedules.get((row.creator_id, row.schedule))
            if row.fire_at > now or schedule is None:
                continue
            try:
                await self._do(row, schedule, now=now)
            except Exception as error:
                if is_unavailable(error):
                    raise
                # a fault of ours about this one: the others are fired all the same, and it is tried again
                _log.exception("a trigger failed", creator=row.creator_id, schedule=row.schedule)
                continue
            return True
        return False

    async def next_due(self, *, after: datetime) -> datetime | None:
        """When somebody may begin next, as things stand now; looks that find nobody are left out."""
        schedules = schedules_of(self.published)
        dues: list[datetime] = []
        async with self.database.reading() as session:
            for row in await session.scalars(_OPEN):
                schedule = schedules.get((row.creator_id, row.schedule))
                if schedule is None:
                    continue
                if isinstance(schedule.trigger, DateTrigger):
                    found = await date_triggers.next_found(session, schedule, schedule.trigger, after)
                    dues += [] if found is None else [found]
                elif row.fire_at > after:
                    dues.append(row.fire_at)
        return min(dues, default=None)

    async def _idle(self, session: AsyncSession, rows: Sequence[CronFiring], schedules: Schedules) -> list[int]:
        """The rows of what runs no more. What this process has not read yet is left alone."""
        unknown = [row for row in rows if (row.creator_id, row.schedule) not in schedules]
        if not unknown:
            return []
        heads = await session.execute(
            select(FunnelHead.creator_id, FunnelHead.key, FunnelHead.version_id).where(FunnelHead.state.in_(RUNS))
        )
        running = {(head.creator_id, head.key): head.version_id for head in heads}
        known = {
            (creator_id, key): version_id
            for creator_id, funnels in self.published.funnels.items()
            for key, (version_id, _) in funnels.items()
        }
        keys = {row.id: (row.creator_id, row.schedule.split(":")[1]) for row in unknown}
        return [row_id for row_id, key in keys.items() if running.get(key) == known.get(key)]

    async def _keep_up(
        self, schedules: Schedules, new: Iterable[tuple[int, str]], idle: list[int], *, now: datetime
    ) -> None:
        """What has begun to run looks from now on; what lies before it is nobody's beginning."""
        async with self.database.transaction() as session:
            await session.execute(delete(CronFiring).where(CronFiring.id.in_(idle), CronFiring.fired_at.is_(None)))
            for creator_id, name in sorted(new):
                fire_at = await _next(session, schedules[creator_id, name], now)
                if fire_at is not None:
                    values = {"creator_id": creator_id, "schedule": name, "since": now, "fire_at": fire_at}
                    await insert_once(session, CronFiring, values)

    async def _do(self, row: CronFiring, schedule: Schedule, *, now: datetime) -> None:
        """The next batch of one look."""
        async with self.database.reading() as session:
            step = await _work_out(session, row, schedule, now=now)
        async with self.database.transaction() as session:
            await _take(session, step, now=now)


async def _work_out(session: AsyncSession, row: CronFiring, schedule: Schedule, *, now: datetime) -> _Step:
    look = Look(row.since or row.fire_at, _until(row, schedule, now=now), row.reached)
    try:
        found = await _who_begins(session, schedule, look, now=now)
        trouble = None
    except BadSegment as error:
        found, trouble = Found(), error.why
    over = found.reached is None
    after = max(now, look.until) if isinstance(schedule.trigger, CronTrigger) else look.until
    next_at = await _next(session, schedule, after) if over else None
    return _Step(row, schedule, look.until, found, next_at, trouble)


async def _take(session: AsyncSession, step: _Step, *, now: datetime) -> None:
    """Nothing, when another process has taken this batch."""
    row, schedule = step.row, step.schedule
    over = step.found.reached is None
    values: dict[str, object] = {"reached": step.found.reached, "fire_at": step.until}
    if over and isinstance(schedule.trigger, CronTrigger):
        values = {"fired_at": now}
    elif over:
        values = {"since": step.until, "fire_at": step.next_at, "reached": 0}
    as_read = update(CronFiring).where(
        CronFiring.id == row.id,
        CronFiring.fire_at == row.fire_at,
        CronFiring.reached == row.reached,
        CronFiring.fired_at.is_(None),
    )
    if not await count_changed(session, as_read.values(values).execution_options(synchronize_session=False)):
        return
    # a day in a field is one occasion, however often its funnel may be begun
    once = isinstance(schedule.trigger, DateTrigger)
    await begin_each(session, schedule.current, step.found.entries, once=once, now=now)
    if step.trouble is not None:
        await tell_cannot_ask(session, schedule.current, step.trouble, now=now)
    if over and isinstance(schedule.trigger, CronTrigger) and step.next_at is not None:
        past = (CronFiring.creator_id == row.creator_id) & (CronFiring.schedule == row.schedule)
        await session.execute(delete(CronFiring).where(past, CronFiring.fired_at < now - _KEPT))
        following = {"creator_id": row.creator_id, "schedule": row.schedule, "since": row.fire_at}
        await insert_once(session, CronFiring, following | {"fire_at": step.next_at})


def _until(row: CronFiring, schedule: Schedule, *, now: datetime) -> datetime:
    """Up to when the look goes. After downtime one makes up for many; one that is under way stays as it is."""
    most = row.fire_at + _A_DAY
    match schedule.trigger:
        case DateTrigger() as trigger if row.reached == 0:
            return max(row.fire_at, min(date_triggers.last_look(trigger, now), most))
        case InactiveTrigger() if row.reached == 0:
            return max(row.fire_at, min(inactivity.last_look(now), most))
        case _:
            return row.fire_at


async def _next(session: AsyncSession, schedule: Schedule, after: datetime) -> datetime | None:
    match schedule.trigger:
        case CronTrigger(cron=times):
            return cron.next_firing(times, zone_named(schedule.setup.time_zone), after)
        case DateTrigger() as trigger:
            return date_triggers.next_look(trigger, after)
        case InactiveTrigger() as trigger:
            return await inactivity.next_look(session, schedule, trigger, after)


async def _who_begins(session: AsyncSession, schedule: Schedule, look: Look, *, now: datetime) -> Found:
    match schedule.trigger:
        case CronTrigger() as trigger:
            return await cron.who_begins(session, schedule, trigger, look, now=now)
        case DateTrigger() as trigger:
            return await date_triggers.who_begins(session, schedule, trigger, look, now=now)
        case InactiveTrigger() as trigger:
            return await inactivity.who_begins(session, schedule, trigger, look, now=now)
