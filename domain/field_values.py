"""The value of a creator's own field, as it is written in one line of text."""

import re
from datetime import date

from domain.fields import LeadFieldSpec
from domain.leads import FieldValue
from domain.messages.local import wordings
from domain.written import read_date, read_number
from kit.errors import Invalid, Reason
from store.models import FieldKind

TEXT_LENGTH = 4000
# of a number: what a column of the store holds exactly
_MOST = 10**15
_YES = frozenset({"yes", "y", "true", "1", "ja", "j"})
_NO = frozenset({"no", "n", "false", "0", "nein"})
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLACE = re.compile(r"(-?\d{1,2}(?:\.\d{1,12})?)\s*,\s*(-?\d{1,3}(?:\.\d{1,12})?)")


class BadValue(Invalid):
    code = "bad_value"


def read_value(key: str, text: str, spec: LeadFieldSpec, *, language: str, today: date) -> FieldValue:
    """Numbers and dates as that language writes them. Raises BadValue, which says how this kind of field is written."""
    text = text.strip()
    match spec.kind:
        case FieldKind.TEXT if 0 < len(text) <= TEXT_LENGTH:
            return text
        case FieldKind.NUMBER | FieldKind.DATE:
            try:
                return _amount(text, language) if spec.kind == FieldKind.NUMBER else read_date(text, language, today)
            except ValueError:
                raise _bad(key, spec) from None
        case FieldKind.YES_NO if text.casefold() in _YES | _NO:
            return text.casefold() in _YES
        case FieldKind.CHOICE:
            return _chosen(key, text, spec)
        case FieldKind.CHOICES if parts := [part for part in text.split(",") if part.strip()]:
            return list(dict.fromkeys(_chosen(key, part, spec) for part in parts))
        case FieldKind.LOCATION:
            place = _PLACE.fullmatch(text)
            if place is not None and abs(float(place[1])) <= 90 and abs(float(place[2])) <= 180:  # noqa: PLR2004 - degrees
                return f"{place[1]},{place[2]}"
    raise _bad(key, spec)


def take_value(key: str, given: object, spec: LeadFieldSpec, *, today: date) -> FieldValue:
    """From a program: a number is a number and no text, yes and no are true and false (or those words).

    A date is a text in ISO 8601, several of a choice are a list. Raises BadValue, as `read_value` does.
    """
    match spec.kind, given:
        case FieldKind.NUMBER, int() | float() if not isinstance(given, bool) and abs(given) <= _MOST:
            return float(given)
        case FieldKind.YES_NO, bool():
            return given
        case FieldKind.YES_NO, "yes" | "no":
            return given == "yes"
        case FieldKind.DATE, str() if _ISO_DAY.fullmatch(given):
            return read_value(key, given, spec, language="en", today=today)
        case FieldKind.TEXT | FieldKind.CHOICE | FieldKind.LOCATION, str():
            return read_value(key, given, spec, language="en", today=today)
        case FieldKind.CHOICES, str():
            return [_chosen(key, given, spec)]
        case FieldKind.CHOICES, [*parts] if parts and all(isinstance(each, str) for each in parts):
            return list(dict.fromkeys(_chosen(key, str(each), spec) for each in parts))
    raise _bad(key, spec)


def _amount(text: str, language: str) -> float:
    number = read_number(text, language)
    if abs(number) > _MOST:
        raise ValueError("too large")
    return float(number)


def _chosen(key: str, text: str, spec: LeadFieldSpec) -> str:
    """A choice is written as its value or any of its labels; one without options of its own takes any word."""
    given = " ".join(text.split()).casefold()
    for option in spec.options:
        if given in {option.value.casefold(), *(label.casefold() for label in wordings(option.label))}:
            return option.value
    if spec.options or not given:
        raise _bad(key, spec)
    return given


def _bad(key: str, spec: LeadFieldSpec) -> BadValue:
    told = ", ".join(option.value for option in spec.options) or "a word"
    forms = {
        FieldKind.TEXT: f"a text of up to {TEXT_LENGTH} characters",
        FieldKind.NUMBER: "a number like 12.5",
        FieldKind.DATE: "a date like 2026-12-01",
        FieldKind.YES_NO: "yes or no",
        FieldKind.CHOICE: f"one of {told}",
        FieldKind.CHOICES: f"some of {told}, with commas between them",
        FieldKind.LOCATION: "a place like 52.52,13.405",
        FieldKind.FILE: "a file, which only the lead can send",
    }
    options = ", ".join(option.value for option in spec.options) or Reason("refused-value-word")
    form = Reason(f"refused-value-{spec.kind.replace('_', '-')}", most=TEXT_LENGTH, options=options)
    return BadValue(
        f"{key} is {forms[spec.kind]}",
        fields={key: "cannot be read"},
        why=Reason("refused-value", field=key, form=form),
    )
