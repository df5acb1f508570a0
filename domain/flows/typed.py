"""Answers that were typed, by the kind of the question. Each reader raises WrongAnswer, and nothing else."""

import re
import unicodedata
from datetime import date
from functools import cache

from babel.dates import format_date

from domain import contacts
from domain.flows.given import Ground, WrongAnswer
from domain.flows.nodes import AskNode
from domain.flows.patterns import fits
from domain.leads import FieldItem
from domain.messages.catalogue import LANGUAGES, say
from domain.written import NoSuchDay, read_date, read_number
from domain.zones import find_zone, is_offset
from kit.money import language_of

# beyond it a float no longer tells whole numbers apart
LARGEST_NUMBER = 10**15
MOST_LATITUDE = 90
MOST_LONGITUDE = 180
_STARS = re.compile(r"(\d{1,2})\s*[★⭐*]?\ufe0f?")
_POSITION = re.compile(r"([+-]?\d{1,3}(?:\.\d{1,15})?)\s*[,; ]\s*([+-]?\d{1,3}(?:\.\d{1,15})?)")


def read_typed(node: AskNode, text: str, ground: Ground) -> FieldItem:  # noqa: C901 - one case a kind
    """`text` is clean."""
    match node.kind:
        case "text":
            return _read_text(node, text)
        case "email":
            return read_email(text)
        case "phone":
            return read_phone(text)
        case "number":
            return _read_number(node, text, ground)
        case "date":
            return _read_date(node, text, ground)
        case "yes_no":
            return read_yes_or_no(text)
        case "rating":
            found = _STARS.fullmatch(text)
            if found and 1 <= int(found[1]) <= node.stars:
                return int(found[1])
        case "location":
            found = _POSITION.fullmatch(text)
            if found:
                return position(float(found[1]), float(found[2]))
        case "time_zone":
            return _read_zone(text)
    raise needs(node, ground)


def needs(node: AskNode, ground: Ground) -> WrongAnswer:
    """What the question asks for, when it was given something else."""
    match node.kind:
        case "rating":
            return WrongAnswer("answer-needs-rating", most=node.stars)
        case "date":
            return WrongAnswer("answer-needs-date", example=_shown(ground.today, ground))
    return WrongAnswer(f"answer-needs-{node.kind}")


def clean(text: str) -> str:
    """On one line, without what nobody can see or no database takes."""
    kept = "".join(" " if unicodedata.category(each) in {"Cc", "Cs"} else each for each in text)
    return " ".join(kept.split())


def folded(text: str) -> str:
    """For telling whether two people typed the same words."""
    return clean(text).casefold()


def read_phone(text: str) -> str:
    """A number in E.164, from any way of writing it with its country code."""
    try:
        return contacts.read_phone(text)
    except contacts.BadContact:
        raise WrongAnswer("answer-needs-phone") from None


def read_email(text: str) -> str:
    """As it is looked up: normalised, in small letters."""
    try:
        return contacts.read_email(text)
    except contacts.BadContact:
        raise WrongAnswer("answer-needs-email") from None


def read_yes_or_no(text: str) -> bool:
    wanted = folded(text)
    if wanted in words_for("yes"):
        return True
    if wanted in words_for("no"):
        return False
    raise WrongAnswer("answer-needs-yes_no")


def position(latitude: float, longitude: float) -> str:
    """`52.52,13.405`, to a tenth of a metre."""
    if not (abs(latitude) <= MOST_LATITUDE and abs(longitude) <= MOST_LONGITUDE):
        raise WrongAnswer("answer-needs-location")
    return ",".join(f"{round(degrees, 6) + 0.0:.6f}".rstrip("0").rstrip(".") for degrees in (latitude, longitude))


def _read_text(node: AskNode, text: str) -> str:
    if not text:
        raise WrongAnswer("answer-needs-text")
    if len(text) < node.min_length:
        raise WrongAnswer("answer-too-short", least=node.min_length)
    if len(text) > node.max_length:
        raise WrongAnswer("answer-too-long", most=node.max_length)
    if node.pattern is not None and not fits(node.pattern, text):
        raise WrongAnswer("answer-wrong-form")
    return text


def _read_number(node: AskNode, text: str, ground: Ground) -> float:
    try:
        number = read_number(text, ground.language)
    except ValueError:
        raise WrongAnswer("answer-needs-number") from None
    if abs(number) > LARGEST_NUMBER:
        raise WrongAnswer("answer-needs-number")
    if node.whole and number != number.to_integral_value():
        raise WrongAnswer("answer-not-whole")
    if node.least is not None and number < node.least:
        raise WrongAnswer("answer-too-small", least=_plain(node.least))
    if node.most is not None and number > node.most:
        raise WrongAnswer("answer-too-large", most=_plain(node.most))
    return _plain(number)


def _plain(number: object) -> float:
    """A whole number without its point."""
    value = float(str(number))
    return int(value) if value.is_integer() else value


def _read_date(node: AskNode, text: str, ground: Ground) -> date:
    try:
        day = read_date(text, ground.language, ground.today)
    except NoSuchDay:
        raise WrongAnswer("answer-no-such-day") from None
    except ValueError:
        raise needs(node, ground) from None
    earliest = ground.today if node.earliest == "today" else node.earliest
    latest = ground.today if node.latest == "today" else node.latest
    if earliest is not None and day < earliest:
        raise WrongAnswer("answer-too-early", earliest=_shown(earliest, ground))
    if latest is not None and day > latest:
        raise WrongAnswer("answer-too-late", latest=_shown(latest, ground))
    return day


def _shown(day: date, ground: Ground) -> str:
    return format_date(day, "medium", language_of(ground.language))


def _read_zone(text: str) -> str:
    if is_offset(text):
        raise WrongAnswer("answer-zone-offset")
    zone = find_zone(text)
    if zone is None:
        raise WrongAnswer("answer-needs-time_zone")
    return zone


@cache
def words_for(key: str) -> frozenset[str]:
    """What can be typed for a key: its label, its words and their commands, in every language.

    Whoever changed theirs a moment ago may still answer in the other.
    """
    typed = {folded(word) for language in LANGUAGES for word in say(f"typed-{key}", language).split(",")}
    labels = {folded(say(f"key-{key}", language)) for language in LANGUAGES}
    return frozenset(typed | {f"/{word}" for word in typed} | labels)
