"""What a cell says, by the kind of field that its column is."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.contacts import BadContact, read_email, read_phone
from domain.fields import LeadFieldSpec
from domain.lead_acts import BadTag, read_tag
from domain.leads import FieldValue
from domain.messages.local import wordings
from domain.transfers.problems import RowProblem
from store.models import FieldKind

YES = frozenset({"yes", "y", "true", "1", "x", "ja", "j", "wahr"})
NO = frozenset({"no", "n", "false", "0", "nein", "falsch"})
LONGEST_NAME = 200
LONGEST_SOURCE = 64
MOST_SCORE = 1_000_000_000
_NUMBER = re.compile(r"[+-]?\d{1,15}([.,]\d{1,15})?")
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_PLACE = re.compile(r"(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)")
_BETWEEN = re.compile(r"[,;|]")


def email(text: str) -> str:
    try:
        return read_email(text)
    except BadContact:
        raise RowProblem("import-bad-email") from None


def phone(text: str) -> str:
    """In E.164; 00 stands for the plus."""
    international = f"+{text[2:]}" if text.startswith("00") else text
    try:
        return read_phone(international)
    except BadContact:
        raise RowProblem("import-bad-phone") from None


def name(text: str) -> str:
    words = " ".join(text.split())
    if len(words) > LONGEST_NAME:
        raise RowProblem("import-long-name", most=LONGEST_NAME)
    return words


def source(text: str) -> str:
    if len(text) > LONGEST_SOURCE:
        raise RowProblem("import-long-source", most=LONGEST_SOURCE)
    return text


def tags(text: str) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(read_tag(each) for each in several(text)))
    except BadTag:
        raise RowProblem("import-bad-tag") from None


def stage(text: str, stages: tuple[str, ...]) -> str:
    found = next((each for each in stages if each.casefold() == text.casefold()), None)
    if found is None:
        raise RowProblem("import-bad-stage", stages=", ".join(stages))
    return found


def score(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,10}", text) or abs(int(text)) > MOST_SCORE:
        raise RowProblem("import-bad-score")
    return int(text)


def time_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RowProblem("import-bad-zone") from None


def moment(text: str, now: datetime) -> datetime | None:
    """When it was agreed to, or asked to stop: an instant, a day, or yes, which is now. No is None."""
    if text.casefold() in YES:
        return now
    if text.casefold() in NO:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        told = datetime.combine(day(text), time())
    instant = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    if instant > now or instant.year < datetime(1990, 1, 1, tzinfo=UTC).year:
        raise RowProblem("import-bad-moment")
    return instant


def day(text: str) -> date:
    """2026-12-31 or 31.12.2026: what is written with slashes is read differently here and there."""
    try:
        if german := _GERMAN_DATE.fullmatch(text):
            return date(int(german[3]), int(german[2]), int(german[1]))
        return date.fromisoformat(text)
    except ValueError:
        raise RowProblem("import-bad-date") from None


def value(text: str, spec: LeadFieldSpec) -> FieldValue:
    """Of a creator's own field. Raises RowProblem for what its kind does not take."""
    readers: dict[FieldKind, Callable[[str], FieldValue]] = {
        FieldKind.NUMBER: _number,
        FieldKind.DATE: day,
        FieldKind.YES_NO: _yes_no,
        FieldKind.LOCATION: _place,
    }
    read = readers.get(spec.kind)
    match spec.kind:
        case FieldKind.CHOICE:
            told: FieldValue = _choice(text, spec)
        case FieldKind.CHOICES:
            told = tuple(dict.fromkeys(_choice(each, spec) for each in several(text)))
        case FieldKind.FILE:
            raise RowProblem("import-no-file")
        case _:
            told = text if read is None else read(text)
    return told


def several(text: str) -> list[str]:
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def _number(text: str) -> float:
    bare = "".join(text.split())
    if not _NUMBER.fullmatch(bare):
        raise RowProblem("import-bad-number")
    return float(bare.replace(",", "."))


def _yes_no(text: str) -> bool:
    if text.casefold() in YES:
        return True
    if text.casefold() in NO:
        return False
    raise RowProblem("import-bad-yes-no")


def _choice(text: str, spec: LeadFieldSpec) -> str:
    """An option's value, or its label in any language."""
    if not spec.options:
        return text
    for option in spec.options:
        if text.casefold() in {option.value, *(label.casefold() for label in wordings(option.label))}:
            return option.value
    raise RowProblem("import-bad-choice", options=", ".join(option.value for option in spec.options))


def _place(text: str) -> str:
    found = _PLACE.fullmatch(text)
    if found is None or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:  # noqa: PLR2004 - degrees
        raise RowProblem("import-bad-place")
    return f"{found[1]},{found[2]}"
