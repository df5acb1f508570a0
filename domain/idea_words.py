"""An idea as it is typed in one line, `Studio tour #video !high due:2026-12-01`, and days as people say them."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from kit.errors import Invalid, Reason
from kit.text import shorten
from store.models import IdeaStage, Priority

_SHOWN = 40
_TAG = re.compile(r"(?P<away>-?)#(?P<tag>[\w-]*\w[\w-]*)")
_DUE = re.compile(r"(?:due|fällig|bis):(?P<day>.*)", re.IGNORECASE)
_PRIORITIES = {
    **{f"!{each.value}": each for each in Priority},
    "!hoch": Priority.HIGH,
    "!mittel": Priority.MEDIUM,
    "!niedrig": Priority.LOW,
}
_STAGES = {
    **{each.value: each for each in IdeaStage},
    "idee": IdeaStage.IDEA,
    "gliederung": IdeaStage.OUTLINE,
    "entwurf": IdeaStage.DRAFT,
    "veröffentlicht": IdeaStage.PUBLISHED,
}
# "in 3 days" is as long as it gets
_WORDS_OF_A_DAY = 3
_QUOTES = "\"'“”„«»,;"
_EXACT = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", re.ASCII)
_POINTS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?", re.ASCII)
_AHEAD = re.compile(r"in (?P<count>\d{1,4}|a|an|one|einem|einer|ein) (?P<unit>[a-z]+)", re.ASCII)
_UNITS = {
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "tagen"), "day"),
    **dict.fromkeys(("w", "week", "weeks", "woche", "wochen"), "week"),
    **dict.fromkeys(("month", "months", "monat", "monate", "monaten"), "month"),
}
_AFTER = {"today": 0, "heute": 0, "tomorrow": 1, "morgen": 1, "übermorgen": 2}
_NEXT_WEEK = frozenset({"next week", "nächste woche", "nächster woche"})
_WEEKDAYS = {
    word: day
    for day, words in enumerate(
        (
            "mon monday mo montag",
            "tue tues tuesday di dienstag",
            "wed wednesday mi mittwoch",
            "thu thur thurs thursday do donnerstag",
            "fri friday fr freitag",
            "sat saturday sa samstag sonnabend",
            "sun sunday so sonntag",
        )
    )
    for word in words.split()
}
_NO_DAY = frozenset({"none", "never", "no", "-", "keine", "keiner", "kein", "nie", "ohne"})
_A_WEEK = 7
_MONTHS = 12


class BadDay(Invalid):
    """What was typed as a day is none."""

    code = "bad_day"

    def __init__(self, typed: str) -> None:
        shown = shorten(typed, _SHOWN)
        line = f"“{shown}” is no day; write due:2026-12-01, due:fri or due:in 3 days"
        super().__init__(line, fields={"due": shown}, why=Reason("refused-idea-day", typed=shown))


@dataclass(frozen=True, slots=True)
class IdeaLine:
    """What stands in the line; `away` are tags that are to go. Without a mark for it, there is None."""

    title: str = ""
    tags: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    priority: Priority | None = None
    due: date | None = None
    no_due: bool = False

    @property
    def only_marks(self) -> bool:
        return not self.title and bool(self.tags or self.away or self.priority or self.due or self.no_due)


def read_line(text: str, today: date) -> IdeaLine:
    """Takes the marks out of the title; of two priorities, or two days, the last counts. Raises BadDay."""
    title: list[str] = []
    tags: list[str] = []
    away: list[str] = []
    priority: Priority | None = None
    due: date | None = None
    no_due = False
    words = text.split()
    while words:
        word = words.pop(0)
        if (tag := _TAG.fullmatch(word)) is not None:
            (away if tag["away"] else tags).append(tag["tag"])
        elif word.lower() in _PRIORITIES:
            priority = _PRIORITIES[word.lower()]
        elif (told := _DUE.fullmatch(word)) is not None:
            due, taken = _day_of([told["day"], *words] if told["day"] else words, today)
            del words[: taken - bool(told["day"])]
            no_due = due is None
        else:
            title.append(word)
    return IdeaLine(" ".join(title), tuple(tags), tuple(away), priority, due, no_due)


def read_stage(text: str) -> IdeaStage | None:
    """In English or German; None for what is none."""
    return _STAGES.get(text.strip().casefold())


def read_day(text: str, today: date) -> date | None:
    """`2026-12-01`, `1.12.`, `today`, `fri`, `in 3 days`, `next week`, in English or German; None for anything else.

    A day of the week is the next one after today, and next week begins on Monday.
    """
    told = " ".join(text.strip(_QUOTES).casefold().split())
    if told in _AFTER:
        return _ahead(today, _AFTER[told])
    if told in _NEXT_WEEK:
        return _ahead(today, _A_WEEK - today.weekday())
    weekday = _WEEKDAYS.get(told.removeprefix("on ").removeprefix("am ").removesuffix("."))
    if weekday is not None:
        return _ahead(today, (weekday - today.weekday() - 1) % _A_WEEK + 1)
    if (ahead := _AHEAD.fullmatch(told)) is not None:
        count = int(ahead["count"]) if ahead["count"].isdigit() else 1
        return _in(count, _UNITS.get(ahead["unit"], ""), today)
    return _written(told, today)


def is_no_day(text: str) -> bool:
    """Whether it says that there shall be none."""
    return text.strip(_QUOTES).casefold() in _NO_DAY


def _day_of(words: list[str], today: date) -> tuple[date | None, int]:
    """The day that the words begin with, as many of them as can be meant, and how many these are; None for no day."""
    for count in range(min(_WORDS_OF_A_DAY, len(words)), 0, -1):
        day = read_day(" ".join(words[:count]), today)
        if day is not None:
            return day, count
    if words and is_no_day(words[0]):
        return None, 1
    raise BadDay(words[0] if words else "due:")


def _written(told: str, today: date) -> date | None:
    """As a calendar says it; without a year it is the next such day."""
    try:
        if (exact := _EXACT.fullmatch(told)) is not None:
            return date(int(exact[1]), int(exact[2]), int(exact[3]))
        if (points := _POINTS.fullmatch(told)) is None:
            return None
        day, month = int(points[1]), int(points[2])
        if points[3]:
            return date(int(points[3]), month, day)
        # the 29th of February waits for its year, eight at most
        years = range(today.year, today.year + 9)
        comes = (date(year, month, day) for year in years if day <= monthrange(year, month)[1])
        return next((each for each in comes if each >= today), None)
    except ValueError:
        return None


def _in(count: int, unit: str, today: date) -> date | None:
    match unit:
        case "day":
            return _ahead(today, count)
        case "week":
            return _ahead(today, count * _A_WEEK)
        case "month":
            year, month = divmod(today.year * _MONTHS + today.month - 1 + count, _MONTHS)
            if year > date.max.year:
                return None
            return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
    return None


def _ahead(today: date, days: int) -> date | None:
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return None
