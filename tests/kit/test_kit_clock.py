from datetime import UTC, datetime, timedelta

from kit.clock import MovableClock, SystemClock

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_the_system_clock_tells_aware_utc():
    assert SystemClock()().utcoffset() == timedelta(0)


def test_a_frozen_clock_stands_until_it_is_moved():
    clock = MovableClock(frozen_at=NOON)
    assert clock() == clock() == NOON
    clock.pass_time(days=1, hours=2, minutes=3, seconds=4)
    assert clock() == NOON + timedelta(days=1, hours=2, minutes=3, seconds=4)


def test_a_moved_clock_runs_on_with_its_base():
    seconds = iter(range(10))
    clock = MovableClock(base=lambda: NOON + timedelta(seconds=next(seconds)), offset=timedelta(days=1))
    assert [clock(), clock()] == [NOON + timedelta(days=1), NOON + timedelta(days=1, seconds=1)]


def test_a_clock_moves_forward_only():
    clock = MovableClock(frozen_at=NOON)
    clock.move_to(NOON - timedelta(days=1))
    assert clock() == NOON
    clock.move_to(NOON + timedelta(days=1))
    assert clock() == NOON + timedelta(days=1)


def test_an_offset_can_be_taken_up_again_after_a_restart():
    first = MovableClock(frozen_at=NOON)
    first.pass_time(hours=5)
    assert MovableClock(frozen_at=NOON, offset=first.offset)() == first()
