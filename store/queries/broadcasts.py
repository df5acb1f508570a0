"""Broadcasts as they are counted: what became of each recipient, and what was bought afterwards."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, String, and_, exists, func, literal_column, select, type_coerce, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from kit.money import Money
from store.models import (
    Broadcast,
    BroadcastRecipient,
    BroadcastState,
    Order,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    RecipientState,
    StepCount,
)
from store.models.base import spelled

# what is bought within this time is put down to the last message that came before it
TOUCHES = timedelta(days=7)
# in the words of the partial indexes: none of them answers for a state that comes as a parameter
_WAITING = spelled(RecipientState.WAITING)
_SENT = spelled(OutboxState.SENT)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a broadcast's recipients; each counts once, so that they add up to its audience."""

    waiting: int = 0
    queued: int = 0
    sending: int = 0
    sent: int = 0
    failed: int = 0
    blocked: int = 0
    cancelled: int = 0
    uncertain: int = 0
    # they had left before it was their turn, or it was called off
    dropped: int = 0

    @property
    def total(self) -> int:
        return sum(asdict(self).values())

    @property
    def left(self) -> int:
        return self.waiting + self.queued + self.sending


async def count_recipients(session: AsyncSession, broadcast_id: int) -> Counts:
    """In one statement, so that nobody is counted on the way from one state to the next."""
    own = (
        select(type_coerce(BroadcastRecipient.state, String), func.count())
        .where(BroadcastRecipient.broadcast_id == broadcast_id, BroadcastRecipient.state != RecipientState.QUEUED)
        .group_by(BroadcastRecipient.state)
    )
    queued = (
        select(type_coerce(OutboxMessage.state, String), func.count())
        .where(OutboxMessage.broadcast_id == broadcast_id)
        .group_by(OutboxMessage.state)
    )
    found = {state: count for state, count in await session.execute(union_all(own, queued))}  # noqa: C416 - rows
    return Counts(**found)


@dataclass(slots=True)
class Outcome:
    """What came of one variant."""

    counts: dict[str, int] = field(default_factory=dict)
    # clicked, replied, blocked, …: how many leads did
    measures: dict[str, int] = field(default_factory=dict)
    orders: int = 0
    # in minor units by currency, without what was paid back
    money: dict[str, int] = field(default_factory=dict)

    def add(self, other: "Outcome") -> None:
        for own, more in (
            (self.counts, other.counts),
            (self.measures, other.measures),
            (self.money, other.money),
        ):
            for name, count in more.items():
                own[name] = own.get(name, 0) + count
        self.orders += other.orders

    @property
    def earned(self) -> list[Money]:
        return [Money(amount, currency) for currency, amount in sorted(self.money.items())]


async def outcomes_of(session: AsyncSession, broadcast: Broadcast, *, now: datetime) -> dict[str, Outcome]:
    """By the name of the variant that was sent."""
    found: dict[str, Outcome] = {}
    counted = (
        select(OutboxMessage.step, type_coerce(OutboxMessage.state, String), func.count())
        .where(OutboxMessage.broadcast_id == broadcast.id)
        .group_by(OutboxMessage.step, OutboxMessage.state)
    )
    for variant, state, count in await session.execute(counted):
        found.setdefault(variant or "", Outcome()).counts[state] = count
    measured = select(StepCount.step, StepCount.measure, func.sum(StepCount.count)).where(
        StepCount.creator_id == broadcast.creator_id, StepCount.about == f"broadcast:{broadcast.id}"
    )
    for variant, measure, count in await session.execute(measured.group_by(StepCount.step, StepCount.measure)):
        found.setdefault(variant, Outcome()).measures[measure] = int(count)
    for row in await session.execute(_bought(broadcast, now=now)):
        if row.paid_at - row.told_at <= TOUCHES:
            outcome = found.setdefault(row.variant or "", Outcome())
            outcome.orders += 1
            outcome.money[row.currency] = outcome.money.get(row.currency, 0) + row.total_minor - row.refunded_minor
    return found


def _bought(
    broadcast: Broadcast, *, now: datetime
) -> Select[str | None, datetime | None, datetime | None, str, int, int]:
    """Orders that were paid after the broadcast had reached the lead, and before anything else unasked did."""
    begun = broadcast.started_at or now
    later = aliased(OutboxMessage)
    told_since = exists().where(
        later.lead_id == Order.lead_id,
        later.state == _SENT,
        later.urgency > literal_column("1"),
        later.kind.in_([OutboxKind.FUNNEL, OutboxKind.BROADCAST]),
        later.closed_at > OutboxMessage.closed_at,
        later.closed_at <= Order.paid_at,
    )
    return (
        select(
            OutboxMessage.step.label("variant"),
            OutboxMessage.closed_at.label("told_at"),
            Order.paid_at.label("paid_at"),
            Order.currency,
            Order.total_minor,
            Order.refunded_minor,
        )
        .join(OutboxMessage, OutboxMessage.lead_id == Order.lead_id)
        .where(
            Order.creator_id == broadcast.creator_id,
            Order.paid_at > begun,
            Order.paid_at <= (broadcast.ended_at or now) + TOUCHES,
            OutboxMessage.broadcast_id == broadcast.id,
            OutboxMessage.state == _SENT,
            OutboxMessage.closed_at <= Order.paid_at,
            ~told_since,
        )
    )


async def reasons_of(session: AsyncSession, broadcast_id: int, *, most: int) -> Sequence[tuple[str, int]]:
    """Why messages of it were not sent, the commonest first."""
    asked = (
        select(OutboxMessage.error, func.count().label("times"))
        .where(
            OutboxMessage.broadcast_id == broadcast_id,
            OutboxMessage.state.in_([OutboxState.FAILED, OutboxState.CANCELLED, OutboxState.UNCERTAIN]),
            OutboxMessage.error.is_not(None),
        )
        .group_by(OutboxMessage.error)
        .order_by(func.count().desc(), OutboxMessage.error)
    )
    return [(error, times) for error, times in await session.execute(asked.limit(most)) if error is not None]


async def list_broadcasts(
    session: AsyncSession, creator_id: int, *, limit: int, offset: int = 0
) -> Sequence[Broadcast]:
    """The newest first; what was thrown away as a draft is none any more."""
    page = select(Broadcast).where(_listed(creator_id)).order_by(Broadcast.id.desc())
    return (await session.scalars(page.limit(limit).offset(offset))).all()


async def count_broadcasts(session: AsyncSession, creator_id: int) -> int:
    """So many are listed."""
    return await session.scalar(select(func.count()).select_from(Broadcast).where(_listed(creator_id))) or 0


def _listed(creator_id: int) -> ColumnElement[bool]:
    thrown_away = (Broadcast.state == BroadcastState.CANCELLED) & Broadcast.started_at.is_(None)
    return and_(Broadcast.creator_id == creator_id, ~thrown_away)


async def broadcasts_at_work(session: AsyncSession, *, now: datetime) -> Sequence[tuple[int, BroadcastState]]:
    """Those with which there may be something to do now, the first that began at first.

    They are to begin, to be written down or fed on, stand still while something of theirs was put back into the
    queue, or were called off while some still stand as waiting.
    """
    waiting = exists().where(BroadcastRecipient.broadcast_id == Broadcast.id, BroadcastRecipient.state == _WAITING)
    begins = (Broadcast.state == BroadcastState.SCHEDULED) & (Broadcast.starts_at <= now)
    goes_on = Broadcast.state.in_([BroadcastState.STARTING, BroadcastState.RUNNING])
    called_off = (Broadcast.state == BroadcastState.CANCELLED) & waiting
    put_back = exists().where(
        OutboxMessage.broadcast_id == Broadcast.id,
        OutboxMessage.state == OutboxState.QUEUED,
        # what may have arrived already stays where it is
        OutboxMessage.uncertain == 0,
    )
    stands_still = (Broadcast.state == BroadcastState.PAUSED) & put_back
    asked = select(Broadcast.id, Broadcast.state).where(begins | goes_on | stands_still | called_off)
    rows = await session.execute(asked.order_by(Broadcast.starts_at, Broadcast.id))
    return [(row.id, row.state) for row in rows]


async def has_broadcast_due(session: AsyncSession, *, now: datetime) -> bool:
    """True while one is to begin, to be written down, to be fed on, or to be ended."""
    theirs = BroadcastRecipient.broadcast_id == Broadcast.id
    waiting = exists().where(theirs, BroadcastRecipient.state == _WAITING)
    turn = exists().where(theirs, BroadcastRecipient.state == _WAITING, BroadcastRecipient.due_at <= now)
    under_way = exists().where(
        OutboxMessage.broadcast_id == Broadcast.id,
        OutboxMessage.state.in_([OutboxState.QUEUED, OutboxState.SENDING]),
    )
    begins = (Broadcast.state == BroadcastState.SCHEDULED) & (Broadcast.starts_at <= now)
    runs = (Broadcast.state == BroadcastState.RUNNING) & (turn | (~waiting & ~under_way))
    called_off = (Broadcast.state == BroadcastState.CANCELLED) & waiting
    left = exists().where(begins | (Broadcast.state == BroadcastState.STARTING) | runs | called_off)
    return bool(await session.scalar(select(left)))


async def next_broadcast_at(session: AsyncSession, *, after: datetime) -> datetime | None:
    """When, after that instant, the next one begins, or it is somebody's turn in one that runs."""
    begins = select(func.min(Broadcast.starts_at)).where(
        Broadcast.state == BroadcastState.SCHEDULED, Broadcast.starts_at > after
    )
    turn = (
        select(func.min(BroadcastRecipient.due_at))
        .join(Broadcast, Broadcast.id == BroadcastRecipient.broadcast_id)
        .where(
            Broadcast.state == BroadcastState.RUNNING,
            BroadcastRecipient.state == _WAITING,
            BroadcastRecipient.due_at > after,
        )
    )
    found = [await session.scalar(each) for each in (begins, turn)]
    return min((at for at in found if at is not None), default=None)
