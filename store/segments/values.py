"""The values in a segment, each read from how people write it. All raise BadSegment."""

import re
from datetime import date, timedelta

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from kit.errors import Invalid, Reason
from kit.money import Money
from store.segments.question import BadSegment, Said, cut, shown

_AGE = re.compile(r"([0-9]{1,5})\s*(m|h|d|w)")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_OLDEST = timedelta(days=36_500)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_DIGITS = re.compile(r"[+-]?[0-9]+")
_MOST_WHOLE, _MOST_NUMBER = 10**9 - 1, 10**15 - 1
_AMOUNT = re.compile(r"([0-9][0-9.,]*)\s*([a-zA-Z]{3})?")
_SHARE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?\s?%")
_WHOLE_LOT = 10_000
# far enough, and no day that a time zone could push off the calendar
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


def read_age(text: str, at: int) -> timedelta:
    found = _AGE.fullmatch(text.strip().lower())
    if found is None:
        raise BadSegment(
            f"{shown(text)} is no length of time: write 30m, 12h, 30d or 2w",
            why=Reason("segment-bad-age", value=cut(text)),
            at=at,
        )
    age = timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    if age > _OLDEST:
        raise BadSegment(
            f"{shown(text)} is longer than a hundred years", why=Reason("segment-old-age", value=cut(text)), at=at
        )
    return age


def read_when(said: Said) -> timedelta | date:
    """An age such as `30d`, or a day."""
    text = told(said)
    if not _DAY.fullmatch(text.strip()):
        try:
            return read_age(text, said.value_at)
        except BadSegment:
            raise BadSegment(
                f"{shown(text)} is no time: write an age such as 30d, or a day such as 2026-12-01",
                why=Reason("segment-bad-time", value=cut(text)),
                at=said.value_at,
            ) from None
    return read_day(said)


def read_day(said: Said) -> date:
    text = told(said).strip()
    if not _DAY.fullmatch(text):
        raise BadSegment(
            f"{shown(text)} is no day: write it like 2026-12-01",
            why=Reason("segment-bad-day", value=cut(text)),
            at=said.value_at,
        )
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadSegment(
            f"there is no day {shown(text)}", why=Reason("segment-no-day", value=cut(text)), at=said.value_at
        ) from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadSegment(
            f"the year of {shown(text)} is out of reach",
            why=Reason("segment-far-day", value=cut(text)),
            at=said.value_at,
        )
    return day


def _too_big(said: Said, text: str, most: int) -> BadSegment:
    return BadSegment(
        f"{shown(text)} is too big: {most} at most",
        why=Reason("segment-too-big", value=cut(text), most=str(most)),
        at=said.value_at,
    )


def read_whole(said: Said) -> int:
    text = told(said).strip()
    if _DIGITS.fullmatch(text) and not _WHOLE.fullmatch(text):
        raise _too_big(said, text, _MOST_WHOLE)
    if not _WHOLE.fullmatch(text):
        raise BadSegment(
            f"{shown(text)} is no whole number, use one such as 5",
            why=Reason("segment-bad-whole", value=cut(text)),
            at=said.value_at,
        )
    return int(text)


def read_number(said: Said) -> float:
    text = told(said).strip()
    if _DIGITS.fullmatch(text) and not _NUMBER.fullmatch(text):
        raise _too_big(said, text, _MOST_NUMBER)
    if not _NUMBER.fullmatch(text):
        raise BadSegment(
            f"{shown(text)} is no number: write it like 5 or 2.5",
            why=Reason("segment-bad-number", value=cut(text)),
            at=said.value_at,
        )
    return float(text)


def read_yes_no(said: Said) -> str:
    match told(said).strip().casefold():
        case "yes" | "true" | "y":
            return "yes"
        case "no" | "false" | "n":
            return "no"
        case _:
            raise BadSegment(
                f"{shown(told(said))} is neither yes nor no",
                why=Reason("segment-bad-yes-no", value=cut(told(said))),
                at=said.value_at,
            )


def read_amount(said: Said, currency: str) -> Money:
    text = told(said).strip()
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise BadSegment(
            f"{shown(text)} is no amount: write it like 50usd or 49.90eur",
            why=Reason("segment-bad-amount", value=cut(text)),
            at=said.value_at,
        )
    try:
        return Money.parse(found[1], found[2] or currency)
    except Invalid as refusal:
        why = refusal.why or Reason("segment-bad-amount", value=cut(text))
        raise BadSegment(str(refusal), why=why, at=said.value_at) from None


def read_share(said: Said) -> int:
    """In hundredths of a percent."""
    found = _SHARE.fullmatch(told(said).strip())
    share = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else 0
    if not 0 < share <= _WHOLE_LOT:
        raise BadSegment(
            f"{shown(told(said))} is no share: write it like random 10% or random 0.5%",
            why=Reason("segment-bad-share", value=cut(told(said))),
            at=said.value_at,
        )
    return share


def read_email(said: Said) -> str:
    """As it is kept and compared."""
    email = as_email(told(said))
    if email is None:
        raise BadSegment(
            f"{shown(told(said))} is no e-mail address; one is only found whole, like email:ada@example.com",
            why=Reason("segment-bad-email", value=cut(told(said))),
            at=said.value_at,
        )
    return email


def read_phone(said: Said) -> str:
    """In E.164, as it is kept and compared."""
    phone = as_phone(told(said))
    if phone is None:
        raise BadSegment(
            f"{shown(told(said))} is no phone number with its country code; one is only found whole, like "
            "phone:+4915123456789",
            why=Reason("segment-bad-phone", value=cut(told(said))),
            at=said.value_at,
        )
    return phone


def as_email(text: str) -> str | None:
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        return None


def as_phone(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text.strip(), None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def told(said: Said) -> str:
    """The value as it was given; an empty one asks for nothing."""
    if said.value is None or not said.value.strip():
        raise BadSegment(
            f"say what {said.name} should be",
            why=Reason("segment-say-what", name=said.name),
            at=said.value_at or said.at,
        )
    if any(each == "\0" or "\ud800" <= each <= "\udfff" for each in said.value):
        raise BadSegment("this holds characters that no text has", why=Reason("segment-no-text"), at=said.value_at)
    return said.value
