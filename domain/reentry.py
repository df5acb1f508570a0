"""Who may begin a follow-up again: what `again` says, and what a lead has been through."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, case, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from domain.funnels.definition import AgainAfter, Funnel
from store.models import Enrollment, EnrollmentState, Lead

UNDER_WAY = (EnrollmentState.ACTIVE, EnrollmentState.HELD)
# those too who stand still until somebody says what becomes of them
NOT_OVER = (*UNDER_WAY, EnrollmentState.PARKED)


@dataclass(frozen=True, slots=True)
class Past:
    """The rounds that a lead has been through about one subject."""

    rounds: int
    under_way: bool
    ended_at: datetime | None


FIRST = Past(0, under_way=False, ended_at=None)
# built once: it is asked for each batch of whatever begins
_PAST = (
    select(
        Lead.id,
        Enrollment.subject,
        func.max(Enrollment.round).label("last"),
        func.count(case((Enrollment.state.in_(UNDER_WAY), 1))).label("under_way"),
        func.max(Enrollment.ended_at).label("ended_at"),
    )
    .outerjoin(Enrollment, (Enrollment.lead_id == Lead.id) & (Enrollment.funnel_key == bindparam("key")))
    .where(
        Lead.id.in_(bindparam("leads", expanding=True)),
        Lead.creator_id == bindparam("creator"),
        # consent may still come; whether it has is asked when there is something to say
        Lead.unsubscribed_at.is_(None),
        Lead.banned_at.is_(None),
        Lead.merged_into_id.is_(None),
        Lead.forgotten_at.is_(None),
    )
    .group_by(Lead.id, Enrollment.subject)
)


def may_begin(funnel: Funnel, past: Past, *, once: bool, now: datetime) -> bool:
    """Whether `again` lets somebody in who has been through so much of it."""
    if once or past.rounds == 0:
        return past.rounds == 0
    match funnel.again:
        case "never":
            return False
        case "always":
            return True
        case "finished":
            return not past.under_way
        case AgainAfter(after=after):
            return not past.under_way and past.ended_at is not None and past.ended_at + after <= now


def lets_in(funnel: Funnel, key: str, *, now: datetime) -> ColumnElement[bool]:
    """The same of many leads who would begin about nothing but themselves, as a condition on Lead."""
    before = exists().where(Enrollment.lead_id == Lead.id, Enrollment.funnel_key == key, Enrollment.subject == "")
    under_way = Enrollment.state.in_(UNDER_WAY)
    match funnel.again:
        case "never":
            return ~before
        case "always":
            return true()
        case "finished":
            return ~before.where(under_way)
        case AgainAfter(after=after):
            return ~before.where(under_way | Enrollment.ended_at.is_(None) | (Enrollment.ended_at > now - after))


async def rounds_of(
    session: AsyncSession, creator_id: int, key: str, leads: Collection[int]
) -> dict[int, dict[str, Past]]:
    """By lead and subject; a lead who cannot begin anything is left out."""
    rows = await session.execute(_PAST, {"leads": sorted(leads), "key": key, "creator": creator_id})
    known: dict[int, dict[str, Past]] = {}
    for row in rows:
        theirs = known.setdefault(row.id, {})
        if row.subject is not None:
            theirs[row.subject] = Past(row.last + 1, under_way=row.under_way > 0, ended_at=row.ended_at)
    return known
