"""A segment that begins a funnel by hand."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update
from stage import BOT, Stage
from timed import HELLO, creator_chat, crowd, notices, opened, start, tagged

from automations.starts import Starts
from domain.enrollments import begin_for_segment
from domain.funnels.heads import FunnelStands, NoSuchFunnel, find_funnel, pause_funnel
from domain.people import Profile, see_person
from domain.starting_many import NeedsOrder, Startable, count_startable
from store.models import Enrollment, EnrollmentState, Lead, Person, StartByHand

NEWS: dict[str, Any] = {"steps": [HELLO]}


async def wish(stage: Stage, question: str, key: str = "news") -> None:
    async with stage.database.transaction() as session:
        await begin_for_segment(session, stage.creator_id, key, question, now=stage.clock())


async def test_everybody_in_the_segment_begins_and_the_creator_is_told(stage: Stage):
    await opened(stage, news=NEWS)
    await creator_chat(stage)
    fan = await stage.lead(1)
    await stage.lead(2)
    await tagged(stage, fan)
    await wish(stage, "tag:fan")
    assert await start(stage) == 1
    assert [(each.lead_id, each.begun_by) for each in await stage.enrollments()] == [(fan.id, "hand")]
    assert await notices(stage) == ["▶️ “news”: one lead has begun, of 1 in the segment."]
    async with stage.database.reading() as session:
        assert (await session.scalars(select(StartByHand.question))).one() == ""


async def test_who_was_in_it_before_does_not_begin_again_and_is_counted(stage: Stage):
    await opened(stage, news=NEWS)
    await creator_chat(stage)
    leads = await crowd(stage, 1100, chats=True)
    await wish(stage, "all")
    await start(stage)
    assert sorted(each.lead_id for each in await stage.enrollments()) == leads
    await crowd(stage, 3, chats=True)
    await wish(stage, "all")
    await start(stage)
    assert await notices(stage) == [
        "▶️ “news”: 1100 leads have begun, of 1100 in the segment.",
        "▶️ “news”: 3 leads have begun, of 1103 in the segment.",
    ]


async def test_nobody_who_comes_after_the_wish_begins(stage: Stage):
    await opened(stage, news=NEWS)
    before = await stage.lead(1)
    await wish(stage, "all")
    await stage.lead(2)
    await start(stage)
    assert [each.lead_id for each in await stage.enrollments()] == [before.id]


async def test_who_cannot_be_written_to_does_not_begin_and_is_not_spent_for_later(stage: Stage):
    await opened(stage, news=NEWS)
    await creator_chat(stage)
    (imported,) = await crowd(stage, 1)
    fan, away, gone = [await stage.lead(number) for number in (1, 2, 3)]
    async with stage.database.transaction() as session:
        await session.execute(update(Person).where(Person.id == away.person_id).values(blocked_at=stage.clock()))
        await session.execute(update(Lead).where(Lead.id == gone.id).values(unsubscribed_at=stage.clock()))
    assert await counted(stage, "all") == Startable(met=4, reached=1, begin=1)
    await wish(stage, "all")
    await start(stage)
    assert [each.lead_id for each in await stage.enrollments()] == [fan.id]
    assert await notices(stage) == ["▶️ “news”: one lead has begun, of 4 in the segment."]
    # they come to the chat in the end
    async with stage.database.transaction() as session:
        person = await see_person(session, BOT, Profile(4, "Ina", None, "en"), now=stage.clock())
        await session.execute(update(Lead).where(Lead.id == imported).values(person_id=person.id))
    assert await counted(stage, "all") == Startable(met=4, reached=2, begin=1)
    await wish(stage, "all")
    await start(stage)
    assert [each.lead_id for each in await stage.enrollments()] == [fan.id, imported]


@pytest.mark.parametrize(
    ("again", "days", "begin"),
    [
        ("never", 0, 1),
        ("finished", 0, 2),
        ("always", 0, 3),
        ({"after": "2d"}, 1, 1),
        ({"after": "2d"}, 3, 2),
    ],
)
async def test_as_many_begin_as_were_counted_whatever_again_says(stage: Stage, again: Any, days: int, begin: int):
    await opened(stage, news=NEWS | {"again": again})
    # one is in it, one has been through it, and one has come since
    ended, under_way = await stage.lead(1), await stage.lead(2)
    await wish(stage, "all")
    await start(stage)
    async with stage.database.transaction() as session:
        over = {"state": EnrollmentState.DONE, "ended_at": stage.clock()}
        await session.execute(update(Enrollment).where(Enrollment.lead_id == ended.id).values(over))
    stage.clock.pass_time(days=days)
    await stage.lead(3)
    assert await counted(stage, "all") == Startable(met=3, reached=3, begin=begin)
    await wish(stage, "all")
    await start(stage)
    begun = [each.lead_id for each in await stage.enrollments()][2:]
    assert (len(begun), under_way.id in begun) == (begin, again == "always")


async def test_a_funnel_that_speaks_of_an_order_is_begun_by_hand_for_nobody(stage: Stage):
    bill = {"key": "hello", "do": "send", "text": "Order {{ order.number }}"}
    await opened(stage, news={"trigger": {"event": "order.paid"}, "steps": [bill]})
    await stage.lead()
    with pytest.raises(NeedsOrder, match="only an order begins it"):
        await counted(stage, "all")


async def counted(stage: Stage, question: str) -> Startable:
    async with stage.database.reading() as session:
        head = await find_funnel(session, stage.creator_id, "news")
        _, funnel = stage.published.funnels[stage.creator_id]["news"]
        setup = stage.published.setup(stage.creator_id)
        return await count_startable(session, head, funnel, question, setup=setup, now=stage.clock())


async def test_processes_that_work_on_it_together_begin_nobody_twice(stage: Stage):
    await opened(stage, news=NEWS | {"again": "always"})
    leads = await crowd(stage, 1100, chats=True)
    await wish(stage, "all")
    workers = [Starts(stage.database, stage.clock, stage.published) for _ in range(4)]
    while any(await asyncio.gather(*(each.work() for each in workers))):
        pass
    assert sorted(each.lead_id for each in await stage.enrollments()) == leads


async def test_a_funnel_that_does_not_run_is_refused_and_one_that_is_paused_meanwhile_says_so(stage: Stage):
    await opened(stage, news=NEWS)
    await creator_chat(stage)
    await stage.lead()
    with pytest.raises(NoSuchFunnel):
        await wish(stage, "all", "gone")
    await wish(stage, "all")
    async with stage.database.transaction() as session:
        head = await find_funnel(session, stage.creator_id, "news")
        await pause_funnel(session, head, now=stage.clock())
    with pytest.raises(FunnelStands):
        await wish(stage, "all")
    await start(stage)
    assert await stage.enrollments() == []
    assert await notices(stage) == [
        "⚠️ “news” did not begin for everybody you chose: it does not run any more\n\nNobody has begun."
    ]


async def test_a_segment_that_cannot_be_asked_any_more_ends_it_and_says_why(stage: Stage):
    await opened(stage, news=NEWS)
    await creator_chat(stage)
    await stage.lead()
    await wish(stage, "tag:fan")
    async with stage.database.transaction() as session:
        await session.execute(update(StartByHand).values(question="bought:gone"))
    await start(stage)
    (told,) = await notices(stage)
    assert "gone" in told
    assert await start(stage) == 0
