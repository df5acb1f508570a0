"""An idea as it is typed in one line, and days as people say them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.idea_words import BadDay, is_no_day, read_day, read_line, read_stage
from store.models import IdeaStage, Priority

TUESDAY = date(2026, 11, 3)
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GERMAN_WEEKDAYS = ("mo", "di", "mi", "do", "fr", "sa", "so")


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        ("2026/12/1", date(2026, 12, 1)),
        ("1.12.", date(2026, 12, 1)),
        ("01.02.", date(2027, 2, 1)),
        ("3.11.", TUESDAY),
        ("1.12.2025", date(2025, 12, 1)),
        ("29.2.", date(2028, 2, 29)),
        ("today", TUESDAY),
        ("Heute", TUESDAY),
        ("tomorrow", date(2026, 11, 4)),
        ("morgen", date(2026, 11, 4)),
        ("übermorgen", date(2026, 11, 5)),
        ("fri", date(2026, 11, 6)),
        ("on Friday", date(2026, 11, 6)),
        ("am Freitag", date(2026, 11, 6)),
        ("Fr.", date(2026, 11, 6)),
        # today is one
        ("tue", date(2026, 11, 10)),
        ("in 3 days", date(2026, 11, 6)),
        ("in 3 Tagen", date(2026, 11, 6)),
        ("in a week", date(2026, 11, 10)),
        ("in einer Woche", date(2026, 11, 10)),
        ("in 4 months", date(2027, 3, 3)),
        ("next  week", date(2026, 11, 9)),
        ("nächste Woche", date(2026, 11, 9)),
        ("“fri”", date(2026, 11, 6)),
        ("2026-02-30", None),
        ("30.2.", None),
        ("1.13.", None),
        ("in 3 parsecs", None),
        ("in 99999 days", None),
        ("someday", None),
        ("12", None),
        ("", None),
        ("٣.٤.", None),
    ],
)
def test_days_are_read_as_people_say_them(typed: str, day: date | None):
    assert read_day(typed, TUESDAY) == day


def test_months_of_other_lengths_and_the_end_of_the_calendar():
    assert read_day("in 1 month", date(2026, 1, 31)) == date(2026, 2, 28)
    assert read_day("in 2 Monaten", date(2026, 12, 31)) == date(2027, 2, 28)
    for typed in ("tomorrow", "fri", "next week", "in 9999 months", "in 9999 weeks"):
        assert read_day(typed, date.max) is None, typed
    assert read_day("1.1.", date.max) is None


@given(today=DAYS, weekday=st.integers(0, 6))
def test_a_day_of_the_week_is_the_next_one_after_today(today: date, weekday: int):
    for words in (WEEKDAYS, GERMAN_WEEKDAYS):
        day = read_day(words[weekday].upper(), today)
        assert day is not None
        assert day.weekday() == weekday
        assert timedelta() < day - today <= timedelta(days=7)


@given(today=DAYS, day=DAYS, count=st.integers(0, 9999))
def test_what_is_written_exactly_is_meant_whatever_today_is(today: date, day: date, count: int):
    assert read_day(day.isoformat(), today) == day
    assert read_day(f"{day.day}.{day.month}.{day.year}", today) == day
    assert read_day(f"in {count} days", today) == today + timedelta(days=count)
    without_a_year = read_day(f"{day.day}.{day.month}.", today)
    assert without_a_year is not None
    assert without_a_year >= today
    assert (without_a_year.day, without_a_year.month) == (day.day, day.month)


TITLES = st.lists(st.from_regex(r"[A-Za-zäöüß0-9&<>!?.,'-]{1,12}", fullmatch=True), min_size=1, max_size=6).filter(
    lambda words: not any(word.lower() in {f"!{each}" for each in (*Priority, "hoch", "mittel")} for word in words)
)
TAGS = st.lists(st.from_regex(r"[a-zäöüß0-9][a-z0-9_-]{0,10}", fullmatch=True), max_size=4)


@given(title=TITLES, tags=TAGS, priority=st.none() | st.sampled_from(Priority), due=st.none() | DAYS, data=st.data())
def test_marks_are_read_wherever_they_stand_and_the_rest_is_the_title(title, tags, priority, due, data):
    marks = [f"#{tag}" for tag in tags]
    marks += [f"!{priority.value.title()}"] if priority else []
    marks += [f"DUE:{due.isoformat()}"] if due else []
    words = list(title)
    places = sorted(data.draw(st.lists(st.integers(0, len(words)), min_size=len(marks), max_size=len(marks))))
    for place, mark in reversed(list(zip(places, marks, strict=True))):
        words.insert(place, mark)
    line = read_line("  ".join(words), TUESDAY)
    assert line.title == " ".join(title)
    assert (sorted(line.tags), line.priority, line.due) == (sorted(tags), priority, due)
    assert (line.away, line.no_due, line.only_marks) == ((), False, False)


@given(text=st.text(max_size=60) | st.from_regex(r"((due: ?|#|-#|!|in |next |high|fri)\w{0,4} ?){1,6}", fullmatch=True))
def test_whatever_is_typed_is_read_or_refused_and_no_word_of_a_title_is_made_up(text: str):
    try:
        line = read_line(text, TUESDAY)
    except BadDay:
        return
    assert set(line.title.split()) <= set(text.split())
    assert all(f"#{tag}" in text for tag in (*line.tags, *line.away))


def test_days_of_several_words_stand_after_their_mark():
    line = read_line("Studio tour due:in 3 days #video at noon", TUESDAY)
    assert (line.title, line.due, line.tags) == ("Studio tour at noon", date(2026, 11, 6), ("video",))
    assert read_line("Tour due: next week", TUESDAY).due == date(2026, 11, 9)
    assert read_line('Tour due:"in 3 days" x', TUESDAY).due == date(2026, 11, 6)
    assert read_line("Tour fällig:morgen", TUESDAY).due == date(2026, 11, 4)
    assert read_line("Tour due:fri due:tomorrow", TUESDAY).due == date(2026, 11, 4)
    # without the mark it is a word like any other
    assert read_line("Tour tomorrow", TUESDAY).due is None
    nothing = read_line("-#old due:none !niedrig", TUESDAY)
    assert (nothing.away, nothing.no_due, nothing.priority, nothing.only_marks) == (("old",), True, Priority.LOW, True)
    for wrong in ("Tour due:soon", "Tour due:", "Tour due:2026-02-30"):
        with pytest.raises(BadDay):
            read_line(wrong, TUESDAY)
    assert is_no_day("None")
    assert not is_no_day("fri")


def test_stages_are_named_in_both_languages():
    assert [read_stage(each) for each in ("Draft", " entwurf", "published")] == [
        IdeaStage.DRAFT,
        IdeaStage.DRAFT,
        IdeaStage.PUBLISHED,
    ]
    assert read_stage("done") is None
