"""A step that makes people block the bot stops by itself; what is no accident is told from what is."""

import pytest
from sqlalchemy import select
from stage import Stage

from automations.breaker import LEAST_SENDS, MOST_SENDS, Look, stop_what_is_blocked
from domain.creators import bind_person
from domain.funnels.heads import find_funnel, start_step
from domain.people import Profile, see_person
from domain.step_counts import Counted, Measure, count_steps
from store.models import EnrollmentState, Membership, OutboxKind

HELLO = {"trigger": {"event": "lead.captured"}, "steps": [{"key": "hello", "do": "send", "text": "Hi"}]}


async def _came(stage: Stage, *, sent: int, blocked: int, arm: str = "") -> None:
    async with stage.database.transaction() as session:
        of = (stage.creator_id, "funnel:welcome", "hello", arm)
        counts = {Counted(*of, Measure.SENT): sent, Counted(*of, Measure.BLOCKED): blocked}
        await count_steps(session, {each: count for each, count in counts.items() if count})


async def _look(stage: Stage) -> int:
    async with stage.database.transaction() as session:
        return await stop_what_is_blocked(session, now=stage.clock())


async def _stopped(stage: Stage) -> list[str]:
    async with stage.database.reading() as session:
        return (await find_funnel(session, stage.creator_id, "welcome")).stopped_steps


async def _cora(stage: Stage) -> None:
    async with stage.database.transaction() as session:
        account = await session.scalar(select(Membership.account_id).where(Membership.creator_id == stage.creator_id))
        person = await see_person(session, 7, Profile(5, "Cora", None, "en"), now=stage.clock())
        await bind_person(session, account or 0, person)


async def test_a_step_that_is_blocked_by_many_stands_still_and_its_creator_can_start_it_again(stage: Stage):
    await stage.open(welcome=HELLO)
    await _cora(stage)
    await _came(stage, sent=30, blocked=2, arm="ab=a")
    await _came(stage, sent=30, blocked=3, arm="ab=b")
    assert await _look(stage) == 1
    assert await _stopped(stage) == ["hello"]
    (notice,) = [each for each in await stage.outbox() if each.kind is OutboxKind.NOTICE]
    assert notice.message is not None
    assert "5 of the last 60" in notice.message["text"]
    async with stage.database.reading() as session:
        head = await find_funnel(session, stage.creator_id, "welcome")
    assert notice.message["buttons"][0][0]["data"] == f"fn:{head.id}:go:hello"
    # whoever comes there meanwhile is held, and told nothing
    await stage.lead()
    await stage.route()
    await stage.step_all()
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.HELD]
    assert await _look(stage) == 0


async def test_few_sends_stop_nothing_until_they_are_enough(stage: Stage):
    await stage.open(welcome=HELLO)
    await _came(stage, sent=LEAST_SENDS - 1, blocked=20)
    assert await _look(stage) == 0
    assert await _stopped(stage) == []
    await _came(stage, sent=1, blocked=0)
    assert await _look(stage) == 1


@pytest.mark.parametrize(
    ("look", "jumps"),
    [
        (Look(sent=50, blocked=5, seen_sent=0, seen_blocked=0), True),
        (Look(sent=49, blocked=49, seen_sent=0, seen_blocked=0), False),
        (Look(sent=50, blocked=4, seen_sent=0, seen_blocked=0), False),
        (Look(sent=150, blocked=7, seen_sent=0, seen_blocked=0), False),
        # it has always been so
        (Look(sent=1100, blocked=106, seen_sent=1000, seen_blocked=100), False),
        (Look(sent=1100, blocked=129, seen_sent=1000, seen_blocked=100), False),
        (Look(sent=1100, blocked=130, seen_sent=1000, seen_blocked=100), True),
        # a year without a block does not hide it
        (Look(sent=100_100, blocked=10, seen_sent=100_000, seen_blocked=5), True),
    ],
)
def test_a_jump_is_told_from_an_accident_and_from_what_has_always_been(look: Look, *, jumps: bool):
    assert look.has_jumped is jumps


async def test_what_went_well_for_long_is_stopped_as_soon_as_what_is_new(stage: Stage):
    await stage.open(welcome=HELLO)
    for _ in range(3):
        await _came(stage, sent=MOST_SENDS, blocked=1)
        assert await _look(stage) == 0
    await _came(stage, sent=60, blocked=6)
    assert await _look(stage) == 1


async def test_one_that_was_started_again_is_not_stopped_for_the_same_again(stage: Stage):
    await stage.open(welcome=HELLO)
    await _came(stage, sent=60, blocked=6)
    assert await _look(stage) == 1
    async with stage.database.transaction() as session:
        head = await find_funnel(session, stage.creator_id, "welcome")
        await start_step(session, head, "hello", now=stage.clock())
    assert await _look(stage) == 0
    await _came(stage, sent=60, blocked=6)
    assert await _look(stage) == 0
    await _came(stage, sent=60, blocked=40)
    assert await _look(stage) == 1
