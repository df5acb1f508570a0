"""What was decided about leads and why, as it is kept for those who ask."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import count_changed
from store.hot import Bulk
from store.models import Decision, Enrollment, Event, FunnelVersion, OutboxMessage

MOST_READ = 500
_PRUNED_AT_ONCE = 5000
_COLUMNS = ("creator_id", "lead_id", "at", "about", "version_id", "enrollment_id", "trace")
# the step, what came of it, and what was seen
Trace = list[list[Any]]


class Outcome(StrEnum):
    """What came of a step, as a decision's trace says it."""

    SAID = "said"
    # a broadcast has reached them; it is the outbox that tells
    SENT = "sent"
    # overdue, and left out
    LEFT_OUT = "left-out"
    # until its window opens: the instant, as here everywhere in seconds since 1970
    PUT_OFF = "put-off"
    # the step, or all of it, stands still
    HELD = "held"
    # the instant; for an event, its name before it
    WAITS = "waits"
    HAPPENED = "happened"
    TIMED_OUT = "timed-out"
    # that day is over already; or the lead's field holds none
    PASSED = "passed"
    NO_DATE = "no-date"
    # `only_if` does not hold: the question
    NOT_MEANT = "not-meant"
    # where to, and the question that holds ("": none did)
    BRANCH = "branch"
    # the arm
    ARM = "arm"
    DONE = "done"
    # the question that holds, or why it was ended from outside, and by which event
    GOAL = "goal"
    STOPPED = "stopped"
    PARKED = "parked"
    # a person has let what was parked go on
    AGAIN = "again"
    # it could not be done: the reason
    FAILED = "failed"
    # nobody can tell whether the message has arrived: the reason
    UNCERTAIN = "uncertain"
    END = "end"
    # taken over into another wording: the numbers of the one before and the one after
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Happening:
    """An event that began something: what a trigger saw of it."""

    name: str
    subject: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision about a lead. `about` is `funnel:KEY` or `broadcast:ID`, `version` the number of the wording.

    `id` is 0 for what the outbox tells.
    """

    id: int
    at: datetime
    lead_id: int
    about: str
    version: int | None
    enrollment_id: int | None
    trace: Trace
    # of each `event:12` in the trace
    events: Mapping[str, Happening] = field(default_factory=dict)


async def decisions_of(
    session: AsyncSession,
    lead_ids: Collection[int],
    *,
    about: str | None = None,
    before: int | None = None,
    most: int = MOST_READ,
) -> list[Decided]:
    """The latest decisions about these leads, oldest first; `before`: only those with a smaller number."""
    asked = select(Decision).where(Decision.lead_id.in_(lead_ids))
    if about is not None:
        asked = asked.where(Decision.about == about)
    if before is not None:
        asked = asked.where(Decision.id < before)
    rows = (await session.scalars(asked.order_by(Decision.id.desc()).limit(most))).all()
    return await decided(session, rows[::-1])


async def decided(session: AsyncSession, rows: Sequence[Decision]) -> list[Decided]:
    """With the numbers of the wordings and the events that the traces name."""
    versions = {row.version_id for row in rows if row.version_id is not None}
    asked = select(FunnelVersion.id, FunnelVersion.number).where(FunnelVersion.id.in_(versions))
    numbers = {row.id: row.number for row in await session.execute(asked)} if versions else {}
    events = await _events(session, (str(seen) for row in rows for _, _, *saw in row.trace for seen in saw))
    return [
        Decided(
            row.id,
            row.at,
            row.lead_id,
            row.about,
            None if row.version_id is None else numbers.get(row.version_id),
            row.enrollment_id,
            row.trace,
            {key: events[key] for _, _, *saw in row.trace for key in map(str, saw) if key in events},
        )
        for row in rows
    ]


class Noted(NamedTuple):
    """One decision as it is written down."""

    creator_id: int
    lead_id: int
    about: str
    version_id: int | None
    enrollment_id: int | None
    trace: Trace


async def note_decisions(session: AsyncSession, noted: Iterable[Noted], *, now: datetime) -> None:
    bulk = Bulk()
    bulk.insert(Decision, _COLUMNS, [(*each[:2], now, *each[2:]) for each in noted])
    await bulk.write(session)


async def note_of_message(
    session: AsyncSession, message_id: int, outcome: Outcome, reason: str, *, now: datetime
) -> None:
    """What became of a message that a funnel or a broadcast had for a lead; of any other nothing is noted."""
    asked = (
        select(
            OutboxMessage.creator_id,
            OutboxMessage.lead_id,
            OutboxMessage.step,
            OutboxMessage.broadcast_id,
            OutboxMessage.enrollment_id,
            Enrollment.funnel_key,
            Enrollment.version_id,
        )
        .outerjoin(Enrollment, Enrollment.id == OutboxMessage.enrollment_id)
        .where(OutboxMessage.id == message_id)
    )
    row = (await session.execute(asked)).one_or_none()
    if row is None or row.lead_id is None or (row.funnel_key is None and row.broadcast_id is None):
        return
    about = f"broadcast:{row.broadcast_id}" if row.funnel_key is None else f"funnel:{row.funnel_key}"
    trace: Trace = [[row.step or "", outcome.value, reason]]
    noted = Noted(row.creator_id, row.lead_id, about, row.version_id, row.enrollment_id, trace)
    await note_decisions(session, [noted], now=now)


async def prune_decisions(session: AsyncSession, *, older_than: datetime) -> int:
    """A batch of those that are kept no longer; returns how many."""
    old = select(Decision.id).where(Decision.at < older_than).order_by(Decision.at).limit(_PRUNED_AT_ONCE)
    pruned = delete(Decision).where(Decision.id.in_(old))
    return await count_changed(session, pruned.execution_options(synchronize_session=False))


async def _events(session: AsyncSession, seen: Iterable[str]) -> dict[str, Happening]:
    ids = {
        int(number)
        for kind, _, number in (each.partition(":") for each in seen)
        if kind == "event" and number.isdecimal()
    }
    if not ids:
        return {}
    asked = select(Event.id, Event.name, Event.subject, Event.data).where(Event.id.in_(ids))
    return {f"event:{row.id}": Happening(row.name, row.subject, row.data) for row in await session.execute(asked)}
