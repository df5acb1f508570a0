"""Whether a message that is due may go out at this moment: asked again when it is taken, for all that was decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from automations.asking import who_meets
from automations.attention import may_be_told_at
from automations.outcomes import PROMISED
from automations.verdicts import Blocks, Drops, EndsAll, Goes, Parks, PutsOff, Verdict
from domain.consent import may_market
from domain.definitions import Published
from domain.enrollments import GOAL
from domain.funnels.definition import LATE_AFTER, Funnel, SendStep
from domain.funnels.moving import STEP_GONE
from domain.setups import CreatorSetup
from domain.windows import Window
from domain.zones import zone_by_phone
from kit.errors import Refusal
from kit.zones import zone_named
from store.models import (
    WAITS_FOR_SOMEBODY,
    Broadcast,
    BroadcastState,
    EnrollmentState,
    FunnelHead,
    FunnelVersion,
    Late,
    Lead,
    OutboxKind,
    Person,
    PostState,
)
from store.queries.outbox import Candidate, earlier_due, last_overdue, told_lately

_OVER = frozenset({EnrollmentState.STOPPED, EnrollmentState.PARKED})
# a broadcast that is paused takes back what waits; what slips through is looked at again after
_A_WHILE = timedelta(seconds=30)
# somebody who has blocked the bot writes at this very moment
_A_MOMENT = timedelta(seconds=2)
# wordings are never changed, so what was read once stays true
_MOST_VERSIONS = 500
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


Judged = tuple[Candidate, Verdict]
# by creator and funnel: the steps that stand still, or None for all of it
Still = dict[tuple[int, str], frozenset[str] | None]


@dataclass
class Wordings:
    """The wordings that messages are pinned to, each read once by a sender."""

    _known: dict[int, Funnel] = field(default_factory=dict)

    async def of(self, session: AsyncSession, version_ids: Iterable[int]) -> dict[int, Funnel | str]:
        """By id; one that cannot be read any more with the reason."""
        wanted = set(version_ids)
        missing = wanted - self._known.keys()
        unreadable: dict[int, Funnel | str] = {}
        if missing:
            if len(self._known) > _MOST_VERSIONS:
                self._known.clear()
                missing = wanted
            asked = select(FunnelVersion.id, FunnelVersion.definition).where(FunnelVersion.id.in_(missing))
            for row in await session.execute(asked):
                try:
                    self._known[row.id] = Funnel.kept(row.definition)
                except ValueError as error:
                    unreadable[row.id] = str(error)
        return {**unreadable, **{each: self._known[each] for each in wanted & self._known.keys()}}


async def judge(
    session: AsyncSession,
    rows: Sequence[Candidate],
    published: Published,
    wordings: Wordings,
    *,
    now: datetime,
    speaks_since: datetime | None = None,
) -> list[Judged]:
    """What becomes of each of the messages now. Nobody was there to say what was due long before `speaks_since`."""
    batch = await _read(session, rows, published, wordings, now=now)
    left_out = await _left_out(session, rows, batch.funnels, before=(speaks_since or _EVER) - LATE_AFTER)
    return [(row, Drops("left out") if row.id in left_out else batch.verdict(row)) for row in rows]


@dataclass
class _Batch:
    """What is true of the messages' funnels, broadcasts and leads, read once for all of them."""

    published: Published
    now: datetime
    funnels: dict[int, Funnel | str]
    still: Still
    broadcasts: dict[int, BroadcastState]
    # who have blocked the bot, and cannot be back before this is saved
    away: set[int]
    told: dict[int, list[datetime]]
    phones: dict[int, str | None]
    # of whom a funnel's `stop_when` or goal holds, by version
    stops: dict[int, set[int]]
    reached: dict[int, set[int]]
    # which come behind another of their enrollment's, by message, and when that is due
    behind: dict[int, datetime]

    def verdict(self, row: Candidate) -> Verdict:
        if row.revoked_at is not None:
            # it was on its way when the right was taken back, and was put back into the queue
            return Drops("revoked")
        if row.blocked_at is not None:
            until = WAITS_FOR_SOMEBODY if row.person_id in self.away else self.now + _A_MOMENT
            return PutsOff(until, "blocked") if row.kind in PROMISED else Blocks()
        match row.kind:
            case OutboxKind.FLOW:
                # what somebody is in the middle of needs no consent of its own
                gone = row.unsubscribed_at or row.banned_at or row.forgotten_at
                return Drops("unwanted") if gone else Goes()
            case OutboxKind.POST if row.post_state is not PostState.POSTING:
                # it stands there, was called off, or waits for another time or a person
                return Drops("not to be posted now")
            case OutboxKind.FUNNEL | OutboxKind.BROADCAST | OutboxKind.POST if row.closed_at is not None:
                return Drops("its business is closed")
            case OutboxKind.FUNNEL | OutboxKind.BROADCAST if not may_market(row, self.published.setup(row.creator_id)):
                return Drops("unwanted")
            case OutboxKind.FUNNEL:
                return self._of_funnel(row)
            case OutboxKind.BROADCAST:
                return self._of_broadcast(row)
            case _:
                return Goes()

    def _of_funnel(self, row: Candidate) -> Verdict:
        if row.enrollment_id is None or row.version_id is None or row.step is None:
            return self._at_its_hour(row, None) or Goes()
        if row.enrollment_state in _OVER or row.enrollment_reason == GOAL:
            # what was being said when it ended, and came back
            return Drops("stopped")
        funnel = self.funnels.get(row.version_id, "its wording is gone")
        if isinstance(funnel, str):
            return Parks(funnel)
        if row.step not in funnel.keys:
            return Drops(STEP_GONE)
        own = _window(funnel, row.step)
        waits = self._stands_still(row) or self._is_over(row) or self._comes_behind(row) or self._at_its_hour(row, own)
        return waits or Goes(funnel)

    def _comes_behind(self, row: Candidate) -> PutsOff | None:
        until = self.behind.get(row.id)
        return None if until is None else PutsOff(until, "an earlier one goes first")

    def _stands_still(self, row: Candidate) -> PutsOff | None:
        steps = self.still.get((row.creator_id, row.funnel_key or ""), frozenset())
        if steps is None:
            return PutsOff(WAITS_FOR_SOMEBODY, "its funnel stands still")
        return PutsOff(WAITS_FOR_SOMEBODY, "its step stands still") if row.step in steps else None

    def _is_over(self, row: Candidate) -> EndsAll | None:
        version_id = row.version_id or 0
        if row.lead_id in self.reached.get(version_id, ()):
            return EndsAll(EnrollmentState.DONE, GOAL)
        return EndsAll(EnrollmentState.STOPPED, "stop_when") if row.lead_id in self.stops.get(version_id, ()) else None

    def _of_broadcast(self, row: Candidate) -> Verdict:
        match self.broadcasts.get(row.broadcast_id or 0):
            case BroadcastState.CANCELLED | None:
                return Drops("broadcast cancelled")
            case BroadcastState.PAUSED:
                return PutsOff(self.now + _A_WHILE, "broadcast paused")
        return self._at_its_hour(row, None) or Goes()

    def _at_its_hour(self, row: Candidate, own: Window | None) -> PutsOff | None:
        setup = self.published.setup(row.creator_id)
        rules = setup.messages
        if own is None and rules.window is None and rules.at_most is None:
            return None
        told = self.told.get(row.lead_id or 0, [])
        at = may_be_told_at(rules.window, own, rules.at_most, told, zone=self._zone(row, setup), now=self.now)
        return None if at <= self.now else PutsOff(at, "its hours or the budget")

    def _zone(self, row: Candidate, setup: CreatorSetup) -> ZoneInfo:
        phone = self.phones.get(row.lead_id or 0)
        by_phone = zone_by_phone(phone) if row.time_zone is None and phone else None
        return zone_named(row.time_zone, by_phone, setup.time_zone)


def _window(funnel: Funnel, key: str) -> Window | None:
    try:
        step = funnel.step(key)
    except KeyError:
        return None
    return step.window or funnel.window if isinstance(step, SendStep) else funnel.window


async def _read(
    session: AsyncSession, rows: Sequence[Candidate], published: Published, wordings: Wordings, *, now: datetime
) -> _Batch:
    follow_ups = [row for row in rows if row.kind is OutboxKind.FUNNEL and row.version_id is not None]
    funnels = await wordings.of(session, {row.version_id for row in follow_ups if row.version_id is not None})
    still = await _read_still(session, {(row.creator_id, row.funnel_key or "") for row in follow_ups})
    broadcast_ids = {row.broadcast_id for row in rows if row.broadcast_id is not None}
    asked = select(Broadcast.id, Broadcast.state).where(Broadcast.id.in_(broadcast_ids))
    broadcasts = {row.id: row.state for row in await session.execute(asked)} if broadcast_ids else {}
    return _Batch(
        published,
        now,
        funnels,
        still,
        broadcasts,
        await _hold_away(session, {row.person_id for row in rows if row.blocked_at is not None}),
        await _read_told(session, rows, published, now=now),
        await _read_phones(session, rows, published, funnels),
        *await _ask(session, follow_ups, funnels, published, now=now),
        await earlier_due(session, [row.id for row in follow_ups], after=now) if follow_ups else {},
    )


async def _read_still(session: AsyncSession, names: set[tuple[int, str]]) -> Still:
    """What of these funnels stands still."""
    if not names:
        return {}
    asked = select(FunnelHead).where(tuple_(FunnelHead.creator_id, FunnelHead.key).in_(names))
    asked = asked.execution_options(populate_existing=True)
    heads = (await session.scalars(asked)).all()
    if any(head.holds or head.stopped_steps for head in heads):
        # held until this is saved: whoever lets it run again looks for what was put off, and must not look too soon
        heads = (await session.scalars(asked.order_by(FunnelHead.id).with_for_update(read=True))).all()
    return {
        (head.creator_id, head.key): None if head.holds else frozenset(head.stopped_steps)
        for head in heads
        if head.holds or head.stopped_steps
    }


async def _left_out(
    session: AsyncSession, rows: Sequence[Candidate], funnels: dict[int, Funnel | str], *, before: datetime
) -> set[int]:
    """What stays unsaid after downtime, by its funnel's `late`: all that is overdue, or all but the last of it."""
    overdue: dict[Late, list[Candidate]] = {}
    for row in rows:
        funnel = funnels.get(row.version_id or 0)
        if row.due_at < before and row.kind is OutboxKind.FUNNEL and isinstance(funnel, Funnel):
            overdue.setdefault(funnel.late, []).append(row)
    some = overdue.get(Late.ONCE, [])
    last = await last_overdue(session, {row.enrollment_id or 0 for row in some}, before=before)
    return {row.id for row in [*overdue.get(Late.SKIP, []), *some]} - last


async def _hold_away(session: AsyncSession, person_ids: set[int]) -> set[int]:
    """Those of them who have blocked the bot still. Whoever comes back from now on finds what was put off for them.

    Nobody is waited for: their row comes before the messages', which are held already.
    """
    if not person_ids:
        return set()
    away = select(Person.id).where(Person.id.in_(person_ids), Person.blocked_at.is_not(None))
    return set(await session.scalars(away.with_for_update(read=True, skip_locked=True)))


async def _read_told(
    session: AsyncSession, rows: Sequence[Candidate], published: Published, *, now: datetime
) -> dict[int, list[datetime]]:
    """For the leads of creators who have set a budget."""
    budgets = {row.creator_id: published.setup(row.creator_id).messages.at_most for row in rows}
    leads = {row.lead_id for row in rows if row.lead_id is not None and budgets[row.creator_id] is not None}
    if not leads:
        return {}
    longest = max(each.per for each in budgets.values() if each is not None)
    return await told_lately(session, leads, since=now - longest)


async def _read_phones(
    session: AsyncSession, rows: Sequence[Candidate], published: Published, funnels: dict[int, Funnel | str]
) -> dict[int, str | None]:
    """Where hours count and the lead has named no time zone, their number may tell it."""

    def has_hours(row: Candidate) -> bool:
        funnel = funnels.get(row.version_id or 0)
        own = None if funnel is None or isinstance(funnel, str) else _window(funnel, row.step or "")
        return own is not None or published.setup(row.creator_id).messages.window is not None

    leads = {row.lead_id for row in rows if row.lead_id is not None and row.time_zone is None and has_hours(row)}
    asked = select(Lead.id, Lead.phone).where(Lead.id.in_(leads), Lead.phone.is_not(None))
    return {row.id: row.phone for row in await session.execute(asked)} if leads else {}


async def _ask(
    session: AsyncSession,
    rows: Sequence[Candidate],
    funnels: dict[int, Funnel | str],
    published: Published,
    *,
    now: datetime,
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Of whom the funnels' `stop_when` holds, and of whom their goal: one question for all leads of a version."""
    stops: dict[int, set[int]] = {}
    reached: dict[int, set[int]] = {}
    for version_id, funnel in funnels.items():
        if isinstance(funnel, str):
            continue
        goal = None if funnel.goal is None else funnel.goal.when
        for question, found in ((funnel.stop_when, stops), (goal, reached)):
            if question is not None:
                asked = [row for row in rows if row.version_id == version_id]
                leads = {row.lead_id for row in asked if row.lead_id is not None}
                setup = published.setup(asked[0].creator_id)
                try:
                    found[version_id] = await who_meets(session, asked[0].creator_id, question, leads, setup, now=now)
                except Refusal as refusal:
                    funnels[version_id] = str(refusal)
                    break
    return stops, reached
