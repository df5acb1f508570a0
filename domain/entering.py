"""Why somebody began a follow-up, or did not: kept beside what was decided later."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from store.hot import Bulk
from store.models import Decision

_COLUMNS = ("creator_id", "lead_id", "at", "about", "version_id", "enrollment_id", "trace")


class Entering(StrEnum):
    """What came of a trigger that fits, as a decision's trace says it before any step: with what began it."""

    BEGUN = "begun"
    # `again` does not let them in: its word
    NOT_AGAIN = "not-again"
    # they have unsubscribed, or were banned
    UNREACHABLE = "unreachable"
    # they are not in the trigger's segment: the question
    NOT_IN_SEGMENT = "not-in-segment"
    # nobody is, as it cannot be asked: the question
    CANNOT_ASK = "cannot-ask"


class Entered(NamedTuple):
    """`begun_by` is what an enrollment keeps under that name: `event:12`, `cron`."""

    creator_id: int
    lead_id: int
    funnel_key: str
    version_id: int
    outcome: Entering
    begun_by: str
    seen: str = ""
    enrollment_id: int | None = None


async def note_entering(session: AsyncSession, entered: Iterable[Entered], *, now: datetime) -> None:
    bulk = Bulk()
    bulk.insert(Decision, _COLUMNS, [_row(each, now) for each in entered])
    await bulk.write(session)


def _row(each: Entered, now: datetime) -> tuple[object, ...]:
    told = ["", each.outcome.value, each.begun_by, *([each.seen] if each.seen else [])]
    about = f"funnel:{each.funnel_key}"
    return each.creator_id, each.lead_id, now, about, each.version_id, each.enrollment_id, [told]
