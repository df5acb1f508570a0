from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.windows import WEEK, NeverOpen, Window, at_local, next_at, next_open, next_open_of_all

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")
# half an hour at a change of the clock, a whole day left out once, no summer time, three quarters of an hour
ZONES = [
    ZoneInfo(name)
    for name in (
        *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"),
        *("Asia/Kathmandu", "America/Santiago", "Africa/Casablanca", "UTC"),
    )
]
INSTANTS = st.integers(0, 28 * 366 * 86_400).map(
    lambda each: datetime(2009, 1, 1, tzinfo=UTC) + timedelta(seconds=each)
)
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
DAYS = st.lists(st.sampled_from(WEEK), max_size=7).map(tuple)
WINDOWS = st.builds(
    lambda opens, closes, days: Window.model_validate(
        {"opens": opens, "closes": closes} | ({"days": days} if days else {})
    ),
    TIMES,
    TIMES,
    DAYS,
)


def utc(*told: int) -> datetime:
    return datetime(*told, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_a_time_that_does_not_exist_is_the_first_instant_that_does():
    assert at_local(date(2026, 3, 29), time(2, 30), BERLIN) == utc(2026, 3, 29, 1)
    assert at_local(date(2026, 3, 29), time(3, 0), BERLIN) == utc(2026, 3, 29, 1)
    # the day on which Samoa went over the date line did not exist at all
    assert at_local(date(2011, 12, 30), time(9, 0), ZoneInfo("Pacific/Apia")) == utc(2011, 12, 30, 10)


def test_a_time_that_comes_twice_is_the_first():
    assert at_local(date(2026, 10, 25), time(2, 30), BERLIN) == utc(2026, 10, 25, 0, 30)


def test_a_time_that_comes_twice_is_waited_for_once():
    first = next_at(utc(2026, 10, 24, 12), time(2, 30), (), BERLIN)
    assert first == utc(2026, 10, 25, 0, 30)
    assert next_at(first, time(2, 30), (), BERLIN) == utc(2026, 10, 26, 1, 30)


def test_a_time_that_is_left_out_is_waited_for_once():
    first = next_at(utc(2026, 3, 28, 12), time(2, 30), (), BERLIN)
    assert first == utc(2026, 3, 29, 1)
    assert next_at(first, time(2, 30), (), BERLIN) == utc(2026, 3, 30, 0, 30)


@pytest.mark.parametrize(
    ("instant", "opens"),
    [
        # a Tuesday at noon in Berlin; at seven in the evening; on Friday evening
        (utc(2026, 11, 3, 11), utc(2026, 11, 3, 11)),
        (utc(2026, 11, 3, 18), utc(2026, 11, 4, 8)),
        (utc(2026, 11, 6, 18), utc(2026, 11, 9, 8)),
        # it is closed from its last minute on
        (utc(2026, 11, 3, 17), utc(2026, 11, 4, 8)),
    ],
)
def test_a_window_on_weekdays(instant: datetime, opens: datetime):
    window = Window(opens=time(9), closes=time(18), days=("mon", "tue", "wed", "thu", "fri"))
    assert next_open(window, instant, BERLIN) == opens


def test_a_window_past_midnight_belongs_to_the_day_on_which_it_opened():
    window = Window(opens=time(22), closes=time(2), days=("sat",))
    sunday_at_one = utc(2026, 11, 8, 1)
    assert next_open(window, sunday_at_one, UTC_ZONE) == sunday_at_one
    assert next_open(window, sunday_at_one - timedelta(days=1), UTC_ZONE) == utc(2026, 11, 7, 22)


def test_several_windows_are_open_where_all_are():
    mornings, late = Window(opens=time(8), closes=time(12)), Window(opens=time(11), closes=time(20), days=("wed",))
    assert next_open_of_all([mornings, late], utc(2026, 11, 3, 9), UTC_ZONE) == utc(2026, 11, 4, 11)
    never = [mornings, Window(opens=time(13), closes=time(14))]
    with pytest.raises(NeverOpen):
        next_open_of_all(never, utc(2026, 11, 3, 9), UTC_ZONE)


@given(instant=INSTANTS, at=TIMES, days=DAYS, zone=st.sampled_from(ZONES))
def test_the_next_time_is_later_and_shows_on_the_clock_unless_the_clock_leaves_it_out(
    instant: datetime, at: time, days: tuple[str, ...], zone: ZoneInfo
):
    found = next_at(instant, at, days, zone)  # type: ignore[arg-type]
    assert found > instant
    shown = found.astimezone(zone)
    if shown.time() != at:
        # no time like that on that day: a second before, the clock stood before it
        assert (found - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None).time() < at or (
            (found - timedelta(seconds=1)).astimezone(zone).date() < shown.date()
        )
    assert not days or WEEK[shown.weekday()] in days or shown.time() != at


@given(window=WINDOWS, instant=INSTANTS, zone=st.sampled_from(ZONES))
def test_a_window_opens_now_or_later_and_stays_open_at_its_opening(window: Window, instant: datetime, zone: ZoneInfo):
    opens = next_open(window, instant, zone)
    assert opens >= instant
    assert next_open(window, opens, zone) == opens
    if opens > instant:
        # a moment before it is still shut
        assert next_open(window, opens - timedelta(microseconds=1), zone) == opens
