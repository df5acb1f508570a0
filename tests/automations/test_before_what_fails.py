"""What stands before a step that fails is neither done twice nor forgotten."""

from typing import Any

from sqlalchemy import select
from stage import Stage

from domain.message_rules import Webhook
from domain.setups import CreatorSetup
from store.models import EnrollmentState, OutgoingCall, StepCount

A_DAY = {"key": "a-day", "do": "wait", "time": "1d"}
HELLO = {"key": "hello", "do": "send", "text": "Hello"}
CALL = {"key": "crm", "do": "webhook", "webhook": "crm"}
RETRY = {"times": 1, "wait": "10m"}


def funnel(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"trigger": {"event": "lead.captured"}, "steps": list(steps), "retry": RETRY, **more}


async def come(stage: Stage) -> None:
    await stage.lead()
    await stage.route()
    await stage.step_all()


async def mended(stage: Stage) -> None:
    """The other service is known when it is tried again."""
    stage.published.setups[stage.creator_id] = CreatorSetup(webhooks={"crm": Webhook(url="https://crm.example/hook")})
    stage.clock.pass_time(minutes=10)
    await stage.step_all()
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.DONE]
    assert await stage.count(OutgoingCall) == 1


async def test_goals_right_before_a_step_that_fails_are_counted_once(stage: Stage):
    goals = [{"key": key, "do": "goal"} for key in ("won", "also")]
    await stage.open(welcome=funnel(HELLO, *goals, CALL, {"key": "last", "do": "goal"}))
    await come(stage)
    await mended(stage)
    async with stage.database.reading() as session:
        asked = select(StepCount).where(StepCount.measure == "goal")
        assert {row.step: row.count for row in await session.scalars(asked)} == {"won": 1, "also": 1, "last": 1}
    assert [each.step for each in await stage.outbox()] == ["hello"]


async def test_under_once_what_was_left_out_before_a_step_that_fails_is_said_after_all(stage: Stage):
    first = {"key": "first", "do": "send", "text": "First"}
    await stage.open(welcome=funnel(A_DAY, first, HELLO, CALL, late="once"))
    await come(stage)
    stage.clock.pass_time(days=1, hours=2)
    await stage.step_all()
    assert [each.step for each in await stage.outbox()] == ["hello"]
    await mended(stage)
    assert [each.step for each in await stage.outbox()] == ["hello"]
