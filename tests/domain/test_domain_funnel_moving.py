"""Those who are under way in an earlier wording: where they stand, and going over into the new one."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from folk import BOT, NOW, a_creator, events
from sqlalchemy import delete, func, select, text

from domain.funnels.asked_moves import ask_to_move, move_asked
from domain.funnels.definition import Funnel
from domain.funnels.heads import find_funnel, save_funnel
from domain.funnels.moving import AT_ONCE, STEP_GONE, Fate, Group, Moved, Policy, move_batch, note_moved, under_way
from domain.leads import capture_lead
from domain.people import Profile, see_person
from store.database import Database
from store.models import (
    Creator,
    Decision,
    Enrollment,
    EnrollmentState,
    Kept,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Timer,
    Urgency,
)

REST = {"key": "rest", "do": "wait", "time": "3d"}
HELLO = {"key": "hello", "do": "send", "text": "Hello"}
SEEN = {"key": "seen", "do": "wait", "event": "link.clicked"}
BYE = {"key": "bye", "do": "send", "text": "Bye"}


@pytest.fixture
async def creator(database: Database) -> Creator:
    async with database.transaction() as session:
        return await a_creator(session)


async def reword(database: Database, creator: Creator, *steps: dict[str, Any]) -> int:
    funnel = Funnel.model_validate({"steps": list(steps)})
    async with database.transaction() as session:
        head = await save_funnel(session, creator.id, "care", funnel, kept=Kept.CHAT, now=NOW)
    assert head.version_id is not None
    return head.version_id


async def stands(
    database: Database,
    creator: Creator,
    version_id: int,
    step: str,
    *,
    due: datetime | None = None,
    held: datetime | None = None,
    number: int = 1,
    **more: Any,
) -> int:
    """Somebody in that wording at that step; the enrollment's number."""
    async with database.transaction() as session:
        person = await see_person(session, BOT, Profile(5000 + number, "Lena", None, "en"), now=NOW)
        lead, _ = await capture_lead(session, creator.id, person, source=None, now=NOW)
        enrollment = Enrollment(
            creator_id=creator.id,
            lead_id=lead.id,
            funnel_key="care",
            version_id=version_id,
            subject="",
            step=step,
            started_at=NOW,
            state=EnrollmentState.ACTIVE if held is None else EnrollmentState.HELD,
            held_at=held,
            **more,
        )
        session.add(enrollment)
        await session.flush()
        if due is not None:
            session.add(Timer(due_at=due, enrollment_id=enrollment.id))
        return enrollment.id


async def move(database: Database, creator: Creator, policy: Policy = Policy.MOVE, *, after: int = 0) -> Moved:
    async with database.transaction() as session:
        head = await find_funnel(session, creator.id, "care")
        return await move_batch(session, head, policy, after=after, now=NOW)


async def now_at(database: Database, enrollment_id: int) -> tuple[Enrollment, datetime | None]:
    async with database.reading() as session:
        due = await session.scalar(select(Timer.due_at).where(Timer.enrollment_id == enrollment_id))
        return await session.get_one(Enrollment, enrollment_id), due


async def test_those_under_way_are_counted_by_wording_and_step(database: Database, creator: Creator):
    first = await reword(database, creator, REST, HELLO)
    second = await reword(database, creator, REST, BYE)
    await stands(database, creator, first, "", due=NOW)
    for number in (2, 3):
        await stands(database, creator, first, "rest", due=NOW, number=number)
    await stands(database, creator, first, "hello", held=NOW, number=4)
    await stands(database, creator, second, "rest", due=NOW, number=5)
    async with database.transaction() as session:
        await session.execute(text("UPDATE enrollment SET state = 'done' WHERE id = 3"))
    async with database.reading() as session:
        groups = await under_way(session, creator.id, "care", but=second)
        everybody = await under_way(session, creator.id, "care", but=None)
    assert groups == [
        Group(first, 1, "", 1, 0),
        Group(first, 1, "hello", 1, 1),
        Group(first, 1, "rest", 1, 0),
    ]
    assert sum(group.people for group in everybody) == 4
    new = Funnel.model_validate({"steps": [REST, BYE]})
    assert [group.fate(new) for group in groups] == [Fate.MOVES, Fate.GONE, Fate.MOVES]


async def test_who_waits_goes_on_waiting_as_long_as_the_new_wording_says(database: Database, creator: Creator):
    old = await reword(database, creator, REST, HELLO)
    due = NOW + timedelta(days=2)
    waiting = await stands(database, creator, old, "rest", due=due, attempts=2)
    held = await stands(database, creator, old, "rest", held=NOW, number=2)
    new = await reword(database, creator, {**REST, "time": "1d"}, HELLO)
    moved = await move(database, creator)
    assert (moved.moved, moved.ended, moved.stayed) == (2, 0, 0)
    enrollment, timer = await now_at(database, waiting)
    # a day ago it began, so now it is over
    assert (enrollment.version_id, enrollment.step, enrollment.attempts, timer) == (new, "rest", 0, NOW)
    enrollment, timer = await now_at(database, held)
    assert (enrollment.version_id, enrollment.held_at, timer) == (new, NOW - timedelta(days=2), None)
    async with database.reading() as session:
        decided = (await session.scalars(select(Decision).order_by(Decision.id))).all()
    assert [(each.version_id, each.trace) for each in decided] == [(old, [["rest", "moved", 1, 2]])] * 2


async def test_whose_step_is_gone_stays_or_ends_as_the_policy_says(database: Database, creator: Creator):
    old = await reword(database, creator, HELLO, REST)
    lost = await stands(database, creator, old, "hello", due=NOW)
    await reword(database, creator, REST, BYE)
    assert await move(database, creator, Policy.KEEP) == Moved(None)
    assert await move(database, creator, Policy.MOVE) == Moved(lost, 0, 0, 1)
    assert (await now_at(database, lost))[0].version_id == old
    assert await move(database, creator, Policy.MOVE_OR_END) == Moved(lost, 0, 1, 0)
    enrollment, timer = await now_at(database, lost)
    assert (enrollment.state, enrollment.reason, timer) == (EnrollmentState.DONE, STEP_GONE, None)
    assert await move(database, creator, Policy.MOVE_OR_END) == Moved(None)


@pytest.mark.parametrize(
    ("wordings", "due", "comes"),
    [
        ((SEEN, {**SEEN, "time": "2d"}), None, NOW + timedelta(days=2)),
        (({**SEEN, "time": "2d"}, SEEN), NOW + timedelta(days=1), None),
        (({**SEEN, "time": "2d"}, {**SEEN, "time": "3d"}), NOW + timedelta(days=1), NOW + timedelta(days=2)),
        ((SEEN, {"key": "seen", "do": "send", "text": "Hi"}), None, NOW),
    ],
)
async def test_a_wait_for_an_event_gets_and_loses_its_time_with_the_wording(
    database: Database,
    creator: Creator,
    wordings: tuple[dict[str, Any], dict[str, Any]],
    due: datetime | None,
    comes: datetime | None,
):
    before, after = wordings
    old = await reword(database, creator, before, HELLO)
    waiting = await stands(database, creator, old, "seen", due=due, waits_for="link.clicked")
    await reword(database, creator, after, HELLO, BYE)
    assert (await move(database, creator)).moved == 1
    enrollment, timer = await now_at(database, waiting)
    assert timer == comes
    assert enrollment.waits_for == after.get("event")


async def hello_is_queued_and_its_step_goes(database: Database, creator: Creator) -> None:
    old = await reword(database, creator, REST, HELLO, {**REST, "key": "more"})
    enrollment_id = await stands(database, creator, old, "more", due=NOW)
    async with database.transaction() as session:
        enrollment = await session.get_one(Enrollment, enrollment_id)
        for number, step in enumerate(("hello", "bye")):
            session.add(
                OutboxMessage(
                    key=f"funnel:{enrollment_id}:{number}",
                    kind=OutboxKind.FUNNEL,
                    urgency=Urgency.FOLLOW_UP,
                    creator_id=creator.id,
                    person_id=1,
                    lead_id=enrollment.lead_id,
                    enrollment_id=enrollment_id,
                    seq=number,
                    step=step,
                    due_at=NOW,
                    created_at=NOW,
                )
            )
    await reword(database, creator, BYE, {**REST, "key": "more"})


async def test_what_is_queued_of_a_step_that_is_gone_is_taken_back(database: Database, creator: Creator):
    await hello_is_queued_and_its_step_goes(database, creator)
    await move(database, creator)
    async with database.reading() as session:
        rows = await session.execute(select(OutboxMessage.step, OutboxMessage.state))
        states = {row.step: row.state for row in rows}
    assert states == {"hello": OutboxState.CANCELLED, "bye": OutboxState.QUEUED}


async def test_a_move_does_not_wait_for_what_the_sender_looks_at(database: Database, creator: Creator):
    if database.is_sqlite:
        pytest.skip("one writes at a time there")
    await hello_is_queued_and_its_step_goes(database, creator)
    async with database.transaction() as session:
        await session.execute(select(OutboxMessage).with_for_update())
        assert (await asyncio.wait_for(move(database, creator), 10)).moved == 1


async def test_many_are_moved_batch_by_batch_and_a_stop_half_way_loses_nobody(database: Database, creator: Creator):
    old = await reword(database, creator, REST, HELLO)
    first = await stands(database, creator, old, "rest", due=NOW)
    many = AT_ONCE + 20
    async with database.transaction() as session:
        enrollment = await session.get_one(Enrollment, first)
        copies = [
            Enrollment(
                creator_id=creator.id,
                lead_id=enrollment.lead_id,
                funnel_key="care",
                version_id=old,
                subject="",
                round=number,
                step="rest",
                started_at=NOW,
            )
            for number in range(1, many)
        ]
        session.add_all(copies)
        await session.flush()
        session.add_all([Timer(due_at=NOW, enrollment_id=each.id) for each in copies])
    new = await reword(database, creator, REST, BYE)
    begun = await move(database, creator)
    assert (begun.moved, begun.last is not None) == (AT_ONCE, True)
    # begun anew, as after a crash
    assert (await move(database, creator)).moved == 20
    assert await move(database, creator) == Moved(None)
    async with database.reading() as session:
        moved = select(func.count()).select_from(Enrollment).where(Enrollment.version_id == new)
        assert await session.scalar(moved) == many
        assert await session.scalar(select(func.count()).select_from(Timer)) == many


async def test_whoever_is_dealt_with_at_this_moment_is_passed_over_and_found_the_next_time(
    database: Database, creator: Creator
):
    if database.is_sqlite:
        pytest.skip("one writes at a time there")
    old = await reword(database, creator, REST, HELLO)
    busy = await stands(database, creator, old, "rest", due=NOW)
    timed = await stands(database, creator, old, "rest", due=NOW, number=2)
    free = await stands(database, creator, old, "rest", due=NOW, number=3)
    await reword(database, creator, REST, BYE)
    async with database.transaction() as session:
        await session.execute(select(Enrollment).where(Enrollment.id == busy).with_for_update())
        await session.execute(delete(Timer).where(Timer.enrollment_id == timed))
        moved = await asyncio.wait_for(move(database, creator), 10)
        assert (moved.moved, moved.stayed, moved.last) == (1, 1, free)
        session.add(Timer(due_at=NOW + timedelta(days=1), enrollment_id=timed))
    assert (await move(database, creator)).moved == 2
    assert (await now_at(database, timed))[1] == NOW + timedelta(days=1)


async def test_that_it_was_done_stands_in_the_history(database: Database, creator: Creator):
    await reword(database, creator, REST)
    async with database.transaction() as session:
        await note_moved(session, await find_funnel(session, creator.id, "care"), Policy.MOVE, now=NOW, people=3)
        assert await events(session, "funnel.moved") == ["funnel.moved"]


async def test_what_is_asked_for_is_done_batch_by_batch_and_its_creator_told_once(database: Database, creator: Creator):
    old = await reword(database, creator, REST, HELLO, {**REST, "key": "more"})
    for number, step in enumerate(("rest", "rest", "more"), start=1):
        await stands(database, creator, old, step, due=NOW, number=number)
    new = await reword(database, creator, REST, BYE)
    async with database.transaction() as session:
        await ask_to_move(session, await find_funnel(session, creator.id, "care"), Policy.MOVE, now=NOW)
    done = []
    while not done or done[-1]:
        async with database.transaction() as session:
            done.append(await move_asked(session, now=NOW))
    async with database.reading() as session:
        versions = await session.scalars(select(Enrollment.version_id).order_by(Enrollment.id))
        assert list(versions) == [new, new, old]
        (told,) = await session.scalars(select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.NOTICE))
        assert "“care”: 2 people were taken over" in str(told.message)
        assert (await find_funnel(session, creator.id, "care")).moves_by is None


async def test_its_creator_is_told_of_those_taken_over_and_of_those_ended_apart(database: Database, creator: Creator):
    old = await reword(database, creator, REST, HELLO, {**REST, "key": "more"})
    for number, step in enumerate(("rest", "more", "more"), start=1):
        await stands(database, creator, old, step, due=NOW, number=number)
    await reword(database, creator, REST, BYE)
    async with database.transaction() as session:
        await ask_to_move(session, await find_funnel(session, creator.id, "care"), Policy.MOVE_OR_END, now=NOW)
    done = 1
    while done:
        async with database.transaction() as session:
            done = await move_asked(session, now=NOW)
    async with database.reading() as session:
        (told,) = await session.scalars(select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.NOTICE))
        assert "“care”: one person was taken over" in str(told.message)
        assert "2 people ended, whose step is gone." in str(told.message)
        head = await find_funnel(session, creator.id, "care")
        assert (head.moved, head.ended) == (0, 0)


async def test_whoever_was_passed_over_is_taken_over_before_it_counts_as_done(database: Database, creator: Creator):
    if database.is_sqlite:
        pytest.skip("one writes at a time there")
    old = await reword(database, creator, REST, HELLO)
    busy = await stands(database, creator, old, "rest", due=NOW)
    new = await reword(database, creator, REST, BYE)

    async def one_batch() -> int:
        async with database.transaction() as session:
            return await move_asked(session, now=NOW)

    async with database.transaction() as session:
        await ask_to_move(session, await find_funnel(session, creator.id, "care"), Policy.MOVE, now=NOW)
    async with database.transaction() as session:
        await session.execute(select(Enrollment).where(Enrollment.id == busy).with_for_update())
        assert await asyncio.wait_for(one_batch(), 10) == 0
    assert [await one_batch() for _ in range(3)] == [1, 1, 0]
    assert (await now_at(database, busy))[0].version_id == new
