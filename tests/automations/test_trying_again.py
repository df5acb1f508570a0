"""Who was parked and tries again: in the wording that mends what was wrong, and never twice at once."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update
from stage import Stage
from timed import creator_chat, notices, opened, start, tagged

from domain.decisions import decisions_of
from domain.enrollments import begin_for_segment, enroll_lead
from domain.funnels.asked_moves import ask_to_move, move_asked
from domain.funnels.heads import find_funnel
from domain.funnels.moving import Policy
from domain.holding import LeadGone
from domain.leads import add_lead
from domain.merging import merge_leads
from domain.parked import BegunAnew, try_again
from domain.setups import CreatorSetup
from store.models import Enrollment, EnrollmentState, FunnelVersion, Lead, Timer

DAY = {"key": "day", "do": "wait", "time": "1d"}
TELL = {"key": "tell", "do": "notify", "text": "Hi"}
CALL = {"key": "call", "do": "webhook", "webhook": "gone"}


def care(*steps: dict[str, Any], again: str = "never") -> dict[str, Any]:
    return {"trigger": {"event": "lead.captured"}, "again": again, "retry": {"times": 0}, "steps": list(steps)}


async def parked(stage: Stage, *, again: str = "never") -> Lead:
    """Stands at a step that cannot be done."""
    await stage.open(care=care(DAY, CALL, again=again))
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    stage.clock.pass_time(days=1)
    await stage.step_all()
    (each,) = await stage.enrollments()
    assert (each.state, each.step) == (EnrollmentState.PARKED, "call")
    return lead


async def again(stage: Stage, enrollment_id: int = 1) -> bool:
    async with stage.database.transaction() as session:
        return await try_again(session, stage.creator_id, enrollment_id, now=stage.clock())


async def test_a_mended_wording_is_taken_by_who_tries_again(stage: Stage):
    lead = await parked(stage)
    assert await again(stage)
    await stage.step_all()
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.PARKED]
    await stage.publish(care=care(DAY, {**TELL, "key": "call"}))
    assert await again(stage)
    await stage.step_all()
    (each,) = await stage.enrollments()
    assert (each.state, each.version_id) == (EnrollmentState.DONE, 2)
    async with stage.database.reading() as session:
        traces = [each.trace for each in await decisions_of(session, [lead.id])]
    assert [["call", "moved", 1, 2], ["call", "again"]] in traces
    assert traces[-1][0] == ["call", "done"]


async def test_whose_step_is_gone_tries_again_in_the_wording_that_they_began_with(stage: Stage):
    await parked(stage)
    await stage.publish(care=care(TELL))
    assert await again(stage)
    assert [each.version_id for each in await stage.enrollments()] == [1]


async def test_who_has_begun_anew_meanwhile_is_not_in_it_twice(stage: Stage):
    lead = await parked(stage, again="finished")
    async with stage.database.transaction() as session:
        version = stage.published.funnels[stage.creator_id]["care"]
        await enroll_lead(session, lead, "care", version, CreatorSetup(), now=stage.clock())
    with pytest.raises(BegunAnew) as refused:
        await again(stage)
    assert refused.value.why is not None
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.PARKED, EnrollmentState.ACTIVE]
    async with stage.database.transaction() as session:
        await session.execute(update(Enrollment).where(Enrollment.id == 2).values(state=EnrollmentState.DONE))
    assert await again(stage)


async def test_whose_funnel_always_begins_again_may_be_in_it_twice(stage: Stage):
    lead = await parked(stage, again="always")
    async with stage.database.transaction() as session:
        version = stage.published.funnels[stage.creator_id]["care"]
        await enroll_lead(session, lead, "care", version, CreatorSetup(), now=stage.clock())
    assert await again(stage)
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.ACTIVE] * 2


async def test_of_trying_again_and_beginning_anew_at_once_one_wins(stage: Stage):
    await parked(stage, again="finished")
    async with stage.database.reading() as session:
        lead = (await session.scalars(select(Lead))).one()
    await stage.happens(lead, "lead.captured")
    tried, _ = await asyncio.gather(again(stage), stage.route(), return_exceptions=True)
    # whom the other came before comes to the event next
    await stage.route()
    under_way = [each for each in await stage.enrollments() if each.state == EnrollmentState.ACTIVE]
    assert isinstance(tried, BegunAnew) or tried is True
    assert len(under_way) == 1


async def test_trying_again_twice_is_once(stage: Stage):
    await parked(stage)
    assert sorted(await asyncio.gather(again(stage), again(stage))) == [False, True]
    assert await stage.count(Timer) == 1


async def test_who_has_become_a_part_of_another_who_is_in_it_is_not_freed(stage: Stage):
    lead = await parked(stage)
    async with stage.database.transaction() as session:
        into = await add_lead(session, stage.creator_id, name="Lena", now=stage.clock())
        version = stage.published.funnels[stage.creator_id]["care"]
        own = {"creator_id": stage.creator_id, "lead_id": into.id, "funnel_key": "care", "subject": "", "step": ""}
        session.add(Enrollment(**own, version_id=version[0], started_at=stage.clock()))
        await session.flush()
        await merge_leads(session, into, await session.get_one(Lead, lead.id), now=stage.clock())
    assert (await stage.enrollments())[0].state == EnrollmentState.STOPPED
    assert not await again(stage)


async def test_nobody_is_freed_whose_lead_is_gone(stage: Stage):
    await parked(stage)
    async with stage.database.transaction() as session:
        await session.execute(update(Lead).values(forgotten_at=stage.clock()))
    with pytest.raises(LeadGone):
        await again(stage)


async def unreadable(stage: Stage, key: str) -> None:
    async with stage.database.transaction() as session:
        written = update(FunnelVersion).where(FunnelVersion.key == key)
        await session.execute(written.values(definition={"steps": [{"key": "x", "do": "of-the-future"}]}))


async def test_a_segment_whose_wording_cannot_be_read_keeps_no_other_waiting(stage: Stage):
    await opened(stage, first=care(TELL), second=care(TELL))
    await creator_chat(stage)
    await tagged(stage, await stage.lead(1))
    await stage.look_at_events()
    async with stage.database.transaction() as session:
        for key in ("first", "second"):
            await begin_for_segment(session, stage.creator_id, key, "tag:fan", now=stage.clock())
    await unreadable(stage, "first")
    assert await start(stage) == 2
    assert [each.funnel_key for each in await stage.enrollments()] == ["second"]
    assert len(await notices(stage)) == 2


async def test_a_move_that_has_to_wait_keeps_no_other_waiting(stage: Stage):
    await stage.open(first=care(DAY, TELL), second=care(DAY, TELL))
    await stage.lead()
    await stage.route()
    await stage.step_all()
    later = {**DAY, "time": "2d"}
    await stage.publish(first=care(later, TELL), second=care(later, TELL))
    async with stage.database.transaction() as session:
        # somebody has the first one's timer in hand
        await session.delete((await session.scalars(select(Timer).order_by(Timer.enrollment_id))).first())
        for key in ("first", "second"):
            await ask_to_move(
                session, await find_funnel(session, stage.creator_id, key), Policy.MOVE, now=stage.clock()
            )
    for _ in range(6):
        async with stage.database.transaction() as session:
            await move_asked(session, now=stage.clock())
    assert [(each.funnel_key, each.version_id) for each in await stage.enrollments()] == [("first", 1), ("second", 4)]
    async with stage.database.reading() as session:
        assert (await find_funnel(session, stage.creator_id, "first")).moves_by == Policy.MOVE
        assert (await find_funnel(session, stage.creator_id, "second")).moves_by is None
