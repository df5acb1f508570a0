"""Triggers that begin when a lead was not heard of for so long."""

from datetime import timedelta
from typing import Any

import pytest
from stage import Stage
from timed import HELLO, at, changed, crowd, fire, firings, opened, tagged

from domain.leads import see_lead
from store.models import Lead


def silent(**more: Any) -> dict[str, Any]:
    return {"trigger": {"inactive": "14d"}, "steps": [HELLO], **more}


async def seen(stage: Stage, lead: Lead) -> None:
    async with stage.database.transaction() as session:
        await see_lead(session, await session.get_one(Lead, lead.id), now=stage.clock())


async def go_to(stage: Stage, text: str) -> None:
    """As the engine does: each look when it is due."""
    until = at(text)
    while pending := [when for when, fired in await firings(stage) if not fired and when <= until]:
        stage.clock.move_to(pending[0])
        await fire(stage)
    stage.clock.move_to(until)
    await fire(stage)


async def test_whoever_was_silent_for_a_fortnight_begins_and_whoever_wrote_meanwhile_does_not(stage: Stage):
    await opened(stage, back=silent())
    quiet, lively = await stage.lead(1), await stage.lead(2)
    stage.clock.pass_time(days=10)
    await fire(stage)
    await seen(stage, lively)
    await go_to(stage, "2026-11-17T09:00")
    (begun,) = await stage.enrollments()
    assert (begun.lead_id, begun.begun_by) == (quiet.id, "inactive")
    assert begun.started_at == at("2026-11-17T09:00")
    await go_to(stage, "2026-11-27T09:01")
    assert [each.lead_id for each in await stage.enrollments()] == [quiet.id, lively.id]


async def test_a_new_silence_begins_it_again_only_where_that_is_allowed(stage: Stage):
    await opened(stage, once=silent(), often=silent(again="always"))
    lead = await stage.lead()
    await go_to(stage, "2026-11-20T09:00")
    await seen(stage, lead)
    await go_to(stage, "2026-12-10T09:00")
    begun = {(each.funnel_key, each.round) for each in await stage.enrollments()}
    assert begun == {("once", 0), ("often", 0), ("often", 1)}


async def test_whoever_was_silent_before_the_funnel_ran_or_was_never_here_does_not_begin(stage: Stage):
    await stage.open()
    before, never = await stage.lead(1), await stage.lead(2)
    await changed(stage, before, seen_at=stage.clock() - timedelta(days=20))
    await changed(stage, never, seen_at=None)
    await stage.publish(back=silent())
    await fire(stage)
    await go_to(stage, "2026-12-10T09:00")
    assert await stage.enrollments() == []


async def test_only_whoever_is_in_the_segment_then(stage: Stage):
    await opened(stage, back=silent(trigger={"inactive": "14d", "when": "tag:fan"}))
    fan = await stage.lead(1)
    await stage.lead(2)
    await tagged(stage, fan)
    await go_to(stage, "2026-12-10T09:00")
    assert [each.lead_id for each in await stage.enrollments()] == [fan.id]


@pytest.mark.parametrize(("late", "count"), [("shift", 1), ("skip", 0)])
async def test_what_was_missed_is_made_up_for_unless_it_is_to_be_skipped(stage: Stage, late: str, count: int):
    await opened(stage, back=silent(late=late))
    await stage.lead()
    stage.clock.pass_time(days=20)
    await fire(stage)
    assert len(await stage.enrollments()) == count


async def test_a_crowd_that_fell_silent_together_begins_in_batches(stage: Stage):
    await opened(stage, back=silent(again="always"))
    leads = await crowd(stage, 1100, seen_at=stage.clock())
    await go_to(stage, "2026-11-17T09:00")
    assert sorted(each.lead_id for each in await stage.enrollments()) == leads
    await go_to(stage, "2026-12-17T09:00")
    assert len(await stage.enrollments()) == 1100


async def test_looks_come_no_more_often_than_somebody_can_be_due(stage: Stage):
    await opened(stage, back=silent())
    await stage.lead()
    assert await firings(stage) == [(at("2026-11-17T09:00"), False)]
    await go_to(stage, "2026-11-17T09:00")
    assert await firings(stage) == [(at("2026-12-01T09:00"), False)]
