"""Some time that is asked about, by the clock of one time zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.zones import is_zone
from kit.buckets import Interval, TooMany, edges, start_of
from kit.errors import Invalid
from kit.zones import zone_named
from store.models import Creator
from web.api.instants import read_instant
from web.api.query import ListQuery, Text
from web.api.route import Call, NoBody

MOST_PIECES = 1000
# of all that a page shows
_MOST_IN_ALL = 20_000
_USUALLY = timedelta(days=30)
_LONGEST_DATE = 10
_FIRST, _LAST = 1970, 2200


class BadPeriod(Invalid):
    """It ends before it begins, has too many pieces, or is in a time zone that nobody knows."""

    code = "bad_period"


def _moment(text: Any) -> Any:
    if not isinstance(text, str) or len(text) > _LONGEST_DATE:
        return read_instant(text)
    try:
        day = date.fromisoformat(text) if len(text) == _LONGEST_DATE and text.isascii() else None
    except ValueError:
        day = None
    if day is None or not _FIRST < day.year < _LAST:
        raise ValueError("write a day as 2026-11-01, or an instant as 2026-11-01T09:00:00Z")
    return day


Moment = Annotated[datetime | date, BeforeValidator(_moment)]


class SpanQuery(ListQuery):
    """A list `from` some time up to `to`: instants, or days in the creator's time zone, of which the last is in it."""

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None


class PeriodQuery(BaseModel):
    """From `from` up to `to`: instants, or days there, of which the last is in it. The last 30 days unless told.

    `time_zone` is an IANA name; the creator's own unless told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Annotated[Moment | None, Field(alias="to")] = None
    time_zone: Text | None = None


class PiecesQuery(PeriodQuery):
    """In pieces of an `interval`, of which there are a thousand at most."""

    interval: Interval = Interval.DAY


class PagedPiecesQuery(PeriodQuery, ListQuery):
    """A page at a time; in pieces of an `interval` too where one is told, `limit` times pieces 20,000 at most."""

    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Period:
    since: datetime
    until: datetime
    zone: str

    def edges(self, interval: Interval) -> Sequence[datetime]:
        try:
            return edges(self.since, self.until, interval, zone_named(self.zone), most=MOST_PIECES)
        except TooMany:
            raise BadPeriod(
                f"that is more than {MOST_PIECES} pieces", fields={"interval": "use a longer one, or a shorter time"}
            ) from None


def edges_of(period: Period, query: PagedPiecesQuery) -> Sequence[datetime] | None:
    """Of the pieces that were asked for, if any were. Raises BadPeriod."""
    if query.interval is None:
        return None
    at = period.edges(query.interval)
    if (len(at) - 1) * query.limit > _MOST_IN_ALL:
        told = "ask for fewer at once, a longer interval or a shorter time"
        raise BadPeriod(f"that is more than {_MOST_IN_ALL} pieces in all", fields={"limit": told})
    return at


async def span_of(
    session: AsyncSession, query: SpanQuery, creator_id: int | None
) -> tuple[datetime | None, datetime | None]:
    """As instants; days are UTC's where it is no creator's business."""
    zone = "UTC" if creator_id is None else await _zone_of(session, creator_id)
    since = None if query.since is None else _at(query.since, zone, ends=False)
    return since, None if query.until is None else _at(query.until, zone, ends=True)


async def period_of(call: Call[Any, NoBody], *, usually: timedelta = _USUALLY) -> Period:
    """So long until now unless told. Raises BadPeriod."""
    query: PeriodQuery = call.query
    zone = query.time_zone
    if zone is None:
        zone = await _zone_of(call.session, call.creator_id)
    elif not is_zone(zone):
        raise BadPeriod("there is no such time zone", fields={"time_zone": "use an IANA name, such as Europe/Berlin"})
    until = call.tools.clock() if query.until is None else _at(query.until, zone, ends=True)
    since = until - usually if query.since is None else _at(query.since, zone, ends=False)
    if since >= until:
        raise BadPeriod("it ends before it begins", fields={"from": "is not before `to`"})
    return Period(since, until, zone)


async def _zone_of(session: AsyncSession, creator_id: int) -> str:
    return zone_named(await session.scalar(select(Creator.time_zone).where(Creator.id == creator_id))).key


def _at(moment: datetime | date, zone: str, *, ends: bool) -> datetime:
    if isinstance(moment, datetime):
        return moment
    return start_of(moment + timedelta(days=ends), zone_named(zone))
