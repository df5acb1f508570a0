"""How many would begin a funnel by hand, told before somebody says yes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.audience import audience_of, can_be_written_to
from domain.funnels.definition import Funnel
from domain.messages.catalogue import plain_why
from domain.reentry import lets_in
from domain.setups import CreatorSetup
from kit.errors import Conflict, Reason
from store.models import FunnelHead, Lead


class NeedsOrder(Conflict):
    """It speaks of an order, and who begins by hand brings none."""

    code = "needs_order"


@dataclass(frozen=True, slots=True)
class Startable:
    """How many leads the question meets, how many of them can be written to, and how many of those begin."""

    met: int
    reached: int
    begin: int


async def count_startable(
    session: AsyncSession, head: FunnelHead, funnel: Funnel, question: str, *, setup: CreatorSetup, now: datetime
) -> Startable:
    """As it is now. Raises BadSegment, and NeedsOrder for a funnel that nobody begins by hand."""
    if funnel.names_order:
        why = Reason("refused-enroll-needs-order", funnel=head.key)
        raise NeedsOrder(plain_why(why), why=why)
    asked = await audience_of(session, head.creator_id, question, setup, now=now)
    reached = can_be_written_to(setup)
    begin = reached & lets_in(funnel, head.key, now=now)
    counts = (func.count(), *(func.count(case((each, 1))) for each in (reached, begin)))
    row = (await session.execute(select(*counts).select_from(Lead).where(asked))).one()
    return Startable(row[0], row[1], row[2])
