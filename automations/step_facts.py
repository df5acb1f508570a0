"""What the planner has to know of many leads: each question is asked once for a batch, however many it is about."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.asking import who_meets
from automations.walks import Needs
from domain.definitions import Published
from domain.zones import zone_by_phone
from kit.zones import zone_named
from store.models import Lead, LeadField
from store.segments.question import BadSegment

# so many are asked about, and of so many the numbers are opened, before the loop has its turn
_ASKED_AT_ONCE = 250
_NUMBERS_AT_ONCE = 50


@dataclass
class Known:
    """What is known of one lead by now."""

    answers: dict[str, bool] = field(default_factory=dict)
    dates: dict[str, date | None] = field(default_factory=dict)
    # of one who has named none
    zone: ZoneInfo | None = None

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
    _refused: dict[tuple[int, str], BadSegment] = field(default_factory=dict)

    async def ask(self, creator_id: int, question: str, lead_ids: Iterable[int]) -> None:
        """Of one that cannot be asked, since a product or a segment is gone, `why_not` tells afterwards."""
        leads = sorted(set(lead_ids))
        setup = self.published.setup(creator_id)
        for place in range(0, len(leads), _ASKED_AT_ONCE):
            some = leads[place : place + _ASKED_AT_ONCE]
            try:
                holds = await who_meets(self.session, creator_id, question, some, setup, now=self.now)
            except BadSegment as why:
                self._refused[creator_id, question] = why
                return
            for lead_id in some:
                self.known[lead_id].answers[question] = lead_id in holds
            await asyncio.sleep(0)

    def why_not(self, creator_id: int, questions: Iterable[str]) -> BadSegment | None:
        """Of the questions that were asked: why one of them cannot be."""
        refused = (self._refused.get((creator_id, question)) for question in sorted(questions))
        return next((why for why in refused if why is not None), None)

    async def find_zones(self, creator_id: int, lead_ids: Iterable[int]) -> None:
        """Of leads who have named none: what their numbers tell, else the creator's."""
        leads, otherwise = sorted(set(lead_ids)), self.published.setup(creator_id).time_zone
        for place in range(0, len(leads), _NUMBERS_AT_ONCE):
            some = leads[place : place + _NUMBERS_AT_ONCE]
            asked = select(Lead.id, Lead.phone).where(Lead.id.in_(some), Lead.phone.is_not(None))
            numbers = {row.id: row.phone for row in await self.session.execute(asked)}
            for lead_id in some:
                by_phone = zone_by_phone(numbers[lead_id]) if lead_id in numbers else None
                self.known[lead_id].zone = zone_named(by_phone, otherwise)
            await asyncio.sleep(0)

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


@dataclass
class Lacking:
    """What walks have asked for, each thing once for all who lack it."""

    _questions: defaultdict[tuple[int, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    _dates: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _zones: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, creator_id: int, lead_id: int, needs: Needs) -> None:
        for question in needs.questions:
            self._questions[creator_id, question].add(lead_id)
        for key in needs.dates:
            self._dates[key].add(lead_id)
        if needs.zone:
            self._zones[creator_id].add(lead_id)

    async def find_out(self, asking: Asking) -> None:
        for (creator_id, question), leads in self._questions.items():
            await asking.ask(creator_id, question, leads)
        for key, leads in self._dates.items():
            await asking.look_up(key, leads)
        for creator_id, leads in self._zones.items():
            await asking.find_zones(creator_id, leads)


def _day(told: str | None) -> date | None:
    try:
        return None if told is None else date.fromisoformat(told[:10])
    except ValueError:
        return None
