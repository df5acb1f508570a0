"""Triggers that fire at the times of a schedule."""

import asyncio
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import Stage
from timed import HELLO, at, creator_chat, crowd, fire, firings, notices, opened, tagged

from automations.cron import next_firing
from automations.firing import Firing

BERLIN = ZoneInfo("Europe/Berlin")
MONDAYS = "0 9 * * mon"


def weekly(**more: Any) -> dict[str, Any]:
    return {"trigger": {"cron": MONDAYS}, "again": "always", "steps": [HELLO], **more}


def times(cron: str, start: str, count: int, zone: ZoneInfo = BERLIN) -> list[str]:
    found, instant = [], at(start)
    for _ in range(count):
        following = next_firing(cron, zone, instant)
        assert following is not None
        found.append(following.astimezone(zone).isoformat())
        instant = following
    return found


def test_a_time_that_does_not_exist_is_the_first_instant_after_the_gap():
    assert times("30 2 * * *", "2026-03-28T00:00", 3) == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_a_time_that_comes_twice_fires_once_at_the_first():
    assert times("30 2 * * *", "2026-10-24T00:00", 3) == [
        "2026-10-24T02:30:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_no_day_is_left_out_where_the_clock_is_put_forward_at_midnight():
    assert times("30 0 * * *", "2026-09-05T05:00", 2, ZoneInfo("America/Santiago")) == [
        "2026-09-06T01:00:00-03:00",
        "2026-09-07T00:30:00-03:00",
    ]


def test_a_day_that_never_comes_has_no_firing():
    assert next_firing("0 9 31 feb *", BERLIN, at("2026-01-01T00:00")) is None


@given(
    st.sampled_from(["*/30 * * * *", "30 2 * * *", "0 9 * * mon", "15 0 1 * *", "59 23 * * *"]),
    st.sampled_from(["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    st.integers(0, 366 * 24 * 60),
)
def test_a_schedule_always_goes_on_and_never_back(cron: str, zone: str, minutes: int):
    instant = at("2026-01-01") + timedelta(minutes=minutes)
    for _ in range(5):
        following = next_firing(cron, ZoneInfo(zone), instant)
        assert following is not None
        assert following > instant
        instant = following


async def test_everybody_who_is_in_it_then_begins_at_the_hour_by_the_creators_clock(stage: Stage):
    await opened(stage, news=weekly(trigger={"cron": MONDAYS, "when": "tag:fan"}))
    lena, tom = await stage.lead(100), await stage.lead(200, "Tom")
    assert await fire(stage) == 0
    await tagged(stage, lena)
    stage.clock.move_to(at("2026-11-09T07:59"))
    assert await fire(stage) == 0
    stage.clock.move_to(at("2026-11-09T08:00"))
    assert await fire(stage) == 1
    (begun,) = await stage.enrollments()
    assert (begun.lead_id, begun.started_at, begun.begun_by) == (lena.id, at("2026-11-09T08:00"), "cron")
    assert await firings(stage) == [(at("2026-11-09T08:00"), True), (at("2026-11-16T08:00"), False)]
    await tagged(stage, tom)
    stage.clock.move_to(at("2026-11-16T08:00"))
    await fire(stage)
    assert [(each.lead_id, each.round) for each in await stage.enrollments()] == [
        (lena.id, 0),
        (lena.id, 1),
        (tom.id, 0),
    ]


@pytest.mark.parametrize(("late", "begun"), [("shift", 1), ("once", 1), ("skip", 0)])
async def test_after_downtime_one_firing_stands_for_all_that_were_missed(stage: Stage, late: str, begun: int):
    await stage.open(news=weekly(late=late))
    await stage.lead()
    await fire(stage)
    stage.clock.pass_time(days=30)
    await fire(stage)
    assert len(await stage.enrollments()) == begun
    assert [fired for _, fired in await firings(stage)] == [True, False]
    assert (await firings(stage))[1][0] > stage.clock()


async def test_what_is_only_minutes_late_is_not_missed(stage: Stage):
    await stage.open(news=weekly(late="skip"))
    await stage.lead()
    await fire(stage)
    stage.clock.move_to(at("2026-11-09T09:10"))
    await fire(stage)
    assert len(await stage.enrollments()) == 1


async def test_many_processes_at_once_fire_it_once(stage: Stage):
    await stage.open(news=weekly())
    await stage.lead()
    await fire(stage)
    stage.clock.move_to(at("2026-11-09T09:00"))
    engines = [Firing(stage.database, stage.clock, stage.published) for _ in range(5)]
    await asyncio.gather(*(engine.fire() for engine in engines))
    assert len(await stage.enrollments()) == 1
    assert await firings(stage) == [(at("2026-11-09T09:00"), True), (at("2026-11-16T09:00"), False)]


async def test_processes_that_begin_together_write_one_next_firing_down(stage: Stage):
    await stage.open(news=weekly())
    engines = [Firing(stage.database, stage.clock, stage.published) for _ in range(5)]
    await asyncio.gather(*(engine.fire() for engine in engines))
    assert await firings(stage) == [(at("2026-11-09T09:00"), False)]


async def test_a_crowd_begins_in_batches_and_nobody_is_left_out(stage: Stage):
    await stage.open(news=weekly())
    await crowd(stage, 1100)
    await fire(stage)
    stage.clock.move_to(at("2026-11-09T09:00"))
    assert await fire(stage) == 3
    begun = await stage.enrollments()
    assert len({each.lead_id for each in begun}) == len(begun) == 1100


async def test_a_changed_schedule_begins_anew_and_one_that_runs_no_more_fires_no_more(stage: Stage):
    await stage.open(news=weekly())
    await stage.lead()
    await fire(stage)
    await stage.publish(news=weekly(trigger={"cron": "0 9 * * tue"}))
    await fire(stage)
    assert await firings(stage) == [(at("2026-11-10T09:00"), False)]
    await stage.publish()
    await fire(stage)
    assert await firings(stage) == []


async def test_a_segment_that_cannot_be_asked_is_told_once_and_the_next_firing_is_set(stage: Stage):
    await stage.open(news=weekly(trigger={"cron": MONDAYS, "when": "bought:gone"}))
    await creator_chat(stage)
    await stage.lead()
    await fire(stage)
    for monday in ("2026-11-09T09:00", "2026-11-16T09:00"):
        stage.clock.move_to(at(monday))
        await fire(stage)
    assert await stage.enrollments() == []
    assert [fired for _, fired in await firings(stage)] == [True, True, False]
    (told,) = await notices(stage)
    assert "news" in told
    assert "gone" in told
