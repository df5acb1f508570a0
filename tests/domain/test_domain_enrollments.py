"""Who begins a follow-up, and why not."""

from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from folk import NOW, a_creator, a_lead
from sqlalchemy import select

from automations.routing import route_events
from domain.definitions import Published, publish
from domain.enrollments import Hindrance, NotEnrolled, enroll_lead, subject_of
from domain.events import record_event
from domain.funnels.definition import Funnel
from domain.leads import add_lead
from domain.people import note_block
from domain.setups import CreatorSetup
from store.database import Database
from store.models import Enrollment, Lead, Timer

HELLO = {"key": "hello", "do": "send", "text": "Hello"}
DAY = {"key": "day", "do": "wait", "time": "1d"}
ORDERED = {"key": "paid", "do": "send", "text": {"en": "Yours: {{ order.title }}", "de": "Deins"}}
FUNNELS: dict[str, Any] = {
    "welcome": {"trigger": {"event": "lead.captured"}, "steps": [DAY, HELLO]},
    "after": {"trigger": {"event": "flow.finished"}, "steps": [DAY, HELLO]},
    "care": {"trigger": {"event": "order.paid"}, "steps": [DAY, HELLO]},
    "receipt": {"trigger": {"event": "order.paid"}, "steps": [DAY, ORDERED]},
}


@dataclass
class Here:
    database: Database
    published: Published
    creator_id: int
    lead_id: int

    async def enroll(self, key: str, setup: CreatorSetup | None = None, *, lead_id: int | None = None) -> None:
        async with self.database.transaction() as session:
            lead = await session.get_one(Lead, lead_id or self.lead_id)
            version = self.published.funnels[self.creator_id][key]
            await enroll_lead(session, lead, key, version, setup or CreatorSetup(), now=NOW)

    async def refused(self, key: str = "welcome", setup: CreatorSetup | None = None) -> Hindrance:
        with pytest.raises(NotEnrolled) as no:
            await self.enroll(key, setup)
        assert str(no.value)
        return no.value.hindrance

    async def change(self, **values: object) -> None:
        async with self.database.transaction() as session:
            lead = await session.get_one(Lead, self.lead_id)
            for name, value in values.items():
                setattr(lead, name, value)

    async def happens(self, name: str, subject: str) -> None:
        async with self.database.transaction() as session:
            await record_event(
                session, name, creator_id=self.creator_id, lead_id=self.lead_id, subject=subject, now=NOW
            )

    async def begun(self) -> list[tuple[str, str]]:
        """After all events are routed: each with its subject, and a timer."""
        async with self.database.transaction() as session:
            while await route_events(session, self.published, now=NOW):
                pass
        async with self.database.reading() as session:
            rows = (await session.scalars(select(Enrollment).order_by(Enrollment.id))).all()
            assert len((await session.execute(select(Timer.enrollment_id))).all()) == len(rows)
            return [(each.funnel_key, each.subject) for each in rows]


@pytest_asyncio.fixture
async def here(database: Database) -> Here:
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        funnels = {creator.slug: {key: Funnel.model_validate(funnel) for key, funnel in FUNNELS.items()}}
        published = await publish(session, {}, funnels, now=NOW)
    return Here(database, published, creator.id, lead.id)


async def test_a_lead_goes_through_a_funnel_once_whichever_way_they_come_to_it(here: Here):
    await here.enroll("welcome")
    assert await here.refused("welcome") == Hindrance.BEFORE
    # lead.captured has happened too, and is routed now
    assert await here.begun() == [("welcome", "")]


@pytest.mark.parametrize("subject", ["flow:1", "link:4", "url:9"])
async def test_what_is_no_order_is_no_subject_of_its_own(here: Here, subject: str):
    await here.happens("flow.finished", subject)
    await here.happens("flow.finished", f"{subject}0")
    assert await here.begun() == [("welcome", ""), ("after", "")]
    assert await here.refused("after") == Hindrance.BEFORE


async def test_each_order_has_a_follow_up_of_its_own(here: Here):
    await here.enroll("care")
    await here.happens("order.paid", "order:1")
    await here.happens("order.paid", "order:2")
    assert [each for each in await here.begun() if each[0] == "care"] == [
        ("care", ""),
        ("care", "order:1"),
        ("care", "order:2"),
    ]
    assert subject_of("order:1") == "order:1"


async def test_what_speaks_of_an_order_begins_with_one_only(here: Here):
    assert await here.refused("receipt") == Hindrance.NEEDS_ORDER


@pytest.mark.parametrize(
    ("column", "hindrance"),
    [
        ("person_id", Hindrance.NO_CHAT),
        ("banned_at", Hindrance.BANNED),
        ("unsubscribed_at", Hindrance.UNSUBSCRIBED),
        ("forgotten_at", Hindrance.GONE),
    ],
)
async def test_whoever_cannot_be_written_to_begins_nothing_and_it_is_said_why(
    here: Here, column: str, hindrance: Hindrance
):
    await here.change(**{column: None if column == "person_id" else NOW})
    assert await here.refused() == hindrance
    async with here.database.reading() as session:
        assert (await session.scalars(select(Enrollment))).all() == []


async def test_whoever_has_blocked_the_bot_or_become_a_part_of_another_lead_begins_nothing(here: Here):
    async with here.database.transaction() as session:
        lead = await session.get_one(Lead, here.lead_id)
        await note_block(session, lead.person_id or 0, now=NOW)
        other = await add_lead(session, here.creator_id, name="Anna", now=NOW)
    assert await here.refused() == Hindrance.BLOCKED
    await here.change(merged_into_id=other.id)
    assert await here.refused() == Hindrance.GONE


async def test_where_consent_is_required_it_has_to_be_there(here: Here):
    asked = CreatorSetup(consent_required=True)
    assert await here.refused("welcome", asked) == Hindrance.NO_CONSENT
    await here.change(consented_at=NOW)
    await here.enroll("welcome", asked)
    assert ("welcome", "") in await here.begun()
