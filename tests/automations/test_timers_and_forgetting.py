"""A follow-up that falls due at the very moment in which somebody is forgotten."""

import asyncio

from sqlalchemy import func, select
from stage import Stage, follow_up

from automations.stepping import Stepper
from domain.forgetting import forget_lead
from store.models import EnrollmentState, Lead, OutboxMessage


async def _due(stage: Stage) -> int:
    await stage.open(welcome=follow_up(text="Hi {{ lead.first_name }}"))
    lead = await stage.lead()
    await stage.route()
    stage.clock.pass_time(days=2)
    return lead.id


async def _nothing_is_said(stage: Stage) -> None:
    async with stage.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(OutboxMessage)) == 0
    assert {each.state for each in await stage.enrollments()} == {EnrollmentState.STOPPED}


async def test_whoever_is_being_forgotten_is_passed_by(stage: Stage):
    lead_id = await _due(stage)
    async with stage.database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, lead_id), now=stage.clock())
        # on SQLite it waits until this is over, on PostgreSQL it finds the timer held
        step = asyncio.create_task(stage.step())
        await asyncio.wait([step], timeout=0.3)
    assert await step == 0
    await _nothing_is_said(stage)


async def test_what_was_decided_a_moment_before_is_forgotten_too(stage: Stage):
    lead_id = await _due(stage)

    async def forgets() -> None:
        async with stage.database.transaction() as session:
            await forget_lead(session, await session.get_one(Lead, lead_id), now=stage.clock())

    async with stage.database.transaction() as session:
        assert (await Stepper(stage.published).plan(session, now=stage.clock())).count == 1
        forgetting = asyncio.create_task(forgets())
        await asyncio.wait([forgetting], timeout=0.3)
    await forgetting
    await _nothing_is_said(stage)
