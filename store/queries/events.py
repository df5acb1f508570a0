"""What has happened, as it is listed and followed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, String, and_, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Paging
from store.database import is_postgresql
from store.models import Event

_EVERY = ".*"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """All that is given must hold. A name is one event's, or the beginning of several: `order.*`."""

    name: str | None = None
    lead_id: int | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, creator_id: int) -> ColumnElement[bool]:
        """As a condition on the creator's events."""
        found: list[ColumnElement[bool]] = [Event.creator_id == creator_id]
        if self.name is not None:
            found.append(_named(self.name))
        if self.lead_id is not None:
            found.append(Event.lead_id == self.lead_id)
        if self.subject is not None:
            found.append(Event.subject == self.subject)
        if self.since is not None:
            found.append(Event.occurred_at >= self.since)
        if self.until is not None:
            found.append(Event.occurred_at < self.until)
        return and_(*found)


def _named(name: str) -> ColumnElement[bool]:
    if not name.endswith(_EVERY):
        return Event.name == name
    beginning = name.removesuffix("*")
    # a range, which an index answers; `/` stands behind `.`
    return and_(Event.name >= beginning, Event.name < beginning[:-1] + "/")


async def count_events(session: AsyncSession, creator_id: int, wanted: EventFilter) -> int:
    counted = select(func.count()).select_from(Event).where(wanted.holds(creator_id))
    return await session.scalar(counted) or 0


async def list_events(session: AsyncSession, creator_id: int, wanted: EventFilter, paging: Paging) -> Sequence[Event]:
    """The newest first."""
    page = select(Event).where(wanted.holds(creator_id)).order_by(Event.id.desc())
    return (await session.scalars(page.limit(paging.limit).offset(paging.offset))).all()


async def events_between(
    session: AsyncSession, creator_id: int, wanted: EventFilter, *, after: int, to: int, most: int
) -> Sequence[Event]:
    """In their order: those behind `after` and not behind `to`."""
    span = select(Event).where(wanted.holds(creator_id), Event.id > after, Event.id <= to)
    return (await session.scalars(span.order_by(Event.id).limit(most))).all()


async def numbers_after(session: AsyncSession, after: int, *, most: int) -> Sequence[tuple[int, int]]:
    """Ids of whoever's events, each with its creator, in their order."""
    rows = select(Event.id, Event.creator_id).where(Event.id > after).order_by(Event.id).limit(most)
    return [(row.id, row.creator_id) for row in await session.execute(rows)]


async def last_number(session: AsyncSession) -> int:
    return await session.scalar(select(func.max(Event.id))) or 0


@dataclass(frozen=True, slots=True)
class Writers:
    """Transactions that write: all below `first` are over, and those that begin from now on are `next` and behind."""

    first: int
    next: int


async def writers(session: AsyncSession) -> Writers | None:
    """None where there is one writer at a time, so that what is missing never comes.

    https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
    """
    if not is_postgresql(session):
        return None
    snapshot = text("pg_current_snapshot()")
    asked = select(
        cast(cast(func.pg_snapshot_xmin(snapshot), String), BigInteger),
        cast(cast(func.pg_snapshot_xmax(snapshot), String), BigInteger),
    )
    row = (await session.execute(asked)).one()
    return Writers(row[0], row[1])
