"""A funnel's messages to one lead go out in their order, also when one of them fails for a while or for good."""

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from stage import Stage

import automations.taking
from automations.gateway import Refused, SlowDown, Uncertain
from automations.judging import Judged, judge
from automations.outcomes import close_failed
from automations.settling import settle
from domain.decisions import decisions_of
from domain.enrollments import GOAL, end_enrollments
from store.models import Enrollment, EnrollmentState, Lead, OutboxState

ONE = {"key": "one", "do": "send", "text": "one"}
MINUTE = {"key": "minute", "do": "wait", "time": "1m"}
TWO = {"key": "two", "do": "send", "text": "two"}
DAY = {"key": "day", "do": "wait", "time": "1d"}
THREE = {"key": "three", "do": "send", "text": "three"}
REST = [MINUTE, TWO, DAY, THREE]
CARE = {"trigger": {"event": "lead.captured"}}


async def first_queued(stage: Stage, first: dict[str, str] = ONE) -> Lead:
    await stage.open(care={**CARE, "steps": [first, *REST]})
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    return lead


async def second_queued(stage: Stage) -> None:
    stage.clock.pass_time(minutes=2)
    await stage.step_all()


def said(stage: Stage) -> list[str]:
    return [text.partition("\n")[0] for _, text in stage.gateway.sent]


async def test_while_one_is_put_off_the_next_waits_behind_it(stage: Stage):
    lead = await first_queued(stage)
    stage.gateway.failures = [SlowDown(600)]
    await stage.send()
    await second_queued(stage)
    await stage.send_all()
    assert said(stage) == []
    one, two = await stage.outbox()
    assert (two.state, two.due_at) == (OutboxState.QUEUED, one.due_at)
    async with stage.database.reading() as session:
        (latest,) = [each for each in await decisions_of(session, [lead.id]) if "put-off" in str(each.trace)]
    assert latest.trace == [["two", "put-off", int(one.due_at.timestamp()), "an earlier one goes first"]]
    stage.clock.pass_time(minutes=9)
    await stage.send_all()
    assert said(stage) == ["one", "two"]


async def test_what_is_refused_when_the_next_has_gone_out_already_fails_alone(stage: Stage):
    await first_queued(stage)
    stage.gateway.failures = [Uncertain("no answer")]
    await stage.send()
    await second_queued(stage)
    await stage.send_all()
    assert said(stage) == ["two"]
    async with stage.database.transaction() as session:
        await settle(session, 1, "again", now=stage.clock())
    await stage.look_at_events()
    stage.gateway.failures = [Refused("too long")]
    await stage.send_all()
    # tried again from there, it would say the second once more
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.step) == (EnrollmentState.ACTIVE, "day")
    assert [message.state for message in await stage.outbox()] == [OutboxState.FAILED, OutboxState.SENT]
    async with stage.database.transaction() as session:
        await settle(session, 1, "again", now=stage.clock())
    await stage.look_at_events()
    stage.clock.pass_time(days=1)
    await stage.step_all()
    await stage.send_all()
    await stage.send_all()
    assert said(stage) == ["two", "one", "three"]


async def test_what_finds_no_words_when_the_next_has_gone_out_already_fails_alone(stage: Stage):
    lead = await first_queued(stage, {**ONE, "text": "{{ 5 // (lead.score - 7) }}"})
    stage.gateway.failures = [Uncertain("no answer")]
    await stage.send()
    await second_queued(stage)
    await stage.send_all()
    async with stage.database.transaction() as session:
        await settle(session, 1, "again", now=stage.clock())
        await session.execute(update(Lead).values(score=7))
    await stage.look_at_events()
    await stage.send_all()
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.ACTIVE]
    assert [message.state for message in await stage.outbox()] == [OutboxState.FAILED, OutboxState.SENT]
    async with stage.database.reading() as session:
        *_, latest = await decisions_of(session, [lead.id])
    assert latest.trace[0][:2] == ["one", "failed"]


async def test_what_is_refused_before_anything_else_of_it_went_out_parks_it(stage: Stage):
    await first_queued(stage)
    stage.gateway.failures = [Refused("too long")]
    await stage.send()
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.step) == (EnrollmentState.PARKED, "one")


async def told_last(stage: Stage, lead: Lead) -> list[object]:
    async with stage.database.reading() as session:
        *_, latest = await decisions_of(session, [lead.id])
    return latest.trace[-1]


async def test_whoever_has_reached_the_goal_is_not_parked(stage: Stage):
    lead = await first_queued(stage)
    (claimed,) = await stage.claim()
    async with stage.database.transaction() as session:
        await end_enrollments(session, [1], GOAL, state=EnrollmentState.DONE, now=stage.clock())
    async with stage.database.transaction() as session:
        await close_failed(session, claimed, Refused("too long"), now=stage.clock(), chance=lambda: 0.0)
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.reason) == (EnrollmentState.DONE, GOAL)
    assert [message.state for message in await stage.outbox()] == [OutboxState.CANCELLED]
    assert await told_last(stage, lead) == ["one", "left-out", "stopped"]


async def test_whoever_reaches_the_goal_while_it_finds_no_words_is_not_said_to_be_parked(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    lead = await first_queued(stage, {**ONE, "text": "{{ 5 // lead.score }}"})

    async def ends_meanwhile(session: AsyncSession, *given: Any, **named: Any) -> list[Judged]:
        judged = await judge(session, *given, **named)
        await session.execute(update(Enrollment).values(state=EnrollmentState.DONE, reason=GOAL))
        return judged

    monkeypatch.setattr(automations.taking, "judge", ends_meanwhile)
    await stage.send_all()
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.DONE]
    assert [message.state for message in await stage.outbox()] == [OutboxState.CANCELLED]
    assert await told_last(stage, lead) == ["one", "left-out", "stopped"]
