"""What a new wording would do to those under way is what it then does."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select, update
from stage import Stage

from automations.changes import Change, Foreseen, foresee
from domain.funnels.definition import Funnel
from domain.funnels.heads import find_funnel, save_funnel
from domain.funnels.moving import Fate, Policy, move_batch
from domain.people import note_block
from store.database import Database
from store.models import Enrollment, Kept, Lead, OutboxMessage

REST = {"key": "rest", "do": "wait", "time": "3d"}
HELLO = {"key": "hello", "do": "send", "text": "Hello"}
CAPTURED = {"event": "lead.captured"}


def care(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"trigger": CAPTURED, "steps": list(steps), **more}


async def foreseen(stage: Stage, new: dict[str, Any]) -> list[Foreseen]:
    change = Change(stage.creator_id, "care", Funnel.model_validate(new), stage.clock())
    async with stage.database.reading() as session:
        return await foresee(session, stage.published, change)


async def moved(stage: Stage, new: dict[str, Any], policy: Policy = Policy.MOVE) -> Counter[str]:
    """What is queued at once when it is done, by step."""
    before = {message.id for message in await stage.outbox()}
    async with stage.database.transaction() as session:
        head = await save_funnel(
            session, stage.creator_id, "care", Funnel.model_validate(new), kept=Kept.FILE, now=stage.clock()
        )
    async with stage.database.transaction() as session:
        head = await find_funnel(session, stage.creator_id, "care")
        await move_batch(session, head, policy, now=stage.clock())
    await stage.step_all()
    async with stage.database.reading() as session:
        steps = await session.scalars(select(OutboxMessage.step).where(OutboxMessage.id.not_in(before)))
        return Counter(step or "" for step in steps)


async def begun(stage: Stage, count: int) -> list[Lead]:
    leads = [await stage.lead(100 + number, f"Lead {number}") for number in range(count)]
    while await stage.route():
        pass
    await stage.step_all()
    return leads


@pytest.mark.parametrize(
    "new",
    [
        care({**REST, "time": "1d"}, HELLO),
        care({**REST, "time": "4d"}, HELLO),
        care({**REST, "time": "1d"}, {**HELLO, "only_if": "score>=5"}, {**HELLO, "key": "more"}),
        care({**REST, "time": "1d"}, {"key": "mark", "do": "tag", "add": ["vip"]}, HELLO),
        care(
            {**REST, "time": "1d"},
            {"key": "ab", "do": "split", "arms": {"a": {"to": "hello"}, "b": {"to": "other"}}, "holdout": 1},
            HELLO,
            {**HELLO, "key": "other"},
        ),
        care({**REST, "time": "1d"}, HELLO, late="skip"),
        care({**REST, "time": "1d"}, HELLO, window={"from": "20:00", "to": "21:00"}),
        care({**REST, "time": "1d"}, HELLO, stop_when="score>=5"),
        care({"key": "rest", "do": "send", "text": "Hi"}, HELLO),
    ],
)
async def test_who_would_get_something_at_once_is_who_does(database: Database, new: dict[str, Any]):
    stage = await Stage(database).open(care=care(REST, HELLO))
    leads = await begun(stage, 12)
    async with database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id.in_([lead.id for lead in leads[:4]])).values(score=7))
        await note_block(session, leads[4].person_id or 0, now=stage.clock())
    await stage.route()
    stage.clock.pass_time(days=2)
    groups = await foreseen(stage, new)
    assert [(each.group.step, each.group.people, each.fate) for each in groups] == [("rest", 11, Fate.MOVES)]
    expected = Counter[str]()
    for each in groups:
        expected.update(each.at_once)
    assert await moved(stage, new) == expected


async def test_at_the_same_moment_nothing_is_foreseen_of_a_longer_wait_and_something_of_a_shorter_one(
    database: Database,
):
    stage = await Stage(database).open(care=care(REST, HELLO))
    await begun(stage, 3)
    stage.clock.pass_time(days=2)
    (longer,) = await foreseen(stage, care({**REST, "time": "5d"}, HELLO))
    (shorter,) = await foreseen(stage, care({**REST, "time": "1d"}, HELLO))
    assert (longer.at_once, shorter.at_once) == ({}, {"hello": 3})
    assert [shorter.under(policy) for policy in Policy] == ["stays", "moves", "moves"]


async def test_whose_step_is_gone_gets_nothing_and_is_told_apart(database: Database):
    stage = await Stage(database).open(care=care(REST, HELLO))
    await begun(stage, 2)
    stage.clock.pass_time(days=2)
    new = care({**REST, "key": "pause"}, HELLO)
    (gone,) = await foreseen(stage, new)
    assert (gone.fate, gone.at_once) == (Fate.GONE, {})
    assert [gone.under(policy) for policy in Policy] == ["stays", "stays", "ends"]
    assert await moved(stage, new, Policy.MOVE_OR_END) == {}
    assert {each.state for each in await stage.enrollments()} == {"done"}


async def test_the_same_wording_changes_nothing_for_anybody(database: Database):
    stage = await Stage(database).open(care=care(REST, HELLO))
    await begun(stage, 1)
    assert await foreseen(stage, care(REST, HELLO)) == []


async def test_foreseeing_writes_nothing(database: Database):
    stage = await Stage(database).open(care=care(REST, HELLO))
    await begun(stage, 2)
    stage.clock.pass_time(days=2)
    await foreseen(stage, care({**REST, "time": "1d"}, {"key": "mark", "do": "tag", "add": ["vip"]}, HELLO))
    async with database.reading() as session:
        versions = set(await session.scalars(select(Enrollment.version_id)))
    assert len(versions) == 1
    assert await stage.outbox() == []
