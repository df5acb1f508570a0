"""Pieces of time by a clock on the wall, wherever that hangs and whatever is done to it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.buckets import Interval, TooMany, edges

# with clocks that change by an hour, by half of one, at midnight, or not at all; and one that left out a day
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"),
    *("America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo", "Pacific/Chatham", "America/Caracas"),
)
_SPANS = {Interval.HOUR: 4, Interval.DAY: 60, Interval.WEEK: 200, Interval.MONTH: 900}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@given(
    since=st.integers(1_100_000_000, 1_900_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    share=st.floats(0.001, 1),
    interval=st.sampled_from(Interval),
    zone=st.sampled_from(ZONES),
)
def test_the_pieces_are_the_whole_without_a_gap_and_each_begins_where_the_wall_says(
    since: datetime, share: float, interval: Interval, zone: str
):
    until = since + timedelta(days=_SPANS[interval] * share)
    there = ZoneInfo(zone)
    found = edges(since, until, interval, there, most=1000)
    assert (found[0], found[-1]) == (since, until)
    assert all(first < second for first, second in pairwise(found))
    longest = {Interval.HOUR: 1.5 / 24, Interval.DAY: 1.05, Interval.WEEK: 7.05, Interval.MONTH: 31.05}[interval]
    assert all(second - first <= timedelta(days=longest) for first, second in pairwise(found))
    for begins in found[1:-1]:
        wall = begins.astimezone(there)
        before = (begins - timedelta(microseconds=1)).astimezone(there)
        match interval:
            case Interval.HOUR:
                assert (wall.minute, wall.second) == (0, 0) or before.utcoffset() != wall.utcoffset()
            case Interval.DAY:
                # where clocks pass over midnight, a day begins at one; where they go back to it, at the first
                assert before.date() != wall.date()
            case Interval.WEEK:
                assert before.isocalendar().week != wall.isocalendar().week
            case Interval.MONTH:
                assert before.month != wall.month


@pytest.mark.parametrize(
    ("since", "until", "interval", "zone", "pieces"),
    [
        ("2026-03-28T23:00:00Z", "2026-03-30T22:00:00Z", Interval.DAY, "Europe/Berlin", [23, 24]),
        ("2026-10-24T22:00:00Z", "2026-10-26T23:00:00Z", Interval.DAY, "Europe/Berlin", [25, 24]),
        ("2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z", Interval.HOUR, "Europe/Berlin", [1, 1, 1]),
        # 30 December 2011 never was there
        ("2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z", Interval.DAY, "Pacific/Apia", [24, 24]),
        ("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z", Interval.MONTH, "UTC", [31 * 24, 28 * 24, 31 * 24]),
        # a Wednesday
        ("2026-11-04T00:00:00Z", "2026-11-17T00:00:00Z", Interval.WEEK, "UTC", [5 * 24, 7 * 24, 24]),
        # forward by half an hour at two, and back at two
        ("2026-10-03T14:30:00Z", "2026-10-03T17:00:00Z", Interval.HOUR, "Australia/Lord_Howe", [1, 0.5, 1]),
        ("2026-04-04T14:00:00Z", "2026-04-04T17:00:00Z", Interval.HOUR, "Australia/Lord_Howe", [1.5, 1, 0.5]),
        # three quarters of an hour off
        ("2026-11-04T00:20:00Z", "2026-11-04T01:30:00Z", Interval.HOUR, "Asia/Kathmandu", [55 / 60, 0.25]),
    ],
)
def test_a_piece_has_as_many_hours_as_there_are(
    since: str, until: str, interval: Interval, zone: str, pieces: list[float]
):
    found = edges(at(since), at(until), interval, ZoneInfo(zone), most=1000)
    assert [(second - first) / timedelta(hours=1) for first, second in pairwise(found)] == pytest.approx(pieces)


def test_too_many_pieces_are_known_before_they_are_made():
    with pytest.raises(TooMany):
        edges(at("1971-01-01T00:00:00Z"), at("2199-01-01T00:00:00Z"), Interval.HOUR, ZoneInfo("UTC"), most=1000)
    with pytest.raises(TooMany):
        edges(at("2026-01-01T00:00:00Z"), at("2026-01-03T00:00:01Z"), Interval.HOUR, ZoneInfo("UTC"), most=48)
    whole = edges(at("2026-01-01T00:00:00Z"), at("2026-01-03T00:00:00Z"), Interval.HOUR, ZoneInfo("UTC"), most=48)
    assert len(whole) == 49
