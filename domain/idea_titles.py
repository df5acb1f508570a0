"""What an idea is called that nobody gave a title: by what was sent for it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from domain.idea_parts import TITLE_LENGTH
from domain.messages.catalogue import plain
from kit.money import language_of
from kit.text import printable, shorten
from store.models import AttachmentKind


def told_title(words: str | None, file_name: str | None) -> str | None:
    """The first line of what was written, or the file's name; None where there is neither."""
    first = next((line for line in (words or "").splitlines() if line.strip()), None)
    told = " ".join(printable(first or file_name or "").split())
    return shorten(told, TITLE_LENGTH) if told else None


def neutral_title(kind: AttachmentKind, at: datetime, zone: ZoneInfo, language: str) -> str:
    """What it is and of when, as people of this language write it."""
    local, locale = at.astimezone(zone), language_of(language)
    told = f"{format_date(local, 'medium', locale=locale)}, {format_time(local, 'short', locale=locale)}"
    return plain(f"idea-title-{kind.value}", language, at=told)
