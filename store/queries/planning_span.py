"""Since when due timers have been taken without a rest: what a backlog keeps waiting is told from what a rest did."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import upsert
from store.hot import fetch
from store.models import PlanningSpan

_NOTED_EVERY = timedelta(minutes=1)
_SPAN = select(PlanningSpan.since, PlanningSpan.until)


@dataclass(frozen=True, slots=True)
class Span:
    """`since` when, by what has been noted so far; `is_news`: it is time to note it."""

    since: datetime
    is_news: bool


async def read_span(session: AsyncSession, *, now: datetime, rest: timedelta) -> Span:
    """Whoever looks after more than such a `rest` begins anew: so does one whose clock was set by more."""
    for since, until in await fetch(session, _SPAN, few=True):
        if abs(now - until) <= rest:
            return Span(min(since, now), abs(now - until) >= _NOTED_EVERY)
    return Span(now, is_news=True)


async def note_span(session: AsyncSession, span: Span, *, now: datetime) -> None:
    """The last thing that a transaction does: several processes write it, and nobody holds it and waits."""
    if span.is_news:
        await upsert(session, PlanningSpan, {"id": 1}, {"since": span.since, "until": now})
