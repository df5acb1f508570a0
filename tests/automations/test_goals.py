"""A goal is counted for each who comes to it, and costs no more than that."""

from datetime import timedelta

from sqlalchemy import select
from stage import Stage

from store.models import EnrollmentState, StepCount

FUNNEL = {
    "trigger": {"event": "order.paid"},
    "steps": [
        {"key": "hello", "do": "send", "text": "Hello"},
        {"key": "won", "do": "goal"},
        {"key": "a-day", "do": "wait", "time": "1d"},
        {"key": "again", "do": "goal"},
    ],
}


async def test_a_goal_that_many_come_to_together_is_counted_for_each(stage: Stage):
    await stage.open(care=FUNNEL)
    for number in range(100, 103):
        await stage.happens(await stage.lead(number), "order.paid")
    await stage.route()
    await stage.step_all()
    stage.clock.move_to(stage.clock() + timedelta(days=1))
    await stage.step_all()
    assert {each.state for each in await stage.enrollments()} == {EnrollmentState.DONE}
    async with stage.database.reading() as session:
        asked = select(StepCount).where(StepCount.step.in_(["won", "again"]))
        counted = {(row.step, row.measure): row.count for row in await session.scalars(asked)}
    assert counted == {(step, what): 3 for step in ("won", "again") for what in ("reached", "goal")}
