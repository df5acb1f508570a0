"""Triggers that go by a day in a field of the lead's."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from stage import Stage
from timed import BERLIN, HELLO, answers, at, changed, crowd, fire, firings, opened, tagged

from automations.firing import Firing
from domain.fields import LeadFieldSpec
from domain.setups import CreatorSetup
from store.models import CronFiring, FieldKind, Lead, LeadField


def birthday(**trigger: Any) -> dict[str, Any]:
    return {"trigger": {"date": "birthday", "at": "09:00", "every": "year", **trigger}, "steps": [HELLO]}


@pytest.fixture(autouse=True)
def _the_evening_before(stage: Stage) -> None:
    stage.clock.move_to(at("2026-11-04T21:00"))


async def begun(stage: Stage) -> list[tuple[int, str, str]]:
    """Who, about what, and when by UTC."""
    return [
        (each.lead_id, each.subject, each.started_at.strftime("%Y-%m-%dT%H:%M")) for each in await stage.enrollments()
    ]


async def go_to(stage: Stage, text: str) -> None:
    """As the engine does: each look when it is due."""
    until = at(text)
    while pending := [when for when, fired in await firings(stage) if not fired and when <= until]:
        stage.clock.move_to(pending[0])
        await fire(stage)
    stage.clock.move_to(until)
    await fire(stage)


async def test_each_begins_at_nine_by_their_own_clock(stage: Stage):
    await opened(stage, party=birthday())
    berlin, tokyo, kolkata = [await stage.lead(number, name) for number, name in ((1, "A"), (2, "B"), (3, "C"))]
    await changed(stage, tokyo, time_zone="Asia/Tokyo")
    await changed(stage, kolkata, time_zone="Asia/Kolkata")
    for lead in (berlin, tokyo, kolkata):
        await answers(stage, lead, date(1990, 11, 5))
    await go_to(stage, "2026-11-05T12:00")
    assert await begun(stage) == [
        (tokyo.id, "date:birthday:2026-11-05", "2026-11-05T00:00"),
        (kolkata.id, "date:birthday:2026-11-05", "2026-11-05T03:30"),
        (berlin.id, "date:birthday:2026-11-05", "2026-11-05T08:00"),
    ]


async def test_where_the_number_tells_the_zone_it_counts(stage: Stage):
    await opened(stage, party=birthday())
    lead = await stage.lead()
    await changed(stage, lead, phone="+919812345678")
    await answers(stage, lead, date(1990, 11, 5))
    await go_to(stage, "2026-11-05T12:00")
    assert await begun(stage) == [(lead.id, "date:birthday:2026-11-05", "2026-11-05T03:30")]


async def test_a_birthday_comes_every_year_and_once_a_year(stage: Stage):
    await opened(stage, party=birthday())
    lead = await stage.lead()
    await answers(stage, lead, date(1990, 11, 5))
    await go_to(stage, "2026-11-05T12:00")
    async with stage.database.transaction() as session:
        # nothing is due for a year but looks that find nobody
        await session.execute(update(CronFiring).values(since=at("2027-11-04T21:00"), fire_at=at("2027-11-04T21:15")))
    await go_to(stage, "2027-11-05T12:00")
    assert [subject for _, subject, _ in await begun(stage)] == ["date:birthday:2026-11-05", "date:birthday:2027-11-05"]


@pytest.mark.parametrize(
    ("year", "day"), [(2027, "02-28"), (2028, "02-29")], ids=["between leap years", "in a leap year"]
)
async def test_who_was_born_on_29_february_has_a_birthday_every_year(stage: Stage, year: int, day: str):
    stage.clock.move_to(at(f"{year}-02-27T21:00"))
    await opened(stage, party=birthday())
    lead = await stage.lead()
    await answers(stage, lead, date(2000, 2, 29))
    await go_to(stage, f"{year}-03-01T09:00")
    assert await begun(stage) == [(lead.id, f"date:birthday:{year}-{day}", f"{year}-{day}T08:00")]


async def test_a_renewal_is_spoken_of_a_week_before_and_only_once(stage: Stage):
    await opened(stage, renewal=birthday(days=-7, every="once"))
    lead, born_then = await stage.lead(), await stage.lead(200)
    await answers(stage, lead, date(2026, 11, 12))
    await answers(stage, born_then, date(1990, 11, 12))
    await go_to(stage, "2026-11-05T12:00")
    assert await begun(stage) == [(lead.id, "date:birthday:2026-11-05", "2026-11-05T08:00")]


@pytest.mark.parametrize(
    ("meant", "told"),
    [("2027-03-28", "2027-03-28T01:00"), ("2027-10-31", "2027-10-31T00:30")],
    ids=["a time that does not exist", "a time that comes twice"],
)
async def test_both_edges_of_summer_time(stage: Stage, meant: str, told: str):
    stage.clock.move_to(at(meant) - timedelta(hours=1))
    await opened(stage, renewal=birthday(every="once", at="02:30"))
    lead = await stage.lead()
    await answers(stage, lead, date.fromisoformat(meant))
    await go_to(stage, f"{meant}T04:00")
    assert await begun(stage) == [(lead.id, f"date:birthday:{meant}", told)]


async def test_a_date_that_changes_counts_as_it_stands_when_the_time_comes(stage: Stage):
    await opened(stage, renewal=birthday(every="once"))
    moved_on, moved_up = await stage.lead(1), await stage.lead(2)
    await answers(stage, moved_on, date(2026, 11, 5))
    await answers(stage, moved_up, date(2026, 11, 20))
    await go_to(stage, "2026-11-04T23:00")
    await answers(stage, moved_on, date(2026, 11, 6))
    await answers(stage, moved_up, date(2026, 11, 5))
    await go_to(stage, "2026-11-06T09:00")
    assert await begun(stage) == [
        (moved_up.id, "date:birthday:2026-11-05", "2026-11-05T08:00"),
        (moved_on.id, "date:birthday:2026-11-06", "2026-11-06T08:00"),
    ]


async def test_nobody_has_one_occasion_twice_by_travelling_east_and_back(stage: Stage):
    await opened(stage, party=birthday() | {"again": "always"})
    lead = await stage.lead()
    await answers(stage, lead, date(1990, 11, 5))
    await go_to(stage, "2026-11-05T08:00")
    await changed(stage, lead, time_zone="America/Los_Angeles")
    await go_to(stage, "2026-11-05T18:00")
    assert len(await begun(stage)) == 1


async def test_what_was_told_after_the_time_had_passed_is_no_occasion(stage: Stage):
    await opened(stage, party=birthday())
    lead = await stage.lead()
    await go_to(stage, "2026-11-05T12:00")
    await answers(stage, lead, date(1990, 11, 5))
    await go_to(stage, "2026-11-05T20:00")
    assert await begun(stage) == []


async def test_only_whoever_is_in_the_segment_then(stage: Stage):
    await opened(stage, party=birthday(when="tag:fan"))
    fan, other = await stage.lead(1), await stage.lead(2)
    for lead in (fan, other):
        await answers(stage, lead, date(1990, 11, 5))
    await tagged(stage, fan)
    await go_to(stage, "2026-11-05T09:00")
    await tagged(stage, other)
    await go_to(stage, "2026-11-05T20:00")
    assert [lead_id for lead_id, _, _ in await begun(stage)] == [fan.id]


async def test_a_sealed_field_is_found_too(stage: Stage):
    sealed = LeadFieldSpec(kind=FieldKind.DATE, private=True)
    await opened(stage, CreatorSetup(time_zone="Europe/Berlin", fields={"birthday": sealed}), party=birthday())
    lead = await stage.lead()
    await answers(stage, lead, date(1990, 11, 5), spec=sealed)
    async with stage.database.reading() as session:
        assert (await session.scalars(select(LeadField.value))).all() == [None]
    await go_to(stage, "2026-11-05T12:00")
    assert [lead_id for lead_id, _, _ in await begun(stage)] == [lead.id]


@pytest.mark.parametrize(("late", "count"), [("shift", 2), ("once", 2), ("skip", 1)])
async def test_days_that_passed_while_spark_was_down_are_made_up_for_unless_they_are_to_be_skipped(
    stage: Stage, late: str, count: int
):
    await opened(stage, party=birthday() | {"late": late})
    missed, on_time = await stage.lead(1), await stage.lead(2)
    await answers(stage, missed, date(1990, 11, 5))
    await answers(stage, on_time, date(1990, 11, 6))
    stage.clock.move_to(at("2026-11-06T08:05"))
    await fire(stage)
    assert len(await begun(stage)) == count
    assert on_time.id in {lead_id for lead_id, _, _ in await begun(stage)}


async def test_many_processes_at_once_and_a_crowd_on_one_day_begin_once_each(stage: Stage):
    await opened(stage, renewal=birthday(every="once") | {"again": "always"})
    leads = await crowd(stage, 1100)
    async with stage.database.transaction() as session:
        same = {"creator_id": stage.creator_id, "key": "birthday", "value": "2026-11-05", "answered_at": stage.clock()}
        session.add_all([LeadField(lead_id=lead_id, item=0, **same) for lead_id in leads])
    stage.clock.move_to(at("2026-11-05T08:00"))
    engines = [Firing(stage.database, stage.clock, stage.published) for _ in range(3)]
    while any(await asyncio.gather(*(engine.fire() for engine in engines))):
        pass
    assert sorted(lead_id for lead_id, _, _ in await begun(stage)) == leads


async def test_nothing_is_begun_for_whoever_unsubscribed_or_is_gone(stage: Stage):
    await opened(stage, BERLIN, party=birthday())
    for number, column in enumerate(("unsubscribed_at", "banned_at", "forgotten_at")):
        lead = await stage.lead(number)
        await answers(stage, lead, date(1990, 11, 5))
        await changed(stage, lead, **{column: stage.clock()})
    kept = await stage.lead(9)
    merged = await stage.lead(8)
    await answers(stage, merged, date(1990, 11, 5))
    await changed(stage, merged, merged_into_id=kept.id)
    await go_to(stage, "2026-11-05T20:00")
    assert await begun(stage) == []
    async with stage.database.reading() as session:
        assert len((await session.scalars(select(Lead.id))).all()) == 5
