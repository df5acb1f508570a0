"""What the engine keeps of a lead, when they become a part of another, ask for it, or are forgotten."""

import orjson
import pytest_asyncio
from folk import NOW, a_creator, a_lead
from sqlalchemy import func, select

from domain.definitions import publish
from domain.enrollments import begin
from domain.forgetting import forget_lead
from domain.funnels.definition import Funnel
from domain.leads import add_lead
from domain.merging import merge_leads
from domain.my_data import everything_about
from store.database import Database
from store.models import (
    Base,
    Broadcast,
    BroadcastRecipient,
    Decision,
    Enrollment,
    EnrollmentState,
    Lead,
    OutgoingCall,
    Person,
    RecipientState,
    SegmentMember,
    SegmentWatch,
    Timer,
)

HELLO = {"key": "hello", "do": "send", "text": "Hello"}


class Here:
    """Two leads of one creator, the second without a chat, and both in everything."""

    def __init__(self, database: Database, lead_id: int, other_id: int) -> None:
        self.database, self.lead_id, self.other_id = database, lead_id, other_id

    async def of(self, model: type[Base], lead_id: int) -> int:
        async with self.database.reading() as session:
            counted = select(func.count()).select_from(model).where(model.__table__.c.lead_id == lead_id)
            return await session.scalar(counted) or 0

    async def recipients(self) -> list[tuple[int, int, RecipientState]]:
        async with self.database.reading() as session:
            rows = await session.scalars(
                select(BroadcastRecipient).order_by(BroadcastRecipient.broadcast_id, BroadcastRecipient.lead_id)
            )
            return [(row.broadcast_id, row.lead_id, row.state) for row in rows]

    async def enrollments(self) -> list[tuple[int, str, EnrollmentState]]:
        async with self.database.reading() as session:
            rows = await session.scalars(select(Enrollment).order_by(Enrollment.id))
            return [(row.lead_id, row.funnel_key, row.state) for row in rows]


@pytest_asyncio.fixture
async def here(database: Database) -> Here:
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        other = await add_lead(session, creator.id, name="Anna", email="a@x.org", now=NOW)
        funnels = {key: Funnel.model_validate({"steps": [HELLO]}) for key in ("shared", "own")}
        running = (await publish(session, {}, {creator.slug: funnels}, now=NOW)).funnels[creator.id]
        for each, keys in ((lead, ["shared"]), (other, ["shared", "own"])):
            for key in keys:
                await begin(session, each, key, *running[key], at=NOW, now=NOW)
        ours = {"creator_id": creator.id}
        for enrollment in await session.scalars(select(Enrollment).where(Enrollment.lead_id == other.id)):
            # where they stand while their funnel is paused
            enrollment.state, enrollment.held_at = EnrollmentState.HELD, NOW
        watch = SegmentWatch(**ours, question="tag:fan", checked_at=NOW)
        broadcasts = [Broadcast(**ours, title=title, content={}, created_at=NOW) for title in ("both", "one")]
        session.add_all([watch, *broadcasts])
        await session.flush()
        session.add_all(
            [
                SegmentMember(watch_id=watch.id, lead_id=other.id),
                BroadcastRecipient(broadcast_id=broadcasts[0].id, lead_id=lead.id, due_at=NOW),
                BroadcastRecipient(broadcast_id=broadcasts[0].id, lead_id=other.id, due_at=NOW),
                BroadcastRecipient(broadcast_id=broadcasts[1].id, lead_id=other.id, due_at=NOW),
                *(
                    OutgoingCall(
                        **ours,
                        key=f"call:{each.id}",
                        lead_id=each.id,
                        target="crm",
                        body={"name": each.name},
                        due_at=NOW,
                        created_at=NOW,
                    )
                    for each in (lead, other)
                ),
            ]
        )
    return Here(database, lead.id, other.id)


async def test_all_of_it_follows_a_lead_into_another_and_nothing_is_there_twice(here: Here):
    async with here.database.transaction() as session:
        into, other = await session.get_one(Lead, here.lead_id), await session.get_one(Lead, here.other_id)
        await merge_leads(session, into, other, now=NOW)
    assert await here.enrollments() == [
        (here.lead_id, "shared", EnrollmentState.ACTIVE),
        (here.other_id, "shared", EnrollmentState.STOPPED),
        (here.lead_id, "own", EnrollmentState.HELD),
    ]
    assert await here.recipients() == [
        (1, here.lead_id, RecipientState.WAITING),
        (1, here.other_id, RecipientState.DROPPED),
        (2, here.lead_id, RecipientState.WAITING),
    ]
    for model, count in ((SegmentMember, 1), (Decision, 4), (OutgoingCall, 2)):
        assert (await here.of(model, here.lead_id), await here.of(model, here.other_id)) == (count, 0)


async def test_they_read_what_was_decided_about_them_and_what_was_passed_on(here: Here):
    async with here.database.transaction() as session:
        into, other = await session.get_one(Lead, here.lead_id), await session.get_one(Lead, here.other_id)
        await merge_leads(session, into, other, now=NOW)
    async with here.database.reading() as session:
        lead = await session.get_one(Lead, here.lead_id)
        told = orjson.loads(await everything_about(session, await session.get_one(Person, lead.person_id)))
    (theirs,) = told["creators"]
    about = [each["about"] for each in theirs["decisions"]]
    assert about == ["funnel:shared", "funnel:shared", "funnel:own", "funnel:shared"]
    assert theirs["decisions"][0]["trace"] == [["", "begun", "hand"]]
    assert theirs["decisions"][3]["trace"] == [["", "stopped", "lead.merged"]]
    assert [(each["target"], each["body"]["name"]) for each in theirs["passed_on"]][1] == ("crm", "Anna")


async def test_whoever_is_forgotten_leaves_numbers_and_nothing_else(here: Here):
    async with here.database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, here.other_id), now=NOW)
    for model in (SegmentMember, Decision, OutgoingCall):
        assert await here.of(model, here.other_id) == 0
    assert await here.of(Decision, here.lead_id) == 1
    assert await here.recipients() == [
        (1, here.lead_id, RecipientState.WAITING),
        (1, here.other_id, RecipientState.DROPPED),
        (2, here.other_id, RecipientState.DROPPED),
    ]
    async with here.database.reading() as session:
        ended = (await session.scalars(select(Enrollment).where(Enrollment.lead_id == here.other_id))).all()
        assert {(each.state, each.held_at, each.ended_at) for each in ended} == {(EnrollmentState.STOPPED, None, NOW)}
        assert await session.scalar(select(func.count()).select_from(Timer)) == 1
