"""Funnels by their names: versions, who may reword them, what pauses and resumes them, and what the file says."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from folk import NOW, a_creator, a_lead
from sqlalchemy import func, select

from automations.resuming import foresee_resuming
from domain.definitions import Published, publish
from domain.funnels.definition import Funnel
from domain.funnels.heads import (
    FunnelStands,
    NoSuchFunnel,
    StepRuns,
    archive_funnel,
    find_funnel,
    pause_funnel,
    resume_funnel,
    save_funnel,
    start_step,
    stop_step,
)
from domain.segments import ManagedByFile
from store.database import Database
from store.models import (
    WAITS_FOR_SOMEBODY,
    Creator,
    Enrollment,
    FunnelHead,
    FunnelState,
    FunnelVersion,
    Kept,
    Late,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Urgency,
)


def saying(text: str, **more: Any) -> Funnel:
    return Funnel.model_validate({"steps": [{"key": "hello", "do": "send", "text": text}], **more})


async def save(
    database: Database, creator: Creator, text: str = "Hi", key: str = "care", kept: Kept = Kept.CHAT
) -> int:
    async with database.transaction() as session:
        head = await save_funnel(session, creator.id, key, saying(text), kept=kept, now=NOW)
    assert head.version_id is not None
    return head.version_id


async def by_file(
    database: Database, broken: dict[str, str] | None = None, **texts: str
) -> dict[str, tuple[int, Funnel]]:
    async with database.transaction() as session:
        funnels = {"studio": {key: saying(text) for key, text in texts.items()}}
        published = await publish(session, {}, funnels, broken={"studio": broken or {}}, now=NOW)
    return next(iter(published.funnels.values()), {})


async def head_of(database: Database, creator: Creator, key: str = "care") -> FunnelHead:
    async with database.reading() as session:
        return await find_funnel(session, creator.id, key)


@pytest.fixture
async def creator(database: Database) -> Creator:
    async with database.transaction() as session:
        return await a_creator(session)


async def test_each_new_wording_is_a_version_counted_up_and_an_old_one_comes_back_as_itself(
    database: Database, creator: Creator
):
    first, same, second, back = [await save(database, creator, text) for text in ("Hi", "Hi", "Good day", "Hi")]
    assert first == same == back != second
    async with database.reading() as session:
        numbers = await session.scalars(select(FunnelVersion.number).order_by(FunnelVersion.id))
        assert list(numbers) == [1, 2]


async def test_of_wordings_that_are_saved_at_once_each_gets_a_number_of_its_own(database: Database, creator: Creator):
    ids = await asyncio.gather(*(save(database, creator, f"Text {number}") for number in range(6)))
    async with database.reading() as session:
        rows = (await session.execute(select(FunnelVersion.id, FunnelVersion.number))).all()
    assert sorted(row.number for row in rows) == [1, 2, 3, 4, 5, 6]
    assert {row.id for row in rows} == set(ids)
    assert (await head_of(database, creator)).version_id in ids


async def test_a_name_of_the_files_is_not_reworded_or_archived_from_elsewhere(database: Database, creator: Creator):
    await by_file(database, care="From the file")
    for kept in (Kept.CHAT, Kept.API):
        with pytest.raises(ManagedByFile):
            await save(database, creator, "From the chat", kept=kept)
    with pytest.raises(ManagedByFile):
        async with database.transaction() as session:
            await archive_funnel(session, await find_funnel(session, creator.id, "care"), now=NOW)
    async with database.transaction() as session:
        await pause_funnel(session, await find_funnel(session, creator.id, "care"), now=NOW)
    assert (await head_of(database, creator)).state == FunnelState.PAUSED


async def test_a_name_that_left_the_file_runs_no_more_and_is_free_for_the_chat(database: Database, creator: Creator):
    await by_file(database, care="From the file", other="Stays")
    assert set(await by_file(database, other="Stays")) == {"other"}
    assert (await head_of(database, creator)).state == FunnelState.ARCHIVED
    await save(database, creator, "From the chat")
    assert set(await by_file(database, other="Stays")) == {"care", "other"}
    # what the file names is the file's again
    taken = await by_file(database, care="From the file", other="Stays")
    assert taken["care"][1] == saying("From the file")
    assert (await head_of(database, creator)).kept == Kept.FILE


async def test_a_name_that_left_the_file_while_its_pause_was_ending_runs_no_more(database: Database, creator: Creator):
    await by_file(database, care="From the file")
    async with database.transaction() as session:
        head = await find_funnel(session, creator.id, "care")
        await pause_funnel(session, head, now=NOW)
        await resume_funnel(session, head, Late.SHIFT, now=NOW)
    assert await by_file(database) == {}
    assert (await head_of(database, creator)).state == FunnelState.ARCHIVED


async def test_a_pause_outlives_a_restart_a_mistake_and_a_while_out_of_the_file(database: Database, creator: Creator):
    await by_file(database, care="Hi")
    async with database.transaction() as session:
        await pause_funnel(session, await find_funnel(session, creator.id, "care"), now=NOW)
    assert await by_file(database, care="Hi") == {}
    for given in ({"broken": {"care": "line 3: a mistake"}}, {}):
        assert await by_file(database, **given) == {}
        assert (await head_of(database, creator)).holds
        assert await by_file(database, care="Hi") == {}
        assert (await head_of(database, creator)).state == FunnelState.PAUSED


async def test_a_mistake_switches_one_funnel_off_and_its_creator_is_told_once_for_each(
    database: Database, creator: Creator
):
    await by_file(database, care="Hi", other="Stays")
    for reason in ("line 3: a mistake", "line 3: a mistake", "line 4: another"):
        assert set(await by_file(database, {"care": reason}, other="Stays")) == {"other"}
        head = await head_of(database, creator)
        assert (head.state, head.reason, head.holds) == (FunnelState.DISABLED, reason, False)
    async with database.reading() as session:
        told = list(await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
    assert [("care" in str(each.message), "mistake" in str(each.message)) for each in told] == [(True, True)] * 2
    assert "line 4: another" in str(told[1].message)
    assert set(await by_file(database, care="Hi", other="Stays")) == {"care", "other"}
    head = await head_of(database, creator)
    assert (head.state, head.reason) == (FunnelState.ACTIVE, None)


async def test_a_funnel_that_was_wrong_from_the_beginning_has_a_name_and_a_reason(database: Database, creator: Creator):
    assert await by_file(database, {"care": "line 3: a mistake"}) == {}
    head = await head_of(database, creator)
    assert (head.state, head.version_id, head.kept) == (FunnelState.DISABLED, None, Kept.FILE)


async def test_from_each_state_only_what_makes_sense_can_be_done(database: Database, creator: Creator):
    await save(database, creator)

    async def do(act: Any, *more: Any) -> FunnelState:
        async with database.transaction() as session:
            head = await find_funnel(session, creator.id, "care")
            await act(session, head, *more, now=NOW)
            return head.state

    with pytest.raises(FunnelStands):
        await do(resume_funnel, Late.SKIP)
    assert await do(pause_funnel) == FunnelState.PAUSED
    for act in (pause_funnel, archive_funnel):
        with pytest.raises(FunnelStands):
            await do(act)
    assert await do(resume_funnel, Late.ONCE) == FunnelState.RESUMING
    with pytest.raises(FunnelStands):
        await do(archive_funnel)
    assert await do(pause_funnel) == FunnelState.PAUSED
    with pytest.raises(NoSuchFunnel):
        async with database.reading() as session:
            await find_funnel(session, creator.id, "gone")


async def test_of_two_who_resume_at_once_one_chooses_what_becomes_of_the_overdue(database: Database, creator: Creator):
    await save(database, creator)
    async with database.transaction() as session:
        await pause_funnel(session, await find_funnel(session, creator.id, "care"), now=NOW)

    async def resume(late: Late) -> Late | None:
        async with database.transaction() as session:
            try:
                await resume_funnel(session, await find_funnel(session, creator.id, "care"), late, now=NOW)
            except FunnelStands:
                return None
            return late

    chosen = [each for each in await asyncio.gather(*map(resume, Late)) if each is not None]
    assert [(await head_of(database, creator)).late] == chosen


async def test_a_step_stands_still_by_itself_until_it_is_started_or_reworded_away(database: Database, creator: Creator):
    await save(database, creator)

    async def step(act: Any, key: str) -> Any:
        async with database.transaction() as session:
            return await act(session, await find_funnel(session, creator.id, "care"), key, now=NOW)

    assert await step(stop_step, "hello") is True
    assert await step(stop_step, "hello") is False
    assert (await head_of(database, creator)).stopped_steps == ["hello"]
    await step(start_step, "hello")
    with pytest.raises(StepRuns, match="the step “hello” of the funnel “care” does not stand still: it runs"):
        await step(start_step, "hello")
    await step(stop_step, "hello")
    async with database.transaction() as session:
        steps = [{"key": "other", "do": "send", "text": "Hi"}]
        await save_funnel(session, creator.id, "care", Funnel.model_validate({"steps": steps}), kept=Kept.CHAT, now=NOW)
    assert (await head_of(database, creator)).stopped_steps == []


@pytest.mark.parametrize(("late", "said"), [(Late.SKIP, [4]), (Late.ONCE, [2, 3, 4]), (Late.SHIFT, [0, 1, 2, 3, 4])])
async def test_of_what_was_queued_before_a_pause_goes_out_when_it_ends_what_was_chosen(
    database: Database, creator: Creator, late: Late, said: list[int]
):
    version_id = await save(database, creator)
    async with database.transaction() as session:
        lead, _ = await a_lead(session, creator)
        # three of one enrollment are overdue, one of another, and one of the first was queued just now
        ages = [(0, 60), (0, 50), (0, 40), (1, 60), (0, 1)]
        enrollments = [an_enrollment(lead, version_id, subject) for subject in ("", "order:1")]
        session.add_all(enrollments)
        await session.flush()
        for seq, (which, minutes) in enumerate(ages):
            session.add(a_put_off_message(lead, enrollments[which], seq, timedelta(minutes=minutes)))
        await pause_funnel(session, await find_funnel(session, creator.id, "care"), now=NOW)
    async with database.transaction() as session:
        head = await find_funnel(session, creator.id, "care")
        foreseen = (await foresee_resuming(session, Published(), head, now=NOW)).under[late]
        await resume_funnel(session, head, late, now=NOW)
    async with database.reading() as session:
        rows = (await session.scalars(select(OutboxMessage).order_by(OutboxMessage.seq))).all()
    queued = [row for row in rows if row.state == OutboxState.QUEUED]
    assert [row.seq for row in queued] == said
    assert {row.due_at for row in queued} == {NOW}
    assert {row.error for row in rows if row.state == OutboxState.CANCELLED} <= {"left out"}
    assert (foreseen.now, foreseen.left_out) == (len(said), len(rows) - len(said))


def an_enrollment(lead: Lead, version_id: int, subject: str) -> Enrollment:
    return Enrollment(
        creator_id=lead.creator_id,
        lead_id=lead.id,
        funnel_key="care",
        version_id=version_id,
        subject=subject,
        step="hello",
        started_at=NOW,
    )


def a_put_off_message(lead: Lead, enrollment: Enrollment, seq: int, age: timedelta) -> OutboxMessage:
    return OutboxMessage(
        key=f"funnel:{enrollment.id}:{seq}",
        kind=OutboxKind.FUNNEL,
        urgency=Urgency.FOLLOW_UP,
        creator_id=lead.creator_id,
        person_id=lead.person_id or 0,
        lead_id=lead.id,
        enrollment_id=enrollment.id,
        seq=seq,
        step="hello",
        due_at=WAITS_FOR_SOMEBODY,
        created_at=NOW - age,
    )


async def test_a_wording_that_this_spark_cannot_read_any_more_is_switched_off_alone(
    database: Database, creator: Creator
):
    await save(database, creator, key="old")
    await save(database, creator, key="good")
    async with database.transaction() as session:
        head = await find_funnel(session, creator.id, "old")
        version = await session.get_one(FunnelVersion, head.version_id)
        version.definition = {**version.definition, "steps": [{"key": "a", "do": "sing"}]}
    assert set(await by_file(database)) == {"good"}
    head = await head_of(database, creator, "old")
    assert head.state == FunnelState.DISABLED
    assert "steps.0.do: there is no “sing”; use send, wait" in (head.reason or "")
    await save(database, creator, "Mended", key="old")
    assert set(await by_file(database)) == {"good", "old"}


async def test_processes_that_publish_at_once_agree(database: Database, creator: Creator):
    found = await asyncio.gather(*(by_file(database, care="Hi", other="Hello") for _ in range(4)))
    assert all(each == found[0] for each in found)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(FunnelVersion)) == 2
        assert await session.scalar(select(func.count()).select_from(FunnelHead)) == 2
