"""Numbers and dates as people write them in their own language."""

import re
from datetime import date
from decimal import Decimal
from functools import cache

from babel.core import Locale
from babel.numbers import get_decimal_symbol

from kit.money import language_of

LONGEST = 60
_SPACES_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?:\D|$))")
_YEAR_FIRST = re.compile(r"(\d{4})[\W年월月년]+(\d{1,2})[\W월月]+(\d{1,2})[\s日일.]*")
_YEAR_LAST = re.compile(r"(\d{1,2})\s?([./-])\s?(\d{1,2})\s?[./-]\s?(\d{4}|\d{2})\.?")
_PARTS = re.compile(r"\d+|[^\W\d_]+")
# beside the name of a month: `May 3rd`, `3 de mayo de 2026`, `am 3. Mai`
_FILLING = frozenset({"st", "nd", "rd", "th", "of", "the", "de", "den", "der", "am", "le", "del", "di", "do"})
# a year of two digits is at most so far ahead, else it is in the past
_AHEAD = 20
MONTHS = 12


class NoSuchDay(ValueError):
    """Written as a date, and not in the calendar: 29 February 2027."""


def read_number(text: str, language: str) -> Decimal:
    """`1,5` and `1.500` as that language means them; where it means nothing, the other way round.

    Raises ValueError.
    """
    written = _SPACES_BETWEEN_DIGITS.sub("", text.strip().replace("−", "-")) if len(text) <= LONGEST else ""
    decimal = "," if get_decimal_symbol(locale=language_of(language)) == "," else "."
    other = "." if decimal == "," else ","
    for point, group in ((decimal, other), (other, decimal)):
        point_, group_ = re.escape(point), re.escape(group)
        shape = rf"[+-]?(?:\d{{1,3}}(?:{group_}\d{{3}})+|\d*)(?:{point_}\d+)?"
        if re.search(r"\d", written) and re.fullmatch(shape, written):
            return Decimal(written.replace(group, "").replace(point, "."))
    raise ValueError("not a number")


def read_date(text: str, language: str, today: date) -> date:
    """ISO 8601, or the usual ways of that language; dots always mean the day first.

    Two digits of a year are told by `today`. Raises ValueError, NoSuchDay for a day that no calendar has.
    """
    written = text.strip().casefold()
    if len(written) > LONGEST:
        raise ValueError("not a date")
    if found := _YEAR_FIRST.fullmatch(written):
        year, month, day = (int(part) for part in found.groups())
    elif found := _YEAR_LAST.fullmatch(written):
        first, second, year = int(found[1]), int(found[3]), _year(found[4], today)
        month_first = found[2] != "." and _month_first(language_of(language))
        month, day = (first, second) if month_first else (second, first)
        if month > MONTHS >= day and found[2] != ".":
            # there is one way only to read it
            month, day = day, month
    else:
        year, month, day = _with_a_name(written, language_of(language), today)
    try:
        return date(year, month, day)
    except (ValueError, OverflowError) as error:
        raise NoSuchDay(str(error)) from error


def _with_a_name(written: str, language: str, today: date) -> tuple[int, int, int]:
    parts = _PARTS.findall(written)
    numbers = [part for part in parts if part.isdecimal()]
    words = [part for part in parts if not part.isdecimal() and part not in _FILLING]
    months = _months(language) | _months("en")
    if len(numbers) != 2 or len(words) != 1 or words[0] not in months:  # noqa: PLR2004 - a day and a year
        raise ValueError("not a date")
    day, year = reversed(numbers) if len(numbers[0]) == 4 else numbers  # noqa: PLR2004 - all digits of a year
    if len(day) > 2 or len(year) not in {2, 4}:  # noqa: PLR2004 - all digits of a day
        raise ValueError("not a date")
    return _year(year, today), months[words[0]], int(day)


def _year(digits: str, today: date) -> int:
    year = int(digits)
    if len(digits) > 2:  # noqa: PLR2004 - written in full
        return year
    year += today.year - today.year % 100
    while year > today.year + _AHEAD:
        year -= 100
    return year


@cache
def _months(language: str) -> dict[str, int]:
    """Month numbers by every name that the language has for them, casefolded."""
    names = Locale.parse(language).months
    return {
        part: number
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in names[context][width].items()
        # a name that is no single word cannot be told from what stands beside it
        if len(parts := _PARTS.findall(name.casefold())) == 1 and not (part := parts[0]).isdecimal()
    }


@cache
def _month_first(language: str) -> bool:
    pattern = str(Locale.parse(language).date_formats["short"].pattern)
    return 0 <= pattern.find("M") < pattern.find("d")
