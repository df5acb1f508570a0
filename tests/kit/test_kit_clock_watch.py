"""Jumps of a machine's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from kit.clock_watch import ClockWatch

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Machine:
    """A wall clock that can be set, beside a monotonic one."""

    def __init__(self) -> None:
        self.set_by = timedelta(0)
        self.seconds = 1000.0
        # how long the process stands still before each look at the monotonic clock
        self.stands = 0.0

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds) + self.set_by

    def monotonic(self) -> float:
        self.seconds += self.stands
        return self.seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def watch(machine: Machine) -> ClockWatch:
    watch = ClockWatch(machine.wall, machine.monotonic)
    assert watch.look() is None
    return watch


@pytest.mark.parametrize(
    "jump", [timedelta(hours=1), timedelta(seconds=3), -timedelta(seconds=3), -timedelta(days=400)]
)
def test_a_jump_is_told_once_and_by_how_much(machine: Machine, watch: ClockWatch, jump: timedelta):
    machine.seconds += 5
    machine.set_by += jump
    told = watch.look()
    assert told is not None
    assert abs(told - jump) < timedelta(milliseconds=1)
    machine.seconds += 5
    assert watch.look() is None


def test_time_that_passes_is_no_jump_however_long_nobody_looked(machine: Machine, watch: ClockWatch):
    for seconds in (0.001, 5, 3600, 1e7):
        machine.seconds += seconds
        assert watch.look() is None


def test_what_is_mended_little_by_little_is_no_jump(machine: Machine, watch: ClockWatch):
    for _ in range(100):
        machine.seconds += 5
        machine.set_by += timedelta(seconds=0.4)
        assert watch.look() is None


def test_a_process_that_stood_still_between_the_two_clocks_looks_again_later(machine: Machine, watch: ClockWatch):
    machine.stands = 30
    assert watch.look() is None
    machine.stands = 0
    assert watch.look() is None
    machine.set_by += timedelta(minutes=1)
    assert watch.look() == timedelta(minutes=1)


def test_the_clocks_of_this_very_machine_agree():
    watch = ClockWatch()
    assert [watch.look() for _ in range(3)] == [None] * 3
