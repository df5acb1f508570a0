"""Events that are routed while somebody merges, forgets or ends: all of it is done, and nobody is thrown out.

Each test stops the routing, or the sender, in the middle of its work by a row that somebody else holds. PostgreSQL
would find the circle and end one of the two; on SQLite one alone writes at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from row_locks import until_waiting
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from stage import Stage, follow_up

from domain.enrollments import end_enrollments
from domain.forgetting import forget_lead
from domain.holding import hold_living
from domain.lead_acts import tag_lead
from domain.leads import add_lead
from domain.merging import merge_leads
from store.models import Enrollment, EnrollmentState, Event, Lead

Act = Callable[[AsyncSession], Awaitable[object]]


@pytest_asyncio.fixture
async def stage(stage: Stage) -> Stage:
    if stage.database.is_sqlite:
        pytest.skip("one writer at a time: nobody can be in the middle of anything")
    return stage


@asynccontextmanager
async def held(stage: Stage, enrollment_id: int) -> AsyncIterator[None]:
    """Somebody takes that enrollment's step."""
    async with stage.database.transaction() as session:
        await session.execute(select(Enrollment.id).where(Enrollment.id == enrollment_id).with_for_update())
        yield


async def doing(stage: Stage, act: Act) -> None:
    async with stage.database.transaction() as session:
        await act(session)


async def two_in_it(stage: Stage) -> tuple[Lead, Lead]:
    """The enrollment of the first comes before the one of the second."""
    funnel = follow_up(stop=["custom.stop"]) | {"late": "shift"}
    await stage.open(f=funnel)
    leads = await stage.lead(100), await stage.lead(200, "Anna")
    await stage.route()
    await stage.step_all()
    return leads


def merging(stage: Stage, lead: Lead, into: Lead) -> Act:
    async def act(session: AsyncSession) -> None:
        kept = await session.get_one(Lead, into.id)
        await merge_leads(session, kept, await session.get_one(Lead, lead.id), now=stage.clock())

    return act


def forgetting(stage: Stage, lead: Lead, _: Lead) -> Act:
    async def act(session: AsyncSession) -> None:
        await forget_lead(session, await session.get_one(Lead, lead.id), now=stage.clock())

    return act


def leaving(stage: Stage, lead: Lead, _: Lead) -> Act:
    """What stands first among theirs is ended last, as several funnels may be left one after the other."""

    async def act(session: AsyncSession) -> None:
        await hold_living(session, lead)
        theirs = select(Enrollment.id).where(Enrollment.lead_id == lead.id).order_by(Enrollment.id.desc())
        for each in list(await session.scalars(theirs)):
            await end_enrollments(session, [each], "by hand", now=stage.clock())

    return act


@pytest.mark.parametrize("making", [merging, forgetting, leaving])
async def test_what_happens_to_somebody_is_routed_beside_what_is_done_to_them(stage: Stage, making: Callable[..., Act]):
    first, second = await two_in_it(stage)
    async with stage.database.transaction() as session:
        into = await add_lead(session, stage.creator_id, name="Anna", now=stage.clock())
    await stage.look_at_events()
    for lead in (first, second):
        await stage.happens(lead, "custom.stop")
    async with held(stage, 1):
        # it has claimed both events, and waits for the first enrollment
        routing = asyncio.create_task(stage.route())
        await until_waiting(stage.database)
        other = asyncio.create_task(doing(stage, making(stage, second, into)))
        await until_waiting(stage.database, count=2)
    assert await routing == 2
    await other
    while await stage.route():
        pass
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.STOPPED] * 2
    async with stage.database.reading() as session:
        assert list(await session.scalars(select(Event.id).where(Event.routed_at.is_(None)))) == []


async def test_whoever_is_in_somebodys_hands_is_routed_afterwards_with_all_of_theirs(stage: Stage):
    first, second = await two_in_it(stage)
    await stage.look_at_events()
    for name in ("custom.one", "custom.stop"):
        await stage.happens(second, name)
    await stage.happens(first, "custom.stop")
    async with stage.database.transaction() as session:
        await hold_living(session, second)
        assert await stage.route() == 1
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.STOPPED, EnrollmentState.ACTIVE]
    assert await stage.route() == 2
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.STOPPED] * 2


@pytest.mark.parametrize("making", [merging, forgetting, leaving])
async def test_what_the_sender_finds_to_be_over_ends_beside_what_is_done_to_it(
    stage: Stage, making: Callable[..., Act]
):
    funnel: dict[str, Any] = follow_up() | {"stop_when": "tag:over"}
    funnel["steps"] = [{**funnel["steps"][1], "key": "now"}, *funnel["steps"]]
    await stage.open(f=funnel)
    first, second = await stage.lead(100), await stage.lead(200, "Anna")
    await stage.route()
    await stage.step_all()
    async with stage.database.transaction() as session:
        into = await add_lead(session, stage.creator_id, name="Anna", now=stage.clock())
        for lead in (first, second):
            await tag_lead(session, lead, "over", now=stage.clock())
    await stage.look_at_events()
    async with held(stage, 1):
        # it has both messages in hand, and waits for the first enrollment
        taking = asyncio.create_task(stage.claim())
        await until_waiting(stage.database)
        other = asyncio.create_task(doing(stage, making(stage, second, into)))
        await until_waiting(stage.database, other, count=2)
    assert await taking == []
    await other
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.STOPPED] * 2
    await stage.send_all()
    assert stage.gateway.sent == []
