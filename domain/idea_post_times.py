"""When a post is to go out, as its creator says it: by the clock of their time zone."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from domain.idea_words import read_day
from domain.windows import at_local
from kit.errors import Invalid, Reason
from kit.text import shorten

_SHOWN = 40
# 18:00, 18.00, 9, 9am, 6:30 pm, 18 Uhr
_TIME = re.compile(r"(?:at |um )?(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm|uhr|h)?", re.ASCII)
_NOON = 12
# as the days on which ideas are due
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
# what programs write
_ISO = re.compile(r"^(\d{4}-\d{1,2}-\d{1,2})t(\d{1,2}:\d{2})(?::00)?$", re.ASCII)
Clock = Literal["plain", "skipped", "twice"]


class BadMoment(Invalid):
    """What was typed as a time is none."""

    code = "bad_moment"

    def __init__(self, typed: str) -> None:
        shown = shorten(typed, _SHOWN)
        line = f"“{shown}” is no time; write 2026-12-01 18:00, tomorrow 18:00 or fri 9"
        super().__init__(line, fields={"at": shown}, why=Reason("refused-post-moment", typed=shown))


class FarMoment(BadMoment):
    """It is a time, of a year in which nobody posts anything."""

    def __init__(self, local: datetime) -> None:
        shown = f"between {_FIRST_YEAR} and {_LAST_YEAR}"
        Invalid.__init__(
            self,
            f"use a time {shown}, not in the year {local.year}",
            fields={"at": shown},
            why=Reason("refused-post-year", first=str(_FIRST_YEAR), last=str(_LAST_YEAR)),
        )


@dataclass(frozen=True, slots=True)
class Meant:
    """The instant, what the clock there shows at it, and what that clock does at what was typed.

    `skipped`: it is put forward and never shows it, so the first instant after is meant; `twice`: it is put back and
    shows it twice, and the first is meant.
    """

    at: datetime
    typed: datetime
    local: datetime
    clock: Clock


def read_moment(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """A day as `domain.idea_words` reads it and a time, without a zone; without a day the next such time.

    Raises BadMoment.
    """
    told = " ".join(_ISO.sub(r"\1 \2", text.casefold().replace(",", " ")).split())
    here = now.astimezone(zone)
    words = told.split(" ")
    for count in range(min(3, len(words)), 0, -1):
        at = _time_of(" ".join(words[-count:]))
        if at is None:
            continue
        day_words = " ".join(words[:-count])
        if not day_words:
            day = here.date() if at > here.time() else read_day("tomorrow", here.date())
        else:
            day = read_day(day_words, here.date())
        if day is not None:
            return datetime.combine(day, at)
    raise BadMoment(text)


def meant_by(local: datetime, zone: ZoneInfo) -> Meant:
    """What a time by that zone's clock means; one that names its own zone is an instant already.

    Raises BadMoment outside of 1970 to 2200.
    """
    if not _FIRST_YEAR <= local.year <= _LAST_YEAR:
        raise FarMoment(local)
    if local.tzinfo is not None:
        shown = local.astimezone(zone).replace(tzinfo=None)
        return Meant(local.astimezone(UTC), shown, shown, "plain")
    at = at_local(local.date(), local.time(), zone)
    shown = at.astimezone(zone).replace(tzinfo=None)
    if shown != local:
        return Meant(at, local, shown, "skipped")
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return Meant(at, local, shown, "twice" if first != second else "plain")


def _time_of(told: str) -> time | None:
    found = _TIME.fullmatch(told)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3] in {"am", "pm"}:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if found[3] == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        return None
