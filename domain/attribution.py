"""What people did after a message counts for the last one that they were told, when that is not long ago.

Each message is clicked, answered, left or blocked at most once by one lead; each purchase counts. A purchase counts for
each follow-up too that the lead has begun lately, by the arms that they went down: whoever is held out is told nothing,
so that is how arms are compared with them.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.step_counts import Counted, Measure, arm_label, count_steps
from store.models import Enrollment, Event, Order, OutboxMessage, StepCount

# so long after a message what somebody does is taken to be because of it
TOUCHES = timedelta(days=7)
# so long after a follow-up has begun
FOLLOWS = timedelta(days=30)
# the step that stands for the whole of a funnel
WHOLE = ""
_BOUGHT = "order.paid"
_ONCE = {
    "link.clicked": Measure.CLICKED,
    "lead.wrote": Measure.REPLIED,
    "lead.answered": Measure.REPLIED,
    "lead.unsubscribed": Measure.LEFT,
    "lead.blocked": Measure.BLOCKED,
}


class _Message(NamedTuple):
    id: int
    creator_id: int
    at: datetime
    about: str
    step: str
    arm: str


@dataclass
class _Gained:
    counts: Counter[Counted] = field(default_factory=Counter)
    money: defaultdict[Counted, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def bought(self, counted: Counted, paid: tuple[str, int] | None) -> None:
        self.counts[counted] += 1
        if paid is not None:
            self.money[counted][paid[0]] += paid[1]


async def attribute(session: AsyncSession, events: Sequence[Event]) -> None:
    """Counts what these events, which nobody has counted yet, are taken to be because of.

    Last in its transaction: whoever counts the same waits for the end.
    """
    told_of = [event for event in events if event.lead_id is not None and event.name in {_BOUGHT, *_ONCE}]
    if not told_of:
        return
    messages = await _told(session, told_of)
    firsts = await _firsts(session, told_of, messages)
    paid = await _paid(session, told_of)
    gained = _Gained()
    for event in told_of:
        message = _last_before(event, messages.get(event.lead_id or 0, ()))
        if message is None:
            continue
        base = (message.creator_id, message.about, message.step, message.arm)
        if event.name == _BOUGHT:
            gained.bought(Counted(*base, Measure.BOUGHT), paid.get(event.subject))
        elif firsts.get((message.id, _ONCE[event.name])) == event.id:
            gained.counts[Counted(*base, _ONCE[event.name])] += 1
    await _count_whole(session, [event for event in told_of if event.name == _BOUGHT], paid, gained)
    if gained.counts:
        await count_steps(session, gained.counts)
        await _add_money(session, gained.money)


def _last_before(event: Event, messages: Sequence[_Message]) -> _Message | None:
    told = [each for each in messages if each.at <= event.occurred_at <= each.at + TOUCHES]
    return max(told, key=lambda each: (each.at, each.id), default=None)


async def _told(session: AsyncSession, events: Sequence[Event]) -> Mapping[int, Sequence[_Message]]:
    """What these leads were told by funnels and broadcasts in time, by lead."""
    since = min(event.occurred_at for event in events) - TOUCHES
    asked = (
        select(
            OutboxMessage.id,
            OutboxMessage.creator_id,
            OutboxMessage.lead_id,
            OutboxMessage.closed_at,
            OutboxMessage.step,
            OutboxMessage.broadcast_id,
            Enrollment.funnel_key,
            Enrollment.arms,
        )
        .outerjoin(Enrollment, Enrollment.id == OutboxMessage.enrollment_id)
        .where(
            OutboxMessage.lead_id.in_({event.lead_id for event in events}),
            # the words of the index, which SQLite knows only as they stand there
            text("outbox_message.state = 'sent' AND outbox_message.urgency > 1"),
            OutboxMessage.closed_at >= since,
        )
    )
    found: defaultdict[int, list[_Message]] = defaultdict(list)
    for row in await session.execute(asked):
        if row.broadcast_id is not None:
            told = _Message(row.id, row.creator_id, row.closed_at, f"broadcast:{row.broadcast_id}", row.step or "", "")
        elif row.funnel_key is not None:
            arm = arm_label(row.arms)
            told = _Message(row.id, row.creator_id, row.closed_at, f"funnel:{row.funnel_key}", row.step or "", arm)
        else:
            continue
        found[row.lead_id].append(told)
    return found


async def _firsts(
    session: AsyncSession, events: Sequence[Event], messages: Mapping[int, Sequence[_Message]]
) -> dict[tuple[int, Measure], int]:
    """The first event of its kind after each message that one of these may count for."""
    wanted = {
        told.id
        for event in events
        if event.name in _ONCE and (told := _last_before(event, messages.get(event.lead_id or 0, ()))) is not None
    }
    if not wanted:
        return {}
    asked = (
        select(OutboxMessage.id, Event.name, func.min(Event.id).label("first"))
        .join(Event, (Event.lead_id == OutboxMessage.lead_id) & (Event.occurred_at >= OutboxMessage.closed_at))
        .where(OutboxMessage.id.in_(wanted), Event.name.in_(_ONCE))
        .group_by(OutboxMessage.id, Event.name)
    )
    firsts: dict[tuple[int, Measure], int] = {}
    for row in await session.execute(asked):
        key = (row.id, _ONCE[row.name])
        firsts[key] = min(row.first, firsts.get(key, row.first))
    return firsts


async def _paid(session: AsyncSession, events: Sequence[Event]) -> dict[str, tuple[str, int]]:
    """What was paid, by what the event is about."""
    numbers = [number for event in events for kind, _, number in [event.subject.partition(":")] if kind == "order"]
    ids = {int(number) for number in numbers if number.isdecimal()}
    if not ids:
        return {}
    asked = select(Order.id, Order.currency, Order.total_minor).where(Order.id.in_(ids))
    return {f"order:{row.id}": (row.currency, row.total_minor) for row in await session.execute(asked)}


async def _count_whole(
    session: AsyncSession, events: Sequence[Event], paid: Mapping[str, tuple[str, int]], gained: _Gained
) -> None:
    """For the follow-ups that the buyers have begun lately, each once."""
    if not events:
        return
    since = min(event.occurred_at for event in events) - FOLLOWS
    asked = select(
        Enrollment.creator_id, Enrollment.lead_id, Enrollment.funnel_key, Enrollment.arms, Enrollment.started_at
    ).where(Enrollment.lead_id.in_({event.lead_id for event in events}), Enrollment.started_at >= since)
    begun: defaultdict[int, list[Any]] = defaultdict(list)
    for row in await session.execute(asked.order_by(Enrollment.id)):
        begun[row.lead_id].append(row)
    for event in events:
        in_time = (
            row for row in begun[event.lead_id or 0] if row.started_at <= event.occurred_at <= row.started_at + FOLLOWS
        )
        # the latest round of each
        for row in {row.funnel_key: row for row in in_time}.values():
            about = f"funnel:{row.funnel_key}"
            whole = Counted(row.creator_id, about, WHOLE, arm_label(row.arms), Measure.BOUGHT)
            gained.bought(whole, paid.get(event.subject))


async def _add_money(session: AsyncSession, money: Mapping[Counted, Counter[str]]) -> None:
    """To rows that this transaction has just counted in, and so holds."""
    for counted, sums in sorted(money.items()):
        row = await session.get_one(StepCount, tuple(counted), populate_existing=True)
        row.money = {**row.money, **{each: row.money.get(each, 0) + amount for each, amount in sums.items()}}
    await session.flush()
