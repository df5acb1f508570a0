"""A machine's clock that jumps is told to whoever runs it; the demo's clock is moved by hand, and that is no jump."""

from datetime import timedelta

from stage import Stage
from structlog.testing import capture_logs

from automations.clock_jumps import ClockJumps
from kit.clock import MovableClock, SystemClock
from kit.clock_watch import ClockWatch
from store.queries.troubles import count_troubles


async def jumps(stage: Stage) -> int:
    async with stage.database.reading() as session:
        counts = {each.what: each.count for each in await count_troubles(session, now=SystemClock()())}
    return counts["clock-jumps"]


async def test_a_jump_is_logged_and_shown_by_doctor(stage: Stage):
    set_by_hand = MovableClock()
    looking = ClockJumps(stage.database, ClockWatch(set_by_hand))
    with capture_logs() as logs:
        assert await looking.look() == 0
        set_by_hand.pass_time(hours=-1)
        assert await looking.look() == 0
        assert await looking.look() == 0
    assert [(each["event"], each["seconds"]) for each in logs] == [("the clock has jumped", -3600)]
    assert await jumps(stage) == 1
    async with stage.database.reading() as session:
        later = await count_troubles(session, now=SystemClock()() + timedelta(days=2))
    assert {each.what: each.count for each in later}["clock-jumps"] == 0


async def test_a_clock_that_is_moved_by_hand_is_no_jump(stage: Stage):
    looking = ClockJumps(stage.database)
    await looking.look()
    stage.clock.pass_time(days=30)
    await looking.look()
    assert await jumps(stage) == 0
