"""Funnels that begin when somebody comes into a segment, or leaves it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select
from stage import Stage
from timed import HELLO, answers, changed, creator_chat, crowd, notices, opened, republish, tagged, untagged, watch

from automations import segment_watch
from automations.segment_watch import SegmentWatches
from domain.fields import LeadFieldSpec
from domain.merging import merge_leads
from domain.setups import CreatorSetup
from store.models import FieldKind, Lead, LeadTag, SegmentMember, SegmentWatch

SETUP = CreatorSetup(time_zone="Europe/Berlin", fields={"size": LeadFieldSpec(kind=FieldKind.TEXT)})


def enters(question: str = "tag:fan", **more: Any) -> dict[str, Any]:
    return {"trigger": {"enters": question}, "steps": [HELLO], **more}


def leaves(question: str = "tag:fan", **more: Any) -> dict[str, Any]:
    return {"trigger": {"leaves": question}, "steps": [HELLO], **more}


async def begun(stage: Stage) -> list[tuple[str, int]]:
    return [(each.funnel_key, each.lead_id) for each in await stage.enrollments()]


async def test_who_comes_in_begins_and_who_was_in_it_from_the_start_does_not(stage: Stage):
    await opened(stage, SETUP)
    before, later = await stage.lead(1), await stage.lead(2)
    await tagged(stage, before)
    await republish(stage, welcome=enters())
    assert await watch(stage) == 1
    assert await begun(stage) == []
    await tagged(stage, later)
    await watch(stage)
    assert await begun(stage) == [("welcome", later.id)]
    assert [each.begun_by for each in await stage.enrollments()] == ["segment"]
    assert await watch(stage) == 0


async def test_who_leaves_begins_also_by_what_time_alone_brings_about(stage: Stage):
    await opened(stage, SETUP, back=leaves("last_seen<3d"))
    lead = await stage.lead()
    await watch(stage)
    stage.clock.pass_time(days=2)
    await watch(stage)
    assert await begun(stage) == []
    stage.clock.pass_time(days=2)
    await watch(stage)
    assert await begun(stage) == [("back", lead.id)]


async def test_who_comes_again_begins_again_only_where_that_is_allowed(stage: Stage):
    await opened(stage, SETUP, once=enters(), often=enters(again="always"))
    lead = await stage.lead()
    for _ in range(2):
        await tagged(stage, lead)
        await watch(stage)
        await untagged(stage, lead)
        await watch(stage)
    assert sorted(await begun(stage)) == [("often", lead.id), ("often", lead.id), ("once", lead.id)]


async def test_a_crowd_is_written_down_and_begins_in_batches(stage: Stage):
    await opened(stage, SETUP)
    await crowd(stage, 4500, score=10)
    await republish(stage, welcome=enters("score>=10"))
    assert await watch(stage) == 4500
    assert await begun(stage) == []
    late = await crowd(stage, 1200, score=10)
    await watch(stage)
    assert sorted(lead_id for _, lead_id in await begun(stage)) == late


async def test_processes_that_look_at_once_begin_nobody_twice(stage: Stage):
    await opened(stage, SETUP, often=enters(again="always"), gone=leaves(again="always"))
    leads = await crowd(stage, 300)
    async with stage.database.transaction() as session:
        same = {"creator_id": stage.creator_id, "tag": "fan", "tagged_at": stage.clock()}
        session.add_all([LeadTag(lead_id=lead_id, **same) for lead_id in leads])
    watchers = [SegmentWatches(stage.database, stage.clock, stage.published) for _ in range(4)]
    await asyncio.gather(*(each.check() for each in watchers))
    assert sorted(lead_id for _, lead_id in await begun(stage)) == leads
    async with stage.database.transaction() as session:
        for tag in await session.scalars(select(LeadTag)):
            await session.delete(tag)
    later = [SegmentWatches(stage.database, stage.clock, stage.published) for _ in range(4)]
    await asyncio.gather(*(each.check() for each in later))
    assert sorted(lead_id for key, lead_id in await begun(stage) if key == "gone") == leads


async def test_a_segment_that_cannot_be_asked_is_told_once_and_nobody_leaves_by_it(stage: Stage):
    await opened(stage, SETUP, sized=leaves("field:size=xl"))
    await creator_chat(stage)
    lead = await stage.lead()
    await answers(stage, lead, "xl", key="size", spec=SETUP.fields["size"])
    await watch(stage)
    stage.published.setups[stage.creator_id] = CreatorSetup()
    for _ in range(3):
        await watch(stage)
    (told,) = await notices(stage)
    assert "sized" in told
    assert await begun(stage) == []
    stage.published.setups[stage.creator_id] = SETUP
    await watch(stage)
    async with stage.database.reading() as session:
        assert (await session.scalars(select(SegmentWatch.error))).one() is None
    await answers(stage, lead, "m", key="size", spec=SETUP.fields["size"])
    await watch(stage)
    assert await begun(stage) == [("sized", lead.id)]


async def test_what_is_watched_no_more_is_forgotten_and_watched_anew_from_the_start(stage: Stage):
    await opened(stage, SETUP, welcome=enters())
    lead = await stage.lead()
    await republish(stage)
    await watch(stage)
    await tagged(stage, lead)
    await watch(stage)
    async with stage.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(SegmentWatch)) == 0
    await republish(stage, welcome=enters())
    await watch(stage)
    assert await begun(stage) == []


async def test_a_lead_who_becomes_a_part_of_another_has_neither_come_nor_gone(stage: Stage):
    await opened(stage, SETUP, came=enters(), gone=leaves())
    into = await stage.lead()
    (other,) = await crowd(stage, 1)
    async with stage.database.transaction() as session:
        session.add(LeadTag(lead_id=other, creator_id=stage.creator_id, tag="fan", tagged_at=stage.clock()))
    await watch(stage)
    assert await begun(stage) == [("came", other)]
    async with stage.database.transaction() as session:
        kept, merged = await session.get_one(Lead, into.id), await session.get_one(Lead, other)
        await merge_leads(session, kept, merged, now=stage.clock())
    await watch(stage)
    # the follow-up has moved with everything else
    assert await begun(stage) == [("came", into.id)]
    async with stage.database.reading() as session:
        assert (await session.scalars(select(SegmentMember.lead_id))).all() == [into.id]


async def test_whoever_cannot_be_written_to_does_not_begin(stage: Stage):
    await opened(stage, SETUP, welcome=enters())
    lead = await stage.lead()
    await changed(stage, lead, unsubscribed_at=stage.clock())
    await tagged(stage, lead)
    await watch(stage)
    assert await begun(stage) == []


async def test_a_funnel_paused_and_resumed_at_once_begins_for_nobody_who_was_in_its_segment_before(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(segment_watch, "_WRITTEN_FIRST", 20)
    await opened(stage, SETUP)
    leads = await crowd(stage, 25, score=10)
    await republish(stage, welcome=enters("score>=10"))
    assert await watch(stage) == 25
    # while it is paused some of what was watched is forgotten, and not yet all of it
    await republish(stage)
    await SegmentWatches(stage.database, stage.clock, stage.published).check()
    assert await stage.count(SegmentMember) == 5
    await republish(stage, welcome=enters("score>=10"))
    await watch(stage)
    assert await begun(stage) == []
    late = await crowd(stage, 1, score=10)
    await watch(stage)
    assert await begun(stage) == [("welcome", late[0])]
    async with stage.database.reading() as session:
        (kept,) = await session.scalars(select(SegmentWatch))
        assert (
            await session.scalars(select(SegmentMember.lead_id).order_by(SegmentMember.lead_id))
        ).all() == leads + late
        assert (kept.question, kept.listed_to) == ("score>=10", leads[-1])


async def test_a_first_reading_that_is_broken_off_goes_on_from_its_place_whoever_is_merged_meanwhile(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(segment_watch, "_READ_FIRST", 3)
    await opened(stage, SETUP)
    leads = await crowd(stage, 6, score=10)
    await crowd(stage, 1)
    (last,) = await crowd(stage, 1, score=0)
    await republish(stage, welcome=enters("score>=10"))
    one_look = SegmentWatches(stage.database, stage.clock, stage.published)
    assert await one_look.check() == 3
    # one who is written down becomes a part of the last of all, and one still to come a part of the first
    await stage_merge(stage, last, leads[1])
    await stage_merge(stage, leads[0], leads[4])
    await watch(stage)
    assert await begun(stage) == []
    async with stage.database.reading() as session:
        members = await session.scalars(select(SegmentMember.lead_id).order_by(SegmentMember.lead_id))
        assert members.all() == [leads[0], leads[2], leads[3], leads[5], last]


async def stage_merge(stage: Stage, into: int, other: int) -> None:
    async with stage.database.transaction() as session:
        kept, merged = await session.get_one(Lead, into), await session.get_one(Lead, other)
        await merge_leads(session, kept, merged, now=stage.clock())
