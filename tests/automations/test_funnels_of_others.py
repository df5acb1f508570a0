"""One funnel begins and leaves another, however that one stands."""

from typing import Any

import pytest
from sqlalchemy import update
from stage import Stage

from automations.funnel_heads import FunnelHeads
from automations.holding import take_up_held
from domain.funnels.heads import disable_funnel, find_funnel, pause_funnel, resume_funnel
from store.models import Enrollment, EnrollmentState, FunnelHead, FunnelState, Late, Lead
from store.queries.funnel_views import under_way_of

WAIT = {"key": "w", "do": "wait", "time": "3d"}
HELLO = {"key": "hello", "do": "send", "text": "Hi"}
GO = {"key": "go", "do": "enroll", "funnel": "second"}


def funnel(*steps: dict[str, Any], event: str = "lead.captured", **more: Any) -> dict[str, Any]:
    return {"trigger": {"event": event}, "steps": list(steps), **more}


async def opened(stage: Stage) -> FunnelHead:
    """The first one's step begins the second, whose head this is."""
    first = funnel(GO, retry={"times": 0, "wait": "10m"})
    await stage.open(first=first, second=funnel(HELLO, event="lead.noted"))
    async with stage.database.reading() as session:
        return await find_funnel(session, stage.creator_id, "second")


async def known(stage: Stage) -> None:
    """Every process has heard how the heads stand."""
    await FunnelHeads(stage.database, stage.clock, stage.published).refresh()


async def begun(stage: Stage) -> Lead:
    lead = await stage.lead()
    await go_on(stage)
    return lead


async def go_on(stage: Stage) -> None:
    while await stage.route() or await stage.step():
        pass


async def states(stage: Stage) -> dict[str, tuple[EnrollmentState, str | None]]:
    return {each.funnel_key: (each.state, each.reason) for each in await stage.enrollments()}


async def test_whoever_is_sent_to_a_paused_funnel_is_held_there_until_it_is_resumed(stage: Stage):
    head = await opened(stage)
    async with stage.database.transaction() as session:
        await pause_funnel(session, await find_funnel(session, stage.creator_id, "second"), now=stage.clock())
    await known(stage)
    await begun(stage)
    assert await states(stage) == {"first": (EnrollmentState.DONE, None), "second": (EnrollmentState.HELD, None)}
    assert await stage.outbox() == []
    async with stage.database.transaction() as session:
        head = await find_funnel(session, stage.creator_id, "second")
        await resume_funnel(session, head, Late.SHIFT, now=stage.clock())
        assert await take_up_held(session, now=stage.clock()) == 1
    await go_on(stage)
    assert [each.step for each in await stage.outbox()] == ["hello"]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (FunnelState.DISABLED, "“second” is disabled, so that cannot be done"),
        (FunnelState.ARCHIVED, "there is no funnel “second” any more"),
    ],
)
async def test_whoever_is_sent_where_nobody_can_begin_is_parked_with_the_true_reason(
    stage: Stage, state: FunnelState, told: str
):
    head = await opened(stage)
    async with stage.database.transaction() as session:
        if state is FunnelState.DISABLED:
            await disable_funnel(session, await session.get_one(FunnelHead, head.id), "a mistake", now=stage.clock())
        else:
            await session.execute(update(FunnelHead).where(FunnelHead.id == head.id).values(state=state))
    await known(stage)
    await begun(stage)
    found = await states(stage)
    assert list(found) == ["first"]
    assert found["first"][0] == EnrollmentState.PARKED
    assert told in (found["first"][1] or "")


async def test_a_leave_step_ends_whoever_cannot_go_on_there(stage: Stage):
    leaves = funnel({"key": "stop", "do": "leave", "funnel": "second"}, event="lead.noted")
    await stage.open(first=leaves, second=funnel(WAIT, HELLO))
    lead = await begun(stage)
    async with stage.database.transaction() as session:
        await session.execute(update(Enrollment).values(state=EnrollmentState.PARKED, reason="stuck"))
    async with stage.database.reading() as session:
        # so the chat and the API take them out too
        assert list(await under_way_of(session, lead.id, "second")) == [1]
    await stage.happens(lead, "lead.noted")
    await go_on(stage)
    assert await states(stage) == {
        "first": (EnrollmentState.DONE, None),
        "second": (EnrollmentState.STOPPED, "funnel:first"),
    }
