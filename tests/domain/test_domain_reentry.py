"""Who may begin a follow-up again, and what becomes of two who begin it at once."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from folk import NOW, a_creator, a_lead
from sqlalchemy import func, select, text

from domain.definitions import publish
from domain.enrollments import Current, Entry, begin, begin_each, end_enrollments
from domain.funnels.definition import Funnel
from store.database import Database
from store.models import Enrollment, EnrollmentState, FunnelVersion, Lead, OutboxMessage, OutboxState, Timer

HELLO = {"key": "hello", "do": "send", "text": "Hello"}
POLICIES: dict[str, Any] = {
    "never": "never",
    "finished": "finished",
    "always": "always",
    "after": {"after": "30d"},
}
GUARD = "uq_enrollment_lead_id_funnel_key_subject_round"


@dataclass
class Here:
    database: Database
    creator_id: int
    lead_id: int
    versions: dict[str, tuple[int, Funnel]]

    async def begins(self, key: str, *, subject: str = "", at: datetime = NOW) -> int | None:
        async with self.database.transaction() as session:
            lead = await session.get_one(Lead, self.lead_id)
            return await begin(session, lead, key, *self.versions[key], subject=subject, at=at, now=at)

    async def ends(self, enrollment_id: int | None, *, at: datetime = NOW) -> None:
        async with self.database.transaction() as session:
            await end_enrollments(session, [enrollment_id or 0], "over", state=EnrollmentState.DONE, now=at)

    async def rounds(self, key: str) -> list[int]:
        async with self.database.reading() as session:
            asked = select(Enrollment.round).where(Enrollment.funnel_key == key).order_by(Enrollment.id)
            return list(await session.scalars(asked))


@pytest_asyncio.fixture
async def here(database: Database) -> Here:
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        funnels = {key: Funnel.model_validate({"again": again, "steps": [HELLO]}) for key, again in POLICIES.items()}
        published = await publish(session, {}, {creator.slug: funnels}, now=NOW)
    return Here(database, creator.id, lead.id, published.funnels[creator.id])


async def test_never_is_once_for_each_subject(here: Here):
    first = await here.begins("never")
    await here.ends(first)
    assert await here.begins("never", at=NOW + timedelta(days=1000)) is None
    assert await here.begins("never", subject="order:1") is not None
    assert await here.begins("never", subject="order:1") is None


async def test_finished_waits_for_the_end(here: Here):
    first = await here.begins("finished")
    assert await here.begins("finished") is None
    await here.ends(first)
    assert await here.begins("finished") is not None
    assert await here.rounds("finished") == [0, 1]


async def test_whoever_is_held_is_not_through(here: Here):
    first = await here.begins("finished")
    async with here.database.transaction() as session:
        (await session.get_one(Enrollment, first)).state = EnrollmentState.HELD
    assert await here.begins("finished") is None


async def test_after_a_time_counts_from_the_last_end(here: Here):
    first = await here.begins("after")
    await here.ends(first, at=NOW + timedelta(days=5))
    assert await here.begins("after", at=NOW + timedelta(days=34)) is None
    assert await here.begins("after", at=NOW + timedelta(days=35)) is not None


async def test_always_is_always(here: Here):
    assert None not in [await here.begins("always") for _ in range(3)]
    assert await here.rounds("always") == [0, 1, 2]


async def test_once_about_one_subject_holds_whatever_the_policy(here: Here):
    current = Current(here.creator_id, "always", *here.versions["always"])
    for _ in range(2):
        async with here.database.transaction() as session:
            entry = Entry(here.lead_id, NOW, "date:birthday:2026-11-05")
            await begin_each(session, current, [entry], once=True, now=NOW)
    assert await here.rounds("always") == [0]


@pytest.mark.parametrize(("key", "count"), [("never", 1), ("finished", 1), ("after", 1), ("always", 5)])
async def test_of_those_who_begin_at_once_as_many_do_as_the_policy_allows(here: Here, key: str, count: int):
    begun = await asyncio.gather(*(here.begins(key) for _ in range(5)))
    assert len([each for each in begun if each is not None]) == count
    assert await here.rounds(key) == list(range(count))
    async with here.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Timer)) == count


async def two_at_once(here: Here) -> list[int]:
    """Both have seen that nobody has begun before either has saved it."""
    first_began, second_tries = asyncio.Event(), asyncio.Event()
    never = here.versions["never"]

    async def first() -> None:
        async with here.database.transaction() as session:
            lead = await session.get_one(Lead, here.lead_id)
            await begin(session, lead, "never", *never, at=NOW, now=NOW)
            first_began.set()
            await second_tries.wait()

    async def second() -> None:
        await first_began.wait()
        async with here.database.transaction() as session:
            lead = await session.get_one(Lead, here.lead_id)
            second_tries.set()
            await begin(session, lead, "never", *never, at=NOW, now=NOW)

    await asyncio.gather(first(), second())
    return await here.rounds("never")


async def test_it_is_the_unique_key_that_lets_one_of_two_begin(here: Here):
    if here.database.is_sqlite:
        pytest.skip("one writer at a time: nobody can be between another's reading and writing")
    assert await two_at_once(here) == [0]
    async with here.database.transaction() as session:
        await session.execute(text("DELETE FROM timer"))
        await session.execute(text("DELETE FROM enrollment"))
        await session.execute(text(f"ALTER TABLE enrollment DROP CONSTRAINT {GUARD}"))
    # without it, both do
    assert await two_at_once_unguarded(here) == [0, 0]


async def two_at_once_unguarded(here: Here) -> list[int]:
    """The same, where the second does not wait for the first: nothing makes it."""
    never = here.versions["never"]
    async with here.database.transaction() as first, here.database.transaction() as second:
        for session in (first, second):
            lead = await session.get_one(Lead, here.lead_id)
            await begin(session, lead, "never", *never, at=NOW, now=NOW)
    return await here.rounds("never")


async def test_ending_takes_back_what_is_unsent_and_leaves_what_is_over_as_it_was(here: Here):
    running, over = await here.begins("always"), await here.begins("always")
    await here.ends(over)
    async with here.database.transaction() as session:
        lead = await session.get_one(Lead, here.lead_id)
        for number, enrollment_id in enumerate((running, over)):
            values = {"key": f"funnel:{enrollment_id}:0", "kind": "funnel", "urgency": 2, "seq": 0, "step": "hello"}
            values |= {"creator_id": here.creator_id, "person_id": lead.person_id, "lead_id": lead.id}
            state = OutboxState.QUEUED if number == 0 else OutboxState.SENT
            session.add(OutboxMessage(**values, enrollment_id=enrollment_id, state=state, due_at=NOW, created_at=NOW))
    async with here.database.transaction() as session:
        ids = [running or 0, over or 0]
        assert await end_enrollments(session, ids, "lead.wrote", now=NOW + timedelta(hours=1)) == 1
        assert await end_enrollments(session, ids, "lead.wrote", now=NOW + timedelta(hours=2)) == 0
    async with here.database.reading() as session:
        rows = (await session.scalars(select(Enrollment).order_by(Enrollment.id))).all()
        assert [(row.state, row.reason) for row in rows] == [
            (EnrollmentState.STOPPED, "lead.wrote"),
            (EnrollmentState.DONE, "over"),
        ]
        states = await session.scalars(select(OutboxMessage.state).order_by(OutboxMessage.id))
        assert list(states) == [OutboxState.CANCELLED, OutboxState.SENT]
        assert await session.scalar(select(func.count()).select_from(Timer)) == 0
        assert await session.scalar(select(func.count()).select_from(FunnelVersion)) == len(POLICIES)
