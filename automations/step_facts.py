"""What the planner has to know of many leads: each question is asked once for a batch, however many it is about."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.asking import who_meets
from domain.definitions import Published
from kit.log import get_logger
from store.models import LeadField
from store.segments.question import BadSegment

_log = get_logger(__name__)


@dataclass
class Known:
    """What is known of one lead by now."""

    answers: dict[str, bool] = field(default_factory=dict)
    dates: dict[str, date | None] = field(default_factory=dict)

    def forget(self) -> None:
        """Something of the lead's was changed."""
        self.answers.clear()
        self.dates.clear()


@dataclass
class Asking:
    """Finds out for a batch what its walks lack."""

    session: AsyncSession
    published: Published
    now: datetime
    known: defaultdict[int, Known] = field(default_factory=lambda: defaultdict(Known))

    async def ask(self, creator_id: int, question: str, lead_ids: Iterable[int]) -> None:
        """A question that cannot be asked, of a product that is gone, holds for nobody."""
        leads = sorted(set(lead_ids))
        setup = self.published.setup(creator_id)
        try:
            holds = await who_meets(self.session, creator_id, question, leads, setup, now=self.now)
        except BadSegment:
            _log.warning("a funnel's question cannot be asked", creator_id=creator_id)
            holds = set()
        for lead_id in leads:
            self.known[lead_id].answers[question] = lead_id in holds

    async def look_up(self, key: str, lead_ids: Iterable[int]) -> None:
        """The days in a field of the leads'; what is no day counts as none."""
        leads = sorted(set(lead_ids))
        rows = await self.session.execute(
            select(LeadField.lead_id, LeadField.value, LeadField.sealed).where(
                LeadField.lead_id.in_(leads), LeadField.key == key, LeadField.item == 0
            )
        )
        told: Mapping[int, str | None] = {row.lead_id: row.sealed or row.value for row in rows}
        for lead_id in leads:
            self.known[lead_id].dates[key] = _day(told.get(lead_id))


def _day(told: str | None) -> date | None:
    try:
        return None if told is None else date.fromisoformat(told[:10])
    except ValueError:
        return None
