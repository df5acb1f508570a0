"""What a creator writes about a broadcast: a line that makes one, when it goes out, buttons, a message."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from telegram import Message as TelegramMessage

from bot.sent_files import keep_sent
from bot.turn import Turn
from domain.broadcasts.definition import MOST_BUTTONS, BroadcastButton, Wording
from domain.messages.as_typed import as_typed
from domain.windows import at_local
from kit.text import escape, shorten
from store.models import Creator

EVERYBODY = frozenset({"all", "everybody", "alle"})
# so much of a line that cannot be read is repeated
_SHOWN = 80
_LOCAL = frozenset({"local", "lokal"})
# phones curl them
_QUOTE, _QUOTED = '["“”„«»]', '[^"“”„«»\n]+'
# a question, in quotes where it has spaces; a time, and whose clock it goes by; and what is said, as it was typed
_LINE = re.compile(
    rf"\s*(?:{_QUOTE}(?P<quoted>{_QUOTED}){_QUOTE}|(?P<word>\S+))"
    rf"(?:\s+(?i:at)=(?:{_QUOTE}(?P<at>{_QUOTED}){_QUOTE}|(?P<at_word>\S+))(?:\s+(?P<local>local|lokal)(?=\s))?)?"
    r"\s+(?P<text>\S.*)",
    re.DOTALL,
)
_TIME = re.compile(r"\s*(\d{4}-\d{2}-\d{2})[T ]+(\d{1,2}:\d{2})\s*(\S*)\s*")
_OPTION = re.compile(r"\s(code|for)=(\S+)")


@dataclass(frozen=True, slots=True)
class Line:
    """What stood in one line; an empty question is everybody."""

    question: str
    when: "When | None"
    text: str


@dataclass(frozen=True, slots=True)
class When:
    """An instant and, where each lead's own clock counts, what it is to show."""

    at: datetime
    local_at: str | None = None


def read_line(turn: Turn, text: str, zone: ZoneInfo) -> Line:
    """Raises Said with the right form."""
    found = _LINE.fullmatch(text)
    if found is None:
        raise turn.refusal("broadcast-line-form")
    question = found["quoted"] or found["word"]
    at = found["at"] or found["at_word"]
    when = None if at is None else read_when(turn, f"{at} {found['local'] or ''}", zone)
    return Line("" if question.casefold() in EVERYBODY else question, when, escape_line(found["text"]))


def escape_line(text: str) -> str:
    """As it was typed, with nothing in it that is read as markup."""
    return as_typed(escape(text))


def read_when(turn: Turn, text: str, zone: ZoneInfo) -> When:
    """`2026-12-01 10:00` where the creator is; with `local` behind it, by each lead's own clock. Raises Said."""
    found = _TIME.fullmatch(text)
    if found is None or found[3].casefold() not in {"", *_LOCAL}:
        raise turn.refusal("broadcast-when-form")
    try:
        there = datetime.fromisoformat(f"{found[1]}T{found[2]:0>5}")
    except ValueError:
        raise turn.refusal("broadcast-when-form") from None
    at = at_local(there.date(), there.time(), zone).astimezone(UTC)
    return When(at, f"{there:%Y-%m-%dT%H:%M}" if found[3] else None)


def read_buttons(turn: Turn, text: str) -> tuple[BroadcastButton, ...]:
    """One a line: `Label - https://…`, `Label - product:SLUG`, `Label - pay:SLUG code=X for=2d`, `Label - flow:NAME`.

    A single hyphen takes all of them away. Raises Said.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines == ["-"]:
        return ()
    if len(lines) > MOST_BUTTONS:
        raise turn.refusal("broadcast-buttons-many", most=MOST_BUTTONS, count=len(lines))
    return tuple(_button(turn, line) for line in lines)


def _button(turn: Turn, line: str) -> BroadcastButton:
    unread = turn.refusal("broadcast-button-unread", line=shorten(line, _SHOWN))
    label, sign, target = line.rpartition(" - ")
    if not sign:
        raise unread
    options = {"good_for" if name == "for" else name: value for name, value in _OPTION.findall(target)}
    target = _OPTION.sub("", target).strip()
    kind, colon, name = target.partition(":")
    known = colon and kind in {"product", "pay", "flow"}
    given = {"text": label.strip(), **options, (kind if known else "url"): name.strip() if known else target}
    if not known and not target.startswith(("https://", "http://", "tg://", "{{")):
        raise unread
    try:
        return BroadcastButton.model_validate(given)
    except ValidationError:
        raise unread from None


async def read_wording(turn: Turn, creator: Creator, message: TelegramMessage) -> Wording:
    """What was sent, as it was formatted: words, or a file with words under it. Raises Said for anything else."""
    if message.text is not None:
        return Wording(text=as_typed(message.text_html))
    file = await keep_sent(turn, creator, message)
    if file is None:
        raise turn.refusal("prompt-needs-message")
    return Wording(text=as_typed(message.caption_html or ""), file=file.id)
