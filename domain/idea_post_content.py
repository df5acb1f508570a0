"""What a post says: one message of Telegram's, with its buttons."""

from dataclasses import dataclass
from typing import NamedTuple

from domain.messages.plain import Button, Message, Rows
from kit.errors import Invalid, Reason
from kit.text import CAPTION_LIMIT, TEXT_LIMIT, check_markup, shorten, visible_length
from store.models import IdeaPost

MOST_BUTTONS = 8
LABEL_LENGTH = 64
URL_LENGTH = 2048
_SHOWN = 80
# what a button's address is where it is the idea's own link
LINK = "link"
_SCHEMES = ("https://", "http://", "tg://")


class BadPost(Invalid):
    """It cannot be said like that."""

    code = "bad_post"


class Written(NamedTuple):
    """Telegram HTML, alone or under a stored file."""

    text: str
    file: int | None = None


@dataclass(frozen=True, slots=True)
class PostChanges:
    """What is to be another one; None stays as it is."""

    written: Written | None = None
    buttons: Rows | None = None
    channel_id: int | None = None
    silent: bool | None = None


def message_of(post: IdeaPost) -> Message | None:
    """As it is to stand in the channel; None before anything is written."""
    if post.message is None:
        return None
    return Message.model_validate(post.message).model_copy(update={"silent": post.silent})


def checked(message: Message) -> Message:
    """One message that Telegram takes. Raises BadPost."""
    limit = TEXT_LIMIT if message.file is None else CAPTION_LIMIT
    length = visible_length(message.text)
    if length > limit:
        raise BadPost(
            f"a post like this has at most {limit} characters; these are {length}",
            fields={"text": f"at most {limit} characters"},
            why=Reason("refused-post-long", most=limit, count=length),
        )
    if message.file is None and not message.text.strip():
        raise BadPost("a post says something", fields={"text": "empty"}, why=Reason("refused-post-empty"))
    try:
        check_markup(message.text)
    except ValueError as error:
        why = Reason("refused-post-markup", what=str(error))
        raise BadPost(str(error), fields={"text": str(error)}, why=why) from error
    return message


def checked_buttons(lines: list[tuple[str, str]], link: str | None) -> Rows:
    """One a row; `link` is what LINK stands for. Raises BadPost."""
    if len(lines) > MOST_BUTTONS:
        raise BadPost(
            f"a post has at most {MOST_BUTTONS} buttons",
            fields={"buttons": f"at most {MOST_BUTTONS}"},
            why=Reason("refused-post-buttons", most=MOST_BUTTONS),
        )
    return tuple((_button(label.strip(), address.strip(), link),) for label, address in lines)


def read_buttons(text: str, link: str | None) -> Rows:
    """One a line, `Label - https://…` or `Label - link`; a single hyphen takes all of them away. Raises BadPost."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines == ["-"]:
        return ()
    found = []
    for line in lines:
        label, sign, address = line.replace(" – ", " - ").rpartition(" - ")
        if not sign:
            raise _unread(line)
        found.append((label, address))
    return checked_buttons(found, link)


def names_link(text: str) -> bool:
    """Whether a button there is to be the idea's own link."""
    return any(line.replace(" – ", " - ").rpartition(" - ")[2].strip().lower() == LINK for line in text.splitlines())


def _button(label: str, address: str, link: str | None) -> Button:
    url = link if address.lower() == LINK and link is not None else address
    good = url.startswith(_SCHEMES) and len(url) <= URL_LENGTH and not any(each.isspace() for each in url)
    if not good or not 1 <= len(label) <= LABEL_LENGTH:
        raise _unread(f"{label} - {address}")
    return Button(text=label, url=url)


def _unread(line: str) -> BadPost:
    shown = shorten(line, _SHOWN)
    return BadPost(
        f"“{shown}” is no button; write Label - https://example.com, or Label - link",
        fields={"buttons": shown},
        why=Reason("refused-post-button", line=shown),
    )
